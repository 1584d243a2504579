//===- MaskAttentionOps.td - attention under a predicate -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ATTENTION_OPS_TD
#define MASK_ATTENTION_OPS_TD

include "Mask/IR/MaskPolicyOps.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"

def Mask_AttentionData : AnyTypeOf<[
    TensorRankOf<[F64, F32, F16, BF16], [4]>, MemRefRankOf<[F64, F32, F16, BF16], [4]>],
  "attention data of shape [batch, heads, seq, dim]">;
def Mask_Sinks : AnyTypeOf<[1DTensorOf<[F32]>, MemRefRankOf<[F32], [1]>],
  "one f32 logit per head">;

def Mask_AttentionOutput : AnyTypeOf<[
    TensorRankOf<[F64, F32, F16, BF16], [3, 4]>, MemRefRankOf<[F64, F32, F16, BF16], [3, 4]>],
  "attention output of shape [batch, heads, seq, dim] or [batch, heads, seq]">;

def Mask_KeyPages : AnyTypeOf<[
    TensorRankOf<[I32, I64], [2]>, MemRefRankOf<[I32, I64], [2]>],
  "i32 or i64 pages of shape [batch, pages of a row]">;

def Mask_QueryOffset : Mask_Parameter<"query_offset", "QueryOffset">;
def Mask_KeyOffset : Mask_Parameter<"key_offset", "KeyOffset">;

