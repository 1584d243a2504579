//===- PredicateDomain.cpp - predicates on some queries and keys -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A tableau: claims are replaced by what they are made of until only linear
// inequalities are left. What a claim needs altogether is added to the system;
// where one of several things is enough, each is tried. The claims exclude each
// other if no choice leaves a system that integers satisfy.
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/PredicateDomain.h"
#include "LinearSystem.h"
#include "Mask/IR/Range.h"
#include "PredicateBounds.h"

#include "Mask/IR/PredicateOrder.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

#include <variant>

using namespace mlir;
using namespace mlir::mask;

/// Systems that one proof may look at.
static constexpr unsigned kBudget = 48;

namespace {
/// `a <= b`.
struct Inequality {
  Term a, b;
};
/// A truth value that is one, or zero.
struct Condition {
  Term term;
  bool holds;
};
using Goal = std::variant<PredicateClaim, Inequality, Condition>;
/// Goals that hold together.
using Goals = std::vector<Goal>;
/// One of these is enough.
using Alternatives = std::vector<Goals>;

/// What a choice of alternatives has come to.
struct Branch {
  LinearSystem system;
  /// Claims met so far.
  SmallVector<PredicateClaim> met;
  /// Still to be looked at: together, and one of each list.
  Goals goals;
  std::vector<Alternatives> alternatives;
};

class Refutation {
public:
  explicit Refutation(PredicateDomain &domain)
      : domain(domain), context(domain.getContext()), bounds(context, options) {
  }

  bool refute(Branch branch);

private:
  /// Each returns true if the goal alone cannot be met.
  bool expand(Branch &branch, const PredicateClaim &claim);
  bool expand(Branch &branch, Inequality inequality);
  bool expand(Branch &branch, Condition condition);
  bool expandLeaf(Branch &branch, const PredicateClaim &claim);
  /// `condition` holds and the input is visible in `frame`, or the opposite.
  void expandGuarded(Branch &branch, const PredicateClaim &claim,
                     Term condition, Value input, PredicateFrame frame);
  void assumeConstraints(Branch &branch, Operation *op);

  PredicateDomain &domain;
  TermContext &context;
  RowIntervalOptions options;
  PredicateBounds bounds;
  PredicateOrder order;
  unsigned budget = kBudget;
};
} // namespace

/// All of `goals`, or one of them.
template <typename Range>
static void require(Branch &branch, const Range &goals, bool all) {
  if (all) {
    llvm::append_range(branch.goals, goals);
    return;
  }
  Alternatives alternatives;
  for (const auto &goal : goals)
    alternatives.push_back({goal});
  branch.alternatives.push_back(std::move(alternatives));
}

//===----------------------------------------------------------------------===//
// Inequalities and truth values
//===----------------------------------------------------------------------===//

bool Refutation::expand(Branch &branch, Inequality inequality) {
  Term a = inequality.a, b = inequality.b;
  if (a == b || a.isMinusInfinity() || b.isPlusInfinity())
    return false;
  if (a.isConstant() && b.isConstant())
    return a->number > b->number;
  for (bool left : {true, false}) {
    Term side = left ? a : b;
    auto with = [&](Term term) -> Goal {
      return left ? Inequality{term, b} : Inequality{a, term};
    };
    if (side.getKind() == TermKind::Select) {
      Term condition = side.getOperand(0);
      branch.alternatives.push_back(
          {{Condition{condition, true}, with(side.getOperand(1))},
           {Condition{condition, false}, with(side.getOperand(2))}});
      return false;
    }
    if (side.getKind() == TermKind::Min || side.getKind() == TermKind::Max) {
      Goals parts;
      for (unsigned i = 0; i < side.getNumOperands(); ++i)
        parts.push_back(with(side.getOperand(i)));
      require(branch, parts, left == (side.getKind() == TermKind::Max));
      return false;
    }
  }
  if (a.isPlusInfinity() || b.isMinusInfinity())
    return true;
  branch.system.addLessEqual(a, b);
  return false;
}

