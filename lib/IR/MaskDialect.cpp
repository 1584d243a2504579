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
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::mask;

#include "Mask/IR/MaskDialect.cpp.inc"
#include "Mask/IR/MaskEnums.cpp.inc"

#include "Mask/IR/ScheduleAttrInterface.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "Mask/IR/MaskTypes.cpp.inc"

/// `, pairs = true, columns = true`, each of which may be missing.
static ParseResult parseScheduleFlags(AsmParser &parser, bool &pairs,
                                      bool &columns) {
  pairs = columns = false;
  while (succeeded(parser.parseOptionalComma())) {
    StringRef name;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&name) || parser.parseEqual())
      return failure();
    if (name != "pairs" && name != "columns")
      return parser.emitError(loc)
             << "expected 'pairs' or 'columns', got '" << name << "'";
    StringRef value;
    loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&value))
      return failure();
    if (value != "true" && value != "false")
      return parser.emitError(loc)
             << "expected 'true' or 'false', got '" << value << "'";
    (name == "pairs" ? pairs : columns) = value == "true";
  }
  return success();
}

static void printScheduleFlags(AsmPrinter &printer, bool pairs, bool columns) {
  if (pairs)
    printer << ", pairs = true";
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

LogicalResult
CPUScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                        int64_t queryTile, int64_t keyTile, int64_t heads,
                        int64_t parts, int64_t lanes, int64_t rows, bool pairs,
                        bool columns) {
  if (queryTile < 1 || keyTile < 1 || heads < 1 || parts < 1 || lanes < 1 ||
      rows < 1)
    return emitError() << "tile sizes, heads, parts, lanes and rows must be at "
                          "least 1, got "
                       << queryTile << ", " << keyTile << ", " << heads << ", "
                       << parts << ", " << lanes << ", " << rows;
  // Code grows with vectors and register tiles, scratch memory with tiles.
  constexpr int64_t kMostUnrolled = 64, kMostTile = 4096;
  if (lanes > kMostUnrolled || rows > kMostUnrolled)
    return emitError() << "lanes and rows must be at most " << kMostUnrolled
                       << ", got " << lanes << " and " << rows;
  if (queryTile > kMostTile / heads || keyTile > kMostTile)
    return emitError() << "a tile has at most " << kMostTile
                       << " rows, and as many keys, got " << queryTile
                       << " queries of " << heads << " heads, and " << keyTile
                       << " keys";
  // Each part has a state of its own.
  constexpr int64_t kMostParts = 4096;
  if (parts > kMostParts)
    return emitError() << "there are at most " << kMostParts << " parts, got "
                       << parts;
  if (keyTile % rows)
    return emitError() << "rows (" << rows << ") must divide key_tile ("
                       << keyTile << ")";
  if (pairs && !llvm::is_contained({4, 8, 16}, lanes))
    return emitError() << "pairs need 4, 8 or 16 lanes, got " << lanes;
  if (!columns)
    return success();
  if (!llvm::isPowerOf2_64(lanes) || queryTile > lanes / heads)
    return emitError() << "columns in lanes need a power of two of lanes, and "
                          "no more rows, got "
                       << lanes << " lanes and " << queryTile << " queries of "
                       << heads << " heads";
  // A vector of scores holds whole keys, of a tile that is whole all of them.
  int64_t keys = lanes / llvm::bit_ceil(uint64_t(queryTile * heads));
  if (keyTile % keys)
    return emitError() << "with columns in lanes " << keys
                       << " keys share a vector of scores: key_tile must be a "
                          "multiple of it, got "
                       << keyTile;
  return success();
}
