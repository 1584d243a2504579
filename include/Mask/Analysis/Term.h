//===- Term.h - the integer expressions that bounds are made of -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_TERM_H
#define MASK_ANALYSIS_TERM_H

#include "Mask/IR/Range.h"

#include "mlir/IR/Value.h"
#include "mlir/Support/LLVM.h"

#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

namespace mlir::mask {

/// "Unbounded": beyond every number that is computed in the supported range
/// (Mask/IR/Range.h), and small enough that two of them add up in 64 bits.
inline constexpr int64_t kInfinity = int64_t(1) << 61;

/// What a row without an end reads instead of one: beyond every number that is
/// computed, also when it is moved by a shift, and still no infinity.
inline constexpr int64_t kNoEnd = kMaxNumber + kMaxNumber / 2;
static_assert(kMaxNumber < kNoEnd && kNoEnd < kInfinity);

/// What a term can refer to besides constants and data. `Query` is the absolute
/// query of a row; the tile symbols are the first and the last absolute query,
/// key and head of a tile, all inclusive.
enum class TermSymbol {
  Batch,
  Head,
  Query,
  QueryFirst,
  QueryLast,
  KeyFirst,
  KeyLast,
  HeadFirst,
  HeadLast
};
inline constexpr size_t kNumTermSymbols = 9;

/// What a term computes. All terms are integers; truth values are 0 and 1.
enum class TermKind {
  Constant,  ///< number
  Symbol,    ///< symbol
  Parameter, ///< an index value, within plus and minus `limit` if that is given
  Add,       ///< sum of the operands
  Mul, ///< operand 0 times operand 1; unless one is constant or the product is
       ///< `C * floor(x / C)`, it saturates at `kMaxProduct`
  FloorDiv,  ///< floor(operand 0 / operand 1), operand 1 positive
  Min,       ///< minimum of the operands; the conjunction of truth values
  Max,       ///< maximum of the operands; the disjunction of truth values
  LessEqual, ///< operand 0 <= operand 1, as 0 or 1
  Select,    ///< operand 0 ? operand 1 : operand 2
  Member,    ///< whether operand 0 is one of `members`, as 0 or 1
  Load, ///< element of `source` at the operands, within plus and minus `limit`
        ///< if that is given, or `number` outside of it
  Size, ///< extent of dimension `number` of `source`
  LowerBound, ///< first index i of `source` (row operand 1) with element >=
              ///< operand 0
  RowMin,     ///< minimum of operand 0 over Query in [QueryFirst, QueryLast]
  RowMax,     ///< maximum of operand 0 over Query in [QueryFirst, QueryLast]
  HeadMin,    ///< minimum of operand 0 over Head in [HeadFirst, HeadLast]
  HeadMax,    ///< maximum of operand 0 over Head in [HeadFirst, HeadLast]
};

/// Data that a term loads from: an SSA value (a fact, a parameter per batch
/// row, an index table), or an index table that is still to be built from
/// facts.
struct TermSource {
  /// The value itself, or the result of the table op of that name on it.
  enum Kind {
    Data,
    IntervalTable,
    NonNegativeIntervalTable,
    CountTable,
    MonotoneTable,
    RangeTable
  };
  Kind kind = Data;
  /// The data, or the fact that the table is built from.
  Value value;
  /// The key ids of an interval table.
  Value second;

  /// Some order, which may differ from run to run.
  bool operator<(const TermSource &other) const;
  bool operator==(const TermSource &other) const {
    return kind == other.kind && value == other.value && second == other.second;
  }
};

class TermContext;

/// A handle on an immutable, uniqued expression; compared by identity.
class Term {
public:
  /// The expression; nodes live as long as their context.
  struct Node {
    TermKind kind;
    /// The fields that `kind` uses; see there.
    int64_t number = 0;
    int64_t limit = 0;
    /// A loaded element that stands for "no key" (`kNoKey`) reads as `number`.
    bool isTableEnd = false;
    TermSymbol symbol = TermSymbol::Query;
    TermSource source;
    std::vector<const Node *> operands;
    std::vector<int64_t> members;
    /// Counts the nodes of the context.
    unsigned id = 0;
    /// A bit per symbol that the term depends on.
    unsigned dependences = 0;
    /// The number of operations, shared ones counted at every use.
    unsigned weight = 1;
  };

  /// A null term; all but comparing and testing it is undefined.
  Term() = default;
  explicit Term(const Node *node) : node(node) {}
  explicit operator bool() const { return node; }
  bool operator==(Term other) const { return node == other.node; }
  bool operator!=(Term other) const { return node != other.node; }
  const Node *operator->() const { return node; }
  const Node *getNode() const { return node; }

  TermKind getKind() const { return node->kind; }
  unsigned getNumOperands() const { return node->operands.size(); }
  Term getOperand(unsigned i) const { return Term(node->operands[i]); }
  bool isConstant() const { return node->kind == TermKind::Constant; }
  bool isConstant(int64_t value) const {
    return isConstant() && node->number == value;
  }
  bool isPlusInfinity() const {
    return isConstant() && node->number >= kInfinity;
  }
  bool isMinusInfinity() const {
    return isConstant() && node->number <= -kInfinity;
  }

