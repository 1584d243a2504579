//===- ScheduleAttrs.cpp - what schedules may say -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/MaskAttrs.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

// Code grows with vectors and register tiles, scratch memory with tiles, and
// each part of the keys has a state of its own.
static constexpr int64_t kMostUnrolled = 64, kMostTile = 4096,
                         kMostParts = 4096;

/// What tiles and parts of every target have to be.
static LogicalResult verifyTile(function_ref<InFlightDiagnostic()> emitError,
                                int64_t queryTile, int64_t keyTile,
                                int64_t heads, int64_t parts) {
  if (queryTile > kMostTile / heads || keyTile > kMostTile)
    return emitError() << "a tile has at most " << kMostTile
                       << " rows, and as many keys, got " << queryTile
                       << " queries of " << heads << " heads, and " << keyTile
                       << " keys";
  if (parts > kMostParts)
    return emitError() << "there are at most " << kMostParts << " parts, got "
                       << parts;
  return success();
}

//===----------------------------------------------------------------------===//
// CPU
//===----------------------------------------------------------------------===//

LogicalResult
CPUScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                        int64_t queryTile, int64_t keyTile, int64_t heads,
                        int64_t parts, int64_t lanes, int64_t rows, bool pairs,
                        bool amx, bool columns) {
  if (queryTile < 1 || keyTile < 1 || heads < 1 || parts < 1 || lanes < 1 ||
      rows < 1)
    return emitError() << "tile sizes, heads, parts, lanes and rows must be at "
                          "least 1, got "
                       << queryTile << ", " << keyTile << ", " << heads << ", "
                       << parts << ", " << lanes << ", " << rows;
  if (lanes > kMostUnrolled || rows > kMostUnrolled)
    return emitError() << "lanes and rows must be at most " << kMostUnrolled
                       << ", got " << lanes << " and " << rows;
  if (failed(verifyTile(emitError, queryTile, keyTile, heads, parts)))
    return failure();
  if (pairs && !llvm::is_contained({4, 8, 16}, lanes))
    return emitError() << "pairs need 4, 8 or 16 lanes, got " << lanes;
  if (amx && (!pairs || columns || lanes != 16))
    return emitError() << "amx needs pairs of bf16 and rows in 16 lanes, got "
                       << lanes << " lanes" << (pairs ? "" : ", no pairs")
                       << (columns ? ", columns" : "");
  if (amx && keyTile % 32)
    return emitError() << "amx multiplies 32 keys at a time: key_tile must be "
                          "a multiple of it, got "
                       << keyTile;
  if (!columns)
    return success();
  if (!llvm::isPowerOf2_64(lanes) || queryTile > lanes / heads)
    return emitError() << "columns in lanes need a power of two of lanes, and "
                          "no more rows, got "
                       << lanes << " lanes and " << queryTile << " queries of "
                       << heads << " heads";
  // A vector of scores holds whole keys, of a tile that is whole all of them.
  int64_t keys = lanes / llvm::bit_ceil(uint64_t(queryTile * heads));
  if (keyTile % keys)
    return emitError() << "with columns in lanes " << keys
                       << " keys share a vector of scores: key_tile must be a "
                          "multiple of it, got "
                       << keyTile;
  return success();
}

//===----------------------------------------------------------------------===//
// GPU
//===----------------------------------------------------------------------===//

int64_t GPUScheduleAttr::getNumThreads() const {
  if (!hasTensorCores())
    return getThreads();
  constexpr int64_t warpThreads = 32;
  return llvm::divideCeil(getQueryTile() * getHeads(), getWarpRows()) *
         warpThreads;
}

/// What only one kind of code has a choice of.
static LogicalResult verifyThreads(function_ref<InFlightDiagnostic()> emitError,
                                   GPUTileCode code, int64_t rows,
                                   int64_t warpRows, int64_t threads,
                                   int64_t depth) {
  constexpr int64_t mostThreads = 1024, mostWarps = 32;
  if (code == GPUTileCode::TensorCore) {
    if (threads || depth)
      return emitError() << "threads and depth are no choice on tensor cores, "
                            "got "
                         << threads << " and " << depth;
    if (warpRows != 16 && warpRows != 32)
      return emitError() << "a warp has 16 or 32 rows, got " << warpRows;
    if (rows > mostWarps * warpRows)
      return emitError() << "a workgroup has at most " << mostWarps
                         << " warps, got " << rows << " rows, of " << warpRows
                         << " per warp";
    return success();
  }
  if (warpRows)
    return emitError() << "warp_rows is a choice on tensor cores only, got "
                       << warpRows;
  if (threads < 1 || threads % 16 || threads > mostThreads)
    return emitError() << "threads must be a multiple of 16, and at most "
                       << mostThreads << ", got " << threads;
  if (depth < 1)
    return emitError() << "depth must be at least 1, got " << depth;
  return success();
}

LogicalResult
GPUScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                        GPUTileCode code, int64_t queryTile, int64_t keyTile,
                        int64_t heads, int64_t parts, int64_t warpRows,
                        int64_t threads, int64_t depth, int64_t valueColumns,
                        GPUTileOrder order) {
  if (queryTile < 1 || heads < 1 || parts < 1)
    return emitError() << "query_tile, heads and parts must be at least 1, got "
                       << queryTile << ", " << heads << " and " << parts;
  for (int64_t columns : {keyTile, valueColumns})
    if (columns < 1 || columns % 16)
      return emitError() << "key_tile and value_columns must be positive "
                            "multiples of 16, got "
                         << keyTile << " and " << valueColumns;
  if (failed(verifyTile(emitError, queryTile, keyTile, heads, parts)))
    return failure();
  return verifyThreads(emitError, code, queryTile * heads, warpRows, threads,
                       depth);
}
