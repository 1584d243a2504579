//===- StrictJson.cpp - JSON from strangers ---------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Support/StrictJson.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <vector>

using namespace llvm;

static constexpr size_t kMostLevels = 100;

/// The end of the string that begins at `begin`, behind its quote.
static size_t skipString(StringRef text, size_t begin) {
  size_t i = begin + 1;
  while (i < text.size() && text[i] != '"')
    i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

/// The string that a token stands for: one key may be spelled in several ways.
static std::string decodeString(StringRef token) {
  if (token.contains('\\')) {
    Expected<json::Value> value = json::parse(token);
    if (!value)
      consumeError(value.takeError());
    else if (std::optional<StringRef> decoded = value->getAsString())
      return decoded->str();
  }
  return token.drop_front(token.starts_with("\""))
      .drop_back(token.size() > 1)
      .str();
}

static Error makeError(StringRef text, size_t at, const Twine &message) {
  StringRef before = text.take_front(at);
  size_t line = before.count('\n') + 1;
  size_t column = at - (before.rfind('\n') + 1);
  return createStringError("[" + Twine(line) + ":" + Twine(column) +
                           ", byte=" + Twine(at) + "]: " + message);
}

Error mlir::mask::checkJsonStructure(StringRef text) {
  // The keys of each object around the current place; arrays have none.
  std::vector<StringSet<>> levels;
  size_t begin = 0;
  StringRef token;
  for (size_t i = 0; i < text.size();) {
    switch (text[i]) {
    case '"':
      begin = i;
      i = skipString(text, i);
      token = text.slice(begin, i);
      continue;
    case ':':
      // Only a key stands before a colon.
      if (!levels.empty() && !levels.back().insert(decodeString(token)).second)
        return makeError(text, begin, "key " + token + " occurs twice");
      break;
    case '{':
    case '[':
      if (levels.size() == kMostLevels)
        return makeError(
            text, i, "nested more than " + Twine(kMostLevels) + " levels deep");
      levels.emplace_back();
      break;
    case '}':
    case ']':
      if (!levels.empty())
        levels.pop_back();
      break;
    default:
      break;
    }
    ++i;
  }
  return Error::success();
}

std::string mlir::mask::printJson(const json::Value &value) {
  std::string text = formatv("{0}", value).str();
  constexpr size_t kMostCharacters = 60;
  return text.size() > kMostCharacters ? text.substr(0, kMostCharacters) + "..."
                                       : text;
}
