//===- LawChecker.h - the laws of bounds against the interpreter -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The laws, for every row and tile of a grid that reaches beyond the facts:
//   1. the outer intervals of a row contain its visible keys;
//   2. every key in an inner interval is visible;
//   3. both are the visible keys where the set is exact;
//   4. intervals ascend;
//   5. outside of the hulls of a tile of rows nothing is visible, inside of a
//      core everything is;
//   6. the core of a single exact interval holds all keys that every row sees;
//   7. its hull holds only keys that some row sees, if neighbouring rows touch;
//   8. loops over the hulls of a union, each from where the last one ended,
//      visit every visible key, none twice;
//   9. a tile that is called full is, and one that is called empty is;
//  10. a full tile of a single exact interval is called so.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_ANALYSIS_LAWCHECKER_H
#define MASK_TEST_UNIT_ANALYSIS_LAWCHECKER_H

#include "../Compositions.h"
#include "Mask/Analysis/TilePlan.h"
#include "TermColumns.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::mask::test {

/// What was checked, and how precise it was.
struct LawCounts {
  uint64_t predicates = 0, exact = 0, looseOuter = 0, looseInner = 0;
  uint64_t fullTiles = 0, foundFull = 0, emptyTiles = 0, foundEmpty = 0;

  LawCounts &operator+=(const LawCounts &other);
  /// One line.
  std::string toString() const;
};

/// What the intervals of a row must be, beside sound.
enum class Expect {
  Sound, ///< nothing more
  Hull,  ///< the hull of the visible keys, inside either all of it or nothing
  Exact, ///< the visible keys, inside as well
};

/// Predicates over facts that may be given many values: planned once, checked
/// for each.
class LawChecker {
public:
  /// `facts` name and type the arguments of `source`, and give them values.
  /// Text that does not parse fails the test.
  LawChecker(MLIRContext &context, const Source &source,
             std::vector<Fact> facts, const LawGrid &grid);

  void bind(unsigned fact, HostValue value) {
    facts[fact].value = std::move(value);
  }
  /// Checks every predicate; false, with the broken law as a failure of the
  /// test, if one is broken.
  bool check(Expect expect = Expect::Sound);

  const LawCounts &getCounts() const { return counts; }
  /// The intervals of a row of the first predicate.
  const RowIntervals &getRows() const { return plans.front().rows; }

private:
  std::string findBroken(const TilePlan &plan, Expect expect,
                         const PredicateFunction &visible,
                         TermEvaluator &evaluator, TermColumns &columns);
  void readVisible(const PredicateFunction &visible);
  std::string compareEvaluators(const TilePlan &plan,
                                const TermEvaluator &evaluator,
                                TermColumns &columns);
  std::string checkRows(const TilePlan &plan, Expect expect,
                        TermColumns &columns);
  std::string checkRowTiles(const TilePlan &plan, TermColumns &columns);
  std::string checkTiles(const TilePlan &plan, TermColumns &columns);
  std::string describe(unsigned predicate) const;

  LawGrid grid;
  LawPoints points;
  std::vector<Fact> facts;
  OwningOpRef<ModuleOp> module;
  TermContext terms;
  std::vector<TilePlan> plans;
  LawCounts counts;
  /// A bit per key: of each row; of each tile of rows, what some and what every
  /// row sees.
  std::vector<uint32_t> seen, some, every;
  unsigned turn = 0;
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_ANALYSIS_LAWCHECKER_H
