//===- Facts.cpp - what a policy is told -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Tools/Facts.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace mlir::mask;

/// Elements of one fact over all batch rows.
static constexpr int64_t kMaxFactElements = int64_t(1) << 28;
/// Ids and positions fit in i32 and lie below `kNoKey`.
static constexpr int64_t kMaxId = (int64_t(1) << 30) - 1;

static constexpr FactInfo kFacts[] = {
    {"q_len", FactKind::Extent, 0, 0, 0, kMaxFactTokens},
    {"kv_len", FactKind::Extent, 0, 0, 0, kMaxFactTokens},
    {"q_offset", FactKind::Offset, 32, 1, 0, kMaxId},
    {"kv_offset", FactKind::Offset, 32, 1, 0, kMaxId},
    {"window", FactKind::Parameter, 0, 0, 1, kMaxId},
    {"chunk", FactKind::Parameter, 0, 0, 1, kMaxId},
    {"left", FactKind::Parameter, 0, 0, 0, kMaxId},
    {"right", FactKind::Parameter, 0, 0, 0, kMaxId},
    {"prefix", FactKind::Parameter, 0, 0, 0, kMaxId},
    {"offset", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"lookback", FactKind::Parameter, 0, 0, 0, kMaxId},
    {"page", FactKind::Parameter, 0, 0, 1, kMaxId},
    {"q_block", FactKind::Parameter, 0, 0, 1, kMaxId},
    {"dilation", FactKind::Parameter, 0, 0, 1, kMaxId},
    {"left_padding", FactKind::PerRow, 32, 1, 0, kMaxId},
    {"token_types", FactKind::TokenRuns, 8, 2, 0, 3},
    {"key_valid", FactKind::TokenRuns, 1, 2, 0, 1},
    {"sequence_ids", FactKind::TokenRuns, 32, 2, -1, kMaxId},
    {"block_ids", FactKind::TokenRuns, 32, 2, -1, kMaxId},
    {"document_ids", FactKind::TokenRuns, 32, 2, -1, kMaxId},
    {"item_ranges", FactKind::ItemRanges, 32, 3, 0, kMaxId},
    {"positions", FactKind::TokenList, 32, 2, 0, kMaxId},
    {"query_positions", FactKind::QueryList, 32, 2, 0, kMaxId},
    {"key_positions", FactKind::KeyList, 32, 2, 0, kMaxId},
    {"length", FactKind::Derived, 0, 0, 0, kMaxId},
};

ArrayRef<FactInfo> mlir::mask::getKnownFacts() { return kFacts; }

const FactInfo *mlir::mask::lookupFact(StringRef name) {
  const auto *found =
      find_if(kFacts, [&](const FactInfo &fact) { return fact.name == name; });
  return found == std::end(kFacts) ? nullptr : found;
}

mlir::Type mlir::mask::getFactType(MLIRContext *context, const FactInfo &fact) {
  if (fact.rank == 0)
    return IndexType::get(context);
  SmallVector<int64_t> shape(fact.rank, ShapedType::kDynamic);
  if (fact.kind == FactKind::ItemRanges)
    shape.back() = 2;
  return RankedTensorType::get(shape, IntegerType::get(context, fact.width));
}

int64_t Request::getLength() const {
  return std::max(*max_element(queryOffset) + queries,
                  *max_element(keyOffset) + keys);
}

const HostValue *Request::lookup(StringRef name) const {
  auto found = facts.find(name);
  return found == facts.end() ? nullptr : &found->second;
}

//===----------------------------------------------------------------------===//
// Values of one key
//===----------------------------------------------------------------------===//

namespace {

/// Where a value stands, for errors: the key, then the batch row.
struct Place {
  const FactInfo &fact;
  std::optional<size_t> row = std::nullopt;

  Error error(const Twine &message) const {
    std::string where = ("'" + fact.name + "'").str();
    if (row)
      where += " of batch row " + std::to_string(*row);
    return createStringError(where + ": " + message);
  }
};

} // namespace

static Expected<int64_t> parseNumber(const json::Value &value,
                                     const Place &place) {
  std::optional<int64_t> number = value.getAsInteger();
  if (!number)
    return place.error("expected an integer");
  const FactInfo &fact = place.fact;
  if (*number < fact.least || *number > fact.greatest)
    return place.error(
        Twine(*number) + " is out of range; it must be at least " +
        Twine(fact.least) + " and at most " + Twine(fact.greatest));
  return *number;
}

