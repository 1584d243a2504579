//===- MaskOps.cpp - assembly and verifiers of predicates and facts -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/FactShape.h"
#include "Mask/IR/IntervalMap.h"
#include "Mask/IR/Mask.h"
#include "Mask/IR/Range.h"
#include "Mask/IR/RegionEffects.h"
#include "VerifyRegion.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Assembly
//===----------------------------------------------------------------------===//

/// `offset PARAMETER`, or nothing.
static ParseResult
parseOptionalOffset(OpAsmParser &parser, IntegerAttr &constant,
                    std::optional<OpAsmParser::UnresolvedOperand> &value,
                    Type &type, ParameterAxisAttr &axis) {
  if (failed(parser.parseOptionalKeyword("offset")))
    return success();
  return parseParameter(parser, constant, value, type, axis);
}

static void printOptionalOffset(OpAsmPrinter &printer, Operation *op,
                                IntegerAttr constant, Value value, Type type,
                                ParameterAxisAttr axis) {
  if (!constant && !value)
    return;
  printer << " offset ";
  printParameter(printer, op, constant, value, type, axis);
}

/// `%lower, unbounded : type`: both tables have the type.
static ParseResult
parseRowTables(OpAsmParser &parser,
               std::optional<OpAsmParser::UnresolvedOperand> &lower,
               std::optional<OpAsmParser::UnresolvedOperand> &upper,
               Type &lowerType, Type &upperType) {
  auto parseTable = [&](auto &table) -> ParseResult {
    if (succeeded(parser.parseOptionalKeyword("unbounded")))
      return success();
    return parser.parseOperand(table.emplace());
  };
  Type type;
  if (parseTable(lower) || parser.parseComma() || parseTable(upper) ||
      parser.parseColonType(type))
    return failure();
  if (lower)
    lowerType = type;
  if (upper)
    upperType = type;
  return success();
}
static void printRowTables(OpAsmPrinter &printer, Operation *, Value lower,
                           Value upper, Type lowerType, Type upperType) {
  auto printTable = [&](Value table) {
    if (table)
      printer << table;
    else
      printer << "unbounded";
  };
  printTable(lower);
  printer << ", ";
  printTable(upper);
  printer << " : " << (lower ? lowerType : upperType);
}

/// The types of ids, one for each table that is given, and of the index table.
static ParseResult
parseIdTypes(OpAsmParser &parser,
             const std::optional<OpAsmParser::UnresolvedOperand> &keyIds,
             const std::optional<OpAsmParser::UnresolvedOperand> &table,
             Type &queryType, Type &keyType, Type &tableType) {
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseType(queryType))
    return failure();
  bool hasKeyType = succeeded(parser.parseOptionalComma());
  if (keyIds && !hasKeyType)
    return parser.emitError(loc)
           << "the type of the key ids is missing: query and key ids take two "
              "types, got "
           << queryType << " alone";
  if (!keyIds && hasKeyType)
    return parser.emitError(loc)
           << "the ids take one type, as there are no key ids";
  if (hasKeyType && parser.parseType(keyType))
    return failure();
  bool hasTableType = succeeded(parser.parseOptionalKeyword("table"));
  if (table && !hasTableType)
    return parser.emitError(loc)
           << "the type of the table is missing: 'table' and a type";
  if (!table && hasTableType)
    return parser.emitError(loc) << "a type of a table, but there is no table";
  return hasTableType ? parser.parseType(tableType) : success();
}
static void printIdTypes(OpAsmPrinter &printer, Operation *, Value, Value,
                         Type queryType, Type keyType, Type tableType) {
  printer << queryType;
  if (keyType)
    printer << ", " << keyType;
  if (tableType)
    printer << " table " << tableType;
}

/// A map, or `unbounded`.
static ParseResult parseIntervalBound(OpAsmParser &parser,
                                      AffineMapAttr &bound) {
  if (succeeded(parser.parseOptionalKeyword("unbounded")))
    return success();
  return parser.parseAttribute(bound);
}
static void printIntervalBound(OpAsmPrinter &printer, Operation *,
                               AffineMapAttr bound) {
  if (bound)
    printer << bound;
  else
    printer << "unbounded";
}

#define GET_OP_CLASSES
#include "Mask/IR/MaskOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Verifiers; constraint numbers are those of the op's documentation. What
// parameters have to be is the interface's (verifyPredicateParameters).
//===----------------------------------------------------------------------===//

