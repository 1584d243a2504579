//===- TensorCoreEmitter.cpp - a query tile on tensor cores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorCoreEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

static constexpr double kGreatest = std::numeric_limits<float>::max();

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value TensorCoreEmitter::multiplyF(Value x, Value y) {
  return arith::MulFOp::create(b, x, y);
}

Value TensorCoreEmitter::extract(Value vector, ArrayRef<int64_t> position) {
  return vector::ExtractOp::create(b, vector, position);
}

Value TensorCoreEmitter::broadcast(Value value, VectorType type) {
  return vector::BroadcastOp::create(b, type, value);
}

//===----------------------------------------------------------------------===//
// Before the loop
//===----------------------------------------------------------------------===//

/// What the scale becomes: a positive factor in the exponent, and a sign of Q.
void TensorCoreEmitter::prepareScale() {
  scale = emitScale(b, op, b.getF32Type());
  Value log2e = number(llvm::numbers::log2e);
  exponentScale = log2e;
  if (!op.getScore().empty())
    return;
  APFloat constant(0.0f);
  if (matchPattern(scale, m_ConstantFloat(&constant)) &&
      constant.isFiniteNonZero() && !constant.isNegative()) {
    exponentScale = b.createOrFold<arith::MulFOp>(scale, log2e);
    return;
  }
  auto word = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  };
  auto choose = [&](arith::CmpFPredicate predicate, Value yes, Value no) {
    Value holds = arith::CmpFOp::create(b, predicate, scale, number(0));
    return arith::SelectOp::create(b, holds, yes, no).getResult();
  };
  constexpr int32_t signs = static_cast<int32_t>(0x80008000);
  flip = choose(arith::CmpFPredicate::OLT, word(signs), word(0));
  keep = choose(arith::CmpFPredicate::OEQ, word(0), word(-1));
  Value magnitude = math::AbsFOp::create(b, scale);
  scale = choose(arith::CmpFPredicate::OEQ, number(1), magnitude);
  exponentScale = multiplyF(scale, log2e);
}

int64_t TensorCoreEmitter::valueWidth() {
  return cast<MemRefType>(op.getValue().getType()).getDimSize(3);
}

int64_t TensorCoreEmitter::valueFragments() {
  return llvm::divideCeil(std::min(schedule.valueColumns, valueWidth()), 8);
}

