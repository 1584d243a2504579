//===- LaunchRecord.cpp - how a host calls kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchRecordSyntax.h"

#include "Mask/IR/LaunchValue.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

using EmitError = function_ref<InFlightDiagnostic()>;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

ParseResult
mlir::mask::parseLaunchFunction(AsmParser &parser, std::string &function,
                                int64_t &constant,
                                SmallVectorImpl<LaunchValueAttr> &operands) {
  constant = 0;
  OptionalParseResult isConstant = parser.parseOptionalInteger(constant);
  if (isConstant.has_value())
    return *isConstant;
  return failure(parser.parseKeywordOrString(&function) ||
                 parseLaunchValues(parser, operands));
}

void mlir::mask::printLaunchFunction(AsmPrinter &printer, StringRef function,
                                     int64_t constant,
                                     ArrayRef<LaunchValueAttr> operands) {
  if (function.empty()) {
    printer << constant;
    return;
  }
  printer << function;
  printLaunchValues(printer, operands);
}

ParseResult mlir::mask::parseLaunchValue(AsmParser &parser,
                                         LaunchValueAttr &value) {
  SMLoc loc = parser.getCurrentLocation();
  std::string function;
  int64_t constant = 0;
  SmallVector<LaunchValueAttr> operands;
  if (parseLaunchFunction(parser, function, constant, operands))
    return failure();
  value = LaunchValueAttr::getChecked([&] { return parser.emitError(loc); },
                                      parser.getContext(), StringRef(function),
                                      constant, ArrayRef(operands));
  return success(static_cast<bool>(value));
}

void mlir::mask::printLaunchValue(AsmPrinter &printer, LaunchValueAttr value) {
  printLaunchFunction(printer, value.getFunction(), value.getConstant(),
                      value.getOperands());
}

ParseResult
mlir::mask::parseLaunchValues(AsmParser &parser,
                              SmallVectorImpl<LaunchValueAttr> &values) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&] {
    return parseLaunchValue(parser, values.emplace_back());
  });
}

void mlir::mask::printLaunchValues(AsmPrinter &printer,
                                   ArrayRef<LaunchValueAttr> values) {
  printer << '(';
  llvm::interleaveComma(values, printer, [&](LaunchValueAttr value) {
    printLaunchValue(printer, value);
  });
  printer << ')';
}

ParseResult
mlir::mask::parseLaunchArguments(AsmParser &parser,
                                 SmallVectorImpl<LaunchValueAttr> &values,
                                 SmallVectorImpl<Type> &types) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&] {
    return failure(parseLaunchValue(parser, values.emplace_back()) ||
                   parser.parseColonType(types.emplace_back()));
  });
}