bool Refutation::expand(Branch &branch, Condition condition) {
  Term term = condition.term;
  bool holds = condition.holds;
  if (term.isConstant())
    return (term->number != 0) != holds;
  switch (term.getKind()) {
  case TermKind::Min:
  case TermKind::Max: {
    SmallVector<Condition> parts;
    for (unsigned i = 0; i < term.getNumOperands(); ++i)
      parts.push_back({term.getOperand(i), holds});
    require(branch, parts, holds == (term.getKind() == TermKind::Min));
    return false;
  }
  case TermKind::LessEqual: {
    Term a = term.getOperand(0), b = term.getOperand(1);
    return expand(branch,
                  holds ? Inequality{a, b} : Inequality{context.add(b, 1), a});
  }
  case TermKind::Member: {
    Term element = term.getOperand(0);
    Term first = context.constant(llvm::min_element(term->members)[0]),
         last = context.constant(llvm::max_element(term->members)[0]);
    Inequality above{first, element}, below{element, last};
    if (holds)
      require(branch, ArrayRef({above, below}), /*all=*/true);
    else if (last->number - first->number <
             static_cast<int64_t>(term->members.size()))
      require(branch,
              ArrayRef({Inequality{context.add(last, 1), element},
                        Inequality{element, context.add(first, -1)}}),
              /*all=*/false);
    break;
  }
  default:
    break;
  }
  Term one = context.constant(1), zero = context.constant(0);
  return expand(branch, holds ? Inequality{one, term} : Inequality{term, zero});
}

//===----------------------------------------------------------------------===//
// Claims
//===----------------------------------------------------------------------===//

/// Run-time parameters are at least what they have to be. One per batch row or
/// head counts as 1 where it has no element (PredicateBounds::parameter).
void Refutation::assumeConstraints(Branch &branch, Operation *op) {
  auto predicate = dyn_cast<PredicateOpInterface>(op);
  if (!predicate)
    return;
  for (const PredicateParameter &entry : predicate.getParameters()) {
    if (!entry.least || !entry.parameter.getValue())
      continue;
    int64_t least = entry.parameter.axis ? std::min<int64_t>(*entry.least, 1)
                                         : *entry.least;
    branch.system.addFact(context.constant(least),
                          bounds.parameter(entry.parameter));
  }
}

/// What the bounds say of the key: one of the outer intervals holds a visible
/// one, none of the inner intervals a hidden one.
bool Refutation::expandLeaf(Branch &branch, const PredicateClaim &claim) {
  assumeConstraints(branch, claim.predicate.getDefiningOp());
  Term key = claim.frame.key, next = context.add(key, 1);
  IntervalSet set = bounds.bounds(claim.predicate, claim.frame.query);
  auto block = claim.predicate.getDefiningOp<BlockBidirectionalOp>();
  Term longest =
      block ? domain.getLongestBlock(block.getEffectiveKeyIds()) : Term();
  Alternatives intervals;
  for (const IntervalPiece &piece : set.pieces) {
    if (!claim.visible) {
      require(branch,
              ArrayRef({Inequality{next, piece.inner.lower},
                        Inequality{piece.inner.upper, key}}),
              /*all=*/false);
      continue;
    }
    Goals goals{Inequality{piece.outer.lower, key},
                Inequality{next, piece.outer.upper}};
    if (piece.anchor) // An interval that holds the key holds its anchor.
      goals.insert(goals.end(), {Inequality{piece.outer.lower, piece.anchor},
                                 Inequality{context.add(piece.anchor, 1),
                                            piece.outer.upper}});
    if (longest)
      goals.emplace_back(Inequality{piece.outer.upper,
                                    context.add(piece.outer.lower, longest)});
    intervals.push_back(std::move(goals));
  }
  if (!claim.visible)
    return false;
  if (intervals.size() == 1)
    llvm::append_range(branch.goals, intervals.front());
  else
    branch.alternatives.push_back(std::move(intervals));
  return false;
}

void Refutation::expandGuarded(Branch &branch, const PredicateClaim &claim,
                               Term condition, Value input,
                               PredicateFrame frame) {
  Goals parts{Condition{condition, claim.visible},
              PredicateClaim{input, frame, claim.visible}};
  require(branch, parts, /*all=*/claim.visible);
}

