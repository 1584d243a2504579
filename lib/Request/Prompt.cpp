//===- Prompt.cpp - requests from prompts -----------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FactParsing.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir::mask;
using namespace mlir::mask::facts;

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
  request.isPrompt = true;
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
