//===- MergePartials.cpp - attention from splits of its keys -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MergePartials.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

namespace {

/// A tensor and what its dimensions run over, a letter each: `b`atch, `h`ead,
/// `q`uery, `c`olumn, `s`plit.
struct Indexed {
  Value tensor;
  StringRef letters;
};

class Merger {
public:
  Merger(OpBuilder &builder, Location loc, AttentionOp op)
      : b(loc, builder), op(op) {}

  MergeResult run(Value outputs, Value logSumExps);

private:
  using Body = llvm::function_ref<Value(ImplicitLocOpBuilder &, ValueRange)>;

  /// The `linalg.generic` over `loops` that reduces the splits, if it has such
  /// a loop, into `init`. `body` takes an element of each tensor.
  Value generic(StringRef loops, ArrayRef<Indexed> inputs, Indexed init,
                Body body);
  Value fill(Value destination, double number);
  Value makeStatistics(Value logSumExps);
  /// `log(exp(sink) + sum_s exp(lse_s))` of each row.
  Value joinLogSumExps(Value logSumExps);

  ImplicitLocOpBuilder b;
  AttentionOp op;
  SmallVector<Operation *> merges;
};

} // namespace

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

static constexpr double kMinusInfinity =
    -std::numeric_limits<double>::infinity();

static Value constant(ImplicitLocOpBuilder &b, double number) {
  return arith::ConstantOp::create(
      b, b.getF32FloatAttr(static_cast<float>(number)));
}

static Value isMinusInfinity(ImplicitLocOpBuilder &b, Value number) {
  return arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, number,
                               constant(b, kMinusInfinity));
}

static Value expOfDifference(ImplicitLocOpBuilder &b, Value x, Value y) {
  return math::ExpOp::create(b, arith::SubFOp::create(b, x, y),
                             arith::FastMathFlags::afn);
}

/// What is subtracted before the exponential: the maximum, with the sink if
/// there is one, and a finite number where no key is visible.
static Value getReference(ImplicitLocOpBuilder &b, Value maximum,
                          ValueRange sink) {
  Value reference = maximum;
  if (!sink.empty())
    reference = arith::MaximumFOp::create(b, maximum, sink.front());
  return arith::SelectOp::create(b, isMinusInfinity(b, maximum), constant(b, 0),
                                 reference);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

Value Merger::generic(StringRef loops, ArrayRef<Indexed> inputs, Indexed init,
                      Body body) {
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  auto addMap = [&](StringRef letters) {
    SmallVector<AffineExpr> dims;
    for (char letter : letters)
      dims.push_back(b.getAffineDimExpr(loops.find(letter)));
    maps.push_back(AffineMap::get(loops.size(), 0, dims, b.getContext()));
  };
  for (const Indexed &input : inputs) {
    operands.push_back(input.tensor);
    addMap(input.letters);
  }
  addMap(init.letters);
  SmallVector<utils::IteratorType> iterators;
  for (char letter : loops)
    iterators.push_back(letter == 's' ? utils::IteratorType::reduction
                                      : utils::IteratorType::parallel);
  auto emitBody = [&](OpBuilder &nested, Location loc, ValueRange arguments) {
    ImplicitLocOpBuilder inner(loc, nested);
    linalg::YieldOp::create(inner, body(inner, arguments));
  };
  auto merge =
      linalg::GenericOp::create(b, init.tensor.getType(), operands, init.tensor,
                                maps, iterators, emitBody);
  merges.push_back(merge);
  return merge.getResult(0);
}

Value Merger::fill(Value destination, double number) {
  return linalg::FillOp::create(b, constant(b, number), destination)
      .getResult(0);
}

/// A tensor with one number per row.
Value Merger::makeStatistics(Value logSumExps) {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), logSumExps);
  return tensor::EmptyOp::create(b, ArrayRef(sizes).drop_front(),
                                 b.getF32Type());
}

Value Merger::joinLogSumExps(Value logSumExps) {
  Value maximum =
      generic("bhqs", {{logSumExps, "sbhq"}},
              {fill(makeStatistics(logSumExps), kMinusInfinity), "bhq"},
              [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                return arith::MaximumFOp::create(b, x[0], x[1]);
              });
  SmallVector<Indexed> inputs = {{logSumExps, "sbhq"}, {maximum, "bhq"}};
  if (op.getSinks())
    inputs.push_back({op.getSinks(), "h"});
  Value sum =
      generic("bhqs", inputs, {fill(makeStatistics(logSumExps), 0), "bhq"},
              [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                ValueRange sink = x.drop_front(2).drop_back();
                Value weight =
                    expOfDifference(b, x[0], getReference(b, x[1], sink));
                return arith::AddFOp::create(b, x.back(), weight);
              });
  inputs[0] = {sum, "bhq"};
  Value destination =
      op.getLogSumExp() ? op.getLogSumExp() : makeStatistics(logSumExps);
  return generic("bhq", inputs, {destination, "bhq"},
                 [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                   ValueRange sink = x.drop_front(2).drop_back();
                   Value reference = getReference(b, x[1], sink);
                   Value sum = x[0];
                   if (!sink.empty())
                     sum = arith::AddFOp::create(
                         b, sum, expOfDifference(b, sink.front(), reference));
                   Value logSumExp = arith::AddFOp::create(
                       b, reference,
                       math::LogOp::create(b, sum, arith::FastMathFlags::afn));
                   // A sink alone shows nothing (law 3).
                   return arith::SelectOp::create(b, isMinusInfinity(b, x[1]),
                                                  x[1], logSumExp);
                 });
}

MergeResult Merger::run(Value outputs, Value logSumExps) {
  Value logSumExp = joinLogSumExps(logSumExps);
  Value output = generic(
      "bhqcs", {{outputs, "sbhqc"}, {logSumExps, "sbhq"}, {logSumExp, "bhq"}},
      {fill(op.getOutput(), 0), "bhqc"},
      [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
        // Minus infinity less itself is no number.
        Value weight =
            arith::SelectOp::create(b, isMinusInfinity(b, x[1]), constant(b, 0),
                                    expOfDifference(b, x[1], x[2]));
        Value part = arith::MulFOp::create(b, x[0], weight);
        return arith::AddFOp::create(b, x[3], part);
      });
  MergeResult result;
  result.mergeOps.push_back(merges.back());
  result.replacements.push_back(output);
  if (op.getLogSumExp())
    result.replacements.push_back(logSumExp);
  return result;
}

MergeResult mlir::mask::mergePartials(OpBuilder &builder, Location loc,
                                      AttentionOp op, Value outputs,
                                      Value logSumExps) {
  return Merger(builder, loc, op).run(outputs, logSumExps);
}
