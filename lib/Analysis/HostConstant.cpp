//===- HostConstant.cpp - constants as host data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostConstant.h"

using namespace mlir;
using namespace mlir::mask;

/// Flags are 0 and 1, all other integers signed.
static int64_t toHost(const APInt &value) {
  return value.getBitWidth() == 1 ? value.getZExtValue() : value.getSExtValue();
}

static double toHost(APFloat value) {
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToDouble();
}

/// An array of the elements of a constant.
template <typename Array, typename Number>
static HostValue toArray(DenseElementsAttr elements) {
  std::shared_ptr<Array> array = Array::zeros(elements.getType().getShape());
  for (auto [out, value] :
       llvm::zip_equal(array->values, elements.getValues<Number>()))
    out = toHost(value);
  return std::shared_ptr<const Array>(std::move(array));
}

FailureOr<HostValue> mlir::mask::evaluateConstant(arith::ConstantOp op) {
  if (auto number = dyn_cast<IntegerAttr>(op.getValue()))
    return HostValue(toHost(number.getValue()));
  if (auto number = dyn_cast<FloatAttr>(op.getValue()))
    return HostValue(toHost(number.getValue()));
  if (auto elements = dyn_cast<DenseIntElementsAttr>(op.getValue()))
    return toArray<IntegerArray, APInt>(elements);
  if (auto elements = dyn_cast<DenseFPElementsAttr>(op.getValue()))
    return toArray<FloatArray, APFloat>(elements);
  return op.emitOpError() << "cannot be evaluated: " << op.getType()
                          << " is neither a number nor a tensor of them";
}
