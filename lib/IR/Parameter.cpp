//===- Parameter.cpp - syntax and range of parameters -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Parameter.h"
#include "Mask/IR/Range.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::mask;

std::optional<int64_t> Parameter::getConstant() const {
  auto constant =
      dyn_cast_if_present<IntegerAttr>(dyn_cast_if_present<Attribute>(number));
  return constant ? std::optional(constant.getValue().getSExtValue())
                  : std::nullopt;
}

IntegerAttr Parameter::getStaticAttr(MLIRContext *context) const {
  std::optional<int64_t> constant = getConstant();
  return constant ? Builder(context).getI64IntegerAttr(*constant)
                  : IntegerAttr();
}

ParameterAxisAttr Parameter::getAxisAttr(MLIRContext *context) const {
  return axis ? ParameterAxisAttr::get(context, *axis) : ParameterAxisAttr();
}

LogicalResult mlir::mask::verifyParameter(Operation *op, Parameter parameter,
                                          StringRef name) {
  Value value = parameter.getValue();
  if (value && op->getAttr(("static_" + name).str()))
    return op->emitOpError()
           << "'" << name << "' is given both as a constant and as a value";
  bool perRow = value && !value.getType().isIndex();
  if (perRow && !parameter.axis)
    return op->emitOpError()
           << "one-dimensional '" << name
           << "' must say whether it is per batch or per head";
  if (!perRow && parameter.axis)
    return op->emitOpError()
           << "'" << name << "' is a single number, which has no axis";
  std::optional<int64_t> constant = parameter.getConstant();
  if (constant && *constant != clampParameter(*constant))
    return op->emitOpError()
           << "'" << name << "' must lie within -" << kMaxParameter << " and "
           << kMaxParameter << ", got " << *constant;
  return success();
}

ParseResult
mlir::mask::parseParameter(OpAsmParser &parser, IntegerAttr &constant,
                           std::optional<OpAsmParser::UnresolvedOperand> &value,
                           Type &type, ParameterAxisAttr &axis) {
  Builder &builder = parser.getBuilder();
  if (succeeded(parser.parseOptionalKeyword("unbounded")))
    return success();
  int64_t number;
  OptionalParseResult parsed = parser.parseOptionalInteger(number);
  if (parsed.has_value()) {
    if (failed(*parsed))
      return failure();
    constant = builder.getI64IntegerAttr(number);
    return success();
  }
  OpAsmParser::UnresolvedOperand operand;
  if (parser.parseOperand(operand))
    return failure();
  value = operand;
  if (failed(parser.parseOptionalKeyword("per"))) {
    type = builder.getIndexType();
    return success();
  }
  StringRef name;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&name))
    return failure();
  std::optional<ParameterAxis> parsedAxis = symbolizeParameterAxis(name);
  if (!parsedAxis)
    return parser.emitError(loc)
           << "expected 'batch' or 'head', got '" << name << "'";
  axis = ParameterAxisAttr::get(builder.getContext(), *parsedAxis);
  return parser.parseColonType(type);
}

void mlir::mask::printParameter(OpAsmPrinter &printer, Operation *,
                                IntegerAttr constant, Value value, Type type,
                                ParameterAxisAttr axis) {
  if (constant) {
    printer << constant.getValue().getSExtValue();
    return;
  }
  if (!value) {
    printer << "unbounded";
    return;
  }
  printer << value;
  if (axis)
    printer << " per " << stringifyParameterAxis(axis.getValue()) << " : "
            << type;
}

ParseResult
mlir::mask::parseStep(OpAsmParser &parser, IntegerAttr &constant,
                      std::optional<OpAsmParser::UnresolvedOperand> &value) {
  int64_t number;
  OptionalParseResult parsed = parser.parseOptionalInteger(number);
  if (!parsed.has_value())
    return parser.parseOperand(value.emplace());
  constant = parser.getBuilder().getI64IntegerAttr(number);
  return *parsed;
}

void mlir::mask::printStep(OpAsmPrinter &printer, Operation *,
                           IntegerAttr constant, Value value) {
  if (value)
    printer << value;
  else
    printer << constant.getValue().getSExtValue();
}