bool Refutation::expand(Branch &branch, const PredicateClaim &claim) {
  Value predicate = claim.predicate;
  PredicateFrame frame = claim.frame;
  bool visible = claim.visible;
  for (const PredicateClaim &other : branch.met)
    if (other.frame.query == frame.query && other.frame.key == frame.key &&
        order.isSame(other.predicate, predicate))
      return other.visible != visible;
  branch.met.push_back(claim);
  auto expandInputs = [&](OperandRange inputs, bool all) {
    SmallVector<PredicateClaim> parts;
    for (Value input : inputs)
      parts.push_back({input, frame, visible});
    require(branch, parts, all);
    return false;
  };
  Operation *op = predicate.getDefiningOp();
  if (!op)
    return false;
  return TypeSwitch<Operation *, bool>(op)
      .Case([&](FullOp) { return !visible; })
      .Case([&](EmptyOp) { return visible; })
      .Case([&](AndOp both) { return expandInputs(both.getInputs(), visible); })
      .Case([&](OrOp any) { return expandInputs(any.getInputs(), !visible); })
      .Case([&](NotOp negation) {
        branch.goals.emplace_back(
            PredicateClaim{negation.getInput(), frame, !visible});
        return false;
      })
      .Case([&](HeadsOp heads) {
        expandGuarded(branch, claim,
                      context.member(context.symbol(TermSymbol::Head),
                                     heads.getMembers()),
                      heads.getInput(), frame);
        return false;
      })
      .Case([&](BatchesOp batches) {
        expandGuarded(branch, claim,
                      context.member(context.symbol(TermSymbol::Batch),
                                     batches.getMembers()),
                      batches.getInput(), frame);
        return false;
      })
      .Case([&](ShiftOp shift) {
        expandGuarded(branch, claim,
                      bounds.isInside(
                          {shift.getQueryParameter(), shift.getKeyParameter()}),
                      shift.getInput(), domain.enter(shift, frame));
        return false;
      })
      .Case([&](AtPositionsOp at) {
        Term inside =
            context.min(bounds.isInside(at.getQueryPositions(), frame.query),
                        bounds.isInside(at.getKeyPositions(), frame.key));
        expandGuarded(branch, claim, inside, at.getInput(),
                      domain.enter(at, frame));
        return false;
      })
      .Default([&](Operation *) { return expandLeaf(branch, claim); });
}

bool Refutation::refute(Branch branch) {
  while (!branch.goals.empty()) {
    Goal goal = branch.goals.back();
    branch.goals.pop_back();
    if (std::visit([&](const auto &g) { return expand(branch, g); }, goal))
      return true;
  }
  if (budget == 0)
    return false;
  --budget;
  if (branch.system.isEmpty())
    return true;
  if (branch.alternatives.empty())
    return false;
  // The fewer alternatives the better: one alone is no choice.
  auto choice =
      llvm::min_element(branch.alternatives, [](const auto &a, const auto &b) {
        return a.size() < b.size();
      });
  Alternatives alternatives = std::move(*choice);
  branch.alternatives.erase(choice);
  return llvm::all_of(alternatives, [&](const Goals &goals) {
    Branch next = branch;
    next.goals = goals;
    return refute(std::move(next));
  });
}

//===----------------------------------------------------------------------===//
// PredicateDomain
//===----------------------------------------------------------------------===//

bool PredicateDomain::excludes(ArrayRef<PredicateClaim> claims) {
  Branch branch;
  for (auto [a, b] : assumptions)
    branch.system.addFact(a, b);
  branch.goals.assign(claims.begin(), claims.end());
  return Refutation(*this).refute(std::move(branch));
}

PredicateFrame PredicateDomain::enter(ShiftOp op, PredicateFrame frame) {
  RowIntervalOptions options;
  PredicateBounds bounds(context, options);
  return {context.add(frame.query, bounds.parameter(op.getQueryParameter())),
          context.add(frame.key, bounds.parameter(op.getKeyParameter()))};
}

PredicateFrame PredicateDomain::enter(AtPositionsOp op, PredicateFrame frame) {
  RowIntervalOptions options;
  PredicateBounds bounds(context, options);
  auto position = [&](Value positions, Term index) {
    return bounds.fact(positions, index, /*otherwise=*/0, kMaxParameter);
  };
  return {position(op.getQueryPositions(), frame.query),
          position(op.getKeyPositions(), frame.key)};
}