static int64_t rankOf(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

/// C1 of ops that read two tables: equal rank.
static LogicalResult verifySameRank(Operation *op, Value a, Value b,
                                    StringRef what) {
  if (a && b && rankOf(a) != rankOf(b))
    return op->emitOpError() << what << " must have the same rank, got "
                             << rankOf(a) << " and " << rankOf(b);
  return success();
}

/// A table has the shape of the data that it was built from, with `more`
/// elements per row, and `columns` if they are not zero.
static LogicalResult verifyTable(Operation *op, Value table, Value data,
                                 int64_t more, int64_t columns) {
  if (!table)
    return success();
  SmallVector<int64_t> expected(cast<ShapedType>(data.getType()).getShape());
  if (!ShapedType::isDynamic(expected.back()))
    expected.back() += more;
  if (columns)
    expected.push_back(columns);
  auto actual = cast<ShapedType>(table.getType()).getShape();
  if (actual.size() != expected.size())
    return op->emitOpError() << "table must have rank " << expected.size()
                             << ", got " << actual.size();
  for (auto [dim, sizes] : llvm::enumerate(llvm::zip_equal(expected, actual)))
    if (auto [size, given] = sizes;
        failed(verifyCompatibleShape(ArrayRef(size), ArrayRef(given))))
      return op->emitOpError() << "size " << dim << " of the table must be "
                               << size << ", got " << given;
  return success();
}
/// `mask.interval_table` and `mask.range_table` have four columns.
static LogicalResult verifyColumnTable(Operation *op, Value table, Value data) {
  return verifyTable(op, table, data, /*more=*/0, /*columns=*/4);
}

/// C1 and C2 of ops that compare ids.
template <typename OpTy>
static LogicalResult verifyIds(OpTy op) {
  if (failed(verifySameRank(op, op.getQueryIds(), op.getKeyIds(),
                            "query and key ids")))
    return failure();
  return verifyColumnTable(op, op.getTable(), op.getQueryIds());
}
LogicalResult BlockBidirectionalOp::verify() { return verifyIds(*this); }
LogicalResult DocumentOp::verify() { return verifyIds(*this); }
LogicalResult KeyPaddingOp::verify() {
  return verifyTable(*this, getTable(), getValid(), /*more=*/3, /*columns=*/0);
}
LogicalResult AtPositionsOp::verify() {
  if (failed(verifySameRank(*this, getQueryPositions(), getKeyPositions(),
                            "query and key positions")))
    return failure();
  return verifyColumnTable(*this, getRange(), getKeyPositions());
}

/// C1 of connectives.
static LogicalResult verifyNotEmpty(Operation *op) {
  if (op->getNumOperands() == 0)
    return op->emitOpError() << "takes at least 1 operand, got 0";
  return success();
}
LogicalResult AndOp::verify() { return verifyNotEmpty(*this); }
LogicalResult OrOp::verify() { return verifyNotEmpty(*this); }

LogicalResult RowRangeOp::verify() {
  if (!getLower() && !getUpper())
    return emitOpError() << "takes at least 1 table, got 0";
  if (getLower() && getUpper() && getLower().getType() != getUpper().getType())
    return emitOpError() << "tables must have one type, got "
                         << getLower().getType() << " and "
                         << getUpper().getType();
  return success();
}

/// C3 of `mask.interval`: what `expr` divides by, if that is a number.
static std::optional<int64_t> getConstantDivisor(AffineExpr expr) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary || expr.getKind() == AffineExprKind::Add ||
      expr.getKind() == AffineExprKind::Mul)
    return std::nullopt;
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return constant ? std::optional(constant.getValue()) : std::nullopt;
}

LogicalResult IntervalOp::verify() {
  auto check = [&](std::optional<AffineMap> map,
                   StringRef name) -> LogicalResult {
    if (!map)
      return success();
    if (map->getNumDims() != 1 || map->getNumResults() != 1)
      return emitOpError() << "'" << name
                           << "' must have one dimension and one result, got "
                           << map->getNumDims() << " and "
                           << map->getNumResults();
    if (map->getNumSymbols() != getSymbols().size())
      return emitOpError() << "'" << name << "' has " << map->getNumSymbols()
                           << " symbols, but " << getSymbols().size()
                           << " operands are given";
    LogicalResult divisors = success();
    map->getResult(0).walk([&](AffineExpr expr) {
      if (std::optional<int64_t> divisor = getConstantDivisor(expr);
          divisor && *divisor < 1 && succeeded(divisors))
        divisors = emitOpError() << "'" << name << "' divides by " << *divisor
                                 << ", divisors must be at least 1";
    });
    if (failed(divisors))
      return failure();
    std::optional<int64_t> largest = getLargestNumber(map->getResult(0));
    if (largest && *largest <= kMaxNumber)
      return success();
    InFlightDiagnostic diagnostic = emitOpError()
                                    << "'" << name << "' may compute numbers ";
    if (largest)
      diagnostic << "up to " << *largest;
    else
      diagnostic << "beyond 64 bits";
    return diagnostic << ", at most " << kMaxNumber
                      << " is supported for queries within " << kMaxQuery
                      << " and symbols within " << kMaxParameter;
  };
  if (failed(check(getLower(), "lower")))
    return failure();
  return check(getUpper(), "upper");
}