/// Two integers, with what they are in `what`.
static Expected<std::pair<int64_t, int64_t>>
parsePair(const json::Value &value, const Place &place, StringRef what) {
  const json::Array *pair = value.getAsArray();
  if (!pair || pair->size() != 2)
    return place.error("expected pairs " + what);
  std::optional<int64_t> first = (*pair)[0].getAsInteger();
  std::optional<int64_t> second = (*pair)[1].getAsInteger();
  if (!first || !second)
    return place.error("expected pairs " + what + " of integers");
  return std::pair(*first, *second);
}

using Row = std::vector<int64_t>;

/// A row of run-length `[[value, count], ...]`. Counts are summed before
/// anything is allocated.
static Error parseRuns(const json::Array &runs, const Place &place,
                       int64_t most, Row &row) {
  SmallVector<std::pair<int64_t, int64_t>> pairs;
  int64_t total = 0;
  for (const json::Value &value : runs) {
    auto run = parsePair(value, place, "[value, count]");
    if (!run)
      return run.takeError();
    Expected<int64_t> number = parseNumber((*value.getAsArray())[0], place);
    if (!number)
      return number.takeError();
    if (run->second < 1)
      return place.error("a run has " + Twine(run->second) +
                         " tokens; it must have at least 1");
    if (run->second > most - total)
      return place.error("covers more than the " + Twine(most) +
                         " tokens of the request");
    total += run->second;
    pairs.push_back(*run);
  }
  row.reserve(total);
  for (auto [number, count] : pairs)
    row.insert(row.end(), count, number);
  return Error::success();
}

static Error parseList(const json::Array &list, const Place &place,
                       int64_t most, Row &row) {
  if (static_cast<int64_t>(list.size()) > most)
    return place.error("has " + Twine(list.size()) + " elements; at most " +
                       Twine(most) + " are expected");
  for (const json::Value &value : list) {
    Expected<int64_t> number = parseNumber(value, place);
    if (!number)
      return number.takeError();
    row.push_back(*number);
  }
  return Error::success();
}

/// A row of item ranges: in the extent, neither reversed nor overlapping.
static Error parseRanges(const json::Array &ranges, const Place &place,
                         int64_t length, Row &row) {
  SmallVector<std::pair<int64_t, int64_t>> sorted;
  for (const json::Value &value : ranges) {
    auto range = parsePair(value, place, "[start, end]");
    if (!range)
      return range.takeError();
    auto [start, end] = *range;
    std::string text =
        "[" + std::to_string(start) + ", " + std::to_string(end) + "]";
    if (start > end)
      return place.error("range " + text + " is reversed");
    if (start < 0 || end >= length)
      return place.error("range " + text + " lies outside of the " +
                         Twine(length) + " tokens of the request");
    sorted.push_back(*range);
    row.push_back(start);
    row.push_back(end);
  }
  llvm::sort(sorted);
  for (size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i].first <= sorted[i - 1].second)
      return place.error("ranges [" + Twine(sorted[i - 1].first) + ", " +
                         Twine(sorted[i - 1].second) + "] and [" +
                         Twine(sorted[i].first) + ", " +
                         Twine(sorted[i].second) + "] overlap");
  return Error::success();
}

//===----------------------------------------------------------------------===//
// The whole request
//===----------------------------------------------------------------------===//

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
  Error addRows(const FactInfo &fact, std::vector<Row> rows);
  void placeAtOffset(const FactInfo &fact, std::vector<Row> &rows);

  const json::Object &object;
  Request request;
  std::string batchKey;
};

} // namespace

