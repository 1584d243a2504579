//===- LaunchRecordSyntax.h - how records are written -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The directives `custom<...>` of the attributes in MaskLaunchAttrs.td.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_LAUNCHRECORDSYNTAX_H
#define MASK_IR_LAUNCHRECORDSYNTAX_H

#include "Mask/IR/MaskAttrs.h"

#include "mlir/IR/OpImplementation.h"

namespace mlir::mask {

/// `7`, or `addi(dim(0, 1), 7)`.
ParseResult parseLaunchFunction(AsmParser &parser, std::string &function,
                                int64_t &constant,
                                SmallVectorImpl<LaunchValueAttr> &operands);
void printLaunchFunction(AsmPrinter &printer, StringRef function,
                         int64_t constant, ArrayRef<LaunchValueAttr> operands);
ParseResult parseLaunchValue(AsmParser &parser, LaunchValueAttr &value);
void printLaunchValue(AsmPrinter &printer, LaunchValueAttr value);

/// `(1, dim(0, 1))`
ParseResult parseLaunchValues(AsmParser &parser,
                              SmallVectorImpl<LaunchValueAttr> &values);
void printLaunchValues(AsmPrinter &printer, ArrayRef<LaunchValueAttr> values);

/// `(argument(0) : memref<?xf32>, 7 : index)`
ParseResult parseLaunchArguments(AsmParser &parser,
                                 SmallVectorImpl<LaunchValueAttr> &values,
                                 SmallVectorImpl<Type> &types);
void printLaunchArguments(AsmPrinter &printer, ArrayRef<LaunchValueAttr> values,
                          ArrayRef<Type> types);

} // namespace mlir::mask

#endif // MASK_IR_LAUNCHRECORDSYNTAX_H
