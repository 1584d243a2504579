//===- Collectives.cpp - what the threads of a warp do together -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Collectives.h"

#include "llvm/ADT/bit.h"

#include <cstring>

using namespace mlir::mask;
using namespace mlir::mask::simt;

template <typename Request>
static Request &requestAs(void *request) {
  return *static_cast<Request *>(request);
}

//===----------------------------------------------------------------------===//
// Shuffles
//===----------------------------------------------------------------------===//

namespace {
struct ShuffleRequest {
  ShuffleMode mode;
  char *value;
  int32_t bytes, offset;
  bool valid;
};
} // namespace

static int64_t getSource(const ShuffleRequest &request, int64_t lane) {
  switch (request.mode) {
  case ShuffleMode::Xor:
    return lane ^ request.offset;
  case ShuffleMode::Down:
    return lane + request.offset;
  case ShuffleMode::Up:
    return lane - request.offset;
  case ShuffleMode::Idx:
    return request.offset;
  }
  llvm_unreachable("unknown mode");
}

bool simt::shuffle(Block &block, uint32_t site, ShuffleMode mode, void *value,
                   int32_t bytes, int32_t offset, int32_t width) {
  // What is unspecified is made useless.
  if (block.getId(IdKind::LaneId, 0) >= width) {
    memset(value, 0xff, bytes);
    return false;
  }
  ShuffleRequest request{mode, static_cast<char *>(value), bytes, offset,
                         false};
  block.collective(site, width, &request,
                   [](Block &, unsigned, llvm::ArrayRef<void *> requests) {
                     char values[32][16];
                     int64_t lanes = requests.size();
                     for (int64_t lane = 0; lane < lanes; ++lane) {
                       auto &from = requestAs<ShuffleRequest>(requests[lane]);
                       memcpy(values[lane], from.value, from.bytes);
                     }
                     for (int64_t lane = 0; lane < lanes; ++lane) {
                       auto &to = requestAs<ShuffleRequest>(requests[lane]);
                       int64_t source = getSource(to, lane);
                       to.valid = source >= 0 && source < lanes;
                       if (to.valid)
                         memcpy(to.value, values[source], to.bytes);
                       else
                         memset(to.value, 0xff, to.bytes);
                     }
                   });
  return request.valid;
}

void simt::syncWarp(Block &block, uint32_t site) {
  block.collective(site, 32, nullptr,
                   [](Block &, unsigned, llvm::ArrayRef<void *>) {});
}

//===----------------------------------------------------------------------===//
// Matrices: lane l holds row l / 4 and columns 2 (l % 4) and 2 (l % 4) + 1 of
// each 8 x 8.
//===----------------------------------------------------------------------===//

namespace {
struct LoadRequest {
  const uint16_t *row;
  uint16_t *fragment;
  int32_t tiles;
  bool transpose;
  uint32_t site;
};
} // namespace

static void checkRows(Block &block, unsigned first,
                      llvm::ArrayRef<void *> requests) {
  const auto &any = requestAs<LoadRequest>(requests.front());
  for (int32_t lane = 0; lane < 8 * any.tiles; ++lane) {
    const auto &request = requestAs<LoadRequest>(requests[lane]);
    if (reinterpret_cast<uintptr_t>(request.row) % 16) {
      Failure bad{Failure::Misaligned, request.site};
      bad.thread = first + lane;
      bad.number = 16;
      block.fail(bad);
    }
    // A row is read for several threads: two stand for all.
    unsigned row = lane % 8;
    unsigned reader = first + (request.transpose ? row / 2 : 4 * row);
    unsigned other = reader + (request.transpose ? 4 : 1);
    for (unsigned thread : {reader, other})
      block.access(request.site, AccessKind::Read, request.row, 16, thread);
  }
  // A matrix of eight rows at a time.
  for (int32_t tile = 0; tile < any.tiles; ++tile) {
    llvm::SmallVector<int64_t, 8> rows;
    for (int32_t row = 0; row < 8; ++row)
      rows.push_back(block.getMemory().getOffset(
          requestAs<LoadRequest>(requests[8 * tile + row]).row));
    block.checkBanks(any.site, first + 8 * tile, countBankSteps(kRows, rows),
                     block.getLaunch().options.matrixBankSteps);
  }
}

