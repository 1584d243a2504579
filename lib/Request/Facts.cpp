//===- Facts.cpp - what a policy is told ------------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FactParsing.h"
#include "Mask/Support/StrictJson.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace mlir::mask;
using namespace mlir::mask::facts;

/// Elements of all facts over all batch rows.
static constexpr int64_t kMaxFactElements = int64_t(1) << 26;

namespace {

/// Reads the keys of one object in the order in which they depend on each
/// other: extents and offsets, batch, then facts.
class RequestParser {
public:
  explicit RequestParser(const json::Object &object) : object(object) {}
  Expected<Request> parse();

private:
  Error checkKeys();
  Error parseExtent(StringRef name, int64_t &extent);
  Error parseOffset(StringRef name, SmallVectorImpl<int64_t> &offsets);
  Error checkOffsets();
  Error parseFact(const FactInfo &fact, const json::Value &value);
  Error parsePerRow(const FactInfo &fact, const json::Array &rows);
  Error parseRow(const Place &place, const json::Value &value, Row &row);
  Error checkCoverage(const Place &place, int64_t count);
  Error addBatch(const Place &place, size_t rows);
  Error addElements(const FactInfo &fact, int64_t count);
  Error addRows(const FactInfo &fact, std::vector<Row> rows);
  Error placeAtOffset(const FactInfo &fact, std::vector<Row> &rows);

  const json::Object &object;
  Request request;
  std::string batchKey;
  /// Of the facts read so far.
  int64_t elements = 0;
};

} // namespace

Error RequestParser::checkKeys() {
  for (const auto &[key, value] : object) {
    const FactInfo *fact = lookupFact(StringRef(key));
    if (fact && fact->isRequestKey())
      continue;
    std::string known;
    for (const FactInfo &info : getKnownFacts())
      if (info.isRequestKey())
        known += (known.empty() ? "" : ", ") + info.name.str();
    return createStringError("unknown key '" + StringRef(key) +
                             "'; known are " + known);
  }
  return Error::success();
}

Error RequestParser::parseExtent(StringRef name, int64_t &extent) {
  const json::Value *value = object.get(name);
  if (!value)
    return createStringError("'" + name + "' is missing");
  Expected<int64_t> number = parseNumber(*value, {*lookupFact(name)});
  if (!number)
    return number.takeError();
  extent = *number;
  request.facts[name.str()] = extent;
  return Error::success();
}

Error RequestParser::parseOffset(StringRef name,
                                 SmallVectorImpl<int64_t> &offsets) {
  const json::Value *value = object.get(name);
  if (!value)
    return Error::success();
  Place place{*lookupFact(name)};
  offsets.clear();
  if (const json::Array *rows = value->getAsArray()) {
    if (Error failed = addBatch(place, rows->size()))
      return failed;
    for (const json::Value &row : *rows) {
      Expected<int64_t> number = parseNumber(row, place);
      if (!number)
        return number.takeError();
      offsets.push_back(*number);
    }
    return Error::success();
  }
  Expected<int64_t> number = parseNumber(*value, place);
  if (!number)
    return number.takeError();
  offsets.push_back(*number);
  return Error::success();
}

/// Without an offset, more or fewer queries than keys can mean two things.
Error RequestParser::checkOffsets() {
  int64_t length = request.getLength();
  if (length > kMaxFactTokens)
    return createStringError("the request ends at position " + Twine(length) +
                             "; at most " + Twine(kMaxFactTokens) +
                             " tokens are supported");
  if (object.get("q_offset"))
    return Error::success();
  if (request.queries != request.keys)
    return createStringError(
        "'q_len' is " + Twine(request.queries) + " and 'kv_len' is " +
        Twine(request.keys) +
        ", so 'q_offset' must be given: 0 if the queries start with the keys, "
        "kv_len - q_len = " +
        Twine(request.keys - request.queries) + " if they end with them");
  // As many queries as keys: the same tokens.
  request.queryOffset = request.keyOffset;
  return Error::success();
}

/// All facts with a batch agree on its size.
Error RequestParser::addBatch(const Place &place, size_t rows) {
  if (rows == 0)
    return place.error("has no batch row");
  if (request.batched && request.batch != static_cast<int64_t>(rows))
    return place.error("has " + Twine(rows) + " batch rows, but '" + batchKey +
                       "' has " + Twine(request.batch));
  if (!request.batched)
    batchKey = place.fact.name.str();
  request.batch = rows;
  request.batched = true;
  return Error::success();
}

