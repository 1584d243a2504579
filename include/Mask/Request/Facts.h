//===- Facts.h - what a policy is told -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_REQUEST_FACTS_H
#define MASK_REQUEST_FACTS_H

#include "Mask/Analysis/HostValue.h"

#include "mlir/IR/Types.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <map>
#include <optional>
#include <string>

namespace mlir::mask {

/// The shapes that keys of a request have (docs/Facts.md).
enum class FactKind {
  Extent,     ///< `q_len`, `kv_len`: an integer
  Offset,     ///< an integer, or one per batch row
  Parameter,  ///< an integer
  PerRow,     ///< one integer per batch row
  TokenRuns,  ///< per batch row, run-length `[[value, count], ...]`
  TokenList,  ///< per batch row, one integer per token
  QueryList,  ///< per batch row, one integer per query
  KeyList,    ///< per batch row, one integer per key
  ItemRanges, ///< per batch row, inclusive ranges `[[start, end], ...]`
  Derived     ///< not in a request: computed from it
};

/// A key of a request, and the fact of the same name that policies take.
struct FactInfo {
  llvm::StringLiteral name;
  FactKind kind;
  /// Bits of an element; 0 for `index`.
  unsigned width;
  /// 0 for `index`, 1 for `[batch]`, 2 for `[batch, seq]`, 3 for
  /// `[batch, items, 2]`.
  unsigned rank;
  /// The least and the greatest value.
  int64_t least, greatest;

  /// Whether a request may have it.
  bool isRequestKey() const { return kind != FactKind::Derived; }
};

/// Every key of a request and every derived fact (`length`).
llvm::ArrayRef<FactInfo> getKnownFacts();
/// The fact of that name, or null.
const FactInfo *lookupFact(llvm::StringRef name);
/// `index`, or a tensor with dynamic sizes.
Type getFactType(MLIRContext *context, const FactInfo &fact);

/// A request ends at this position at the latest, so that per-token data have
/// at most as many tokens per batch row.
inline constexpr int64_t kMaxFactTokens = int64_t(1) << 26;

/// The facts of one prompt or one step, checked.
struct Request {
  /// Extents of the mask.
  int64_t queries = 0, keys = 0;
  /// Absolute position of the first query and key: one, or one per batch row.
  /// Negative ones lie before all facts.
  llvm::SmallVector<int64_t> queryOffset{0}, keyOffset{0};
  /// Batch rows. Facts that have a batch (`batched`) agree on it; without any,
  /// and for a prompt, it is 1, and the request serves any number of rows.
  int64_t batch = 1;
  bool batched = false;
  /// Whether it was made of a prompt, which has types and ranges alike.
  bool isPrompt = false;
  /// Whether `sequence_ids` were not given, but found by positions.
  bool findsSequences = false;
  /// What was given, by name, plus `length`. Per-token facts are `[batch,
  /// seq]`, indexed by absolute position.
  std::map<std::string, HostValue, std::less<>> facts;

  /// The offsets of a batch row.
  int64_t getQueryOffset(int64_t row) const {
    return queryOffset.size() == 1 ? queryOffset[0] : queryOffset[row];
  }
  int64_t getKeyOffset(int64_t row) const {
    return keyOffset.size() == 1 ? keyOffset[0] : keyOffset[row];
  }
  /// Tokens that the facts cover: the greatest end of the keys, or of the
  /// queries if that is larger.
  int64_t getLength() const;
  /// The names of the facts that were given, in the order of the table.
  llvm::SmallVector<llvm::StringRef> getGivenFacts() const;
  /// Has the facts of one batch row serve `rows` rows. Returns whether there
  /// are any with batch rows (those of a prompt).
  bool repeat(int64_t rows);
  /// The fact, or null where it was not given.
  const HostValue *lookup(llvm::StringRef name) const;
};

/// Reads a `request` object, or a whole case whose `request` it then is. Every
/// error names the key and has the offending numbers in it.
llvm::Expected<Request> parseRequest(llvm::StringRef text);
/// Reads the file; errors start with its path.
llvm::Expected<Request> readRequest(llvm::StringRef path);

/// Builds the request of a prompt without cache: `text:16 image:280,280
/// video:64 audio:10`. Several counts after one kind are items that touch.
llvm::Expected<Request> parsePrompt(llvm::StringRef prompt,
                                    std::optional<int64_t> window);

/// Adds or replaces an integer parameter, such as the `--window` of a tool.
llvm::Error setParameter(Request &request, llvm::StringRef name, int64_t value);

} // namespace mlir::mask

#endif // MASK_REQUEST_FACTS_H
