//===- BlockMaskPython.cpp - FlexAttention mask functions -------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PythonWriter.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::python;

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

Expression PythonWriter::writeParameter(Parameter parameter, Location loc) {
  if (std::optional<int64_t> constant = parameter.getConstant())
    return std::to_string(*constant);
  if (!parameter.getValue())
    return std::string();
  FailureOr<HostValue> value = facts.evaluate(parameter.getValue());
  if (failed(value))
    return failure();
  if (std::holds_alternative<AbsentValue>(*value))
    return std::string();
  if (auto *number = std::get_if<int64_t>(&*value))
    return std::to_string(*number);
  Expression name = addArray(parameter.getValue(), "parameter");
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

Expression PythonWriter::addArray(Value data, StringRef hint) {
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

bool PythonWriter::isInside(bool isQuery, int64_t extent,
                            const Coordinates &at) const {
  ArrayRef<int64_t> offsets = isQuery ? view.queryOffset : view.keyOffset;
  int64_t length = isQuery ? view.queries : view.keys;
  return at.isOwn && llvm::all_of(offsets, [&](int64_t offset) {
           return offset >= 0 && offset + length <= extent;
         });
}

Expression PythonWriter::load(Value data, StringRef index, bool isQuery,
                              const Coordinates &at,
                              SmallVectorImpl<std::string> &guards) {
  Expression name = addArray(data, "ids");
  if (failed(name) || name->empty())
    return name;
  const IntegerArray &array = *arrays[*name];
  int64_t extent = array.shape.back();
  std::string element = index.str();
  if (!isInside(isQuery, extent, at)) {
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
// Connectives and changes of coordinates
//===----------------------------------------------------------------------===//

Expression PythonWriter::writeConnective(Operation *op, StringRef symbol,
                                         StringRef none,
                                         const Coordinates &at) {
  SmallVector<std::string> parts;
  for (Value input : op->getOperands()) {
    Expression part = visit(input, at);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  if (parts.empty())
    return at.key + none.str() + at.key;
  return llvm::join(parts, symbol);
}

Expression PythonWriter::writeShift(ShiftOp op, const Coordinates &at) {
  Expression query = writeParameter(op.getQueryParameter(), op.getLoc());
  Expression key = writeParameter(op.getKeyParameter(), op.getLoc());
  if (failed(query) || failed(key))
    return failure();
  auto moved = [&](StringRef hint, StringRef from, StringRef by) {
    return by.empty() ? from.str()
                      : assign(hint, from.str() + " + " + by.str());
  };
  return visit(op.getInput(), {moved("q_shifted", at.query, *query),
                               moved("k_shifted", at.key, *key), false});
}

Expression PythonWriter::writeMoved(Value input, Value queryPositions,
                                    Value keyPositions, const Coordinates &at) {
  SmallVector<std::string> guards;
  Expression query = load(queryPositions, at.query, true, at, guards);
  Expression key = load(keyPositions, at.key, false, at, guards);
  if (failed(query) || failed(key))
    return failure();
  if (query->empty() || key->empty())
    return visit(input, at);
  Expression inner =
      visit(input, {assign("q_pos", *query), assign("k_pos", *key), false});
  if (failed(inner))
    return failure();
  return guarded(guards, *inner);
}

Expression PythonWriter::writePacked(PackedOp op, const Coordinates &at) {
  bool hasSequences = op.getSequenceIds() != nullptr;
  if (hasSequences) {
    FailureOr<HostValue> ids = facts.evaluate(op.getSequenceIds());
    if (failed(ids))
      return failure();
    hasSequences = !std::holds_alternative<AbsentValue>(*ids);
  }
  Expression overlay = visit(op.getOverlay(), at);
  if (failed(overlay))
    return failure();
  bool moves = hasSequences && op.getPositions() &&
               (op.getRule() == PackingRule::V5_23 ||
                op.getRule() == PackingRule::V5_24);
  Expression core =
      moves ? writeMoved(op.getCore(), op.getPositions(), op.getPositions(), at)
            : visit(op.getCore(), at);
  if (failed(core))
    return failure();
  if (!hasSequences)
    return "(" + *core + ") | " + *overlay;
  Expression same =
      writeIds(op.getSequenceIds(), op.getSequenceIds(), false, at);
  if (failed(same))
    return failure();
  std::string sequence = assign("same_sequence", *same);
  if (op.getRule() == PackingRule::V5_24)
    return "((" + *core + ") | " + *overlay + ") & " + sequence;
  return "((" + *core + ") & " + sequence + ") | " + *overlay;
}

Expression PythonWriter::writeOp(Operation *op, const Coordinates &at) {
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
      .Case([&](WindowOp p) { return writeWindow(p, at); })
      .Case([&](BlockBidirectionalOp p) {
        return writeIds(p.getQueryIds(), p.getEffectiveKeyIds(), true, at);
      })
      .Case([&](DocumentOp p) {
        return writeIds(p.getQueryIds(), p.getEffectiveKeyIds(), false, at);
      })
      .Case([&](ChunkOp p) { return writeChunk(p, at); })
      .Case([&](KeyPaddingOp p) { return writePadding(p, at); })
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
      .Case([&](PredicateOpInterface p) { return writeFormula(p, at); })
      .Default([](Operation *op) -> Expression {
        return op->emitOpError() << "has no Python form";
      });
}

Expression PythonWriter::visit(Value predicate, const Coordinates &at) {
  Operation *op = predicate.getDefiningOp();
  if (!op)
    return emitError(predicate.getLoc()) << "the predicate is not known";
  auto key = std::make_tuple(predicate.getAsOpaquePointer(), at.query, at.key);
  auto known = done.find(key);
  if (known != done.end())
    return known->second;
  Expression expression = writeOp(op, at);
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
  Expression result = visit(predicate, {"q", "k", true});
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