void mlir::mask::printLaunchArguments(AsmPrinter &printer,
                                      ArrayRef<LaunchValueAttr> values,
                                      ArrayRef<Type> types) {
  printer << '(';
  llvm::interleaveComma(llvm::zip_equal(values, types), printer,
                        [&](auto argument) {
                          auto [value, type] = argument;
                          printLaunchValue(printer, value);
                          printer << " : " << type;
                        });
  printer << ')';
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

LogicalResult WorkspaceAttr::verify(EmitError emitError, MemRefType type,
                                    ArrayRef<LaunchValueAttr> sizes) {
  if (sizes.size() == static_cast<size_t>(type.getNumDynamicDims()))
    return success();
  return emitError() << "has " << sizes.size() << " size(s), but " << type
                     << " has " << type.getNumDynamicDims()
                     << " dynamic extent(s)";
}

static LogicalResult verifyTypes(EmitError emitError, size_t arguments,
                                 size_t types) {
  if (arguments == types)
    return success();
  return emitError() << "has " << arguments << " argument(s), but " << types
                     << " type(s)";
}

LogicalResult HostCallAttr::verify(EmitError emitError, FlatSymbolRefAttr,
                                   ArrayRef<LaunchValueAttr> arguments,
                                   ArrayRef<Type> types) {
  return verifyTypes(emitError, arguments.size(), types.size());
}

LogicalResult LaunchAttr::verify(EmitError emitError, SymbolRefAttr,
                                 LaunchValueAttr, int64_t threads,
                                 LaunchValueAttr,
                                 ArrayRef<LaunchValueAttr> arguments,
                                 ArrayRef<Type> types) {
  if (threads < 1)
    return emitError() << "a workgroup has at least 1 thread, got " << threads;
  return verifyTypes(emitError, arguments.size(), types.size());
}

namespace {
/// Checks that what a record names is there.
class RecordVerifier {
public:
  RecordVerifier(EmitError emitError, ArrayAttr types, ArrayAttr workspaces)
      : emitError(emitError), types(types), workspaces(workspaces) {}

  /// What is computed must be a number; what is handed over may be an array.
  LogicalResult verifyNumber(LaunchValueAttr value) const;
  LogicalResult verifyArguments(ArrayRef<LaunchValueAttr> arguments,
                                ArrayRef<Type> argumentTypes) const;

private:
  LogicalResult verifyIndex(LaunchValueAttr value, StringRef what,
                            size_t size) const {
    if (static_cast<size_t>(value.getIndex()) < size)
      return success();
    return emitError() << "names " << what << " " << value.getIndex() << " of "
                       << size;
  }

  EmitError emitError;
  ArrayAttr types, workspaces;
};
} // namespace

LogicalResult RecordVerifier::verifyNumber(LaunchValueAttr value) const {
  if (value.isConstant())
    return success();
  if (value.is("workspace"))
    return emitError() << "takes workspace " << value.getIndex()
                       << " for a number";
  if (!value.is("argument") && !value.is("dim")) {
    for (LaunchValueAttr operand : value.getOperands())
      if (failed(verifyNumber(operand)))
        return failure();
    return success();
  }
  if (failed(verifyIndex(value, "argument", types.size())))
    return failure();
  Type type = cast<TypeAttr>(types[value.getIndex()]).getValue();
  auto array = dyn_cast<MemRefType>(type);
  if (value.is("argument")) {
    if (!array)
      return success();
    return emitError() << "takes argument " << value.getIndex() << ", " << type
                       << ", for a number";
  }
  if (array && value.getIndex(1) < array.getRank())
    return success();
  return emitError() << "names dimension " << value.getIndex(1)
                     << " of argument " << value.getIndex() << ", " << type;
}

LogicalResult
RecordVerifier::verifyArguments(ArrayRef<LaunchValueAttr> arguments,
                                ArrayRef<Type> argumentTypes) const {
  for (auto [value, type] : llvm::zip_equal(arguments, argumentTypes)) {
    if (!isa<MemRefType>(type)) {
      if (failed(verifyNumber(value)))
        return failure();
      continue;
    }
    bool isArgument = value.is("argument");
    if (!isArgument && !value.is("workspace"))
      return emitError() << "hands a number over for " << type;
    if (failed(verifyIndex(value, isArgument ? "argument" : "workspace",
                           isArgument ? types.size() : workspaces.size())))
      return failure();
  }
  return success();
}

LogicalResult LaunchRecordAttr::verify(EmitError emitError, ArrayAttr types,
                                       DenseI64ArrayAttr alignments,
                                       DenseI64ArrayAttr outputs,
                                       ArrayAttr checks, ArrayAttr workspaces,
                                       ArrayAttr steps) {
  if (!llvm::all_of(types, llvm::IsaPred<TypeAttr>))
    return emitError() << "must have types for 'types'";
  if (alignments.size() != static_cast<int64_t>(types.size()))
    return emitError() << "has " << types.size() << " type(s), but "
                       << alignments.size() << " alignment(s)";
  for (int64_t alignment : alignments.asArrayRef())
    if (alignment < 1 || !llvm::isPowerOf2_64(alignment))
      return emitError() << "an alignment must be a power of two, got "
                         << alignment;
  for (int64_t output : outputs.asArrayRef())
    if (output < 0 || output >= static_cast<int64_t>(types.size()))
      return emitError() << "names argument " << output << " of "
                         << types.size();
  RecordVerifier record(emitError, types, workspaces);
  for (Attribute attribute : checks) {
    auto check = dyn_cast<LaunchCheckAttr>(attribute);
    if (!check)
      return emitError() << "must have '#mask.launch_check's for 'checks', got "
                         << attribute;
    if (failed(record.verifyNumber(check.getCondition())))
      return failure();
  }
  for (Attribute attribute : workspaces) {
    auto workspace = dyn_cast<WorkspaceAttr>(attribute);
    if (!workspace)
      return emitError()
             << "must have '#mask.workspace's for 'workspaces', got "
             << attribute;
    for (LaunchValueAttr size : workspace.getSizes())
      if (failed(record.verifyNumber(size)))
        return failure();
  }
  for (Attribute attribute : steps) {
    if (auto call = dyn_cast<HostCallAttr>(attribute)) {
      if (failed(record.verifyArguments(call.getArguments(), call.getTypes())))
        return failure();
      continue;
    }
    auto launch = dyn_cast<LaunchAttr>(attribute);
    if (!launch)
      return emitError() << "must have '#mask.launch' and '#mask.host_call' "
                            "for 'steps', got "
                         << attribute;
    if (failed(record.verifyNumber(launch.getBlocks())) ||
        failed(record.verifyNumber(launch.getShared())) ||
        failed(
            record.verifyArguments(launch.getArguments(), launch.getTypes())))
      return failure();
  }
  return success();
}