/// Per-token facts cover every key; they may go on to the last query.
Error RequestParser::checkCoverage(const Place &place, int64_t count) {
  int64_t end = request.getKeyOffset(*place.row) + request.keys;
  int64_t least = std::max<int64_t>(end, 0);
  int64_t most = request.getLength();
  if (count >= least && count <= most)
    return Error::success();
  return place.error(
      "covers " + Twine(count) + " tokens, but kv_offset + kv_len is " +
      Twine(least) +
      (most == least ? Twine() : " and the request ends at " + Twine(most)));
}

static Error checkCount(const Place &place, size_t count, int64_t expected,
                        StringRef what) {
  if (static_cast<int64_t>(count) == expected)
    return Error::success();
  return place.error("has " + Twine(count) + " elements, but " + what + " is " +
                     Twine(expected));
}

Error RequestParser::parseRow(const Place &place, const json::Value &value,
                              Row &row) {
  const json::Array *array = value.getAsArray();
  if (!array)
    return place.error("expected a list, got " + printJson(value));
  switch (place.fact.kind) {
  case FactKind::TokenRuns:
    if (Error failed = parseRuns(*array, place, request.getLength(), row))
      return failed;
    return checkCoverage(place, row.size());
  case FactKind::TokenList:
    if (Error failed = parseList(*array, place, request.getLength(), row))
      return failed;
    return checkCoverage(place, row.size());
  case FactKind::QueryList:
    if (Error failed =
            checkCount(place, array->size(), request.queries, "q_len"))
      return failed;
    return parseList(*array, place, request.queries, row);
  case FactKind::KeyList:
    if (Error failed = checkCount(place, array->size(), request.keys, "kv_len"))
      return failed;
    return parseList(*array, place, request.keys, row);
  case FactKind::ItemRanges:
    return parseRanges(*array, place, request.getLength(), row);
  default:
    llvm_unreachable("not a list per batch row");
  }
}

/// Lists over the queries or keys become tables over absolute positions. What
/// lies before the offset is never asked about; it repeats the first element,
/// so that monotone positions stay monotone. Tables begin at position 0.
Error RequestParser::placeAtOffset(const FactInfo &fact,
                                   std::vector<Row> &rows) {
  bool isQuery = fact.kind == FactKind::QueryList;
  for (auto [i, row] : enumerate(rows)) {
    int64_t offset =
        isQuery ? request.getQueryOffset(i) : request.getKeyOffset(i);
    if (offset < 0)
      return Place{fact, i}.error(
          "lists what begins at " + Twine(offset) + ", but " +
          (isQuery ? "'q_offset'" : "'kv_offset'") +
          " must be at least 0 where positions are listed beside it");
    row.insert(row.begin(), offset, row.empty() ? 0 : row.front());
  }
  return Error::success();
}

/// Rows that are shorter than the longest are filled with what means nothing:
/// no item, no id, not valid. Positions repeat, so that they stay monotone.
static int64_t fillerOf(const FactInfo &fact, const Row &row) {
  bool isPosition = fact.kind == FactKind::TokenList ||
                    fact.kind == FactKind::QueryList ||
                    fact.kind == FactKind::KeyList;
  if (isPosition)
    return row.empty() ? 0 : row.back();
  return fact.least < 0 ? -1 : 0;
}

/// All facts of a request have a bound together: a few run lengths may stand
/// for any number of elements.
Error RequestParser::addElements(const FactInfo &fact, int64_t count) {
  if (count > kMaxFactElements - elements)
    return Place{fact}.error("has " + Twine(count) +
                             " elements or more, and the facts before it " +
                             Twine(elements) + "; at most " +
                             Twine(kMaxFactElements) + " are supported");
  elements += count;
  return Error::success();
}

