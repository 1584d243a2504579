//===- FactTable.cpp - the keys of a request --------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Request/Facts.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace mlir::mask;

/// Ids and positions fit in i32 and lie between `-kNoKey` and `kNoKey`.
/// Lengths cannot be negative; positions can: queries may begin before the
/// keys, and a slot that is not written has no position.
static constexpr int64_t kMaxId = (int64_t(1) << 30) - 1;

/// What a parameter may be depends on the convention of its policy, whose ops
/// say it: a window of 0 is one key here and none there.
static constexpr FactInfo kFacts[] = {
    {"q_len", FactKind::Extent, 0, 0, 0, kMaxFactTokens},
    {"kv_len", FactKind::Extent, 0, 0, 0, kMaxFactTokens},
    {"q_offset", FactKind::Offset, 32, 1, -kMaxId, kMaxId},
    {"kv_offset", FactKind::Offset, 32, 1, -kMaxId, kMaxId},
    {"window", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"chunk", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"left", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"right", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"prefix", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"offset", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"lookback", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"page", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"q_block", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"dilation", FactKind::Parameter, 0, 0, -kMaxId, kMaxId},
    {"left_padding", FactKind::PerRow, 32, 1, 0, kMaxId},
    {"token_types", FactKind::TokenRuns, 8, 2, 0, 3},
    {"key_valid", FactKind::TokenRuns, 1, 2, 0, 1},
    {"sequence_ids", FactKind::TokenRuns, 32, 2, -1, kMaxId},
    {"block_ids", FactKind::TokenRuns, 32, 2, -1, kMaxId},
    {"document_ids", FactKind::TokenRuns, 32, 2, -1, kMaxId},
    {"item_ranges", FactKind::ItemRanges, 32, 3, 0, kMaxId},
    {"positions", FactKind::TokenList, 32, 2, -kMaxId, kMaxId},
    {"query_positions", FactKind::QueryList, 32, 2, -kMaxId, kMaxId},
    {"key_positions", FactKind::KeyList, 32, 2, -kMaxId, kMaxId},
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
  return std::max({int64_t(0), *max_element(queryOffset) + queries,
                   *max_element(keyOffset) + keys});
}

SmallVector<StringRef> Request::getGivenFacts() const {
  SmallVector<StringRef> names;
  for (const FactInfo &fact : kFacts) {
    bool isFact = fact.isRequestKey() && fact.kind != FactKind::Extent &&
                  fact.kind != FactKind::Offset;
    bool isFound = findsSequences && fact.name == "sequence_ids";
    if (isFact && !isFound && lookup(fact.name))
      names.push_back(fact.name);
  }
  return names;
}

bool Request::repeat(int64_t rows) {
  batch = rows;
  bool repeats = false;
  for (auto &[name, value] : facts) {
    auto *given = std::get_if<std::shared_ptr<const IntegerArray>>(&value);
    if (!given)
      continue;
    auto repeated = std::make_shared<IntegerArray>(**given);
    repeated->shape.front() = rows;
    for (int64_t row = 1; row < rows; ++row)
      repeated->values.insert(repeated->values.end(), (*given)->values.begin(),
                              (*given)->values.end());
    value = std::shared_ptr<const IntegerArray>(std::move(repeated));
    repeats = true;
  }
  return repeats;
}

const HostValue *Request::lookup(StringRef name) const {
  auto found = facts.find(name);
  return found == facts.end() ? nullptr : &found->second;
}
