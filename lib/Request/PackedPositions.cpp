//===- PackedPositions.cpp - packed rows found by positions -----*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Request/PolicyLibrary.h"

using namespace mlir;
using namespace mlir::mask;

using Array = std::shared_ptr<const IntegerArray>;

static Array getArray(const Request &request, StringRef name) {
  const HostValue *value = request.lookup(name);
  const Array *array = value ? std::get_if<Array>(value) : nullptr;
  return array ? *array : nullptr;
}

static bool isZero(int64_t value) { return value == 0; }

/// Whether all tokens are new, and there is none that is not valid.
static bool isWholeAndUnpadded(const Request &request) {
  Array valid = getArray(request, "key_valid");
  Array padding = getArray(request, "left_padding");
  return request.queries == request.keys &&
         llvm::all_of(request.queryOffset, isZero) &&
         llvm::all_of(request.keyOffset, isZero) &&
         (!valid || llvm::none_of(valid->values, isZero)) &&
         (!padding || llvm::all_of(padding->values, isZero));
}

Request mlir::mask::placeSequences(PolicyOp policy, Request request) {
  Array positions = getArray(request, "positions");
  if (!policy.getSequencesFromPositions() || !positions ||
      request.lookup("sequence_ids") || !isWholeAndUnpadded(request))
    return request;
  auto ids = IntegerArray::zeros(positions->shape);
  int64_t size = positions->getSize(1);
  bool isPacked = false;
  for (int64_t i = 0, count = ids->getNumElements(); i < count; ++i) {
    if (i % size == 0)
      continue;
    bool follows = positions->values[i] == positions->values[i - 1] + 1;
    ids->values[i] = ids->values[i - 1] + (follows ? 0 : 1);
    isPacked |= !follows;
  }
  if (!isPacked)
    return request;
  request.facts["sequence_ids"] = Array(std::move(ids));
  request.findsSequences = true;
  return request;
}