SmallVector<Value> TensorCoreEmitter::begin(const QueryTile &tile) {
  placeTile(tile);
  Value warpThreads = index(TensorCoreSchedule::kWarpThreads);
  warp.emplace(b, b.createOrFold<arith::RemUIOp>(thread, warpThreads),
               getElementType());
  warpNumber = b.createOrFold<arith::DivUIOp>(thread, warpThreads);
  row = add(multiply(warpNumber, index(schedule.warpRows)), warp->getRow());
  const TensorCoreSchedule &s = schedule;
  queries = allocateRows(1, s.rows(), s.depth);
  keys = allocateRows(s.kBuffers, s.keyTile, s.depth);
  values = allocateRows(s.kBuffers, s.keyTile, s.valueColumns);
  keyMatrix = getMatrix({call.key, tile.batch, tile.keyHead});
  valueMatrix = getMatrix({call.value, tile.batch, tile.keyHead});
  prepareScale();
  ifThen(isZero(thread), [&] {
    Value none = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
    store(none, call.flags, getWorkgroup());
  });
  loadQueries();
  SmallVector<Value> state(threadRows(), number(-kGreatest));
  state.append(threadRows() + 4 * rowBlocks() * valueFragments(), number(0));
  return state;
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Fragments by keys, the thread's rows, and two keys side by side.
ScoreLayout TensorCoreEmitter::getLayout(Value firstKey) {
  AffineExpr n = b.getAffineDimExpr(0), i = b.getAffineDimExpr(1),
             j = b.getAffineDimExpr(2), row = b.getAffineSymbolExpr(0),
             key = b.getAffineSymbolExpr(1);
  return {AffineMap::get(3, 2, getPlace(row + i * 8, key + n * 8 + j),
                         b.getContext()),
          {this->row, add(firstKey, warp->getColumn())}};
}

Value TensorCoreEmitter::getRows(Value handle, const ScoreLayout &) {
  // Read behind the products: an assembler that compares keys with ends before
  // them has no predicates left, and keeps them as bits of registers.
  Value all = arith::ConstantOp::create(b, b.getI32IntegerAttr(-1));
  NVVM::SyncWarpOp::create(b, all);
  SmallVector<Value> ends;
  if (rowBlocks() == 1) {
    for (int64_t i = 0; i < threadRows(); ++i)
      ends.push_back(load(handle, add(row, index(i * 8))));
  } else {
    // By warp: all are at constants from one address.
    SmallVector<int64_t> shape = {schedule.rows() / schedule.warpRows,
                                  schedule.warpRows};
    Value byWarp = memref::ExpandShapeOp::create(
        b, shape, handle, SmallVector<ReassociationIndices>{{0, 1}});
    for (int64_t i = 0; i < threadRows(); ++i)
      ends.push_back(
          load(byWarp, {warpNumber, add(warp->getRow(), index(i * 8))}));
  }
  return vector::FromElementsOp::create(
      b, VectorType::get(threadRows(), b.getI32Type()), ends);
}

SmallVector<Value> TensorCoreEmitter::scores(const KeyTile &tile) {
  VectorType type = warp->getSumType();
  Value buffer = getBuffer(tile);
  Value memory = viewFragments(keys);
  int64_t steps = schedule.depth / 16;
  // By row block, then by fragment of keys.
  SmallVector<Value> sums(rowBlocks() * keyFragments(),
                          broadcast(number(0), type));
  for (int64_t step = 0; step < steps; ++step) {
    SmallVector<Value> fragments;
    for (int64_t block = 0; block < rowBlocks(); ++block)
      fragments.push_back(queryFragments.empty()
                              ? loadQueryFragment(block, step)
                              : queryFragments[block * steps + step]);
    for (int64_t n = 0; n < keyFragments(); n += 2) {
      auto [left, right] = warp->loadB(memory, {buffer, getGroup(tile, n * 8)},
                                       step * 16, /*transposed=*/false);
      for (auto [block, fragment] : llvm::enumerate(fragments)) {
        Value *sum = &sums[static_cast<int64_t>(block) * keyFragments() + n];
        sum[0] = warp->multiply(fragment, left, sum[0]);
        sum[1] = warp->multiply(fragment, right, sum[1]);
      }
    }
  }
  if (!op.getScore().empty())
    for (Value &sum : sums)
      sum = multiplyF(sum, broadcast(scale, type));
  auto tileType =
      VectorType::get({keyFragments(), threadRows(), 2}, b.getF32Type());
  Value all = broadcast(number(0), tileType);
  for (int64_t n = 0; n < keyFragments(); ++n)
    for (int64_t i = 0; i < threadRows(); ++i)
      all = vector::InsertOp::create(
          b, extract(sums[i / 2 * keyFragments() + n], {i % 2}), all,
          ArrayRef<int64_t>{n, i});
  return {all};
}

LogicalResult TensorCoreEmitter::mapScores(const KeyTile &keys,
                                           SmallVectorImpl<Value> &scores,
                                           ScoreFunction function) {
  FailureOr<Value> result = function(scores.front(), getLayout(keys.first));
  if (failed(result))
    return failure();
  scores.front() = *result;
  return success();
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Combines pairs, then pairs of these: short chains of dependent operations.
static Value reduce(SmallVector<Value> elements,
                    function_ref<Value(Value, Value)> combine) {
  while (elements.size() > 1) {
    SmallVector<Value> pairs;
    for (size_t i = 0; i + 1 < elements.size(); i += 2)
      pairs.push_back(combine(elements[i], elements[i + 1]));
    if (elements.size() % 2)
      pairs.push_back(elements.back());
    elements = std::move(pairs);
  }
  return elements.front();
}

/// The greatest score of the thread's row `i`; NaN is passed over, since it
/// stays in the exponential.
Value TensorCoreEmitter::getRowMaximum(Value scores, int64_t i) {
  SmallVector<Value> elements;
  for (int64_t n = 0; n < keyFragments(); ++n)
    for (int64_t j = 0; j < 2; ++j)
      elements.push_back(extract(scores, {n, i, j}));
  Value maximum = reduce(elements, [&](Value x, Value y) -> Value {
    return arith::MaxNumFOp::create(b, x, y);
  });
  return warp->getRowMaximum(maximum);
}

Value TensorCoreEmitter::updateRow(
    int64_t i, Value scores, SmallVectorImpl<Value> &state,
    MutableArrayRef<SmallVector<Value>> weights) {
  Value before = state[i];
  Value maximum = arith::MaxNumFOp::create(b, before, getRowMaximum(scores, i));
  state[i] = maximum;
  // The difference first: where the maximum stays, the factor is one.
  Value distance = arith::SubFOp::create(b, before, maximum);
  Value factor = math::Exp2Op::create(b, multiplyF(distance, exponentScale));
  // Finite, so that a hidden score is minus infinity after it, too.
  Value shift = arith::MinNumFOp::create(
      b, arith::NegFOp::create(b, multiplyF(maximum, exponentScale)),
      number(kGreatest));
  SmallVector<Value> ofRow;
  for (int64_t n = 0; n < keyFragments(); ++n)
    for (int64_t j = 0; j < 2; ++j) {
      Value exponent = math::FmaOp::create(b, extract(scores, {n, i, j}),
                                           exponentScale, shift);
      ofRow.push_back(math::Exp2Op::create(b, exponent));
      weights[n].push_back(ofRow.back());
    }
  Value sum = reduce(ofRow, [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(b, x, y);
  });
  Value &total = state[threadRows() + i];
  total = arith::AddFOp::create(b, multiplyF(total, factor), sum);
  return factor;
}

/// The sums of a row block times the factors of the thread's two rows. With 32
/// rows they are not multiplied where both factors are one, as they are when no
/// maximum moves. The branch also keeps assemblers from moving products of
/// weights into the softmax, where scores leave few registers for what they
/// read.
SmallVector<Value> TensorCoreEmitter::scaleSums(int64_t block,
                                                ArrayRef<Value> factors,
                                                ArrayRef<Value> state) {
  ArrayRef<Value> sums =
      state.slice(accumulator(block, 0), 4 * valueFragments());
  auto scale = [&] {
    SmallVector<Value> scaled;
    for (auto [i, sum] : llvm::enumerate(sums))
      scaled.push_back(multiplyF(sum, factors[i % 4 / 2]));
    return scaled;
  };
  if (rowBlocks() == 1)
    return scale();
  auto isChange = [&](Value factor) -> Value {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, factor,
                                 number(1));
  };
  Value changes =
      arith::OrIOp::create(b, isChange(factors[0]), isChange(factors[1]));
  auto branch = scf::IfOp::create(b, TypeRange(ValueRange(sums)), changes,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, scale());
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, sums);
  return llvm::to_vector_of<Value>(branch.getResults());
}

