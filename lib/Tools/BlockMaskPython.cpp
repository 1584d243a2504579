//===- BlockMaskPython.cpp - predicates as FlexAttention mask functions -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Tools/BlockMask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

using Array = std::shared_ptr<const IntegerArray>;

namespace {
/// The Python expressions of a query and a key, and what they range over.
struct Coordinates {
  std::string query, key;
  /// Whether they are the element's own, so that facts which cover the mask
  /// need no guard.
  bool isOwn;
};

/// Writes one statement per sub-predicate.
class PythonWriter {
public:
  PythonWriter(const MaskView &view, FactEvaluator &facts,
               const ValueNames &names)
      : view(view), facts(facts), names(names) {}

  FailureOr<PythonMask> write(Value predicate);

private:
  using Expression = FailureOr<std::string>;

  /// The name of the variable that holds the predicate at `at`.
  Expression visit(Value predicate, const Coordinates &at);
  Expression writeOp(Operation *op, const Coordinates &at);
  Expression writeConnective(Operation *op, StringRef symbol, StringRef none,
                             const Coordinates &at);
  Expression writeWindow(WindowOp op, const Coordinates &at);
  Expression writeIds(Value queryIds, Value keyIds, bool negativeIsNone,
                      const Coordinates &at);
  Expression writeChunk(ChunkOp op, const Coordinates &at);
  Expression writePadding(KeyPaddingOp op, const Coordinates &at);
  Expression writeInterval(IntervalOp op, const Coordinates &at);
  Expression writeRowRange(RowRangeOp op, const Coordinates &at);
  Expression writeDense(DenseOp op, const Coordinates &at);
  Expression writeGeneric(GenericOp op, const Coordinates &at);
  Expression writeShift(ShiftOp op, const Coordinates &at);
  Expression writeMoved(Value input, Value queryPositions, Value keyPositions,
                        const Coordinates &at);
  Expression writePacked(PackedOp op, const Coordinates &at);
  Expression writeMembers(StringRef coordinate, ArrayRef<int64_t> members);
  Expression writeAffine(Location loc, AffineExpr expr, StringRef query,
                         ArrayRef<std::string> symbols);

  /// A number, or an element of per-row data; empty where not given.
  Expression writeParameter(Parameter parameter, Location loc);
  /// The variable of an array; empty where the fact is absent.
  Expression addArray(Value data, StringRef hint);
  /// An element of `data` at the last index `index`. `guards` gets a condition
  /// where the index may lie outside: no fact is read there (law 1).
  Expression load(Value data, StringRef index, bool isQuery,
                  const Coordinates &at, SmallVectorImpl<std::string> &guards);
  /// A new variable for `expression`.
  std::string assign(StringRef hint, StringRef expression);
  static std::string guarded(ArrayRef<std::string> guards,
                             const std::string &expression);

  const MaskView &view;
  FactEvaluator &facts;
  const ValueNames &names;
  std::string body;
  std::map<std::string, Array> arrays;
  DenseMap<Value, std::string> arrayNames;
  std::map<std::string, unsigned> used;
  std::map<std::tuple<void *, std::string, std::string>, std::string> done;
};
} // namespace

std::string PythonWriter::assign(StringRef hint, StringRef expression) {
  std::string name = hint.str();
  unsigned number = used[name]++;
  if (number)
    name += "_" + std::to_string(number);
  body += "    " + name + " = " + expression.str() + "\n";
  return name;
}

std::string PythonWriter::guarded(ArrayRef<std::string> guards,
                                  const std::string &expression) {
  if (guards.empty())
    return expression;
  return llvm::join(guards, " & ") + " & (" + expression + ")";
}

