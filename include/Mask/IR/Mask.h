//===- Mask.h - the mask dialect -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_MASK_H
#define MASK_IR_MASK_H

#include "Mask/IR/PredicateOpInterface.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "Mask/IR/MaskDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "Mask/IR/MaskTypes.h.inc"

namespace mlir::mask {
class LayerTypeOp;

/// "No key" in the index tables: an empty interval is `(kNoKey, -kNoKey)`, so
/// that minimum and maximum pass it over. Positions lie below it.
inline constexpr int32_t kNoKey = 1 << 30;

/// The tokens of a block of `mask.range_table`.
inline constexpr int64_t kRangeBlock = 64;
} // namespace mlir::mask

#define GET_OP_CLASSES
#include "Mask/IR/MaskOps.h.inc"

#endif // MASK_IR_MASK_H
