//===- DescribeRequest.cpp - requests in words and as JSON -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/MaskInstance.h"

#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
using Array = std::shared_ptr<const IntegerArray>;

/// One batch row of an array of rank 2 or 3.
struct Row {
  ArrayRef<int64_t> elements;

  static Row of(const IntegerArray &array, int64_t b) {
    int64_t size =
        array.getNumElements() / std::max<int64_t>(1, array.getSize(0));
    return {ArrayRef<int64_t>(array.values).slice(b * size, size)};
  }
};
} // namespace

static Array getArray(const Request &request, StringRef name) {
  const HostValue *value = request.lookup(name);
  if (!value)
    return nullptr;
  const Array *array = std::get_if<Array>(value);
  return array ? *array : nullptr;
}

/// The row of a fact, or nothing where it is not given.
static ArrayRef<int64_t> getRow(const Request &request, StringRef name,
                                int64_t b) {
  Array array = getArray(request, name);
  if (!array || array->getSize(0) == 0)
    return {};
  return Row::of(*array, array->getSize(0) == 1 ? 0 : b).elements;
}

static TokenKind getKind(int64_t type) {
  switch (type) {
  case 1:
    return TokenKind::Image;
  case 2:
    return TokenKind::Video;
  case 3:
    return TokenKind::Audio;
  default:
    return TokenKind::Text;
  }
}

static std::vector<TokenSegment> getRowSegments(const Request &request,
                                                int64_t b) {
  ArrayRef<int64_t> types = getRow(request, "token_types", b);
  ArrayRef<int64_t> valid = getRow(request, "key_valid", b);
  ArrayRef<int64_t> blocks = getRow(request, "block_ids", b);
  ArrayRef<int64_t> ranges = getRow(request, "item_ranges", b);
  if (types.empty() && valid.empty() && blocks.empty() && ranges.empty())
    return {};
  int64_t length = request.getLength();
  // The number of the item or block that a token is in; 0 for none.
  std::vector<int64_t> item(length, 0);
  for (size_t i = 0; i + 1 < ranges.size(); i += 2)
    for (int64_t t = ranges[i]; t <= ranges[i + 1] && t < length; ++t)
      item[t] = i / 2 + 1;
  bool hasItems = llvm::any_of(item, [](int64_t i) { return i != 0; });
  for (int64_t t = 0; !hasItems && t < std::min<int64_t>(length, blocks.size());
       ++t)
    item[t] = blocks[t] + 1;

  auto kindOf = [&](int64_t t) {
    if (t < int64_t(valid.size()) && !valid[t])
      return TokenKind::Padding;
    if (t < int64_t(types.size()))
      return getKind(types[t]);
    return item[t] > 0 ? TokenKind::Block : TokenKind::Text;
  };
  std::vector<TokenSegment> segments;
  for (int64_t t = 0; t < length; ++t) {
    TokenKind kind = kindOf(t);
    bool isNew = segments.empty() || segments.back().kind != kind ||
                 (item[t] != item[t - 1] && kind != TokenKind::Padding);
    if (isNew)
      segments.push_back({t, t, kind});
    segments.back().end = t + 1;
  }
  return segments;
}

std::vector<std::vector<TokenSegment>>
mlir::mask::getTokenSegments(const Request &request) {
  std::vector<std::vector<TokenSegment>> rows;
  rows.reserve(request.batch);
  for (int64_t b = 0; b < request.batch; ++b)
    rows.push_back(getRowSegments(request, b));
  return rows;
}

std::string
mlir::mask::describeParameters(const Request &request,
                               ArrayRef<const MaskInstance *> instances) {
  std::string text;
  for (const FactInfo &fact : getKnownFacts()) {
    const HostValue *value = request.lookup(fact.name);
    const int64_t *number = value ? std::get_if<int64_t>(value) : nullptr;
    bool isUsed = llvm::any_of(instances, [&](const MaskInstance *instance) {
      return llvm::is_contained(instance->uses, fact.name);
    });
    if (number && isUsed && fact.kind == FactKind::Parameter)
      text += (text.empty() ? "" : ", ") + fact.name.str() + " " +
              std::to_string(*number);
  }
  return text;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static llvm::json::Array toRuns(ArrayRef<int64_t> row) {
  llvm::json::Array runs;
  for (size_t begin = 0; begin < row.size();) {
    size_t end = begin;
    while (end < row.size() && row[end] == row[begin])
      ++end;
    runs.push_back(llvm::json::Array{row[begin], int64_t(end - begin)});
    begin = end;
  }
  return runs;
}

static llvm::json::Array toRanges(ArrayRef<int64_t> row) {
  llvm::json::Array ranges;
  for (size_t i = 0; i + 1 < row.size(); i += 2)
    if (row[i] <= row[i + 1])
      ranges.push_back(llvm::json::Array{row[i], row[i + 1]});
  return ranges;
}

/// Facts over the queries or keys are tables over positions, which begin before
/// the offset.
static ArrayRef<int64_t> getListed(const Request &request, const FactInfo &fact,
                                   ArrayRef<int64_t> row, int64_t b) {
  if (fact.kind == FactKind::QueryList)
    return row.slice(request.getQueryOffset(b), request.queries);
  if (fact.kind == FactKind::KeyList)
    return row.slice(request.getKeyOffset(b), request.keys);
  return row;
}

static llvm::json::Value toJson(const Request &request, const FactInfo &fact,
                                const HostValue &value) {
  if (const int64_t *number = std::get_if<int64_t>(&value))
    return *number;
  const Array &array = std::get<Array>(value);
  if (array->getRank() == 1)
    return llvm::json::Array(ArrayRef<int64_t>(array->values));
  llvm::json::Array rows;
  for (int64_t b = 0; b < array->getSize(0); ++b) {
    ArrayRef<int64_t> row = Row::of(*array, b).elements;
    if (fact.kind == FactKind::TokenRuns)
      rows.push_back(toRuns(row));
    else if (fact.kind == FactKind::ItemRanges)
      rows.push_back(toRanges(row));
    else
      rows.push_back(llvm::json::Array(getListed(request, fact, row, b)));
  }
  return rows;
}

void mlir::mask::printRequest(raw_ostream &os, const Request &request) {
  auto offsets = [](ArrayRef<int64_t> offset) -> llvm::json::Value {
    if (offset.size() == 1)
      return offset.front();
    return llvm::json::Array(offset);
  };
  // One key a line: rows of facts are long.
  os << "{\n  \"q_len\": " << request.queries
     << ",\n  \"kv_len\": " << request.keys
     << ",\n  \"q_offset\": " << offsets(request.queryOffset)
     << ",\n  \"kv_offset\": " << offsets(request.keyOffset);
  for (StringRef name : request.getGivenFacts()) {
    const HostValue &value = *request.lookup(name);
    if (!std::holds_alternative<AbsentValue>(value))
      os << ",\n  \"" << name
         << "\": " << toJson(request, *lookupFact(name), value);
  }
  os << "\n}\n";
}
