//===- ObserveTiles.cpp - which tiles compiled attention computes -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/ObserveTiles.h"

using namespace mlir;
using namespace mlir::mask;

/// Who is told of the tiles of the kernel that this thread runs. Compiled code
/// calls a function without a context of its own.
static thread_local const TileObserver::Sink *currentSink = nullptr;

/// Of the flag only the lowest bit is defined.
static void reportTile(int64_t batch, int64_t head, int64_t query, int64_t key,
                       int64_t queries, int64_t keys, uint8_t masked) {
  (*currentSink)({batch, head, query, key, queries, keys, (masked & 1) != 0});
}

FailureOr<TileObserver>
TileObserver::compile(PolicyOp policy, StringRef layerType,
                      std::optional<PackingRule> packing,
                      const Request &request, JitOptions options) {
  // On this thread, where the sink is.
  options.openmp = false;
  if (options.emulation)
    options.emulation->threads = 1;
  options.observer = reportTile;
  options.saveTemps.clear();
  auto kernel =
      AttentionKernel::compile(policy, layerType, packing, request, options);
  if (failed(kernel))
    return failure();
  return TileObserver(std::move(*kernel));
}

LogicalResult TileObserver::observe(const Request &request, int64_t heads,
                                    Sink sink) const {
  FailureOr<KernelFacts> facts = kernel->bind(request);
  if (failed(facts))
    return failure();
  // The loops do not depend on the data: one column of zeros.
  std::vector<float> queries(request.batch * heads * request.queries),
      keys(request.batch * request.keys), output(queries.size()),
      logSumExp(queries.size());
  AttentionArrays arrays;
  arrays.batch = request.batch;
  arrays.heads = heads;
  arrays.keyHeads = arrays.dim = arrays.valueDim = 1;
  arrays.queries = request.queries;
  arrays.keys = request.keys;
  arrays.query = queries.data();
  arrays.key = arrays.value = keys.data();
  arrays.output = output.data();
  arrays.logSumExp = logSumExp.data();
  const Sink *previous = currentSink;
  currentSink = &sink;
  llvm::Error error = kernel->run(arrays, *facts);
  currentSink = previous;
  if (error)
    return emitError(kernel->getLoc()) << llvm::toString(std::move(error));
  return success();
}
