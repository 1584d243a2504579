//===- IntervalSet.cpp - the algebra of interval sets -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntervalSet.h"

#include "Mask/Analysis/TermProver.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Atoms
//===----------------------------------------------------------------------===//

IntervalSet IntervalAlgebra::exactly(Term lower, Term upper,
                                     Emptiness emptiness, Term anchor) {
  IntervalPiece piece;
  piece.outer = piece.inner = {lower, upper};
  piece.outerEmptiness = piece.innerEmptiness = emptiness;
  piece.anchor = anchor;
  return {{piece}, true};
}

IntervalSet IntervalAlgebra::full() {
  return exactly(context.minusInfinity(), context.plusInfinity(),
                 Emptiness::Never);
}

IntervalSet IntervalAlgebra::empty() { return {{}, true}; }

IntervalSet IntervalAlgebra::unknown() {
  IntervalSet set = full();
  set.pieces[0].inner = {context.plusInfinity(), context.minusInfinity()};
  set.pieces[0].innerEmptiness = Emptiness::Normalized;
  set.exact = false;
  return set;
}

//===----------------------------------------------------------------------===//
// Emptiness
//===----------------------------------------------------------------------===//

bool IntervalAlgebra::isProvablyEmpty(KeyInterval interval) {
  return provablyLessEqual(context, interval.upper, interval.lower);
}

/// Whether some row may have the infinite constant as this bound.
static bool mayBeInfinite(Term bound, bool positive) {
  switch (bound.getKind()) {
  case TermKind::Constant:
    return positive ? bound.isPlusInfinity() : bound.isMinusInfinity();
  case TermKind::Select:
    return mayBeInfinite(bound.getOperand(1), positive) ||
           mayBeInfinite(bound.getOperand(2), positive);
  case TermKind::Min:
  case TermKind::Max:
  case TermKind::Add:
    for (unsigned i = 0; i < bound.getNumOperands(); ++i)
      if (mayBeInfinite(bound.getOperand(i), positive))
        return true;
    return false;
  default:
    return false;
  }
}

Emptiness IntervalAlgebra::provedEmptiness(KeyInterval interval) {
  if (interval.lower.isPlusInfinity() && interval.upper.isMinusInfinity())
    return Emptiness::Normalized;
  // `[-inf, -inf)` is empty, although every integer lies above `-inf`.
  if (mayBeInfinite(interval.lower, /*positive=*/true) ||
      mayBeInfinite(interval.upper, /*positive=*/false))
    return Emptiness::Unknown;
  return provablyLessEqual(context, context.add(interval.lower, 1),
                           interval.upper)
             ? Emptiness::Never
             : Emptiness::Unknown;
}

KeyInterval IntervalAlgebra::normalized(KeyInterval interval,
                                        Emptiness emptiness) {
  if (emptiness != Emptiness::Unknown)
    return interval;
  // Not `lower + 1 <= upper`: infinities absorb the one.
  Term nonEmpty =
      context.logicalNot(context.lessEqual(interval.upper, interval.lower));
  return {context.select(nonEmpty, interval.lower, context.plusInfinity()),
          context.select(nonEmpty, interval.upper, context.minusInfinity())};
}

//===----------------------------------------------------------------------===//
// Intersection
//===----------------------------------------------------------------------===//

/// With one anchor, two non-empty intervals share it, and an empty one that is
/// normalized stays `(+inf, -inf)` under maximum and minimum.
static Emptiness meet(Emptiness a, Emptiness b, bool sameAnchor) {
  if (!sameAnchor || a == Emptiness::Unknown || b == Emptiness::Unknown)
    return Emptiness::Unknown;
  return a == Emptiness::Never && b == Emptiness::Never ? Emptiness::Never
                                                        : Emptiness::Normalized;
}

