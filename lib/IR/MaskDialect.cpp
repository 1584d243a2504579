//===- MaskDialect.cpp - registration of the mask dialect -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchRecordSyntax.h"

#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

#include "Mask/IR/MaskDialect.cpp.inc"
#include "Mask/IR/MaskEnums.cpp.inc"

#include "Mask/IR/ScheduleAttrInterface.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "Mask/IR/MaskTypes.cpp.inc"

/// `, pairs = true, amx = true, columns = true`, each of which may be missing.
static ParseResult parseScheduleFlags(AsmParser &parser, bool &pairs, bool &amx,
                                      bool &columns) {
  pairs = amx = columns = false;
  while (succeeded(parser.parseOptionalComma())) {
    StringRef name;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&name) || parser.parseEqual())
      return failure();
    bool *flag = llvm::StringSwitch<bool *>(name)
                     .Case("pairs", &pairs)
                     .Case("amx", &amx)
                     .Case("columns", &columns)
                     .Default(nullptr);
    if (!flag)
      return parser.emitError(loc)
             << "expected 'pairs', 'amx' or 'columns', got '" << name << "'";
    StringRef value;
    loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&value))
      return failure();
    if (value != "true" && value != "false")
      return parser.emitError(loc)
             << "expected 'true' or 'false', got '" << value << "'";
    *flag = value == "true";
  }
  return success();
}

static void printScheduleFlags(AsmPrinter &printer, bool pairs, bool amx,
                               bool columns) {
  if (pairs)
    printer << ", pairs = true";
  if (amx)
    printer << ", amx = true";
  if (columns)
    printer << ", columns = true";
}

#define GET_ATTRDEF_CLASSES
#include "Mask/IR/MaskAttrs.cpp.inc"

namespace {
/// Ops mean the same in whatever function they are.
struct MaskInlinerInterface : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void MaskDialect::initialize() {
  addInterfaces<MaskInlinerInterface>();
  addTypes<
#define GET_TYPEDEF_LIST
#include "Mask/IR/MaskTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Mask/IR/MaskAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Mask/IR/MaskOps.cpp.inc"
      >();
  declarePromisedInterfaces<bufferization::BufferizableOpInterface, AbsentOp,
                            AttentionOp, CountTableOp, DropLongOp,
                            IntervalTableOp, ItemIdsOp, MonotoneTableOp,
                            RangeTableOp, PositionsOp, RunsOp>();
  declarePromisedInterface<TilingInterface, AttentionOp>();
  declarePromisedInterfaces<ValueBoundsOpInterface, CountTableOp, DropLongOp,
                            IntervalTableOp, ItemIdsOp, MonotoneTableOp,
                            RangeTableOp, PositionsOp, RunsOp>();
}

/// Folders say "full" and "empty" as booleans of predicate type, and "absent"
/// as a unit attribute.
Operation *MaskDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  if (auto visible = dyn_cast<BoolAttr>(value);
      visible && isa<PredicateType>(type)) {
    if (visible.getValue())
      return FullOp::create(builder, loc);
    return EmptyOp::create(builder, loc);
  }
  if (isa<UnitAttr>(value))
    return AbsentOp::create(builder, loc, type);
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

/// The record of launches is on a function of the types that it says.
LogicalResult MaskDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attribute) {
  if (attribute.getName() != LaunchRecordAttr::getAttrName())
    return success();
  auto record = dyn_cast<LaunchRecordAttr>(attribute.getValue());
  if (!record || !isa<FunctionOpInterface>(op))
    return op->emitOpError()
           << "must be a function, and '" << LaunchRecordAttr::getAttrName()
           << "' a '#mask.launch_record'";
  return success();
}