Error RequestParser::addRows(const FactInfo &fact, std::vector<Row> rows) {
  if (fact.kind == FactKind::QueryList || fact.kind == FactKind::KeyList)
    if (Error failed = placeAtOffset(fact, rows))
      return failed;
  size_t longest = 0;
  for (const Row &row : rows)
    longest = std::max(longest, row.size());
  if (Error failed = addElements(fact, rows.size() * longest))
    return failed;
  int64_t batch = rows.size(), size = longest;
  bool isRanges = fact.kind == FactKind::ItemRanges;
  auto array = isRanges ? IntegerArray::zeros({batch, size / 2, 2})
                        : IntegerArray::zeros({batch, size});
  for (auto [i, row] : enumerate(rows)) {
    int64_t *out = array->values.data() + i * size;
    llvm::copy(row, out);
    // A missing item is (0, -1).
    for (int64_t j = row.size(); j < size; ++j)
      out[j] = isRanges ? -(j % 2) : fillerOf(fact, row);
  }
  request.facts[fact.name.str()] =
      std::shared_ptr<const IntegerArray>(std::move(array));
  return Error::success();
}

Error RequestParser::parsePerRow(const FactInfo &fact,
                                 const json::Array &rows) {
  auto array = IntegerArray::zeros({static_cast<int64_t>(rows.size())});
  for (auto [i, value] : enumerate(rows)) {
    Place place{fact, i};
    Expected<int64_t> number = parseNumber(value, place);
    if (!number)
      return number.takeError();
    if (*number > request.getLength())
      return place.error(Twine(*number) + " is more than the " +
                         Twine(request.getLength()) + " tokens of the request");
    array->values[i] = *number;
  }
  request.facts[fact.name.str()] =
      std::shared_ptr<const IntegerArray>(std::move(array));
  return Error::success();
}

Error RequestParser::parseFact(const FactInfo &fact, const json::Value &value) {
  Place place{fact};
  if (fact.kind == FactKind::Parameter) {
    Expected<int64_t> number = parseNumber(value, place);
    if (!number)
      return number.takeError();
    request.facts[fact.name.str()] = *number;
    return Error::success();
  }
  const json::Array *array = value.getAsArray();
  if (!array)
    return place.error("expected a list with one entry per batch row, got " +
                       printJson(value));
  if (Error failed = addBatch(place, array->size()))
    return failed;
  if (fact.kind == FactKind::PerRow)
    return parsePerRow(fact, *array);
  std::vector<Row> rows(array->size());
  int64_t total = 0;
  for (auto [i, row] : enumerate(rows)) {
    if (Error failed = parseRow({fact, i}, (*array)[i], row))
      return failed;
    total += row.size();
    // Before more is allocated.
    if (total > kMaxFactElements - elements)
      return addElements(fact, total);
  }
  return addRows(fact, std::move(rows));
}

Expected<Request> RequestParser::parse() {
  if (Error failed = checkKeys())
    return failed;
  if (Error failed = parseExtent("q_len", request.queries))
    return failed;
  if (Error failed = parseExtent("kv_len", request.keys))
    return failed;
  if (Error failed = parseOffset("q_offset", request.queryOffset))
    return failed;
  if (Error failed = parseOffset("kv_offset", request.keyOffset))
    return failed;
  if (Error failed = checkOffsets())
    return failed;
  // In the order of the table, not of the hash map, so that errors do not
  // depend on it.
  for (const FactInfo &fact : getKnownFacts()) {
    bool isDone =
        fact.kind == FactKind::Extent || fact.kind == FactKind::Offset;
    if (const json::Value *value = object.get(fact.name); value && !isDone)
      if (Error failed = parseFact(fact, *value))
        return failed;
  }
  request.facts["length"] = request.getLength();
  return std::move(request);
}

Expected<Request> mlir::mask::parseRequest(StringRef text) {
  if (Error failed = checkJsonStructure(text))
    return failed;
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  const json::Object *object = value->getAsObject();
  if (!object)
    return createStringError("expected a JSON object");
  if (const json::Value *request = object->get("request")) {
    object = request->getAsObject();
    if (!object)
      return createStringError("'request' must be an object");
  }
  return RequestParser(*object).parse();
}

Expected<Request> mlir::mask::readRequest(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  Expected<Request> request = parseRequest((*buffer)->getBuffer());
  if (!request)
    return createStringError(path + ": " + toString(request.takeError()));
  return request;
}

Error mlir::mask::setParameter(Request &request, StringRef name,
                               int64_t value) {
  const FactInfo *fact = lookupFact(name);
  if (!fact || fact->kind != FactKind::Parameter)
    return createStringError("'" + name + "' is not a parameter");
  Expected<int64_t> number = parseNumber(json::Value(value), {*fact});
  if (!number)
    return number.takeError();
  request.facts[name.str()] = *number;
  return Error::success();
}
