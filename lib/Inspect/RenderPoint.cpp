//===- RenderPoint.cpp - why one element is visible or hidden -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/RenderPredicate.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
/// A tree of sub-predicates at one element, one line each.
class PointPrinter {
public:
  PointPrinter(raw_ostream &os, FactEvaluator &facts, const ValueNames &names)
      : os(os), facts(facts), names(names) {}

  LogicalResult print(Value predicate, MaskElement at, unsigned depth);
  FailureOr<bool> isVisible(Value predicate, const MaskElement &at);

private:
  LogicalResult printChildren(Operation *op, const MaskElement &at,
                              unsigned depth);
  LogicalResult printPacked(PackedOp op, const MaskElement &at, unsigned depth);
  LogicalResult printMoved(Value predicate, MaskElement at,
                           Value queryPositions, Value keyPositions,
                           unsigned depth);
  void printLine(unsigned depth, StringRef text, bool visible,
                 StringRef numbers);
  /// Where the predicates below are asked.
  void printCoordinates(StringRef what, const MaskElement &at, unsigned depth);
  std::string getNumbers(Operation *op, const MaskElement &at, bool visible);
  std::string formulaNumbers(PredicateOpInterface op, const MaskElement &at,
                             bool visible);

  /// The value of a parameter, or nothing if it is not given.
  std::optional<int64_t> getValue(Parameter parameter, const MaskElement &at);
  /// Whether data were not given.
  bool isAbsentFact(Value data);
  /// The element of per-token data, or nothing outside of their extent.
  std::optional<int64_t> load(Value data, int64_t batch, int64_t index);
  std::string idNumbers(Value queryIds, Value keyIds, const MaskElement &at,
                        StringRef noun, bool negativeIsNone);
  std::string windowNumbers(WindowOp op, const MaskElement &at);
  std::string chunkNumbers(ChunkOp op, const MaskElement &at);

  raw_ostream &os;
  FactEvaluator &facts;
  const ValueNames &names;
};
} // namespace

