//===- PythonLeaves.cpp - leaves as Python expressions ----------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PythonWriter.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::python;

Expression PythonWriter::writeFormula(PredicateOpInterface op,
                                      const Coordinates &at) {
  if (op.getFormula().empty())
    return op->emitOpError() << "has no Python form";
  llvm::StringMap<std::string> values = {{"q", at.query}, {"k", at.key}};
  for (const PredicateParameter &entry : op.getParameters()) {
    Expression value = writeParameter(entry.parameter, op->getLoc());
    if (failed(value))
      return failure();
    if (value->empty() && entry.neutral)
      return at.key + (*entry.neutral ? " == " : " != ") + at.key;
    values[entry.name] = *value;
  }
  return fillFormula(op, [&](StringRef name) { return values.lookup(name); });
}

Expression PythonWriter::writeWindow(WindowOp op, const Coordinates &at) {
  Expression left = writeParameter(op.getLeftParameter(), op.getLoc());
  Expression right = writeParameter(op.getRightParameter(), op.getLoc());
  if (failed(left) || failed(right))
    return failure();
  SmallVector<std::string> parts;
  if (!left->empty())
    parts.push_back("(" + at.query + " - " + at.key + " <= " + *left + ")");
  if (!right->empty())
    parts.push_back("(" + at.key + " - " + at.query + " <= " + *right + ")");
  if (parts.empty())
    return at.key + " == " + at.key;
  return llvm::join(parts, " & ");
}

Expression PythonWriter::writeIds(Value queryIds, Value keyIds,
                                  bool negativeIsNone, const Coordinates &at) {
  SmallVector<std::string> guards;
  Expression query = load(queryIds, at.query, true, at, guards);
  Expression key = load(keyIds, at.key, false, at, guards);
  if (failed(query) || failed(key))
    return failure();
  // Absent ids: no block, and a single document.
  if (query->empty() || key->empty())
    return at.key + (negativeIsNone ? " != " : " == ") + at.key;
  std::string same = *query + " == " + *key;
  if (negativeIsNone)
    same = "(" + same + ") & (" + *query + " >= 0)";
  return guarded(guards, same);
}

Expression PythonWriter::writeChunk(ChunkOp op, const Coordinates &at) {
  Expression size = writeParameter(op.getSizeParameter(), op.getLoc());
  Expression offset = writeParameter(op.getOffsetParameter(), op.getLoc());
  if (failed(size) || failed(offset))
    return failure();
  if (size->empty())
    return at.key + " == " + at.key;
  auto number = [&](StringRef coordinate) {
    std::string from = coordinate.str();
    if (!offset->empty())
      from = "(" + from + " - " + *offset + ")";
    return from + " // " + *size;
  };
  return number(at.query) + " == " + number(at.key);
}

Expression PythonWriter::writePadding(KeyPaddingOp op, const Coordinates &at) {
  SmallVector<std::string> guards;
  Expression valid = load(op.getValid(), at.key, false, at, guards);
  if (failed(valid))
    return failure();
  if (valid->empty())
    return at.key + " == " + at.key;
  return guarded(guards, *valid + " != 0");
}

Expression PythonWriter::writeRowRange(RowRangeOp op, const Coordinates &at) {
  SmallVector<std::string> guards, ends;
  for (Value table : {op.getLower(), op.getUpper()}) {
    if (!table) {
      ends.emplace_back();
      continue;
    }
    Expression end = load(table, at.query, true, at, guards);
    if (failed(end))
      return failure();
    ends.push_back(*end);
  }
  SmallVector<std::string> parts;
  if (!ends[0].empty())
    parts.push_back("(" + ends[0] + " <= " + at.key + ")");
  if (!ends[1].empty())
    parts.push_back("(" + at.key + " < " + ends[1] + ")");
  if (parts.empty())
    return at.key + " == " + at.key;
  return guarded(guards, llvm::join(parts, " & "));
}

Expression PythonWriter::writeDense(DenseOp op, const Coordinates &at) {
  Expression name = addArray(op.getMask(), "stored");
  if (failed(name))
    return failure();
  if (name->empty())
    return op.emitOpError() << "reads an absent mask";
  ArrayRef<int64_t> shape = arrays[*name]->shape;
  SmallVector<std::string> guards;
  auto index = [&](StringRef coordinate, int64_t extent) {
    std::string inside = assign(
        "inside", "(" + coordinate.str() + " >= 0) & (" + coordinate.str() +
                      " < " + std::to_string(extent) + ")");
    guards.push_back(inside);
    return coordinate.str() + " * " + inside;
  };
  size_t rank = shape.size();
  std::string query = index(at.query, shape[rank - 2]);
  std::string key = index(at.key, shape[rank - 1]);
  std::string lead = rank == 4 ? "b, h, " : rank == 3 ? "b, " : "";
  return guarded(guards, *name + "[" + lead + query + ", " + key + "] != 0");
}

Expression PythonWriter::writeMembers(StringRef coordinate,
                                      ArrayRef<int64_t> members) {
  if (members.empty())
    return coordinate.str() + " != " + coordinate.str();
  SmallVector<std::string> parts;
  for (int64_t member : members)
    parts.push_back("(" + coordinate.str() + " == " + std::to_string(member) +
                    ")");
  return llvm::join(parts, " | ");
}

Expression PythonWriter::writeAffine(Location loc, AffineExpr expr,
                                     StringRef query,
                                     ArrayRef<std::string> symbols) {
  switch (expr.getKind()) {
  case AffineExprKind::Constant:
    return std::to_string(cast<AffineConstantExpr>(expr).getValue());
  case AffineExprKind::DimId:
    return query.str();
  case AffineExprKind::SymbolId:
    return symbols[cast<AffineSymbolExpr>(expr).getPosition()];
  default:
    break;
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Expression lhs = writeAffine(loc, binary.getLHS(), query, symbols);
  Expression rhs = writeAffine(loc, binary.getRHS(), query, symbols);
  if (failed(lhs) || failed(rhs))
    return failure();
  auto join = [&](const char *symbol) {
    return "(" + *lhs + symbol + *rhs + ")";
  };
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return join(" + ");
  case AffineExprKind::Mul:
    return join(" * ");
  case AffineExprKind::FloorDiv:
    return join(" // ");
  case AffineExprKind::Mod:
    return join(" % ");
  case AffineExprKind::CeilDiv:
    return "(-(-" + *lhs + " // " + *rhs + "))";
  default:
    return emitError(loc) << "affine expression has no Python form";
  }
}

Expression PythonWriter::writeInterval(IntervalOp op, const Coordinates &at) {
  SmallVector<std::string> symbols;
  for (Value symbol : op.getSymbols()) {
    FailureOr<int64_t> value = facts.evaluateNumber(symbol);
    if (failed(value))
      return failure();
    symbols.push_back(std::to_string(*value));
  }
  SmallVector<std::string> conditions;
  if (std::optional<AffineMap> map = op.getLower()) {
    Expression lower =
        writeAffine(op.getLoc(), map->getResult(0), at.query, symbols);
    if (failed(lower))
      return failure();
    conditions.push_back("(" + *lower + " <= " + at.key + ")");
  }
  if (std::optional<AffineMap> map = op.getUpper()) {
    Expression upper =
        writeAffine(op.getLoc(), map->getResult(0), at.query, symbols);
    if (failed(upper))
      return failure();
    conditions.push_back("(" + at.key + " < " + *upper + ")");
  }
  if (conditions.empty())
    return at.key + " == " + at.key;
  return llvm::join(conditions, " & ");
}