IntervalPiece IntervalAlgebra::intersect(const IntervalPiece &a,
                                         const IntervalPiece &b) {
  auto meetOf = [&](KeyInterval x, KeyInterval y) {
    return KeyInterval{context.max(x.lower, y.lower),
                       context.min(x.upper, y.upper)};
  };
  IntervalPiece result;
  result.outer = meetOf(a.outer, b.outer);
  result.inner = meetOf(a.inner, b.inner);
  bool sameAnchor = a.anchor && a.anchor == b.anchor;
  result.outerEmptiness = meet(a.outerEmptiness, b.outerEmptiness, sameAnchor);
  result.innerEmptiness = meet(a.innerEmptiness, b.innerEmptiness, sameAnchor);
  if (sameAnchor)
    result.anchor = a.anchor;
  if (result.outerEmptiness == Emptiness::Unknown)
    result.outerEmptiness = provedEmptiness(result.outer);
  if (result.innerEmptiness == Emptiness::Unknown)
    result.innerEmptiness = provedEmptiness(result.inner);
  return result;
}

static bool isFull(const IntervalSet &set) {
  return set.exact && set.pieces.size() == 1 &&
         set.pieces[0].outer.lower.isMinusInfinity() &&
         set.pieces[0].outer.upper.isPlusInfinity();
}

IntervalSet IntervalAlgebra::intersect(const IntervalSet &a,
                                       const IntervalSet &b) {
  if (isFull(a))
    return b;
  if (isFull(b))
    return a;
  IntervalSet result;
  result.exact = a.exact && b.exact;
  for (const IntervalPiece &x : a.pieces)
    for (const IntervalPiece &y : b.pieces) {
      IntervalPiece piece = intersect(x, y);
      if (!isProvablyEmpty(piece.outer))
        result.pieces.push_back(piece);
    }
  normalize(result);
  return result;
}

//===----------------------------------------------------------------------===//
// Union
//===----------------------------------------------------------------------===//

bool IntervalAlgebra::touchProvably(const IntervalPiece &a,
                                    const IntervalPiece &b) {
  if (a.outerEmptiness == Emptiness::Unknown ||
      b.outerEmptiness == Emptiness::Unknown)
    return false;
  if (a.anchor && a.anchor == b.anchor)
    return true;
  return provablyLessEqual(context, a.outer.lower, b.outer.upper) &&
         provablyLessEqual(context, b.outer.lower, a.outer.upper);
}

IntervalPiece IntervalAlgebra::merge(const IntervalPiece &a,
                                     const IntervalPiece &b) {
  auto hullOf = [&](KeyInterval x, KeyInterval y) {
    return KeyInterval{context.min(x.lower, y.lower),
                       context.max(x.upper, y.upper)};
  };
  auto join = [](Emptiness x, Emptiness y) {
    return x == Emptiness::Never || y == Emptiness::Never
               ? Emptiness::Never
               : Emptiness::Normalized;
  };
  IntervalPiece result;
  result.outer = hullOf(a.outer, b.outer);
  result.outerEmptiness = join(a.outerEmptiness, b.outerEmptiness);
  if (a.anchor &&
      (a.anchor == b.anchor || a.innerEmptiness == Emptiness::Never))
    result.anchor = a.anchor;
  else if (b.anchor && b.innerEmptiness == Emptiness::Never)
    result.anchor = b.anchor;

  bool sameOuter =
      a.outer.lower == a.inner.lower && a.outer.upper == a.inner.upper &&
      b.outer.lower == b.inner.lower && b.outer.upper == b.inner.upper;
  bool innerKnown = a.innerEmptiness != Emptiness::Unknown &&
                    b.innerEmptiness != Emptiness::Unknown;
  bool innerTouch = sameOuter || (a.anchor && a.anchor == b.anchor) ||
                    (provablyLessEqual(context, a.inner.lower, b.inner.upper) &&
                     provablyLessEqual(context, b.inner.lower, a.inner.upper));
  if (innerKnown && innerTouch) {
    result.inner = hullOf(a.inner, b.inner);
    result.innerEmptiness = join(a.innerEmptiness, b.innerEmptiness);
    return result;
  }
  IntervalPiece runTime = joinAtRunTime(a, b);
  result.inner = runTime.inner;
  result.innerEmptiness = runTime.innerEmptiness;
  // Where the two lie apart the first alone is inside, and perhaps not the
  // anchor of the second.
  if (a.anchor != b.anchor)
    result.anchor = {};
  return result;
}