void simt::loadMatrices(Block &block, uint32_t site, const void *row,
                        int32_t tiles, bool transpose, void *fragment) {
  LoadRequest request{static_cast<const uint16_t *>(row),
                      static_cast<uint16_t *>(fragment), tiles, transpose,
                      site};
  block.collective(
      site, 32, &request,
      [](Block &block, unsigned first, llvm::ArrayRef<void *> requests) {
        checkRows(block, first, requests);
        for (size_t lane = 0; lane < requests.size(); ++lane) {
          auto &to = requestAs<LoadRequest>(requests[lane]);
          for (int32_t tile = 0; tile < to.tiles; ++tile)
            for (size_t e = 0; e < 2; ++e) {
              size_t row = lane / 4, column = 2 * (lane % 4) + e;
              if (to.transpose)
                std::swap(row, column);
              const auto &from =
                  requestAs<LoadRequest>(requests[8 * tile + row]);
              to.fragment[2 * tile + e] = from.row[column];
            }
        }
      });
}

namespace {
struct MultiplyRequest {
  const uint16_t *a, *b;
  float *c;
  int32_t depth;
};
} // namespace

static float convertBF16(uint16_t value) {
  return llvm::bit_cast<float>(uint32_t(value) << 16);
}

/// Exact, subnormal numbers and NaN included.
static float convertF16(uint16_t value) {
  uint32_t sign = uint32_t(value & 0x8000) << 16;
  uint32_t rest = value & 0x7fff;
  // Scaled by 2^-112 the exponent is right for all but infinity and NaN.
  float magnitude = llvm::bit_cast<float>(rest << 13) * 0x1.0p112f;
  uint32_t bits = llvm::bit_cast<uint32_t>(magnitude);
  if (rest >= 0x7c00)
    bits = 0x7f800000 | (rest & 0x3ff) << 13;
  return llvm::bit_cast<float>(sign | bits);
}

template <float convert(uint16_t)>
static void multiplyFragments(Block &, unsigned,
                              llvm::ArrayRef<void *> requests) {
  float a[16][16], b[16][8], sums[16][8] = {};
  int32_t depth = requestAs<MultiplyRequest>(requests.front()).depth;
  for (size_t lane = 0; lane < requests.size(); ++lane) {
    const auto &from = requestAs<MultiplyRequest>(requests[lane]);
    size_t row = lane / 4, pair = 2 * (lane % 4);
    for (int32_t r = 0; r < depth / 4; ++r)
      for (size_t e = 0; e < 2; ++e)
        a[row + 8 * (r % 2)][pair + e + 8 * (r / 2)] =
            convert(from.a[2 * r + e]);
    for (int32_t r = 0; r < depth / 8; ++r)
      for (size_t e = 0; e < 2; ++e)
        b[pair + e + 8 * r][row] = convert(from.b[2 * r + e]);
  }
  for (size_t i = 0; i < 16; ++i)
    for (int32_t k = 0; k < depth; ++k)
      for (size_t j = 0; j < 8; ++j)
        sums[i][j] += a[i][k] * b[k][j];
  for (size_t lane = 0; lane < requests.size(); ++lane) {
    auto &to = requestAs<MultiplyRequest>(requests[lane]);
    for (size_t r = 0; r < 2; ++r)
      for (size_t e = 0; e < 2; ++e)
        to.c[2 * r + e] += sums[lane / 4 + 8 * r][2 * (lane % 4) + e];
  }
}

void simt::multiply(Block &block, uint32_t site, HalfType type, int32_t depth,
                    const void *a, const void *b, float *c) {
  MultiplyRequest request{static_cast<const uint16_t *>(a),
                          static_cast<const uint16_t *>(b), c, depth};
  block.collective(site, 32, &request,
                   type == HalfType::F16 ? multiplyFragments<convertF16>
                                         : multiplyFragments<convertBF16>);
}
