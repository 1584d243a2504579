//===- CheckTables.cpp - tables that end before they are read -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/MaskInstance.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <set>
#include <tuple>

using namespace mlir;
using namespace mlir::mask;

namespace {
/// The queries or keys that a predicate is asked about, both ends included.
struct Asked {
  int64_t first, last;

  bool operator<(const Asked &other) const {
    return std::tie(first, last) < std::tie(other.first, other.last);
  }
  /// Shifts beyond all positions are as good as one another.
  Asked operator+(std::pair<int64_t, int64_t> by) const {
    constexpr int64_t kFar = int64_t(1) << 61;
    return {first + std::clamp(by.first, -kFar, kFar),
            last + std::clamp(by.second, -kFar, kFar)};
  }
};

/// Warns of tables that a predicate reads outside of wherever it reads them: it
/// is defined there (law 1), but hardly meant.
class TableChecker {
public:
  TableChecker(MaskInstance &instance, int64_t batch)
      : instance(instance), batch(batch) {}

  /// Checks one batch row, of the predicate as it was written: normal forms
  /// share constants, which then stand nowhere.
  LogicalResult checkRow(int64_t b, Asked queries, Asked keys) {
    visited.clear();
    return visit(instance.written, b, queries, keys);
  }

private:
  using Array = std::shared_ptr<const IntegerArray>;

  /// The table as an array; null where it is absent or holds floats.
  FailureOr<Array> getArray(Value table);
  LogicalResult visit(Value predicate, int64_t b, Asked queries, Asked keys);
  LogicalResult check(Operation *op, const TableRead &read, int64_t b,
                      Asked queries, Asked keys);
  void checkMembers(BatchesOp op);
  /// What a shift, or positions, ask their input about.
  FailureOr<Asked> shifted(Asked asked, Parameter parameter, int64_t b);
  FailureOr<Asked> moved(Asked asked, Value positions, int64_t b);
  LogicalResult visitInput(Value predicate, int64_t b, FailureOr<Asked> queries,
                           FailureOr<Asked> keys);

  std::string describe(Value table) const;
  /// A warning about a table of `op`, once; null after that. Constants are
  /// where they stand, facts where they are read.
  std::optional<InFlightDiagnostic> warn(Operation *op, Value table);

  MaskInstance &instance;
  int64_t batch;
  std::set<std::tuple<Operation *, Asked, Asked>> visited;
  std::set<std::pair<Operation *, void *>> warned;
};
} // namespace

FailureOr<std::shared_ptr<const IntegerArray>>
TableChecker::getArray(Value table) {
  FailureOr<HostValue> value = instance.facts.evaluate(table);
  if (failed(value))
    return failure();
  auto *array = std::get_if<Array>(&*value);
  return array ? *array : nullptr;
}

/// What a table is made of: a constant, or an argument (a fact).
static Value findSource(Value table) {
  while (Operation *op = table.getDefiningOp()) {
    if (op->getNumOperands() == 0)
      break;
    table = op->getOperand(0);
  }
  return table;
}

std::string TableChecker::describe(Value table) const {
  if (isa<BlockArgument>(table))
    return "fact '" + instance.names.describe(table) + "'";
  std::string text;
  llvm::raw_string_ostream os(text);
  if (isa<BlockArgument>(findSource(table)))
    os << "the table '" << instance.names.describe(table) << "'";
  else
    os << "the table of type " << table.getType();
  return text;
}

std::optional<InFlightDiagnostic> TableChecker::warn(Operation *op,
                                                     Value table) {
  if (!warned.insert({op, table.getAsOpaquePointer()}).second)
    return std::nullopt;
  Operation *source = findSource(table).getDefiningOp();
  return emitWarning(source ? source->getLoc() : op->getLoc())
         << describe(table);
}

static void append(std::optional<InFlightDiagnostic> &warning,
                   const Twine &text) {
  if (warning)
    *warning << text;
}

LogicalResult TableChecker::check(Operation *op, const TableRead &read,
                                  int64_t b, Asked queries, Asked keys) {
  FailureOr<Array> array = getArray(read.table);
  if (failed(array))
    return failure();
  if (!*array)
    return success();
  std::string result = ": '" + op->getName().getStringRef().str() + "' ";
  for (auto [dim, index] : llvm::enumerate(read.indices)) {
    int64_t size = (*array)->getSize(dim);
    if (index == TableIndex::Batch && size < batch) {
      auto warning = warn(op, read.table);
      append(warning, " has " + Twine(size) +
                          " batch rows, and the batch has " + Twine(batch) +
                          result + "reads nothing in the others");
    }
    bool isQuery = index == TableIndex::Query;
    if (!isQuery && index != TableIndex::Key)
      continue;
    Asked asked = isQuery ? queries : keys;
    StringRef what = isQuery ? "query" : "key";
    if (asked.first >= size) {
      auto warning = warn(op, read.table);
      append(warning, " ends at position " + Twine(size) + ", and the first " +
                          what + " is " + Twine(asked.first));
      if (batch > 1)
        append(warning, " in batch row " + Twine(b));
      append(warning, result + "reads nothing");
    } else if (asked.last < 0) {
      auto warning = warn(op, read.table);
      append(warning, " begins at position 0, and the last " + what + " is " +
                          Twine(asked.last));
      if (batch > 1)
        append(warning, " in batch row " + Twine(b));
      append(warning, result + "reads nothing");
    }
  }
  return success();
}

