//===- MaskPredicateOps.td - predicates and their connectives -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_PREDICATE_OPS_TD
#define MASK_PREDICATE_OPS_TD

include "Mask/IR/MaskParameter.td"
include "Mask/IR/PredicateOpInterface.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// Every op of the dialect.
class Mask_Op<string mnemonic, list<Trait> traits = []>
    : Op<Mask_Dialect, mnemonic, traits>;

/// An op that builds a predicate. Predicates are lazy reads (law 5): building
/// one reads nothing, so all of these are pure.
class Mask_PredicateOp<string mnemonic, list<Trait> traits = []>
    : Mask_Op<mnemonic, [Pure,
        DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>,
        DeclareOpInterfaceMethods<Mask_PredicateOpInterface>] # traits> {
  let results = (outs Mask_Predicate:$result);

  /// What the result is called in printed IR: what it shows, so that masks read well.
  string resultName = mnemonic;
  /// Where the kind of op stands among the operands of a connective. Leaves 0 to 9,
  /// cheap and selective ones first, then other coordinates (10), packing and policies
  /// (11), complements (12), connectives (13), restrictions (14).
  int rank = 9;
  /// `getFormula` of the interface.
  string formula = "";

  let extraClassDefinition = [{
    void $cppClass::getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) {
      setName(getResult(), "}] # resultName # [{");
    }
    unsigned $cppClass::getRank() { return }] # rank # [{; }
    ::llvm::StringRef $cppClass::getFormula() { return "}] # formula # [{"; }
  }];
}

def Mask_Left : Mask_Parameter<"left", "Left">;
def Mask_Right : Mask_Parameter<"right", "Right">;
def Mask_Size : Mask_Parameter<"size", "Size">;
def Mask_Offset : Mask_Parameter<"offset", "Offset">;
def Mask_Length : Mask_Parameter<"length", "Length">;
def Mask_Stride : Mask_Parameter<"stride", "Stride">;
def Mask_Query : Mask_Parameter<"query", "Query">;
def Mask_Key : Mask_Parameter<"key", "Key">;

/// Declares the rules of a leaf for the normal form, for `extraClassDeclaration`.
defvar Mask_LeafRules = [{
    ::mlir::Value getShifted(::mlir::OpBuilder &builder, StaticShift shift);
    bool impliesLeaf(::mlir::Operation *other, PredicateOrder &order);
}];
/// Declares that the op reads facts.
defvar Mask_ReadsFacts = [{
    ::llvm::SmallVector<TableRead> getFactReads();
}];

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

def Mask_FullOp : Mask_PredicateOp<"full", [ConstantLike]> {
  let rank = 15;
  let summary = "every key is visible";
  let description = [{
    Visible always.

    ```mlir
    %p = mask.full
    ```
  }];
  let assemblyFormat = "attr-dict";
  let hasFolder = 1;
}

def Mask_EmptyOp : Mask_PredicateOp<"empty", [ConstantLike]> {
  let rank = 15;
  let summary = "no key is visible";
  let description = [{
    Visible never.

    ```mlir
    %p = mask.empty
    ```
  }];
  let assemblyFormat = "attr-dict";
  let hasFolder = 1;
}