FailureOr<std::string> PythonWriter::writeParameter(Parameter parameter,
                                                    Location loc) {
  if (std::optional<int64_t> constant = parameter.getConstant())
    return std::to_string(*constant);
  if (!parameter.value)
    return std::string();
  FailureOr<HostValue> value = facts.evaluate(parameter.value);
  if (failed(value))
    return failure();
  if (std::holds_alternative<AbsentValue>(*value))
    return std::string();
  if (auto *number = std::get_if<int64_t>(&*value))
    return std::to_string(*number);
  FailureOr<std::string> name = addArray(parameter.value, "parameter");
  if (failed(name))
    return failure();
  return *name + (parameter.axis == ParameterAxis::Head ? "[h]" : "[b]");
}

/// A Python identifier made of the letters of `text`, or `hint`.
static std::string makeIdentifier(StringRef text, StringRef hint) {
  bool valid =
      !text.empty() && !llvm::isDigit(text.front()) &&
      llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  return valid ? text.str() : hint.str();
}

FailureOr<std::string> PythonWriter::addArray(Value data, StringRef hint) {
  auto known = arrayNames.find(data);
  if (known != arrayNames.end())
    return known->second;
  FailureOr<HostValue> value = facts.evaluate(data);
  if (failed(value))
    return failure();
  auto *array = std::get_if<Array>(&*value);
  if (!array)
    return std::string();
  std::string name = makeIdentifier(names.describe(data), hint);
  while (arrays.count(name))
    name += "_";
  arrays[name] = *array;
  used[name] = 1;
  arrayNames[data] = name;
  return name;
}