void TableChecker::checkMembers(BatchesOp op) {
  if (llvm::any_of(op.getMembers(),
                   [&](int64_t member) { return member < batch; }) ||
      !warned.insert({op, nullptr}).second)
    return;
  InFlightDiagnostic warning = emitWarning(op.getLoc())
                               << "'mask.batches' names the batch rows [";
  llvm::interleaveComma(op.getMembers(), warning);
  warning << "], and the batch has " << batch;
}

FailureOr<Asked> TableChecker::shifted(Asked asked, Parameter parameter,
                                       int64_t b) {
  int64_t by = 0;
  if (std::optional<int64_t> constant = parameter.getConstant()) {
    by = *constant;
  } else if (parameter.getValue()) {
    FailureOr<HostValue> value = instance.facts.evaluate(parameter.getValue());
    if (failed(value))
      return failure();
    if (auto *number = std::get_if<int64_t>(&*value))
      by = *number;
    else if (auto *array = std::get_if<Array>(&*value)) {
      // Of heads there may be several: all that some of them ask about.
      ArrayRef<int64_t> all = (*array)->values;
      if (parameter.axis == ParameterAxis::Batch)
        all = b < int64_t(all.size()) ? all.slice(b, 1) : ArrayRef<int64_t>();
      if (all.empty())
        return Asked{0, -1};
      return asked +
             std::pair(*llvm::min_element(all), *llvm::max_element(all));
    }
  }
  return asked + std::pair(by, by);
}

FailureOr<Asked> TableChecker::moved(Asked asked, Value positions, int64_t b) {
  FailureOr<Array> array = getArray(positions);
  if (failed(array))
    return failure();
  if (!*array)
    return asked;
  int64_t size = (*array)->shape.back();
  bool batched = (*array)->getRank() == 2;
  if (batched && b >= (*array)->getSize(0))
    return Asked{0, -1};
  int64_t first = std::max<int64_t>(asked.first, 0);
  int64_t last = std::min(asked.last, size - 1);
  if (first > last)
    return Asked{0, -1};
  ArrayRef<int64_t> read =
      ArrayRef((*array)->values)
          .slice((batched ? b * size : 0) + first, last - first + 1);
  return Asked{*llvm::min_element(read), *llvm::max_element(read)};
}

LogicalResult TableChecker::visitInput(Value predicate, int64_t b,
                                       FailureOr<Asked> queries,
                                       FailureOr<Asked> keys) {
  if (failed(queries) || failed(keys))
    return failure();
  return visit(predicate, b, *queries, *keys);
}

LogicalResult TableChecker::visit(Value predicate, int64_t b, Asked queries,
                                  Asked keys) {
  Operation *op = predicate.getDefiningOp();
  bool isEmpty = queries.first > queries.last || keys.first > keys.last;
  if (!op || isEmpty || !visited.insert({op, queries, keys}).second)
    return success();
  for (const TableRead &read : getTableReads(op))
    if (failed(check(op, read, b, queries, keys)))
      return failure();
  if (auto batches = dyn_cast<BatchesOp>(op)) {
    checkMembers(batches);
    if (!llvm::is_contained(batches.getMembers(), b))
      return success();
  }
  if (auto shift = dyn_cast<ShiftOp>(op))
    return visitInput(shift.getInput(), b,
                      shifted(queries, shift.getQueryParameter(), b),
                      shifted(keys, shift.getKeyParameter(), b));
  if (auto at = dyn_cast<AtPositionsOp>(op))
    return visitInput(at.getInput(), b,
                      moved(queries, at.getQueryPositions(), b),
                      moved(keys, at.getKeyPositions(), b));
  for (Value operand : op->getOperands())
    if (isa<PredicateType>(operand.getType()) &&
        failed(visit(operand, b, queries, keys)))
      return failure();
  return success();
}

LogicalResult mlir::mask::checkTables(MaskInstance &instance,
                                      const Request &request, int64_t batch) {
  TableChecker checker(instance, batch);
  for (int64_t b = 0; b < batch; ++b) {
    int64_t query = request.getQueryOffset(b), key = request.getKeyOffset(b);
    if (failed(checker.checkRow(b, {query, query + request.queries - 1},
                                {key, key + request.keys - 1})))
      return failure();
  }
  return success();
}
