//===- FactParsing.cpp - values of a request --------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FactParsing.h"

#include "Mask/Support/StrictJson.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

using namespace llvm;
using namespace mlir::mask;
using namespace mlir::mask::facts;

Expected<int64_t> facts::parseNumber(const json::Value &value,
                                     const Place &place) {
  std::optional<int64_t> number = value.getAsInteger();
  if (!number)
    return place.error("expected an integer, got " + printJson(value));
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
    return place.error("expected pairs " + what + ", got " + printJson(value));
  std::optional<int64_t> first = (*pair)[0].getAsInteger();
  std::optional<int64_t> second = (*pair)[1].getAsInteger();
  if (!first || !second)
    return place.error("expected pairs " + what + " of integers, got " +
                       printJson(value));
  return std::pair(*first, *second);
}

// Counts are summed before anything is allocated.
Error facts::parseRuns(const json::Array &runs, const Place &place,
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

Error facts::parseList(const json::Array &list, const Place &place,
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

Error facts::parseRanges(const json::Array &ranges, const Place &place,
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
