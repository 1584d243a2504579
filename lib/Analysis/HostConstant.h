//===- HostConstant.h - constants as host data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_HOSTCONSTANT_H
#define MASK_LIB_ANALYSIS_HOSTCONSTANT_H

#include "Mask/Analysis/HostValue.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::mask {

/// The number or the array that `op` makes. Fails, with an error, where it is
/// neither.
FailureOr<HostValue> evaluateConstant(arith::ConstantOp op);

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_HOSTCONSTANT_H
