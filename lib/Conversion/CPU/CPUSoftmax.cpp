//===- CPUSoftmax.cpp - scores to weights, online -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CPUTileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

/// Independent chains of a vertical reduction: hides the latency of one.
static constexpr int64_t kChains = 4;
static constexpr double kHidden = -std::numeric_limits<double>::infinity();

void CPUTileEmitter::startSoftmax() {
  forProductLanes([&](Value lane) {
    store(splat(kLowest), maximum, lane);
    store(splat(0), sum, lane);
    forLoop(index(0), value.getSize(b, 3), 1, [&](Value column) {
      store(splat(0), accumulator, {column, lane});
    });
  });
}

Value CPUTileEmitter::reduceScores(
    Value count, Value lane, Value init, Value neutral,
    llvm::function_ref<Value(Value, Value)> combine,
    llvm::function_ref<SmallVector<Value>(Value, ArrayRef<Value>)> map) {
  static_assert(kChains % 2 == 0, "a block has whole pairs");
  auto loop = [&](Value lower, Value upper, int64_t step, ValueRange inits) {
    auto body = [&](Value first, ValueRange carried) {
      SmallVector<Value> scores, chains(carried);
      for (int64_t i = 0; i < step; ++i)
        scores.push_back(load(scoreBuffer, {offset(first, i), lane}));
      for (auto [i, number] : llvm::enumerate(map(first, scores))) {
        Value &chain = chains[i % chains.size()];
        chain = combine(chain, number);
      }
      return chains;
    };
    return forLoop(lower, upper, step, inits, body);
  };
  Value whole = roundDown(count, kChains);
  SmallVector<Value> inits(kChains, neutral);
  inits[0] = init;
  SmallVector<Value> chains = loop(index(0), whole, kChains, inits);
  Value joined = chains[0];
  for (Value chain : ArrayRef(chains).drop_front())
    joined = combine(joined, chain);
  return loop(whole, count, elements.width, joined)[0];
}

/// The last keys get others beside them that are hidden.
void CPUTileEmitter::hideMissingKeys(const KeyTile &keys) {
  if (keyUnit == 1)
    return;
  forLoop(keys.size, roundUp(keys.size, keyUnit), 1, [&](Value row) {
    forLanes(
        [&](Value lane) { store(splat(kHidden), scoreBuffer, {row, lane}); });
  });
}

void CPUTileEmitter::rescale(Value lane, Value factor, Value total) {
  whereMoved(factor, total, [&] {
    forLoop(index(0), value.getSize(b, 3), 1, [&](Value column) {
      Value before = load(accumulator, {column, lane});
      store(arith::MulFOp::create(b, before, factor), accumulator,
            {column, lane});
    });
  });
}

/// Scores of one vector of queries to weights, vertically.
void CPUTileEmitter::softmax(const KeyTile &keys, Value lane) {
  Value count = roundUp(keys.size, keyUnit);
  auto max = [&](Value x, Value y) { return getMaximum(x, y); };
  auto add = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(b, x, y);
  };
  // What a score region has made of a score is not in base 2.
  Value toBase2 = getBase2Factor();
  Value before = load(maximum, lane);
  Value start = toBase2 ? splat(kLowest) : before;
  Value after = reduceScores(count, lane, start, start, max,
                             [&](Value, ArrayRef<Value> scores) {
                               return SmallVector<Value>(scores);
                             });
  if (toBase2)
    after = max(before, arith::MulFOp::create(b, after, toBase2));
  auto weigh = [&](Value score) {
    if (!toBase2)
      return exp2(arith::SubFOp::create(b, score, after));
    Value negative = arith::NegFOp::create(b, after);
    return exp2(vector::FMAOp::create(b, score, toBase2, negative));
  };
  auto map = [&](Value first, ArrayRef<Value> scores) {
    SmallVector<Value> numbers, rounded;
    for (Value score : scores) {
      numbers.push_back(weigh(score));
      rounded.push_back(
          CPUElements::convert(b, numbers.back(), elements.factor));
    }
    Value x = apply(b.getAffineDimExpr(0).floorDiv(elements.width), first);
    for (size_t i = 0; i < rounded.size(); i += elements.width)
      store(elements.interleave(b, ArrayRef(rounded).slice(i, elements.width)),
            weights, {offset(x, i / elements.width), cell(lane)});
    return numbers;
  };
  Value factor = exp2(arith::SubFOp::create(b, before, after));
  Value total = load(sum, lane);
  Value scaled = arith::MulFOp::create(b, total, factor);
  store(reduceScores(count, lane, scaled, splat(0), add, map), sum, lane);
  store(after, maximum, lane);
  rescale(lane, factor, total);
}

void CPUTileEmitter::addPart(Value others, Value otherMaximum, Value otherSum) {
  forLanes([&](Value lane) {
    Value before = load(maximum, lane), other = load(otherMaximum, lane),
          after = getMaximum(before, other);
    Value factor = exp2(arith::SubFOp::create(b, before, after)),
          otherFactor = exp2(arith::SubFOp::create(b, other, after));
    auto join = [&](Value numbers, Value others, ValueRange at) {
      Value scaled = arith::MulFOp::create(b, load(numbers, at), factor);
      store(vector::FMAOp::create(b, load(others, at), otherFactor, scaled),
            numbers, at);
    };
    store(after, maximum, lane);
    join(sum, otherSum, lane);
    forLoop(index(0), value.getSize(b, 3), 1,
            [&](Value column) { join(accumulator, others, {column, lane}); });
  });
}
