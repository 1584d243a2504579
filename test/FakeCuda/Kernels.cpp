//===- Kernels.cpp - what PTX declares of its kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include <cstdio>
#include <cstring>
#include <optional>
#include <regex>

using namespace fake;

void Kernels::parseVersion(const std::string &text, int &major, int &minor) {
  int a = 0, b = 0;
  if (std::sscanf(text.c_str(), "%d.%d", &a, &b) == 2) {
    major = a;
    minor = b;
  }
}

/// The parameters between the parentheses of an entry.
static std::vector<Parameter> parseParameters(const std::string &text) {
  std::vector<Parameter> parameters;
  static const std::regex declaration(R"(\.param\s+\.[a-z](\d+)(\s+\.ptr)?)");
  for (std::sregex_iterator it(text.begin(), text.end(), declaration), end;
       it != end; ++it)
    parameters.push_back(
        {static_cast<unsigned>(std::stoi((*it)[1])) / 8, (*it)[2].matched});
  return parameters;
}

std::string Kernels::parse(const std::string &text, int major, int minor) {
  std::smatch target;
  if (!std::regex_search(text, target, std::regex(R"(\.target sm_(\d+))")))
    return "there is no .target";
  if (std::stoi(target[1]) > 10 * major + minor) {
    isForNewerChip = true;
    return target[0].str() + " on sm_" + std::to_string(10 * major + minor);
  }
  if (text.find(".extern .func") != std::string::npos)
    return "a function is missing";
  static const std::string entry = ".entry ";
  for (size_t at = text.find(entry); at != std::string::npos;
       at = text.find(entry, at)) {
    at += entry.size();
    size_t open = text.find('(', at), close = text.find(')', open),
           body = text.find('{', close);
    if (body == std::string::npos)
      return "an entry has no body";
    Kernel kernel;
    kernel.name = text.substr(at, open - at);
    kernel.parameters = parseParameters(text.substr(open, close - open));
    std::string directives = text.substr(close, body - close);
    std::smatch threads;
    if (std::regex_search(directives, threads,
                          std::regex(R"(\.(?:max|req)ntid (\d+))")))
      kernel.threads = static_cast<unsigned>(std::stoi(threads[1]));
    kernels[kernel.name] = kernel;
    at = body;
  }
  return "";
}

const Kernel *Kernels::lookup(const std::string &name) const {
  auto found = kernels.find(name);
  return found == kernels.end() ? nullptr : &found->second;
}

/// How many dimensions the descriptor has whose extents begin at `at`: those
/// after which strides follow that are row-major.
static std::optional<size_t> getRank(const std::vector<uint64_t> &words,
                                     size_t at, size_t end) {
  for (size_t rank = (end - at) / 2; rank > 0; --rank) {
    uint64_t stride = 1;
    bool isRowMajor = true;
    for (size_t dim = rank; dim-- > 0; stride *= words[at + dim])
      isRowMajor &= words[at + rank + dim] == stride;
    if (isRowMajor)
      return rank;
  }
  return std::nullopt;
}

std::string
Kernel::checkParameters(void **values,
                        const std::function<int64_t(uint64_t)> &getRoom,
                        std::ostream &line) const {
  std::vector<uint64_t> words;
  for (const Parameter &parameter : parameters) {
    if (!values[words.size()])
      return std::to_string(words.size()) + " parameters for " +
             std::to_string(parameters.size());
    uint64_t word = 0;
    std::memcpy(&word, values[words.size()], parameter.bytes);
    words.push_back(word);
  }
  if (values[words.size()])
    return "more than " + std::to_string(words.size()) + " parameters";
  for (size_t i = 0; i < words.size(); ++i) {
    if (!parameters[i].isPointer) {
      line << " " << static_cast<int64_t>(words[i]);
      continue;
    }
    std::string name = "parameter " + std::to_string(i);
    // The pointer twice, the offset, extents and strides.
    if (i + 2 >= words.size() || !parameters[i + 1].isPointer ||
        words[i] != words[i + 1] || words[i + 2])
      return name + " is not the beginning of an array";
    int64_t room = getRoom(words[i]);
    if (room < 0)
      return name + " lies in no allocation";
    if (words[i] % 16)
      return name + " does not start at a multiple of 16 bytes";
    size_t end = i + 3;
    while (end < words.size() && !parameters[end].isPointer)
      ++end;
    std::optional<size_t> rank = getRank(words, i + 3, end);
    if (!rank)
      return name + " has strides that are not row-major";
    int64_t elements = 1;
    line << " [";
    for (size_t dim = 0; dim < *rank; ++dim) {
      elements *= static_cast<int64_t>(words[i + 3 + dim]);
      line << (dim ? "x" : "") << words[i + 3 + dim];
    }
    if (elements > room)
      return name + " has " + std::to_string(elements) +
             " elements in an allocation of " + std::to_string(room) + " bytes";
    line << " in " << room << " bytes]";
    i += 2 + 2 * *rank;
  }
  return "";
}