Error RequestParser::checkKeys() {
  for (const auto &[key, value] : object) {
    const FactInfo *fact = lookupFact(StringRef(key));
    if (fact && fact->isRequestKey())
      continue;
    std::string known;
    for (const FactInfo &info : kFacts)
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
  int64_t least = request.getKeyOffset(*place.row) + request.keys;
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
    return place.error("expected a list");
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
/// so that monotone positions stay monotone.
void RequestParser::placeAtOffset(const FactInfo &fact,
                                  std::vector<Row> &rows) {
  for (auto [i, row] : enumerate(rows)) {
    int64_t offset = fact.kind == FactKind::QueryList
                         ? request.getQueryOffset(i)
                         : request.getKeyOffset(i);
    row.insert(row.begin(), offset, row.empty() ? 0 : row.front());
  }
}

/// Rows that are shorter than the longest are filled with what means nothing:
/// no item, no id, not valid. Positions repeat, so that they stay monotone.
static int64_t fillerOf(const FactInfo &fact, const Row &row) {
  bool isPosition = fact.kind == FactKind::TokenList ||
                    fact.kind == FactKind::QueryList ||
                    fact.kind == FactKind::KeyList;
  if (isPosition && !row.empty())
    return row.back();
  return fact.least < 0 ? -1 : 0;
}

Error RequestParser::addRows(const FactInfo &fact, std::vector<Row> rows) {
  if (fact.kind == FactKind::QueryList || fact.kind == FactKind::KeyList)
    placeAtOffset(fact, rows);
  size_t longest = 0;
  for (const Row &row : rows)
    longest = std::max(longest, row.size());
  if (static_cast<int64_t>(rows.size() * longest) > kMaxFactElements)
    return Place{fact}.error("has " + Twine(rows.size()) + " x " +
                             Twine(longest) + " elements; at most " +
                             Twine(kMaxFactElements) + " are supported");
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
    return place.error("expected a list with one entry per batch row");
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
    if (total > kMaxFactElements)
      return place.error("has more than " + Twine(kMaxFactElements) +
                         " elements");
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
  for (const FactInfo &fact : kFacts) {
    bool isDone =
        fact.kind == FactKind::Extent || fact.kind == FactKind::Offset;
    if (const json::Value *value = object.get(fact.name); value && !isDone)
      if (Error failed = parseFact(fact, *value))
        return failed;
  }
  request.facts["length"] = request.getLength();
  return std::move(request);
}

/// The parser of the support library recurses once per nesting level.
static bool isNestedTooDeeply(StringRef text) {
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"')
      inString = !inString;
    else if (inString && c == '\\')
      ++i;
    else if (!inString && (c == '[' || c == '{') && ++depth > 100)
      return true;
    else if (!inString && (c == ']' || c == '}'))
      --depth;
  }
  return false;
}

Expected<Request> mlir::mask::parseRequest(StringRef text) {
  if (isNestedTooDeeply(text))
    return createStringError("nested more than 100 levels deep");
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

//===----------------------------------------------------------------------===//
// Prompts
//===----------------------------------------------------------------------===//

static std::optional<int64_t> tokenTypeOf(StringRef kind) {
  static constexpr StringLiteral names[] = {"text", "image", "video", "audio"};
  const auto *found = llvm::find(names, kind);
  if (found == std::end(names))
    return std::nullopt;
  return found - names;
}

Expected<Request> mlir::mask::parsePrompt(StringRef prompt,
                                          std::optional<int64_t> window) {
  Row types, ranges;
  SmallVector<StringRef> segments;
  SplitString(prompt, segments);
  for (StringRef segment : segments) {
    auto error = [&](const Twine &message) {
      return createStringError("prompt segment '" + segment + "': " + message);
    };
    auto [kind, counts] = segment.split(':');
    std::optional<int64_t> type = tokenTypeOf(kind);
    if (!type)
      return error("'" + kind + "' is not text, image, video or audio");
    SmallVector<StringRef> items;
    counts.split(items, ',');
    for (StringRef item : items) {
      int64_t count, start = types.size();
      if (item.getAsInteger(10, count) || count < 1)
        return error("'" + item + "' is not a number of tokens");
      if (count > kMaxFactTokens - start)
        return error("more than " + Twine(kMaxFactTokens) + " tokens");
      types.insert(types.end(), count, *type);
      bool isItem = kind == "image" || kind == "video";
      if (isItem)
        ranges.insert(ranges.end(), {start, start + count - 1});
    }
  }
  if (types.empty())
    return createStringError("the prompt has no tokens");
  Request request;
  int64_t length = types.size();
  request.queries = request.keys = length;
  request.batched = true;
  for (StringRef name : {"q_len", "kv_len", "length"})
    request.facts[name.str()] = length;
  auto tokens = IntegerArray::zeros({1, length});
  tokens->values = std::move(types);
  request.facts["token_types"] =
      std::shared_ptr<const IntegerArray>(std::move(tokens));
  auto items =
      IntegerArray::zeros({1, static_cast<int64_t>(ranges.size()) / 2, 2});
  items->values = std::move(ranges);
  request.facts["item_ranges"] =
      std::shared_ptr<const IntegerArray>(std::move(items));
  if (window)
    if (Error failed = setParameter(request, "window", *window))
      return failed;
  return request;
}
