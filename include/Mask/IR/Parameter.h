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
///
/// An op holds it as an attribute `static_NAME` or an operand `NAME`, and an
/// attribute `NAME_axis`; it has accessors `getNAMEParameter` and
/// `setNAMEParameter`, and a builder that takes parameters.
struct Parameter {
  Parameter() = default;
  Parameter(IntegerAttr constant) : number(constant) {}
  Parameter(OpFoldResult number,
            std::optional<ParameterAxis> axis = std::nullopt)
      : number(number), axis(axis) {}
  /// What an op holds. That it does not hold both is the verifier's to say.
  Parameter(IntegerAttr constant, Value value,
            std::optional<ParameterAxis> axis)
      : number(value ? OpFoldResult(value) : OpFoldResult(constant)),
        axis(axis) {}

  /// Whether it is not nothing.
  bool isGiven() const { return !number.isNull(); }
  /// The number, if it is constant.
  std::optional<int64_t> getConstant() const;
  /// The run-time number, or the data per batch row or head; null if there is
  /// none.
  Value getValue() const { return dyn_cast_if_present<Value>(number); }
  /// What the attributes of an op hold; null if there is none.
  IntegerAttr getStaticAttr(MLIRContext *context) const;
  ParameterAxisAttr getAxisAttr(MLIRContext *context) const;

  bool operator==(const Parameter &other) const {
    return number == other.number && axis == other.axis;
  }

  /// The constant, or the value; null if nothing is given.
  OpFoldResult number;
  std::optional<ParameterAxis> axis;
};

/// Checks that the op holds a constant or a value and not both, that a value of
/// one-dimensional type names its axis and that an index does not, and that a
/// constant lies within `kMaxParameter`. `name` is the parameter's in the op.
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
