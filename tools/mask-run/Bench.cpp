//===- Bench.cpp - timing of compiled attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bench.h"

#include "Mask/Tools/MaskInstance.h"
#include "Mask/Tools/ObserveTiles.h"
#include "Mask/Tools/TileMap.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

#include <chrono>

using namespace mlir;
using namespace mlir::mask;

/// Milliseconds that `run` takes.
static double time(llvm::function_ref<void()> run) {
  auto start = std::chrono::steady_clock::now();
  run();
  std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  return elapsed.count();
}

namespace {
/// What the mask itself says, whatever the time.
struct Counts {
  int64_t visible = 0, computed = 0;
  TileCounts tiles;
};
} // namespace

/// The score elements that the code computes, by its own account: pairs of a
/// query and a key that exist, in tiles that it does not skip.
static FailureOr<int64_t> countComputed(PolicyOp policy, const Request &request,
                                        const BenchOptions &options,
                                        int64_t heads) {
  FailureOr<TileObserver> observer = TileObserver::compile(
      policy, options.layerType, options.packing, request, options.jit);
  int64_t computed = 0;
  auto add = [&](const ObservedTile &tile) { computed += tile.getNumPairs(); };
  if (failed(observer) || failed(observer->observe(request, heads, add)))
    return failure();
  return computed;
}

static constexpr TileShape kTile{64, 64};

static FailureOr<Counts> countMask(PolicyOp policy, const Request &request,
                                   const BenchOptions &options) {
  auto instance =
      instantiateMask(policy, options.layerType, options.packing, &request);
  if (failed(instance))
    return failure();
  FailureOr<MaskExtents> extents = getExtents(policy.getLoc(), request);
  if (failed(extents))
    return failure();
  Value predicate = (*instance)->simplified;
  bool byHead = dependsOnHead(predicate);
  FailureOr<MaskView> view =
      buildMaskView(policy.getLoc(), predicate, (*instance)->facts, *extents,
                    byHead ? options.heads : 1);
  if (failed(view))
    return failure();
  int64_t copies = byHead ? 1 : options.heads;
  FailureOr<int64_t> computed =
      countComputed(policy, request, options, byHead ? options.heads : 1);
  if (failed(computed))
    return failure();
  Counts counts;
  counts.visible = view->countVisible() * copies;
  counts.computed = *computed * copies;
  counts.tiles = countTiles(*view, kTile);
  return counts;
}

static double gigabytes(const AttentionArrays &s, DataType type) {
  double bytes = type == DataType::F32 ? 4 : 2;
  double elements =
      double(s.batch) * (double(s.heads) * s.queries * (s.dim + s.valueDim) +
                         double(s.keyHeads) * s.keys * (s.dim + s.valueDim));
  return bytes * elements * 1e-9;
}

LogicalResult mlir::mask::runBench(PolicyOp policy, const Request &request,
                                   const BenchOptions &options,
                                   raw_ostream &os) {
  FailureOr<Counts> counts = countMask(policy, request, options);
  if (failed(counts))
    return failure();
  FailureOr<std::unique_ptr<AttentionKernel>> kernel = failure();
  double compileTime = time([&] {
    kernel = AttentionKernel::compile(policy, options.layerType,
                                      options.packing, request, options.jit);
  });
  if (failed(kernel))
    return failure();
  FailureOr<KernelFacts> facts = (*kernel)->bind(request);
  if (failed(facts))
    return failure();

  AttentionArrays sizes;
  sizes.batch = request.batch;
  sizes.heads = options.heads;
  sizes.keyHeads = options.keyHeads;
  sizes.queries = request.queries;
  sizes.keys = request.keys;
  sizes.dim = sizes.valueDim = options.dim;
  AttentionBuffers buffers = makeRandomAttention(sizes);
  (*kernel)->run(buffers.sizes, *facts);
  std::vector<double> times, tableTimes;
  for (int64_t i = 0; i < options.repeat; ++i)
    times.push_back(time([&] { (*kernel)->run(buffers.sizes, *facts); }));
  llvm::sort(times);
  // Without queries there is nothing left to do but ids and tables.
  AttentionArrays none = buffers.sizes;
  none.queries = 0;
  for (int64_t i = 0; i < options.repeat; ++i)
    tableTimes.push_back(time([&] { (*kernel)->run(none, *facts); }));

  double seconds = times.front() * 1e-3;
  double flops = 2.0 * counts->visible * (sizes.dim + sizes.valueDim);
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("policy", policy.getSymName());
    json.attribute("layer_type", options.layerType);
    json.attribute("dtype", getDataTypeName(options.type));
    json.attribute("threads", options.threads);
    json.attribute("compile_ms", compileTime);
    json.attribute("tables_ms", *llvm::min_element(tableTimes));
    json.attribute("min_ms", times.front());
    json.attribute("median_ms", times[times.size() / 2]);
    json.attribute("visible_pairs", counts->visible);
    json.attribute("computed_pairs", counts->computed);
    json.attribute("gflops", flops / seconds * 1e-9);
    json.attributeObject("tiles", [&] {
      json.attribute("query", kTile.query);
      json.attribute("key", kTile.key);
      json.attribute("total", counts->tiles.total);
      json.attribute("visited", counts->tiles.visited);
      json.attribute("core", counts->tiles.core);
      json.attribute("edge", counts->tiles.edge);
    });
    json.attribute("GBps", gigabytes(sizes, options.type) / seconds);
  });
  os << "\n";
  return success();
}