/// The hull outside; inside the hull too for the rows where the two touch,
/// which is decided by data, else the first.
IntervalPiece IntervalAlgebra::joinAtRunTime(const IntervalPiece &a,
                                             const IntervalPiece &b) {
  KeyInterval outerA = normalized(a.outer, a.outerEmptiness);
  KeyInterval outerB = normalized(b.outer, b.outerEmptiness);
  KeyInterval innerA = normalized(a.inner, a.innerEmptiness);
  KeyInterval innerB = normalized(b.inner, b.innerEmptiness);
  IntervalPiece result;
  result.outer = {context.min(outerA.lower, outerB.lower),
                  context.max(outerA.upper, outerB.upper)};
  result.outerEmptiness = Emptiness::Normalized;
  auto isEmpty = [&](KeyInterval x) {
    return context.lessEqual(x.upper, x.lower);
  };
  Term touch = context.min(context.lessEqual(innerA.lower, innerB.upper),
                           context.lessEqual(innerB.lower, innerA.upper));
  // A side that is always empty leaves the other as it is.
  Term joined = isProvablyEmpty(innerA) || isProvablyEmpty(innerB)
                    ? context.truth(true)
                    : context.max({isEmpty(innerA), isEmpty(innerB), touch});
  result.inner = {
      context.select(joined, context.min(innerA.lower, innerB.lower),
                     innerA.lower),
      context.select(joined, context.max(innerA.upper, innerB.upper),
                     innerA.upper)};
  result.innerEmptiness = Emptiness::Normalized;
  return result;
}

IntervalSet IntervalAlgebra::unite(const IntervalSet &a, const IntervalSet &b) {
  if (isFull(a) || isFull(b))
    return full();
  IntervalSet result;
  result.exact = a.exact && b.exact;
  llvm::append_range(result.pieces, a.pieces);
  llvm::append_range(result.pieces, b.pieces);
  normalize(result);
  return result;
}

//===----------------------------------------------------------------------===//
// Complement, restriction, translation
//===----------------------------------------------------------------------===//

IntervalSet IntervalAlgebra::complement(const IntervalSet &set) {
  IntervalSet result = full();
  for (const IntervalPiece &piece : set.pieces) {
    // Below and above. An empty interval, normalized or not, leaves everything.
    IntervalPiece below, above;
    below.outer = {context.minusInfinity(), piece.inner.lower};
    below.inner = {context.minusInfinity(), piece.outer.lower};
    above.outer = {piece.inner.upper, context.plusInfinity()};
    above.inner = {piece.outer.upper, context.plusInfinity()};
    IntervalSet sides;
    sides.exact = set.exact;
    for (IntervalPiece *side : {&below, &above}) {
      side->outerEmptiness = provedEmptiness(side->outer);
      side->innerEmptiness = provedEmptiness(side->inner);
      if (!isProvablyEmpty(side->outer))
        sides.pieces.push_back(*side);
    }
    result = intersect(result, sides);
  }
  result.exact = result.exact && set.exact;
  return result;
}

IntervalSet IntervalAlgebra::restrict(const IntervalSet &set, Term condition) {
  if (condition.isConstant())
    return condition->number ? set : empty();
  auto restrictInterval = [&](KeyInterval interval) {
    return KeyInterval{
        context.select(condition, interval.lower, context.plusInfinity()),
        context.select(condition, interval.upper, context.minusInfinity())};
  };
  auto weaken = [](Emptiness emptiness) {
    return emptiness == Emptiness::Never ? Emptiness::Normalized : emptiness;
  };
  IntervalSet result = set;
  for (IntervalPiece &piece : result.pieces) {
    piece.outer = restrictInterval(piece.outer);
    piece.inner = restrictInterval(piece.inner);
    piece.outerEmptiness = weaken(piece.outerEmptiness);
    piece.innerEmptiness = weaken(piece.innerEmptiness);
  }
  return result;
}

