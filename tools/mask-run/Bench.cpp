//===- Bench.cpp - timing of compiled attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bench.h"

#include "Mask/Device/Device.h"
#include "Mask/Execution/ObserveTiles.h"
#include "Mask/Inspect/MaskInstance.h"
#include "Mask/Inspect/TileMap.h"

#include "llvm/ADT/BitVector.h"
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
/// What the mask itself says, whatever the time. Like all counts of masks,
/// those of pairs and tiles are over the batch rows, and over heads only where
/// masks differ by head.
struct Counts {
  int64_t visible = 0, computed = 0;
  TileCounts tiles;
  /// Heads that each pair stands for.
  int64_t copies = 1;
  /// Keys that are read, over batch rows and key heads.
  int64_t keysRead = 0;
};
} // namespace

/// The score elements that the code computes, by its own account: pairs of a
/// query and a key that exist, in tiles that it does not skip; and the keys of
/// these tiles, each once, as if none were read a second time.
static LogicalResult observeTiles(PolicyOp policy, const Request &request,
                                  const BenchOptions &options, bool byHead,
                                  Counts &counts) {
  JitOptions jit = options.jit;
  // Tiles are of keys, wherever these lie.
  jit.pageSize = 0;
  // One head stands for all: its tiles are theirs.
  if (!byHead)
    jit.schedule.heads = 1;
  FailureOr<TileObserver> observer = TileObserver::compile(
      policy, options.layerType, options.packing, request, std::move(jit));
  int64_t heads = byHead ? options.heads : 1;
  int64_t keyHeads = byHead ? options.keyHeads : 1;
  std::vector<llvm::BitVector> read(request.batch * keyHeads,
                                    llvm::BitVector(request.keys));
  auto add = [&](const ObservedTile &tile) {
    counts.computed += tile.getNumPairs();
    int64_t keyHead = tile.head / (heads / keyHeads);
    read[tile.batch * keyHeads + keyHead].set(tile.key, tile.key + tile.keys);
  };
  if (failed(observer) || failed(observer->observe(request, heads, add)))
    return failure();
  for (const llvm::BitVector &keys : read)
    counts.keysRead += keys.count() * (options.keyHeads / keyHeads);
  return success();
}

static constexpr TileShape kTile{64, 64};

static FailureOr<Counts> countMask(PolicyOp policy, const Request &request,
                                   const BenchOptions &options) {
  auto instance =
      instantiateMask(policy, options.layerType, options.packing, &request);
  if (failed(instance))
    return failure();
  Value predicate = (*instance)->simplified;
  bool byHead = dependsOnHead(predicate);
  FailureOr<MaskView> view =
      buildMaskView(policy.getLoc(), predicate, (*instance)->facts,
                    getExtents(request, request.batch),
                    byHead ? options.heads : 1, (*instance)->written);
  if (failed(view))
    return failure();
  Counts counts;
  // Kernels on a device do not report.
  if (!options.jit.device &&
      failed(observeTiles(policy, request, options, byHead, counts)))
    return failure();
  counts.copies = byHead ? 1 : options.heads;
  counts.visible = view->countVisible();
  counts.tiles = countTiles(*view, kTile);
  return counts;
}

/// What has to move at least: queries and outputs, and of keys and values those
/// that are visited.
static double gigabytes(const AttentionArrays &s, int64_t keysRead,
                        DataType type) {
  double bytes = getSize(type);
  double rows = double(s.batch) * s.heads * s.queries + keysRead;
  return bytes * rows * (s.dim + s.valueDim) * 1e-9;
}

LogicalResult mlir::mask::runBench(PolicyOp policy, const Request &request,
                                   BenchOptions options, raw_ostream &os) {
  AttentionArrays sizes;
  sizes.batch = request.batch;
  sizes.heads = options.heads;
  sizes.keyHeads = options.keyHeads;
  sizes.queries = request.queries;
  sizes.keys = request.keys;
  sizes.dim = sizes.valueDim = options.dim;
  if (llvm::Error error = checkSizes(sizes))
    return emitError(UnknownLoc::get(policy.getContext()))
           << llvm::toString(std::move(error));
  chooseTileRows(policy, sizes, options.jit);
  options.jit.pageSize = options.pageSize;
  FailureOr<Counts> counts = countMask(policy, request, options);
  if (failed(counts))
    return failure();
  FailureOr<std::unique_ptr<AttentionKernel>> kernel = failure();
  double compileTime = time([&] {
    kernel =
        AttentionKernel::compile(policy, options.layerType, options.packing,
                                 request, options.jit, options.form);
  });
  if (failed(kernel))
    return failure();
  FailureOr<KernelFacts> facts = (*kernel)->bind(request);
  if (failed(facts))
    return failure();

  AttentionBuffers buffers = makeRandomAttention(sizes, options.pageSize);
  if (options.form)
    if (std::optional<float> scale = getConstantScale(options.form))
      buffers.sizes.scale = *scale;
  Device *device = options.jit.device;
  llvm::Error error = llvm::Error::success();
  // Once there is an error, nothing more is run.
  auto measure = [&](const KernelArrays &arrays) -> double {
    double before = device ? device->getKernelTime() : 0;
    double elapsed = time([&] {
      if (!error)
        error = (*kernel)->run(arrays, *facts);
    });
    return device ? device->getKernelTime() - before : elapsed;
  };
  DataType type = (*kernel)->getDataType();
  KernelArrays data(buffers.sizes, type);
  measure(data);
  std::vector<double> times, tableTimes;
  for (int64_t i = 0; i < options.repeat; ++i)
    times.push_back(measure(data));
  llvm::sort(times);
  // Without queries there is nothing left to do but ids and tables.
  AttentionArrays withoutQueries = buffers.sizes;
  withoutQueries.queries = 0;
  KernelArrays none(withoutQueries, type);
  for (int64_t i = 0; i < options.repeat && !device; ++i)
    tableTimes.push_back(measure(none));
  if (error)
    return emitError(policy.getLoc()) << llvm::toString(std::move(error));

  double seconds = times.front() * 1e-3;
  double flops =
      2.0 * counts->visible * counts->copies * (sizes.dim + sizes.valueDim);
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("policy", policy.getSymName());
    json.attribute("layer_type", options.layerType);
    json.attribute("dtype", getDataTypeName(type));
    if (device)
      json.attribute("device", device->getName());
    else
      json.attribute("threads", options.threads);
    json.attribute("compile_ms", compileTime);
    if (!options.jit.cacheDirectory.empty())
      json.attribute("from_cache", (*kernel)->isFromCache());
    if (!device)
      json.attribute("tables_ms", *llvm::min_element(tableTimes));
    json.attribute("min_ms", times.front());
    json.attribute("median_ms", times[times.size() / 2]);
    json.attribute("visible_pairs", counts->visible);
    if (!device)
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
    if (!device)
      json.attribute("GBps",
                     gigabytes(sizes, counts->keysRead, type) / seconds);
  });
  os << "\n";
  return success();
}