static int64_t floorDivide(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

std::optional<int64_t> PointPrinter::getValue(Parameter parameter,
                                              const MaskElement &at) {
  if (std::optional<int64_t> constant = parameter.getConstant())
    return constant;
  if (!parameter.getValue())
    return std::nullopt;
  FailureOr<HostValue> value = facts.evaluate(parameter.getValue());
  if (failed(value))
    return std::nullopt;
  if (auto *number = std::get_if<int64_t>(&*value))
    return *number;
  if (auto *array = std::get_if<std::shared_ptr<const IntegerArray>>(&*value)) {
    int64_t index = parameter.axis == ParameterAxis::Head ? at.head : at.batch;
    if (index < (*array)->getNumElements())
      return (*array)->values[index];
  }
  return std::nullopt;
}

bool PointPrinter::isAbsentFact(Value data) {
  FailureOr<HostValue> value = facts.evaluate(data);
  return succeeded(value) && std::holds_alternative<AbsentValue>(*value);
}

std::optional<int64_t> PointPrinter::load(Value data, int64_t batch,
                                          int64_t index) {
  FailureOr<HostValue> value = facts.evaluate(data);
  if (failed(value))
    return std::nullopt;
  auto *array = std::get_if<std::shared_ptr<const IntegerArray>>(&*value);
  if (!array)
    return std::nullopt;
  // Data without a batch serve every row; no fact is read outside of its
  // extent.
  bool isBatched = (*array)->getRank() > 1;
  int64_t extent = (*array)->shape.back();
  if (index < 0 || index >= extent ||
      (isBatched && batch >= (*array)->getSize(0)))
    return std::nullopt;
  return (*array)->values[(isBatched ? batch * extent : 0) + index];
}

std::string PointPrinter::windowNumbers(WindowOp op, const MaskElement &at) {
  std::optional<int64_t> left = getValue(op.getLeftParameter(), at);
  std::optional<int64_t> right = getValue(op.getRightParameter(), at);
  int64_t distance = at.query - at.key;
  std::string text = "q - k = " + std::to_string(distance);
  if (left && distance > *left)
    return text + " > " + std::to_string(*left);
  if (right && -distance > *right)
    return "k - q = " + std::to_string(-distance) + " > " +
           std::to_string(*right);
  if (left)
    text += " <= " + std::to_string(*left);
  if (right)
    text += ", k - q = " + std::to_string(-distance) +
            " <= " + std::to_string(*right);
  return text;
}

std::string PointPrinter::chunkNumbers(ChunkOp op, const MaskElement &at) {
  std::optional<int64_t> size = getValue(op.getSizeParameter(), at);
  int64_t offset = getValue(op.getOffsetParameter(), at).value_or(0);
  if (!size || *size < 1)
    return "";
  return "q in chunk " + std::to_string(floorDivide(at.query - offset, *size)) +
         ", k in chunk " + std::to_string(floorDivide(at.key - offset, *size));
}

std::string PointPrinter::idNumbers(Value queryIds, Value keyIds,
                                    const MaskElement &at, StringRef noun,
                                    bool negativeIsNone) {
  if (isAbsentFact(queryIds) || isAbsentFact(keyIds))
    return "not given";
  auto describe = [&](Value ids, int64_t index) -> std::string {
    std::optional<int64_t> id = load(ids, at.batch, index);
    if (!id)
      return "outside of the fact";
    if (negativeIsNone && *id < 0)
      return "in no " + noun.str();
    return "in " + noun.str() + " " + std::to_string(*id);
  };
  return "q " + describe(queryIds, at.query) + ", k " +
         describe(keyIds, at.key);
}

/// The formula with numbers; of an element that is hidden, the opposite.
std::string PointPrinter::formulaNumbers(PredicateOpInterface op,
                                         const MaskElement &at, bool visible) {
  bool complete = true;
  std::string text = fillFormula(op, [&](StringRef name) -> std::string {
    if (name == "q")
      return "q = " + std::to_string(at.query);
    if (name == "k")
      return "k = " + std::to_string(at.key);
    for (const PredicateParameter &entry : op.getParameters())
      if (entry.name == name)
        if (std::optional<int64_t> value = getValue(entry.parameter, at))
          return std::to_string(*value);
    complete = false;
    return "";
  });
  if (!complete || visible)
    return complete ? text : "";
  constexpr std::pair<StringLiteral, StringLiteral> kOpposites[] = {
      {" <= ", " > "}, {" < ", " >= "}, {" == ", " != "}};
  for (auto [relation, opposite] : kOpposites)
    if (size_t place = text.find(relation); place != std::string::npos)
      return text.replace(place, relation.size(), opposite.data());
  return text;
}

std::string PointPrinter::getNumbers(Operation *op, const MaskElement &at,
                                     bool visible) {
  std::string q = std::to_string(at.query), k = std::to_string(at.key);
  return TypeSwitch<Operation *, std::string>(op)
      .Case([&](WindowOp window) { return windowNumbers(window, at); })
      .Case([&](ChunkOp chunk) { return chunkNumbers(chunk, at); })
      .Case([&](BlockBidirectionalOp ids) {
        return idNumbers(ids.getQueryIds(), ids.getEffectiveKeyIds(), at,
                         "block", true);
      })
      .Case([&](DocumentOp ids) {
        return idNumbers(ids.getQueryIds(), ids.getEffectiveKeyIds(), at,
                         "document", false);
      })
      .Case([&](KeyPaddingOp padding) -> std::string {
        std::optional<int64_t> valid =
            load(padding.getValid(), at.batch, at.key);
        if (isAbsentFact(padding.getValid()))
          return "no padding";
        if (!valid)
          return "no fact for key " + k;
        return "key " + k + (*valid ? " is valid" : " is padding");
      })
      .Case([&](DilatedOp dilated) -> std::string {
        std::optional<int64_t> stride =
            getValue(dilated.getStrideParameter(), at);
        if (!stride || *stride < 1)
          return "";
        int64_t distance = at.query - at.key;
        int64_t rest = distance - floorDivide(distance, *stride) * *stride;
        return "(q - k) mod " + std::to_string(*stride) + " = " +
               std::to_string(rest);
      })
      .Case([&](IntervalOp interval) -> std::string {
        SmallVector<int64_t> operands = {at.query};
        SmallVector<bool> absent;
        for (Value symbol : interval.getSymbols()) {
          absent.push_back(isAbsentFact(symbol));
          FailureOr<int64_t> value =
              absent.back() ? 0 : facts.evaluateNumber(symbol);
          if (failed(value))
            return "";
          operands.push_back(*value);
        }
        auto readsAbsent = [&](AffineMap map) {
          return llvm::any_of(llvm::enumerate(absent), [&](auto symbol) {
            return symbol.value() && map.isFunctionOfSymbol(symbol.index());
          });
        };
        auto evaluate = [&](std::optional<AffineMap> map,
                            StringRef unbounded) -> std::string {
          if (!map || readsAbsent(*map))
            return unbounded.str();
          SmallVector<Attribute> attributes;
          Builder builder(op->getContext());
          for (int64_t operand : operands)
            attributes.push_back(builder.getIndexAttr(operand));
          SmallVector<Attribute> results;
          if (failed(map->constantFold(attributes, results)))
            return "?";
          return std::to_string(cast<IntegerAttr>(results[0]).getInt());
        };
        return "k = " + k + " in [" + evaluate(interval.getLower(), "-inf") +
               ", " + evaluate(interval.getUpper(), "inf") + ")?";
      })
      .Case([&](RowRangeOp range) -> std::string {
        auto describe = [&](Value table, StringRef unbounded) -> std::string {
          if (!table || isAbsentFact(table))
            return unbounded.str();
          std::optional<int64_t> end = load(table, at.batch, at.query);
          return end ? std::to_string(*end) : "";
        };
        std::string lower = describe(range.getLower(), "-inf"),
                    upper = describe(range.getUpper(), "inf");
        if (lower.empty() || upper.empty())
          return "no row for query " + q;
        return "k = " + k + " in [" + lower + ", " + upper + ")?";
      })
      .Case([&](HeadsOp) { return "head " + std::to_string(at.head); })
      .Case([&](BatchesOp) { return "batch row " + std::to_string(at.batch); })
      .Case<DenseOp, GenericOp>(
          [&](auto) { return "asked at q = " + q + ", k = " + k; })
      .Case([&](PredicateOpInterface leaf) {
        return formulaNumbers(leaf, at, visible);
      })
      .Default([](Operation *) { return std::string(); });
}

FailureOr<bool> PointPrinter::isVisible(Value predicate,
                                        const MaskElement &at) {
  FailureOr<PredicateFunction> function = interpretPredicate(predicate, facts);
  if (failed(function))
    return failure();
  return (*function)(at.batch, at.head, at.query, at.key);
}

void PointPrinter::printLine(unsigned depth, StringRef text, bool visible,
                             StringRef numbers) {
  constexpr size_t kValueColumn = 58;
  std::string line(2 + 2 * depth, ' ');
  line += text;
  line.resize(std::max(kValueColumn, line.size() + 2), ' ');
  line += visible ? "visible" : "hidden ";
  if (!numbers.empty())
    line += "  " + numbers.str();
  os << StringRef(line).rtrim() << "\n";
}

void PointPrinter::printCoordinates(StringRef what, const MaskElement &at,
                                    unsigned depth) {
  os.indent(2 + 2 * depth) << what << ": q = " << at.query << ", k = " << at.key
                           << "\n";
}

LogicalResult PointPrinter::printMoved(Value predicate, MaskElement at,
                                       Value queryPositions, Value keyPositions,
                                       unsigned depth) {
  if (isAbsentFact(queryPositions) || isAbsentFact(keyPositions)) {
    os.indent(2 + 2 * depth) << "positions not given: the indices\n";
    return print(predicate, at, depth);
  }
  std::optional<int64_t> query = load(queryPositions, at.batch, at.query);
  std::optional<int64_t> key = load(keyPositions, at.batch, at.key);
  if (!query || !key) {
    os.indent(2 + 2 * depth)
        << "no position for " << (query ? "key " : "query ")
        << (query ? at.key : at.query) << "\n";
    return success();
  }
  at.query = *query;
  at.key = *key;
  printCoordinates("positions", at, depth);
  return print(predicate, at, depth);
}

LogicalResult PointPrinter::printPacked(PackedOp op, const MaskElement &at,
                                        unsigned depth) {
  bool hasSequences = op.getSequenceIds() && !isAbsentFact(op.getSequenceIds());
  if (hasSequences) {
    std::optional<int64_t> query =
        load(op.getSequenceIds(), at.batch, at.query);
    std::optional<int64_t> key = load(op.getSequenceIds(), at.batch, at.key);
    printLine(depth, "same sequence", query && key && *query == *key,
              idNumbers(op.getSequenceIds(), op.getSequenceIds(), at,
                        "sequence", false));
  }
  bool moves = hasSequences && op.getPositions() &&
               !isAbsentFact(op.getPositions()) &&
               (op.getRule() == PackingRule::V5_23 ||
                op.getRule() == PackingRule::V5_24);
  if (failed(moves ? printMoved(op.getCore(), at, op.getPositions(),
                                op.getPositions(), depth)
                   : print(op.getCore(), at, depth)))
    return failure();
  return print(op.getOverlay(), at, depth);
}

LogicalResult PointPrinter::printChildren(Operation *op, const MaskElement &at,
                                          unsigned depth) {
  if (auto packed = dyn_cast<PackedOp>(op))
    return printPacked(packed, at, depth);
  if (auto positions = dyn_cast<AtPositionsOp>(op))
    return printMoved(positions.getInput(), at, positions.getQueryPositions(),
                      positions.getKeyPositions(), depth);
  MaskElement child = at;
  if (auto shift = dyn_cast<ShiftOp>(op)) {
    child.query += getValue(shift.getQueryParameter(), at).value_or(0);
    child.key += getValue(shift.getKeyParameter(), at).value_or(0);
    printCoordinates("shifted", child, depth);
  }
  for (Value operand : op->getOperands())
    if (isa<PredicateType>(operand.getType()) &&
        failed(print(operand, child, depth)))
      return failure();
  return success();
}

LogicalResult PointPrinter::print(Value predicate, MaskElement at,
                                  unsigned depth) {
  FailureOr<bool> visible = isVisible(predicate, at);
  if (failed(visible))
    return failure();
  Operation *op = predicate.getDefiningOp();
  printLine(depth, describePredicate(predicate, names), *visible,
            op ? getNumbers(op, at, *visible) : "");
  return op ? printChildren(op, at, depth + 1) : success();
}

FailureOr<bool> mlir::mask::renderPoint(raw_ostream &os, Value predicate,
                                        const MaskElement &element,
                                        FactEvaluator &facts,
                                        const ValueNames &names) {
  PointPrinter printer(os, facts, names);
  if (failed(printer.print(predicate, element, 0)))
    return failure();
  return printer.isVisible(predicate, element);
}
