//===- RecoverMask.cpp - masks out of compiled code -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/RunAttention.h"

using namespace mlir;
using namespace mlir::mask;

/// Columns of value, so keys, per call.
static constexpr int64_t kColumns = 64;
/// Query and key are zero, so that any head dimension will do.
static constexpr int64_t kDim = 4;

/// Copies the columns of one call to the mask.
static void storeColumns(const GoldenCase &golden, ArrayRef<float> output,
                         int64_t firstKey, int64_t columns,
                         std::vector<uint8_t> &mask) {
  int64_t keys = golden.request.keys;
  int64_t rows = golden.batch * golden.request.queries;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t j = 0; j < std::min(columns, keys - firstKey); ++j)
      mask[row * keys + firstKey + j] = output[row * columns + j] > 0;
}

FailureOr<std::vector<uint8_t>>
mlir::mask::recoverMask(const GoldenCase &golden, PolicyOp policy,
                        KernelCache &kernels) {
  const Request &request = golden.request;
  // Compiled code checks no parameter.
  if (failed(
          interpretPolicy(policy, golden.layerType, golden.packing, request)))
    return failure();
  int64_t batch = golden.batch, queries = request.queries, keys = request.keys;
  const JitOptions &options = kernels.getOptions();
  int64_t dim = options.headDim ? options.headDim : kDim;
  int64_t columns =
      options.valueDim ? options.valueDim : std::min(kColumns, keys);
  AttentionArrays arrays{batch, 1, 1, queries, keys, dim, columns};
  FailureOr<AttentionKernel *> kernel =
      kernels.get(policy, golden.layerType, golden.packing, request, arrays);
  if (failed(kernel))
    return failure();
  FailureOr<KernelFacts> facts = (*kernel)->bind(request);
  if (failed(facts))
    return failure();

  std::vector<float> query(batch * queries * dim), key(batch * keys * dim);
  std::vector<float> logSumExp(batch * queries);
  std::vector<float> output(batch * queries * columns);
  arrays.query = query.data();
  arrays.key = key.data();
  arrays.output = output.data();
  arrays.logSumExp = logSumExp.data();
  std::vector<uint8_t> mask(batch * queries * keys);
  for (int64_t next = 0; next < keys; next += columns) {
    // The last call has as many columns as the others.
    int64_t first = std::max<int64_t>(std::min(next, keys - columns), 0);
    std::vector<float> value(batch * keys * columns);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t j = 0; j < std::min(columns, keys); ++j)
        value[(b * keys + first + j) * columns + j] = 1;
    arrays.value = value.data();
    if (llvm::Error error = (*kernel)->run(arrays, *facts))
      return emitError(policy.getLoc()) << llvm::toString(std::move(error));
    storeColumns(golden, output, first, columns, mask);
  }
  return mask;
}