/// C1 of `heads` and `batches`.
static LogicalResult verifyMembers(Operation *op, ArrayRef<int64_t> members) {
  for (auto [i, member] : llvm::enumerate(members)) {
    if (member < 0)
      return op->emitOpError()
             << "members must not be negative, got " << member;
    if (i && member <= members[i - 1])
      return op->emitOpError() << "members must increase strictly, got "
                               << members[i - 1] << " before " << member;
  }
  return success();
}
LogicalResult HeadsOp::verify() { return verifyMembers(*this, getMembers()); }
LogicalResult BatchesOp::verify() { return verifyMembers(*this, getMembers()); }

LogicalResult GenericOp::verify() {
  Builder builder(getContext());
  SmallVector<Type> expected(4, builder.getIndexType());
  llvm::append_range(expected, getCaptures().getTypes());
  if (failed(verifyYieldingRegion(*this, getBody(), expected,
                                  builder.getI1Type(), "body")))
    return failure();
  ArrayRef<int64_t> tabled = getTabled().value_or(ArrayRef<int64_t>());
  if (tabled.size() != getTables().size())
    return emitOpError() << "has " << getTables().size() << " tables for "
                         << tabled.size() << " captures";
  int64_t previous = -1;
  for (auto [number, table] : llvm::zip_equal(tabled, getTables())) {
    if (number <= previous ||
        number >= static_cast<int64_t>(getCaptures().size()))
      return emitOpError() << "tabled captures must rise and be less than "
                           << getCaptures().size() << ", got " << number;
    previous = number;
    Value capture = getCaptures()[number];
    auto type = dyn_cast<ShapedType>(capture.getType());
    if (!type || !type.getElementType().isInteger() || type.getRank() < 1 ||
        type.getRank() > 2)
      return emitOpError() << "capture " << number << " of type "
                           << capture.getType() << " cannot have a table";
    if (failed(verifyColumnTable(*this, table, capture)))
      return failure();
  }
  return success();
}

/// C4, once the ops of the region are known to be valid.
LogicalResult GenericOp::verifyRegions() {
  for (Operation &op : getBody().front())
    if (std::optional<ForbiddenEffect> effect = findForbiddenEffect(&op)) {
      InFlightDiagnostic error =
          emitOpError() << "may only compute and read in its region, but '"
                        << effect->op->getName() << "' " << effect->what;
      error.attachNote(effect->op->getLoc()) << "here";
      return error;
    }
  return success();
}

/// Coordinates are called what the documentation calls them.
void GenericOp::getAsmBlockArgumentNames(Region &region,
                                         OpAsmSetValueNameFn setName) {
  if (region.empty())
    return;
  static constexpr StringLiteral names[] = {"b", "h", "q", "k"};
  for (auto [argument, name] : llvm::zip(region.getArguments(), names))
    setName(argument, name);
}

Value GenericOp::getTableOf(unsigned capture) {
  ArrayRef<int64_t> tabled = getTabled().value_or(ArrayRef<int64_t>());
  const auto *found = llvm::find(tabled, capture);
  return found == tabled.end() ? Value() : getTables()[found - tabled.begin()];
}

LogicalResult RunsOp::verify() { return verifyFactShape(*this); }
LogicalResult PositionsOp::verify() { return verifyFactShape(*this); }
LogicalResult CountTableOp::verify() { return verifyFactShape(*this); }
LogicalResult MonotoneTableOp::verify() { return verifyFactShape(*this); }

LogicalResult ItemIdsOp::verify() {
  auto ranges = cast<ShapedType>(getRanges().getType());
  if (!ranges.isDynamicDim(2) && ranges.getDimSize(2) != 2)
    return emitOpError() << "ranges must have 2 columns, got "
                         << ranges.getDimSize(2);
  if (static_cast<int64_t>(getMinLength()) < 1)
    return emitOpError() << "min_length must be at least 1, got "
                         << static_cast<int64_t>(getMinLength());
  return verifyFactShape(*this);
}

LogicalResult IntervalTableOp::verify() {
  if (failed(verifySameRank(*this, getQueryIds(), getKeyIds(),
                            "query and key ids")))
    return failure();
  return verifyFactShape(*this);
}

LogicalResult RangeTableOp::verify() {
  auto data = cast<ShapedType>(getData().getType()),
       result = cast<ShapedType>(getResult().getType());
  if (data.getElementTypeBitWidth() > result.getElementTypeBitWidth())
    return emitOpError() << "result " << result << " cannot hold the values of "
                         << data;
  return verifyFactShape(*this);
}
