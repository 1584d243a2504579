//===- Parameter.h - scalar parameters of predicates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_PARAMETER_H
#define MASK_IR_PARAMETER_H

#include "Mask/IR/MaskAttrs.h"

#include "mlir/IR/OpImplementation.h"

#include <optional>

namespace mlir::mask {

/// A scalar parameter of a predicate: a constant, an `index` value, a
/// one-dimensional tensor or memref with one integer per batch row or head, or
/// nothing (an unbounded window side, a parameter that is not used).
struct Parameter {
  /// The constant, sign-extended to 64 bits.
  std::optional<uint64_t> attribute;
  Value value;
  std::optional<ParameterAxis> axis;

  /// Whether it is not nothing; and the number, if it is constant.
  bool isGiven() const { return attribute.has_value() || value; }
  std::optional<int64_t> getConstant() const {
    return attribute ? std::optional<int64_t>(static_cast<int64_t>(*attribute))
                     : std::nullopt;
  }
};

/// Checks that a value of one-dimensional type names its axis and that an index
/// does not, and that a constant lies within `kMaxParameter`. `name` is used in
/// the error.
LogicalResult verifyParameter(Operation *op, Parameter parameter,
                              StringRef name);

/// Parses and prints `4`, `unbounded`, `%index` or `%data per batch : type`.
ParseResult parseParameter(OpAsmParser &parser, IntegerAttr &constant,
                           std::optional<OpAsmParser::UnresolvedOperand> &value,
                           Type &type, ParameterAxisAttr &axis);
void printParameter(OpAsmPrinter &printer, Operation *op, IntegerAttr constant,
                    Value value, Type type, ParameterAxisAttr axis);

/// Parses and prints `4` or `%index`.
ParseResult parseStep(OpAsmParser &parser, IntegerAttr &constant,
                      std::optional<OpAsmParser::UnresolvedOperand> &value);
void printStep(OpAsmPrinter &printer, Operation *op, IntegerAttr constant,
               Value value);

} // namespace mlir::mask

#endif // MASK_IR_PARAMETER_H