def Mask_AttentionOp : Mask_Op<"attention", [
    AttrSizedOperandSegments, DestinationStyleOpInterface, IsolatedFromAbove,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>,
    SingleBlock]> {
  let summary = "softmax attention under a predicate";
  let description = [{
    `output[b, h, q] = sum_k softmax_k(scale * <query[b, h, q], key[b, h / g, k]> | M) value[b, h / g, k]`,
    keys outside the predicate `M` having weight exactly zero. `g` is the number of
    query heads per key head. A row without visible keys is zero, its log-sum-exp
    (`outputs[1]`, f32, natural base) minus infinity (law 3). A row `i` of `query` is
    the absolute query `i + query_offset + origin q`, a row `j` of `key` the absolute
    key `j + key_offset + origin k`; batch row and head are shifted by the origin
    alone, whose own are at least 0, so that a tile or a slice keeps its coordinates. `scale` is `1 / sqrt(D)`
    where missing. `sinks` adds one logit per head to the denominator only, and the
    log-sum-exp has it: `log(exp(sinks[h]) + sum_k exp(s_k))` over the scores `s_k` of
    the visible keys. A row without any, or whose scores are all minus infinity, is zero
    and minus infinity, whatever its sink.
    `soft_cap c` bounds the scaled score to `c * tanh(s / c)`. The `score` region
    `(s: f32, b, h, q, k: index, captures...) -> f32` applies after it and before the
    mask; what it reads outside of a capture is zero. A region that does nothing but
    cap the score is canonicalized to `soft_cap`.

    `key_pages %table page P` says that keys and values lie in a pool that all batch
    rows share, `[pages, heads, P, dim]` with any strides: key `j` of batch row `b` is
    row `j mod P` of page `table[b, j floordiv P]`. There are as many keys as the
    table has columns, times `P`; the predicate, tiles and offsets speak of keys, and
    know nothing of where they lie. An entry counts only where a visible key, or for
    compiled code a visited tile, lies in its page, and then has to be a page of the
    pool; others may hold anything. Pages may occur again, also in one batch row: a
    ring of `P` slots is a table that says the same page throughout.

    The predicate is either the operand `mask` (open form, on tensors) or the region
    `predicate`, isolated from above: its block arguments stand for `captures`
    (closed form). `mask-close-predicates` turns the first into the second.

    1. (C1) All data have rank 4 and one element type; the log-sum-exp is f32 of rank 3.
    2. (C2) `query` and `output` agree in batch, heads and rows; `key` and `value` in
       batch (or pages), heads and rows; the last sizes of `query` and `key` agree, and
       those of `value` and `output`; `query` and `key`, or the table of pages, in batch.
    3. (C3) The head count of `key` divides that of `query`.
    4. (C4) Exactly one of `mask` and `predicate` is given.
    5. (C5) The region's arguments are the captures' types and it yields one predicate.
    6. (C6) `origin` has zero or four operands.
    7. (C7) Data, facts and parameters are tensors throughout and the results have the
       outputs' types, or they are memrefs throughout, the predicate is closed and
       there is no result.
    8. (C8) The score region takes `f32`, four indices and the score captures, and
       yields one `f32`.
    9. (C9) A static head dimension is at least one.
    10. (C10) `sinks` has one element per query head.
    11. (C11) `soft_cap` is finite and greater than zero.
    12. (C12) A page has 1 to 2^30 keys, as many as `key` and `value` have rows.

    ```mlir
    %o = mask.attention ins(%q, %k, %v : tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
           outs(%out : tensor<1x8x?x64xf32>) mask(%p) -> tensor<1x8x?x64xf32>
    %step = mask.attention ins(%q1, %pool, %pool : tensor<4x8x1x64xf32>, tensor<?x2x16x64xf32>, tensor<?x2x16x64xf32>)
           outs(%out1 : tensor<4x8x1x64xf32>) mask(%p) query_offset %seen per batch : tensor<4xi32>
           key_pages %table page 16 : tensor<4x?xi32> -> tensor<4x8x1x64xf32>
    ```
  }];
  let arguments = !con((ins
    Mask_AttentionData:$query, Mask_AttentionData:$key, Mask_AttentionData:$value,
    Variadic<Mask_AttentionOutput>:$outputs,
    Optional<Mask_Predicate>:$mask,
    Variadic<Mask_Capture>:$captures,
    Variadic<Mask_Capture>:$score_captures,
    Optional<Mask_Sinks>:$sinks,
    Optional<F32>:$scale,
    Variadic<Index>:$origin,
    Optional<Mask_KeyPages>:$key_pages),
    Mask_QueryOffset.operands, Mask_KeyOffset.operands, Mask_QueryOffset.args, Mask_KeyOffset.args,
    (ins OptionalAttr<I64Attr>:$page_size,
    OptionalAttr<F32Attr>:$soft_cap,
    OptionalAttr<Mask_ScheduleAttrInterface>:$schedule));
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region AnyRegion:$predicate, AnyRegion:$score);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    `outs` `(` $outputs `:` type($outputs) `)`
    oilist(
        `mask` `(` $mask `)`
      | `sinks` `(` $sinks `:` type($sinks) `)`
      | `scale` `(` $scale `)`
      | `soft_cap` $soft_cap
      | `origin` `(` $origin `)`
      | `query_offset` custom<Parameter>($static_query_offset, $query_offset, type($query_offset), $query_offset_axis)
      | `key_offset` custom<Parameter>($static_key_offset, $key_offset, type($key_offset), $key_offset_axis)
      | `key_pages` $key_pages `page` $page_size `:` type($key_pages)
      | `captures` `(` $captures `:` type($captures) `)`
      | `score_captures` `(` $score_captures `:` type($score_captures) `)`
    )
    (`predicate` $predicate^)? (`score` $score^)?
    attr-dict (`->` type($results)^)?
  }];
  let builders = [OpBuilder<(ins
      "::mlir::TypeRange":$results, "::mlir::Value":$query, "::mlir::Value":$key,
      "::mlir::Value":$value, "::mlir::ValueRange":$outputs, "::mlir::Value":$mask,
      "::mlir::Value":$sinks, "::mlir::Value":$scale, "Parameter":$query_offset,
      "Parameter":$key_offset, "::mlir::FloatAttr":$soft_cap), [{
    ::mlir::MLIRContext *context = $_builder.getContext();
    build($_builder, $_state, results, query, key, value, outputs, mask,
          /*captures=*/::mlir::ValueRange(), /*score_captures=*/::mlir::ValueRange(),
          sinks, scale, /*origin=*/::mlir::ValueRange(),
          /*key_pages=*/::mlir::Value(), query_offset.getValue(), key_offset.getValue(),
          query_offset.getStaticAttr(context), query_offset.getAxisAttr(context),
          key_offset.getStaticAttr(context), key_offset.getAxisAttr(context),
          /*page_size=*/::mlir::IntegerAttr(), soft_cap, ScheduleAttrInterface());
  }]>];
  let extraClassDeclaration = !strconcat(Mask_QueryOffset.accessors, Mask_KeyOffset.accessors, [{
    MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
    Value getOutput() { return getOutputs()[0]; }
    /// The log-sum-exp destination, or null.
    Value getLogSumExp() { return getOutputs().size() > 1 ? getOutputs()[1] : Value(); }
    /// Whether keys and values are read through a table of pages.
    bool isPaged() { return static_cast<bool>(getKeyPages()); }
    bool isClosed() { return !getPredicate().empty(); }
    bool hasPureTensorSemantics() { return isa<TensorType>(getQuery().getType()); }
    /// The predicate: `mask`, or what the region yields.
    Value getPredicateValue();
  }]);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // MASK_ATTENTION_OPS_TD
