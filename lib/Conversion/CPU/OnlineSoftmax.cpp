//===- OnlineSoftmax.cpp - the arithmetic of a running softmax -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OnlineSoftmax.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

Value OnlineSoftmax::getMaximum(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value greater = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, greater, x, y);
}

Value OnlineSoftmax::splat(double value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(type,
                                b.getFloatAttr(type.getElementType(), value)));
}

OnlineSoftmax::End OnlineSoftmax::finish(Value maximum, Value sum,
                                         Value sinks) {
  Value empty =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, sum, splat(0));
  Value weight = splat(1);
  if (sinks) {
    Value logit = arith::MulFOp::create(b, sinks, splat(llvm::numbers::log2e));
    Value reference = arith::MaxNumFOp::create(b, maximum, logit);
    weight = exp2(arith::SubFOp::create(b, maximum, reference));
    Value sinkWeight = exp2(arith::SubFOp::create(b, logit, reference));
    sum = arith::AddFOp::create(b, arith::MulFOp::create(b, sum, weight),
                                sinkWeight);
    maximum = reference;
  }
  Value factor = arith::DivFOp::create(b, weight, sum);
  Value logSumExp = vector::FMAOp::create(
      b, maximum, splat(llvm::numbers::ln2),
      math::LogOp::create(b, sum, arith::FastMathFlags::afn));
  Value none = splat(-std::numeric_limits<double>::infinity());
  return {arith::SelectOp::create(b, empty, splat(0), factor),
          arith::SelectOp::create(b, empty, none, logSumExp)};
}