FailureOr<std::string>
PythonWriter::load(Value data, StringRef index, bool isQuery,
                   const Coordinates &at,
                   SmallVectorImpl<std::string> &guards) {
  FailureOr<std::string> name = addArray(data, "ids");
  if (failed(name) || name->empty())
    return name;
  const IntegerArray &array = *arrays[*name];
  int64_t extent = array.shape.back();
  ArrayRef<int64_t> offsets = isQuery ? view.queryOffset : view.keyOffset;
  int64_t length = isQuery ? view.queries : view.keys;
  bool covers = at.isOwn && llvm::all_of(offsets, [&](int64_t offset) {
                  return offset + length <= extent;
                });
  std::string element = index.str();
  if (!covers) {
    std::string guard = "(" + element + " >= 0) & (" + element + " < " +
                        std::to_string(extent) + ")";
    std::string inside = assign("inside", guard);
    guards.push_back(inside);
    // Outside, element 0 is read, and the guard hides it.
    element = element + " * " + inside;
  }
  if (array.getRank() == 1)
    return *name + "[" + element + "]";
  return *name + "[b, " + element + "]";
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

FailureOr<std::string> PythonWriter::writeWindow(WindowOp op,
                                                 const Coordinates &at) {
  FailureOr<std::string> left =
      writeParameter(op.getLeftParameter(), op.getLoc());
  FailureOr<std::string> right =
      writeParameter(op.getRightParameter(), op.getLoc());
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

FailureOr<std::string> PythonWriter::writeIds(Value queryIds, Value keyIds,
                                              bool negativeIsNone,
                                              const Coordinates &at) {
  SmallVector<std::string> guards;
  FailureOr<std::string> query = load(queryIds, at.query, true, at, guards);
  FailureOr<std::string> key = load(keyIds, at.key, false, at, guards);
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

FailureOr<std::string> PythonWriter::writeChunk(ChunkOp op,
                                                const Coordinates &at) {
  FailureOr<std::string> size =
      writeParameter(op.getSizeParameter(), op.getLoc());
  FailureOr<std::string> offset =
      writeParameter(op.getOffsetParameter(), op.getLoc());
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

FailureOr<std::string> PythonWriter::writePadding(KeyPaddingOp op,
                                                  const Coordinates &at) {
  SmallVector<std::string> guards;
  FailureOr<std::string> valid = load(op.getValid(), at.key, false, at, guards);
  if (failed(valid))
    return failure();
  if (valid->empty())
    return at.key + " == " + at.key;
  return guarded(guards, *valid + " != 0");
}

FailureOr<std::string> PythonWriter::writeRowRange(RowRangeOp op,
                                                   const Coordinates &at) {
  SmallVector<std::string> guards, ends;
  for (Value table : {op.getLower(), op.getUpper()}) {
    FailureOr<std::string> end = load(table, at.query, true, at, guards);
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

FailureOr<std::string> PythonWriter::writeDense(DenseOp op,
                                                const Coordinates &at) {
  FailureOr<std::string> name = addArray(op.getMask(), "stored");
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

FailureOr<std::string> PythonWriter::writeMembers(StringRef coordinate,
                                                  ArrayRef<int64_t> members) {
  if (members.empty())
    return coordinate.str() + " != " + coordinate.str();
  SmallVector<std::string> parts;
  for (int64_t member : members)
    parts.push_back("(" + coordinate.str() + " == " + std::to_string(member) +
                    ")");
  return llvm::join(parts, " | ");
}

FailureOr<std::string>
PythonWriter::writeAffine(Location loc, AffineExpr expr, StringRef query,
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
  FailureOr<std::string> lhs =
      writeAffine(loc, binary.getLHS(), query, symbols);
  FailureOr<std::string> rhs =
      writeAffine(loc, binary.getRHS(), query, symbols);
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

FailureOr<std::string> PythonWriter::writeInterval(IntervalOp op,
                                                   const Coordinates &at) {
  SmallVector<std::string> symbols;
  for (Value symbol : op.getSymbols()) {
    FailureOr<int64_t> value = facts.evaluateNumber(symbol);
    if (failed(value))
      return failure();
    symbols.push_back(std::to_string(*value));
  }
  FailureOr<std::string> lower =
      writeAffine(op.getLoc(), op.getLower().getResult(0), at.query, symbols);
  FailureOr<std::string> upper =
      writeAffine(op.getLoc(), op.getUpper().getResult(0), at.query, symbols);
  if (failed(lower) || failed(upper))
    return failure();
  return "(" + *lower + " <= " + at.key + ") & (" + at.key + " < " + *upper +
         ")";
}

static StringRef getComparison(arith::CmpIPredicate predicate) {
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return " == ";
  case arith::CmpIPredicate::ne:
    return " != ";
  case arith::CmpIPredicate::slt:
    return " < ";
  case arith::CmpIPredicate::sle:
    return " <= ";
  case arith::CmpIPredicate::sgt:
    return " > ";
  case arith::CmpIPredicate::sge:
    return " >= ";
  default:
    return "";
  }
}

FailureOr<std::string> PythonWriter::writeGeneric(GenericOp op,
                                                  const Coordinates &at) {
  Block &block = op.getBody().front();
  DenseMap<Value, std::string> texts;
  texts[block.getArgument(0)] = "b";
  texts[block.getArgument(1)] = "h";
  texts[block.getArgument(2)] = at.query;
  texts[block.getArgument(3)] = at.key;
  for (auto [argument, capture] :
       llvm::zip(block.getArguments().drop_front(4), op.getCaptures())) {
    if (isa<ShapedType>(capture.getType())) {
      FailureOr<std::string> name = addArray(capture, "captured");
      if (failed(name))
        return failure();
      texts[argument] = *name;
      continue;
    }
    FailureOr<int64_t> number = facts.evaluateNumber(capture);
    if (failed(number))
      return failure();
    texts[argument] = std::to_string(*number);
  }
  auto binary = [&](Operation &inner, StringRef symbol) {
    return texts[inner.getOperand(0)] + symbol.str() +
           texts[inner.getOperand(1)];
  };
  for (Operation &inner : block.without_terminator()) {
    APInt constant;
    if (matchPattern(&inner, m_ConstantInt(&constant))) {
      bool isFlag = inner.getResult(0).getType().isInteger(1);
      int64_t number = constant.getSExtValue();
      texts[inner.getResult(0)] =
          isFlag ? (number ? "True" : "False") : std::to_string(number);
      continue;
    }
    bool isFlag =
        inner.getNumResults() == 1 && inner.getResult(0).getType().isInteger(1);
    std::string text =
        TypeSwitch<Operation *, std::string>(&inner)
            .Case([&](arith::AddIOp) { return binary(inner, " + "); })
            .Case([&](arith::SubIOp) { return binary(inner, " - "); })
            .Case([&](arith::MulIOp) { return binary(inner, " * "); })
            .Case([&](arith::FloorDivSIOp) { return binary(inner, " // "); })
            .Case([&](arith::AndIOp) { return binary(inner, " & "); })
            .Case([&](arith::OrIOp) { return binary(inner, " | "); })
            .Case([&](arith::XOrIOp) { return binary(inner, " ^ "); })
            .Case([&](arith::CmpIOp compare) -> std::string {
              StringRef symbol = getComparison(compare.getPredicate());
              return symbol.empty() ? "" : binary(inner, symbol);
            })
            .Case([&](arith::SelectOp select) {
              // On tensors a conditional expression does not work.
              std::string condition = texts[select.getCondition()];
              std::string a = texts[select.getTrueValue()];
              std::string b = texts[select.getFalseValue()];
              if (isFlag)
                return "(" + condition + " & " + a + ") | ((" + condition +
                       " ^ True) & " + b + ")";
              return b + " + " + condition + " * (" + a + " - " + b + ")";
            })
            .Case<arith::IndexCastOp, arith::ExtSIOp>(
                [&](auto) { return texts[inner.getOperand(0)]; })
            .Case([&](arith::ExtUIOp) {
              return texts[inner.getOperand(0)] + " * 1";
            })
            .Case([&](tensor::ExtractOp extract) {
              SmallVector<std::string> indices;
              for (Value index : extract.getIndices())
                indices.push_back(texts[index]);
              return texts[extract.getTensor()] + "[" +
                     llvm::join(indices, ", ") + "]" + (isFlag ? " != 0" : "");
            })
            .Default([](Operation *) { return std::string(); });
    if (text.empty())
      return inner.emitOpError() << "has no Python form";
    texts[inner.getResult(0)] = assign("value", text);
  }
  return texts[block.getTerminator()->getOperand(0)];
}

//===----------------------------------------------------------------------===//
// Connectives and changes of coordinates
//===----------------------------------------------------------------------===//

FailureOr<std::string> PythonWriter::writeConnective(Operation *op,
                                                     StringRef symbol,
                                                     StringRef none,
                                                     const Coordinates &at) {
  SmallVector<std::string> parts;
  for (Value input : op->getOperands()) {
    FailureOr<std::string> part = visit(input, at);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  if (parts.empty())
    return at.key + none.str() + at.key;
  return llvm::join(parts, symbol);
}

FailureOr<std::string> PythonWriter::writeShift(ShiftOp op,
                                                const Coordinates &at) {
  FailureOr<std::string> query =
      writeParameter(op.getQueryParameter(), op.getLoc());
  FailureOr<std::string> key =
      writeParameter(op.getKeyParameter(), op.getLoc());
  if (failed(query) || failed(key))
    return failure();
  auto moved = [&](StringRef hint, StringRef from, StringRef by) {
    return by.empty() ? from.str()
                      : assign(hint, from.str() + " + " + by.str());
  };
  return visit(op.getInput(), {moved("q_shifted", at.query, *query),
                               moved("k_shifted", at.key, *key), false});
}

FailureOr<std::string> PythonWriter::writeMoved(Value input,
                                                Value queryPositions,
                                                Value keyPositions,
                                                const Coordinates &at) {
  SmallVector<std::string> guards;
  FailureOr<std::string> query =
      load(queryPositions, at.query, true, at, guards);
  FailureOr<std::string> key = load(keyPositions, at.key, false, at, guards);
  if (failed(query) || failed(key))
    return failure();
  if (query->empty() || key->empty())
    return visit(input, at);
  FailureOr<std::string> inner =
      visit(input, {assign("q_pos", *query), assign("k_pos", *key), false});
  if (failed(inner))
    return failure();
  return guarded(guards, *inner);
}

FailureOr<std::string> PythonWriter::writePacked(PackedOp op,
                                                 const Coordinates &at) {
  bool hasSequences = op.getSequenceIds() != nullptr;
  if (hasSequences) {
    FailureOr<HostValue> ids = facts.evaluate(op.getSequenceIds());
    if (failed(ids))
      return failure();
    hasSequences = !std::holds_alternative<AbsentValue>(*ids);
  }
  FailureOr<std::string> overlay = visit(op.getOverlay(), at);
  if (failed(overlay))
    return failure();
  bool moves = hasSequences && op.getPositions() &&
               (op.getRule() == PackingRule::V5_23 ||
                op.getRule() == PackingRule::V5_24);
  FailureOr<std::string> core =
      moves ? writeMoved(op.getCore(), op.getPositions(), op.getPositions(), at)
            : visit(op.getCore(), at);
  if (failed(core))
    return failure();
  if (!hasSequences)
    return "(" + *core + ") | " + *overlay;
  FailureOr<std::string> same =
      writeIds(op.getSequenceIds(), op.getSequenceIds(), false, at);
  if (failed(same))
    return failure();
  std::string sequence = assign("same_sequence", *same);
  if (op.getRule() == PackingRule::V5_24)
    return "((" + *core + ") | " + *overlay + ") & " + sequence;
  return "((" + *core + ") & " + sequence + ") | " + *overlay;
}

FailureOr<std::string> PythonWriter::writeOp(Operation *op,
                                             const Coordinates &at) {
  auto length = [&](Parameter parameter) -> Expression {
    Expression text = writeParameter(parameter, op->getLoc());
    if (failed(text))
      return failure();
    // An absent prefix has no keys; an absent length hides none.
    if (text->empty())
      return at.key + (isa<PrefixOp>(op) ? " != " : " == ") + at.key;
    return at.key + " < " + *text;
  };
  auto restricted = [&](Value input, StringRef coordinate,
                        ArrayRef<int64_t> members) -> Expression {
    Expression inner = visit(input, at);
    Expression member = writeMembers(coordinate, members);
    if (failed(inner) || failed(member))
      return failure();
    return *inner + " & (" + *member + ")";
  };
  return TypeSwitch<Operation *, Expression>(op)
      .Case([&](FullOp) -> Expression { return at.key + " == " + at.key; })
      .Case([&](EmptyOp) -> Expression { return at.key + " != " + at.key; })
      .Case([&](CausalOp) -> Expression { return at.key + " <= " + at.query; })
      .Case([&](WindowOp p) { return writeWindow(p, at); })
      .Case([&](BlockBidirectionalOp p) {
        return writeIds(p.getQueryIds(), p.getEffectiveKeyIds(), true, at);
      })
      .Case([&](DocumentOp p) {
        return writeIds(p.getQueryIds(), p.getEffectiveKeyIds(), false, at);
      })
      .Case([&](ChunkOp p) { return writeChunk(p, at); })
      .Case([&](PrefixOp p) { return length(p.getLengthParameter()); })
      .Case([&](KeyLengthOp p) { return length(p.getLengthParameter()); })
      .Case([&](KeyPaddingOp p) { return writePadding(p, at); })
      .Case([&](DilatedOp p) -> Expression {
        Expression stride = writeParameter(p.getStrideParameter(), p.getLoc());
        if (failed(stride))
          return failure();
        if (stride->empty())
          return at.key + " == " + at.key;
        return "(" + at.query + " - " + at.key + ") % " + *stride + " == 0";
      })
      .Case([&](IntervalOp p) { return writeInterval(p, at); })
      .Case([&](RowRangeOp p) { return writeRowRange(p, at); })
      .Case([&](DenseOp p) { return writeDense(p, at); })
      .Case([&](GenericOp p) { return writeGeneric(p, at); })
      .Case([&](AndOp) { return writeConnective(op, " & ", " == ", at); })
      .Case([&](OrOp) { return writeConnective(op, " | ", " != ", at); })
      .Case([&](NotOp p) -> Expression {
        Expression inner = visit(p.getInput(), at);
        if (failed(inner))
          return failure();
        return *inner + " ^ True";
      })
      .Case([&](ShiftOp p) { return writeShift(p, at); })
      .Case([&](AtPositionsOp p) {
        return writeMoved(p.getInput(), p.getQueryPositions(),
                          p.getKeyPositions(), at);
      })
      .Case([&](HeadsOp p) {
        return restricted(p.getInput(), "h", p.getMembers());
      })
      .Case([&](BatchesOp p) {
        return restricted(p.getInput(), "b", p.getMembers());
      })
      .Case([&](PackedOp p) { return writePacked(p, at); })
      .Default([](Operation *op) -> Expression {
        return op->emitOpError() << "has no Python form";
      });
}

FailureOr<std::string> PythonWriter::visit(Value predicate,
                                           const Coordinates &at) {
  Operation *op = predicate.getDefiningOp();
  if (!op)
    return emitError(predicate.getLoc()) << "the predicate is not known";
  auto key = std::make_tuple(predicate.getAsOpaquePointer(), at.query, at.key);
  auto known = done.find(key);
  if (known != done.end())
    return known->second;
  FailureOr<std::string> expression = writeOp(op, at);
  if (failed(expression))
    return failure();
  std::string hint = op->getName().stripDialect().str();
  // `and`, `or` and `not` are keywords.
  if (isa<AndOp, OrOp, NotOp>(op))
    hint = isa<AndOp>(op) ? "both" : isa<OrOp>(op) ? "either" : "complement";
  std::string name = assign(hint, *expression);
  done[key] = name;
  return name;
}

/// The first position per batch row, as a Python expression to add.
static std::string describeOffset(ArrayRef<int64_t> offsets) {
  if (llvm::all_equal(offsets))
    return offsets.front() ? " + " + std::to_string(offsets.front()) : "";
  return "";
}

FailureOr<PythonMask> PythonWriter::write(Value predicate) {
  for (StringRef name : {"b", "h", "q", "k", "q_idx", "kv_idx", "FACTS"})
    used[name.str()] = 1;
  auto addOffset = [&](const char *name, ArrayRef<int64_t> offsets) {
    std::string text = describeOffset(offsets);
    if (!text.empty() || llvm::all_equal(offsets))
      return text;
    Array array = [&] {
      auto values = IntegerArray::zeros({int64_t(offsets.size())});
      llvm::copy(offsets, values->values.begin());
      return Array(values);
    }();
    arrays[name] = array;
    used[name] = 1;
    return " + " + std::string(name) + "[b]";
  };
  body += "    q = q_idx" + addOffset("q_offset", view.queryOffset) + "\n";
  body += "    k = kv_idx" + addOffset("kv_offset", view.keyOffset) + "\n";
  FailureOr<std::string> result = visit(predicate, {"q", "k", true});
  if (failed(result))
    return failure();

  PythonMask mask;
  mask.arrays = arrays;
  std::string &source = mask.source;
  source = "# " + view.policy + ", " + view.layerType +
           ": a FlexAttention mask function.\n"
           "# load.py sets the facts, which are read by absolute position.\n";
  source += "FACTS = [";
  llvm::ListSeparator comma;
  for (const auto &[name, array] : arrays)
    source += StringRef(comma).str() + "\"" + name + "\"";
  source += "]\n";
  for (const auto &[name, array] : arrays)
    source += name + " = None\n";
  source += "\n\ndef mask_mod(b, h, q_idx, kv_idx):\n" + body + "    return " +
            *result + "\n";
  return mask;
}

FailureOr<PythonMask> mlir::mask::makePythonMask(const MaskView &view,
                                                 Value predicate,
                                                 FactEvaluator &facts,
                                                 const ValueNames &names) {
  return PythonWriter(view, facts, names).write(predicate);
}