LogicalResult TensorCoreEmitter::update(const KeyTile &tile,
                                        ArrayRef<Value> scores, Value,
                                        ScoreFunction,
                                        SmallVectorImpl<Value> &state) {
  VectorType type = warp->getSumType();
  auto toSum = [&](ArrayRef<Value> elements) -> Value {
    return vector::FromElementsOp::create(b, type, elements);
  };
  // Of each row block, the weights of 16 keys.
  SmallVector<SmallVector<Value>> weights(rowBlocks());
  // Of each row block, those of eight value columns.
  SmallVector<Value> sums;
  for (int64_t block = 0; block < rowBlocks(); ++block) {
    SmallVector<SmallVector<Value>> exact(keyFragments());
    SmallVector<Value> factors;
    for (int64_t i = 0; i < 2; ++i)
      factors.push_back(updateRow(2 * block + i, scores.front(), state, exact));
    for (int64_t n = 0; n < keyFragments(); n += 2)
      weights[block].push_back(warp->toA(toSum(exact[n]), toSum(exact[n + 1])));
    SmallVector<Value> scaled = scaleSums(block, factors, state);
    for (int64_t v = 0; v < valueFragments(); ++v)
      sums.push_back(toSum(ArrayRef(scaled).slice(4 * v, 4)));
  }
  Value buffer = getBuffer(tile), memory = viewFragments(values);
  for (int64_t n = 0; n < keyFragments(); n += 2) {
    for (int64_t v = 0; v < valueFragments(); v += 2) {
      auto pair = warp->loadB(memory, {buffer, getGroup(tile, n * 8)}, v * 8,
                              /*transposed=*/true);
      for (int64_t block = 0; block < rowBlocks(); ++block) {
        Value fragment = weights[block][n / 2],
              *sum = &sums[block * valueFragments() + v];
        sum[0] = warp->multiply(fragment, pair.first, sum[0]);
        if (v + 1 < valueFragments())
          sum[1] = warp->multiply(fragment, pair.second, sum[1]);
      }
    }
  }
  auto *element = llvm::drop_begin(state, accumulator(0, 0)).begin();
  for (Value sum : sums)
    for (int64_t e = 0; e < 4; ++e)
      *element++ = extract(sum, {e / 2, e % 2});
  return success();
}
