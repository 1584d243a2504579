//===- MaskAttrs.h - attributes and enums of the mask dialect -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_MASKATTRS_H
#define MASK_IR_MASKATTRS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include "Mask/IR/MaskEnums.h.inc"

#include "Mask/IR/ScheduleAttrInterface.h.inc"

#define GET_ATTRDEF_CLASSES
#include "Mask/IR/MaskAttrs.h.inc"

#endif // MASK_IR_MASKATTRS_H