/// `bound + distance`, part by part, so that an infinite end stays infinite.
static Term moveBound(TermContext &context, Term bound, Term distance) {
  auto moved = [&](unsigned i) {
    return moveBound(context, bound.getOperand(i), distance);
  };
  switch (bound.getKind()) {
  case TermKind::Select:
    return context.select(bound.getOperand(0), moved(1), moved(2));
  case TermKind::Min:
  case TermKind::Max: {
    SmallVector<Term> parts;
    for (unsigned i = 0; i < bound.getNumOperands(); ++i)
      parts.push_back(moved(i));
    return bound.getKind() == TermKind::Min ? context.min(parts)
                                            : context.max(parts);
  }
  default:
    return context.add(bound, distance);
  }
}

IntervalSet IntervalAlgebra::translate(const IntervalSet &set, Term distance) {
  auto move = [&](KeyInterval interval) {
    return KeyInterval{moveBound(context, interval.lower, distance),
                       moveBound(context, interval.upper, distance)};
  };
  IntervalSet result = set;
  for (IntervalPiece &piece : result.pieces) {
    piece.outer = move(piece.outer);
    piece.inner = move(piece.inner);
    if (piece.anchor)
      piece.anchor = context.add(piece.anchor, distance);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Normal form
//===----------------------------------------------------------------------===//

/// Puts the pieces into ascending order of their outer lower ends, if one order
/// holds for every row.
bool IntervalAlgebra::order(IntervalSet &set) {
  SmallVector<IntervalPiece> ordered;
  SmallVector<IntervalPiece> rest = set.pieces;
  while (!rest.empty()) {
    auto *first = llvm::find_if(rest, [&](const IntervalPiece &candidate) {
      return llvm::all_of(rest, [&](const IntervalPiece &other) {
        return provablyLessEqual(context, candidate.outer.lower,
                                 other.outer.lower);
      });
    });
    if (first == rest.end())
      return false;
    ordered.push_back(*first);
    rest.erase(first);
  }
  set.pieces = ordered;
  return true;
}

/// Bounds that cost more operations than this are not worth having.
static constexpr unsigned kMaxWeight = 1000;

/// Gives up the intervals whose bounds have grown too large.
void IntervalAlgebra::limitWeight(IntervalSet &set) {
  for (IntervalPiece &piece : set.pieces) {
    unsigned weight = 0;
    for (Term bound : {piece.outer.lower, piece.outer.upper, piece.inner.lower,
                       piece.inner.upper})
      weight = std::max(weight, bound.getWeight());
    if (weight <= kMaxWeight)
      continue;
    set = unknown();
    return;
  }
}

void IntervalAlgebra::normalize(IntervalSet &set) {
  limitWeight(set);
  mergeAndOrder(set);
  limitWeight(set);
}

void IntervalAlgebra::mergeAndOrder(IntervalSet &set) {
  // Merge provably touching pieces until none are left.
  for (bool changed = true; changed;) {
    changed = false;
    for (unsigned i = 0; i < set.pieces.size() && !changed; ++i)
      for (unsigned j = i + 1; j < set.pieces.size() && !changed; ++j)
        if (touchProvably(set.pieces[i], set.pieces[j])) {
          set.pieces[i] = merge(set.pieces[i], set.pieces[j]);
          set.pieces.erase(set.pieces.begin() + j);
          changed = true;
        }
  }
  if (set.pieces.size() <= 1)
    return;
  if (set.pieces.size() <= maxIntervals && order(set))
    return;
  // Loops need an order, and few intervals: one that holds them all.
  bool tooMany = set.pieces.size() > maxIntervals;
  IntervalPiece joined = set.pieces[0];
  for (const IntervalPiece &piece : llvm::drop_begin(set.pieces))
    joined = joinAtRunTime(joined, piece);
  if (tooMany) {
    joined.inner = {context.plusInfinity(), context.minusInfinity()};
    joined.innerEmptiness = Emptiness::Normalized;
  }
  set.pieces = {joined};
  set.exact = false;
}
