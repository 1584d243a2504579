//===- RenderWords.cpp - numbers and tokens in words ------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/Render.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::mask;

std::string mlir::mask::formatCount(int64_t count) {
  std::string digits = std::to_string(count);
  for (int64_t at = int64_t(digits.size()) - 3; at > (count < 0 ? 1 : 0);
       at -= 3)
    digits.insert(at, ",");
  return digits;
}

void mlir::mask::printWrapped(llvm::raw_ostream &os, llvm::StringRef label,
                              llvm::StringRef text) {
  constexpr size_t kWidth = 100;
  const size_t indent = label.size();
  os << label;
  while (indent + text.size() > kWidth) {
    // A space may stand right behind the last column.
    size_t at = text.take_front(kWidth - indent + 1).rfind(' ');
    if (at == llvm::StringRef::npos || at == 0)
      break;
    os << text.take_front(at) << "\n" << std::string(indent, ' ');
    text = text.drop_front(at + 1);
  }
  os << text << "\n";
}

std::string mlir::mask::formatShare(int64_t part, int64_t whole) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::format("%.1f %%", whole ? 100.0 * part / whole : 0.0);
  return text;
}

llvm::StringRef mlir::mask::getTokenName(TokenKind kind) {
  switch (kind) {
  case TokenKind::Text:
    return "text";
  case TokenKind::Image:
    return "image";
  case TokenKind::Video:
    return "video";
  case TokenKind::Audio:
    return "audio";
  case TokenKind::Padding:
    return "padding";
  case TokenKind::Block:
    return "block";
  }
  llvm_unreachable("every kind has a name");
}

char mlir::mask::getTokenLetter(TokenKind kind) {
  return getTokenName(kind).front();
}

std::string mlir::mask::describeTokens(llvm::ArrayRef<TokenSegment> tokens) {
  constexpr size_t kShown = 8;
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::ListSeparator comma;
  for (const TokenSegment &segment : tokens.take_front(kShown))
    os << comma << getTokenName(segment.kind) << " "
       << segment.end - segment.begin;
  if (tokens.size() > kShown)
    os << ", and " << tokens.size() - kShown << " more segments";
  return text;
}