def Mask_CausalOp : Mask_PredicateOp<"causal"> {
  let rank = 0;
  let formula = "{k} <= {q}";
  let extraClassDeclaration = Mask_LeafRules;
  let summary = "keys up to the query";
  let description = [{
    Visible iff `k <= q`. Indices are absolute, so a cache or a slice needs no
    variant of its own: the attention's offsets place its rows and columns.

    ```mlir
    %p = mask.causal
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Mask_WindowOp : Mask_PredicateOp<"window", [AttrSizedOperandSegments]> {
  let rank = 0;
  let summary = "keys within a distance of the query";
  let description = [{
    Visible iff `q - left <= k <= q + right`, both inclusive; either side may be
    unbounded. A causal window that shows `W` keys is `left W - 1 right 0`.

    A static bound may be negative: the window then lies wholly beside the query. A
    run-time bound, a number or data per row, must not be negative. The interpreter
    reports one that is, compiled code stops before it computes anything, and the
    proofs of `mask-simplify` assume that none is.

    ```mlir
    %a = mask.window left 1023 right 0
    %b = mask.window left %w right unbounded
    %c = mask.window left %per_row per batch : tensor<?xi32> right 4
    ```
  }];
  let arguments = !con(Mask_Left.operands, Mask_Right.operands,
                       Mask_Left.args, Mask_Right.args);
  let assemblyFormat = [{
    `left` custom<Parameter>($static_left, $left, type($left), $left_axis)
    `right` custom<Parameter>($static_right, $right, type($right), $right_axis)
    attr-dict
  }];
  let builders = [Mask_BuildFromParameters<"left", "right">];
  let extraClassDeclaration = !strconcat(Mask_LeafRules, Mask_Left.accessors, Mask_Right.accessors, [{
    ::llvm::SmallVector<PredicateParameter> getParameters() {
      return {PredicateParameter("left", getLeftParameter()).atLeast(0, /*staticToo=*/false),
              PredicateParameter("right", getRightParameter()).atLeast(0, /*staticToo=*/false)};
    }
  }]);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

class Mask_IdsOp<string mnemonic, list<Trait> traits = []>
    : Mask_PredicateOp<mnemonic, [AttrSizedOperandSegments] # traits> {
  let rank = 5;
  let arguments = (ins Mask_TokenFact:$query_ids, Optional<Mask_TokenFact>:$key_ids,
                       Optional<Mask_IntervalTable>:$table, UnitAttr:$contiguous);
  let assemblyFormat = [{
    $query_ids (`,` $key_ids^)? (`table` $table^)? attr-dict `:`
    custom<IdTypes>(ref($key_ids), ref($table), type($query_ids), type($key_ids), type($table))
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = Mask_ReadsFacts # [{
    /// The ids of the keys: `key_ids`, or `query_ids` when there is one table.
    Value getEffectiveKeyIds() { return getKeyIds() ? getKeyIds() : getQueryIds(); }
    /// Whether queries and keys read the same table, so that a token sees itself.
    bool isSelf() { return getEffectiveKeyIds() == getQueryIds(); }
  }];
}

def Mask_BlockBidirectionalOp : Mask_IdsOp<"block_bidirectional",
    [DeclareOpInterfaceMethods<Mask_PredicateOpInterface, ["impliesLeaf"]>]> {
  let resultName = "block";
  let summary = "both tokens lie in the same block";
  let description = [{
    Visible iff `query_ids[q] == key_ids[k]` and `query_ids[q] >= 0`: a block
    sees itself both ways; a negative id belongs to no block. One operand serves
    both sides. `table` is the index structure that `mask.interval_table` builds
    from the ids; `mask-build-tables` attaches it. `contiguous` promises that the
    tokens of each key id are neighbours, as they are for runs and items.

    1. (C1) `query_ids` and `key_ids` have the same rank.
    2. (C2) `table` has the shape of `query_ids` and four columns.

    ```mlir
    %a = mask.block_bidirectional %ids : tensor<?x?xi32>
    %b = mask.block_bidirectional %qids, %kids : tensor<?xi32>, tensor<?xi32>
    ```
  }];
}

def Mask_DocumentOp : Mask_IdsOp<"document"> {
  let summary = "both tokens lie in the same document";
  let description = [{
    Visible iff `query_ids[q] == key_ids[k]`; every id, negative ones too, names
    a document.

    1. (C1) `query_ids` and `key_ids` have the same rank.
    2. (C2) `table` has the shape of `query_ids` and four columns.

    ```mlir
    %p = mask.document %ids : tensor<?x?xi64>
    ```
  }];
}

def Mask_ChunkOp : Mask_PredicateOp<"chunk", [AttrSizedOperandSegments]> {
  let rank = 2;
  let summary = "both tokens lie in the same chunk";
  let description = [{
    Visible iff `floor((q - offset) / size) == floor((k - offset) / size)`. A
    missing offset is zero.

    1. (C1) `size` is given and is at least one; a run-time one is checked when the
       attention is run.

    ```mlir
    %a = mask.chunk size 8192
    %b = mask.chunk size 4 offset %left_padding per batch : tensor<?xi32>
    ```
  }];
  let arguments = !con(Mask_Size.operands, Mask_Offset.operands,
                       Mask_Size.args, Mask_Offset.args);
  let assemblyFormat = [{
    `size` custom<Parameter>($static_size, $size, type($size), $size_axis)
    `` custom<OptionalOffset>($static_offset, $offset, type($offset), $offset_axis)
    attr-dict
  }];
  let builders = [Mask_BuildFromParameters<"size", "offset">];
  let extraClassDeclaration = !strconcat(Mask_LeafRules, Mask_Size.accessors, Mask_Offset.accessors, [{
    ::llvm::SmallVector<PredicateParameter> getParameters() {
      return {PredicateParameter("size", getSizeParameter()).required().atLeast(1).ifAbsent(true),
              PredicateParameter("offset", getOffsetParameter())};
    }
    bool showsDiagonal() { return !getSizeAxis() && !getOffsetAxis(); }
  }]);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

class Mask_LengthOp<string mnemonic, string coordinate, bit showsAllIfAbsent> : Mask_PredicateOp<mnemonic> {
  let rank = 3;
  let formula = "{" # coordinate # "} < {length}";
  let arguments = !con(Mask_Length.operands, Mask_Length.args);
  let assemblyFormat = [{
    custom<Parameter>($static_length, $length, type($length), $length_axis) attr-dict
  }];
  let builders = [Mask_BuildFromParameter<"length">];
  let extraClassDeclaration = !strconcat(Mask_LeafRules, Mask_Length.accessors, [{
    ::llvm::SmallVector<PredicateParameter> getParameters() {
      return {PredicateParameter("length", getLengthParameter()).required().ifAbsent(}]
    # showsAllIfAbsent # [{)};
    }
  }]);
  let hasFolder = 1;
}

def Mask_PrefixOp : Mask_LengthOp<"prefix", "k", /*showsAllIfAbsent=*/0> {
  let summary = "keys of a prefix that every query sees";
  let description = [{
    Visible iff `k < length`.

    1. (C1) `length` is given.

    ```mlir
    %a = mask.prefix 7
    %b = mask.prefix %lengths per batch : tensor<?xi32>
    ```
  }];
}

def Mask_KeyLengthOp : Mask_LengthOp<"key_length", "k", /*showsAllIfAbsent=*/1> {
  let resultName = "written";
  let summary = "keys that were written";
  let description = [{
    Visible iff `k < length`: the same predicate as `mask.prefix`, under the name
    that a padded batch or a cache uses for it. An absent length folds to
    `mask.full`.

    1. (C1) `length` is given.

    ```mlir
    %p = mask.key_length %lengths per batch : tensor<?xi32>
    ```
  }];
}

def Mask_QueryLengthOp : Mask_LengthOp<"query_length", "q", /*showsAllIfAbsent=*/1> {
  let resultName = "asked";
  let summary = "queries that were written";
  let description = [{
    Visible iff `q < length`: rows from `length` on, of padding at the end of a batch
    row, are empty. An absent length folds to `mask.full`.

    1. (C1) `length` is given.

    ```mlir
    %a = mask.query_length 7
    %b = mask.query_length %lengths per batch : tensor<?xi32>
    ```
  }];
}

def Mask_KeyPaddingOp : Mask_PredicateOp<"key_padding"> {
  let rank = 6;
  let resultName = "valid";
  let summary = "keys that are not padding";
  let description = [{
    Visible iff `valid[k]` is not zero. An absent fact folds to `mask.full`. `table` holds,
    per batch row, running counts of valid keys (`mask.count_table`), from
    which a tile of keys is found full, empty or mixed in constant time.

    1. (C1) `table` has the shape of `valid` and three elements more per row.

    ```mlir
    %p = mask.key_padding %valid : tensor<?x?xi1>
    ```
  }];
  let arguments = (ins Mask_TokenFlags:$valid, Optional<Mask_CountTable>:$table);
  let assemblyFormat = "$valid (`table` $table^)? attr-dict `:` type($valid) (`table` type($table)^)?";
  let extraClassDeclaration = Mask_ReadsFacts # [{
    bool readsQuery() { return false; }
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Mask_DilatedOp : Mask_PredicateOp<"dilated"> {
  let rank = 7;
  let formula = "({q} - {k}) % {stride} == 0";
  let summary = "every stride-th key";
  let description = [{
    Visible iff `(q - k) mod stride == 0`.

    1. (C1) `stride` is given and is at least one; a run-time one is checked when
       the attention is run.

    ```mlir
    %p = mask.dilated 3
    ```
  }];
  let arguments = !con(Mask_Stride.operands, Mask_Stride.args);
  let assemblyFormat = [{
    custom<Parameter>($static_stride, $stride, type($stride), $stride_axis) attr-dict
  }];
  let builders = [Mask_BuildFromParameter<"stride">];
  let extraClassDeclaration = !strconcat(Mask_LeafRules, Mask_Stride.accessors, [{
    ::llvm::SmallVector<PredicateParameter> getParameters() {
      return {PredicateParameter("stride", getStrideParameter()).required().atLeast(1).ifAbsent(true)};
    }
    bool showsDiagonal() { return !getStrideAxis(); }
  }]);
  let hasFolder = 1;
}

def Mask_IntervalOp : Mask_PredicateOp<"interval"> {
  let rank = 1;
  let summary = "keys between two affine functions of the query";
  let description = [{
    Visible iff `lower(q) <= k < upper(q)`; either side may be unbounded. The maps
    take the query as their one dimension and `symbols` as symbols; floordiv and mod
    are allowed, by symbols too, whose values must then be at least one, which
    compiled code checks.

    1. (C1) A map has one dimension and one result.
    2. (C2) A map has as many symbols as there are operands.
    3. (C3) Constant divisors are at least one.
    4. (C4) No number that a map computes lies beyond `2^60`, for queries within
       `2^42` and symbols within `2^40`.

    A product of two numbers that are both known only at run time saturates at
    `2^58`.

    ```mlir
    %a = mask.interval lower affine_map<(q)[s] -> ((q floordiv s) * s)> upper affine_map<(q)[s] -> (q + s)> [%s]
    %b = mask.interval lower unbounded upper affine_map<(q) -> (q floordiv 2)>
    ```
  }];
  let arguments = (ins OptionalAttr<AffineMapAttr>:$lower, OptionalAttr<AffineMapAttr>:$upper,
                       Variadic<Index>:$symbols);
  let assemblyFormat = [{
    `lower` custom<IntervalBound>($lower) `upper` custom<IntervalBound>($upper)
    (`[` $symbols^ `]`)? attr-dict
  }];
  let extraClassDeclaration = [{
    ::mlir::Value getShifted(::mlir::OpBuilder &builder, StaticShift shift);
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Mask_RowRangeOp : Mask_PredicateOp<"row_range", [AttrSizedOperandSegments]> {
  let rank = 4;
  let resultName = "range";
  let summary = "keys between two tables indexed by the query";
  let description = [{
    Visible iff `lower[q] <= k < upper[q]`; one side may be unbounded. An absent
    table folds to that; without both it is `mask.full`. A query outside of a
    table that is given sees nothing (law 1).

    1. (C1) At least one table is given, and two have one type.

    ```mlir
    %a = mask.row_range %lower, %upper : tensor<?x?xi32>
    %b = mask.row_range unbounded, %upper : tensor<?x?xi32>
    ```
  }];
  let arguments = (ins Optional<Mask_TokenFact>:$lower, Optional<Mask_TokenFact>:$upper);
  let assemblyFormat = [{
    custom<RowTables>($lower, $upper, type($lower), type($upper)) attr-dict
  }];
  let extraClassDeclaration = Mask_ReadsFacts;
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Mask_DenseOp : Mask_PredicateOp<"dense"> {
  let rank = 8;
  let summary = "a stored mask";
  let description = [{
    Visible iff `mask[q, k]` (`mask[b, q, k]`, `mask[b, h, q, k]`).

    ```mlir
    %p = mask.dense %m : tensor<?x?xi1>
    ```
  }];
  let arguments = (ins Mask_DenseMask:$mask);
  let assemblyFormat = "$mask attr-dict `:` type($mask)";
  let extraClassDeclaration = Mask_ReadsFacts;
  let hasFolder = 1;
}

def Mask_GenericOp : Mask_PredicateOp<"generic", [
    IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">,
    AttrSizedOperandSegments]> {
  let summary = "a predicate written as scalar code";
  let description = [{
    Visible iff the region yields true. The region takes the batch row, the query
    head, the query and the key as `index`, then one argument per capture. It is
    isolated from above, so every value it reads is an operand. The op builds a
    predicate and reads nothing itself (law 5), so it is pure; its region is code that
    runs where the predicate is evaluated, as often as it is asked. It may read
    memory, but not write any.

    `tables` are range tables (`mask.range_table`) of the captures whose numbers
    `tabled` lists. With them what a tile of keys reads from a capture is bounded in
    constant time; the region does not see them.

    1. (C1) The region takes four indices and the captures, in order.
    2. (C2) The region yields one i1.
    3. (C3) There are as many tables as numbers in `tabled`, which rise, and each is
       of a capture of integers of rank one or two, whose shape it has, and four
       columns.
    4. (C4) The region's ops have no effects but reads, and their effects are known.

    ```mlir
    %p = mask.generic captures(%t : tensor<?xi32>) {
    ^bb0(%b: index, %h: index, %q: index, %k: index, %x: tensor<?xi32>):
      %a = tensor.extract %x[%q] : tensor<?xi32>
      %c = arith.index_cast %a : i32 to index
      %v = arith.cmpi sge, %c, %k : index
      mask.yield %v : i1
    }
    ```
  }];
  let arguments = (ins Variadic<Mask_Capture>:$captures, Variadic<Mask_RangeTable>:$tables,
                       OptionalAttr<DenseI64ArrayAttr>:$tabled);
  let regions = (region SizedRegion<1>:$body);
  let hasCanonicalizer = 1;
  let assemblyFormat = [{
    (`captures` `(` $captures^ `:` type($captures) `)`)?
    (`tables` `(` $tables^ `:` type($tables) `)` `of` $tabled)?
    attr-dict-with-keyword $body
  }];
  let extraClassDeclaration = Mask_ReadsFacts # [{
    bool dependsOn(ParameterAxis axis);
    /// The range table of a capture, or null.
    ::mlir::Value getTableOf(unsigned capture);
    void getAsmBlockArgumentNames(::mlir::Region &region, ::mlir::OpAsmSetValueNameFn setName);
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Connectives
//===----------------------------------------------------------------------===//

class Mask_VariadicOp<string mnemonic, list<Trait> traits = []>
    : Mask_PredicateOp<mnemonic, [Commutative] # traits> {
  let rank = 13;
  let arguments = (ins Variadic<Mask_Predicate>:$inputs);
  let assemblyFormat = "$inputs attr-dict";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Mask_AndOp : Mask_VariadicOp<"and"> {
  let summary = "visible under every operand";
  let description = [{
    The conjunction of its operands.

    1. (C1) There is at least one operand.

    ```mlir
    %p = mask.and %window, %either
    ```
  }];
}

def Mask_OrOp : Mask_VariadicOp<"or"> {
  let summary = "visible under some operand";
  let description = [{
    The disjunction of its operands.

    1. (C1) There is at least one operand.

    ```mlir
    %p = mask.or %causal, %block
    ```
  }];
}

def Mask_NotOp : Mask_PredicateOp<"not", [Involution, SameOperandsAndResultType]> {
  let rank = 12;
  let summary = "visible where the operand is not";
  let description = [{
    The complement over all integers `q` and `k`.

    ```mlir
    %p = mask.not %q
    ```
  }];
  let arguments = (ins Mask_Predicate:$input);
  let assemblyFormat = "$input attr-dict";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Change of coordinates
//===----------------------------------------------------------------------===//

def Mask_ShiftOp : Mask_PredicateOp<"shift", [AttrSizedOperandSegments]> {
  let rank = 10;
  let resultName = "shifted";
  let summary = "a predicate asked at shifted coordinates";
  let description = [{
    Visible iff `input(q + query, k + key)`.

    1. (C1) Both shifts are given.

    ```mlir
    %p = mask.shift %causal query 12 key 0
    ```
  }];
  let arguments = !con((ins Mask_Predicate:$input),
                       Mask_Query.operands, Mask_Key.operands,
                       Mask_Query.args, Mask_Key.args);
  let assemblyFormat = [{
    $input `query` custom<Parameter>($static_query, $query, type($query), $query_axis)
    `key` custom<Parameter>($static_key, $key, type($key), $key_axis)
    attr-dict
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "Parameter":$query, "Parameter":$key), [{
    ::mlir::MLIRContext *context = $_builder.getContext();
    build($_builder, $_state, input.getType(), input, query.getValue(), key.getValue(),
          query.getStaticAttr(context), query.getAxisAttr(context),
          key.getStaticAttr(context), key.getAxisAttr(context));
  }]>];
  let extraClassDeclaration = !strconcat(Mask_Query.accessors, Mask_Key.accessors, [{
    ::llvm::SmallVector<PredicateParameter> getParameters() {
      return {PredicateParameter("query", getQueryParameter()).required(),
              PredicateParameter("key", getKeyParameter()).required()};
    }
  }]);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Mask_AtPositionsOp : Mask_PredicateOp<"at_positions", [AttrSizedOperandSegments]> {
  let rank = 10;
  let resultName = "positioned";
  let summary = "a predicate asked about positions instead of indices";
  let description = [{
    Visible iff `input(query_positions[q], key_positions[k])`: packed rows whose
    positions restart, ring and slot caches, padded rows whose positions count
    valid tokens. Absent positions fold to `input`. `table` says, per batch row,
    whether the key positions never fall (`mask.monotone_table`): only then an
    interval of positions is an interval of keys. `range` is a range table of the
    key positions (`mask.range_table`): where they fall, in a cache that wraps, it
    tells which positions a tile of keys holds.

    1. (C1) Both position tables have the same rank.
    2. (C2) `range` has the shape of `key_positions` and four columns.

    ```mlir
    %p = mask.at_positions %window query %pos key %pos : tensor<?x?xi32>, tensor<?x?xi32>
    ```
  }];
  let arguments = (ins Mask_Predicate:$input, Mask_TokenFact:$query_positions,
                       Mask_TokenFact:$key_positions, Optional<Mask_MonotoneTable>:$table,
                       Optional<Mask_RangeTable>:$range);
  let assemblyFormat = [{
    $input `query` $query_positions `key` $key_positions (`table` $table^)? (`range` $range^)?
    attr-dict `:` type($query_positions) `,` type($key_positions) (`table` type($table)^)?
    (`range` type($range)^)?
  }];
  let extraClassDeclaration = Mask_ReadsFacts;
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

class Mask_RestrictOp<string mnemonic, string axis> : Mask_PredicateOp<mnemonic> {
  let rank = 14;
  let arguments = (ins Mask_Predicate:$input, DenseI64ArrayAttr:$members);
  let assemblyFormat = "$input `in` $members attr-dict";
  let extraClassDeclaration = [{
    bool dependsOn(ParameterAxis axis) { return axis == ParameterAxis::}] # axis # [{; }
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Mask_HeadsOp : Mask_RestrictOp<"heads", "Head"> {
  let summary = "a predicate on some heads, nothing on the others";
  let description = [{
    Visible iff `h` is in `members` and `input` holds. Heads with other masks are
    joined with `mask.or`.

    1. (C1) `members` are non-negative and strictly increasing.

    ```mlir
    %p = mask.heads %window in [0, 1, 2, 3]
    ```
  }];
}

def Mask_BatchesOp : Mask_RestrictOp<"batches", "Batch"> {
  let summary = "a predicate on some batch rows, nothing on the others";
  let description = [{
    Visible iff `b` is in `members` and `input` holds.

    1. (C1) `members` are non-negative and strictly increasing.

    ```mlir
    %p = mask.batches %causal in [0, 2]
    ```
  }];
}

def Mask_PackedOp : Mask_PredicateOp<"packed", [AttrSizedOperandSegments]> {
  let rank = 11;
  let summary = "several sequences packed into one row";
  let description = [{
    Joins a core predicate, an overlay and the sequence ids of a packed row. Three
    orders exist in released systems; with `same := sequence_ids[q] ==
    sequence_ids[k]` and `core@pos` the core asked about `positions`:

    | rule | visible iff |
    |---|---|
    | `v5_12` | `(core and same) or overlay` |
    | `v5_23` | `(core@pos and same) or overlay` |
    | `v5_24` | `(core@pos or overlay) and same` |
    | `request` | the rule that `mask.of_layer` gives |

    Without sequence ids it folds to `core or overlay`. Without positions `core@pos`
    is `core`.

    ```mlir
    %p = mask.packed %core, %overlay rule v5_24 sequences %seq : tensor<?x?xi32> positions %pos : tensor<?x?xi32>
    ```
  }];
  let arguments = (ins Mask_Predicate:$core, Mask_Predicate:$overlay,
                       Optional<Mask_TokenFact>:$sequence_ids, Optional<Mask_TokenFact>:$positions,
                       Mask_PackingRuleAttr:$rule);
  let assemblyFormat = [{
    $core `,` $overlay `rule` `` $rule (`sequences` $sequence_ids^ `:` type($sequence_ids))?
    (`positions` $positions^ `:` type($positions))? attr-dict
  }];
  let extraClassDeclaration = Mask_ReadsFacts;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

#endif // MASK_PREDICATE_OPS_TD