  /// Whether a `Mul` cannot leave 64 bits: one factor is constant, or it is
  /// `C * floor(x / C)`.
  bool isExactProduct() const;

  /// Whether the term mentions the symbol (outside of reductions over it).
  bool dependsOn(TermSymbol symbol) const {
    return node->dependences >> static_cast<unsigned>(symbol) & 1;
  }
  /// What evaluating the term costs, in operations; row reductions count once.
  unsigned getWeight() const { return node->weight; }

private:
  const Node *node = nullptr;
};

/// Makes terms, folding what is decided: constants, infinities, nested sums,
/// minima and maxima, duplicates, selections, reductions of monotone terms.
class TermContext {
public:
  // Leaves. An infinity is a constant of that magnitude.
  Term constant(int64_t value);
  Term plusInfinity() { return constant(kInfinity); }
  Term minusInfinity() { return constant(-kInfinity); }
  Term truth(bool value) { return constant(value); }
  Term symbol(TermSymbol symbol);
  /// An `index` value; if a limit is given, clamped to plus and minus that.
  Term parameter(Value index, int64_t limit = 0);

  // Arithmetic. Sums saturate at the infinities; `b` of a quotient is positive.
  Term add(ArrayRef<Term> terms);
  Term add(Term a, Term b) { return add(ArrayRef<Term>{a, b}); }
  Term add(Term a, int64_t b) { return add(ArrayRef<Term>{a, constant(b)}); }
  Term sub(Term a, Term b) { return add(a, mul(b, constant(-1))); }
  Term mul(Term a, Term b);
  Term floorDiv(Term a, Term b);
  Term min(ArrayRef<Term> terms);
  Term max(ArrayRef<Term> terms);
  Term min(Term a, Term b) { return min(ArrayRef<Term>{a, b}); }
  Term max(Term a, Term b) { return max(ArrayRef<Term>{a, b}); }

  // Truth values. Their conjunction is `min`, their disjunction `max`.
  Term lessEqual(Term a, Term b);
  Term logicalNot(Term value);
  Term select(Term condition, Term ifTrue, Term ifFalse);
  Term member(Term element, ArrayRef<int64_t> members);

  /// The element of `source` at `indices`, clamped if a limit is given;
  /// `otherwise` outside of its extent.
  Term load(TermSource source, ArrayRef<Term> indices, int64_t otherwise,
            int64_t limit = 0);
  /// An end of an interval from an index table: `kNoEnd`, or minus that unless
  /// `isLower`, where the table says that there is no key (`kNoKey`) and
  /// outside of its extent.
  Term tableEnd(TermSource source, ArrayRef<Term> indices, bool isLower);
  /// `term` within plus and minus `limit`.
  Term clamp(Term term, int64_t limit) {
    return max(min(term, constant(limit)), constant(-limit));
  }
  /// The extent of dimension `dim` of `source`.
  Term size(TermSource source, unsigned dim);
  /// The first index of `source`, which does not fall, whose element is at
  /// least `element`, or its extent. `row` is null for data of rank 1.
  Term lowerBound(TermSource source, Term row, Term element);
  /// Extremum over the rows of a tile: of a term that does not fall with the
  /// query it is the term at one end, of one without query the term itself.
  Term rowMin(Term term) { return extremum(TermKind::RowMin, term); }
  Term rowMax(Term term) { return extremum(TermKind::RowMax, term); }
  /// The same over the heads of a tile. Of truth values: whether all are true,
  /// whether one is.
  Term headMin(Term term) { return extremum(TermKind::HeadMin, term); }
  Term headMax(Term term) { return extremum(TermKind::HeadMax, term); }

  /// `term` with `symbol` replaced.
  Term substitute(Term term, TermSymbol symbol, Term replacement);
  /// What a term of a tile is where the tile has one row, `QueryFirst`: nothing
  /// is left to reduce over rows.
  Term ofOneRow(Term term);

private:
  /// The operation of `term` on other operands.
  Term rebuild(Term term, ArrayRef<Term> operands);
  Term make(Term::Node node);
  Term minMax(TermKind kind, ArrayRef<Term> terms);
  Term extremum(TermKind kind, Term term);
  Term linear(ArrayRef<std::pair<Term, int64_t>> parts, int64_t constant);
  struct HashKey {
    size_t operator()(const std::vector<int64_t> &key) const;
  };
  std::deque<Term::Node> nodes;
  std::unordered_map<std::vector<int64_t>, const Term::Node *, HashKey> unique;
  std::map<TermSource, unsigned> sources;
};

/// What a reduction runs over: `symbol`, from `first` to `last`.
struct ReductionAxis {
  TermSymbol symbol, first, last;
  bool isMin;
};
/// The axis of a kind that reduces, or none.
std::optional<ReductionAxis> getReduction(TermKind kind);

/// How a term moves with the query: never (Constant), never down, never up.
enum class Trend { Constant, Rising, Falling, Unknown };
/// How `term` moves with `symbol`, whatever the data.
Trend getTrend(Term term, TermSymbol symbol = TermSymbol::Query);

} // namespace mlir::mask

#endif // MASK_ANALYSIS_TERM_H
