//===- Runtime.cpp - what emulated kernels call -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "Collectives.h"
#include "Launch.h"

#include "Mask/Emulation/Emulation.h"
#include "Mask/Emulation/RuntimeABI.h"

#include "llvm/Support/ErrorHandling.h"

using namespace mlir::mask;
using namespace mlir::mask::simt;

//===----------------------------------------------------------------------===//
// Sessions
//===----------------------------------------------------------------------===//

static thread_local EmulationSession *session = nullptr;

EmulationSession::EmulationSession(const EmulationOptions &options)
    : options(options), outer(std::exchange(session, this)) {}

EmulationSession::~EmulationSession() { session = outer; }

llvm::Error EmulationSession::takeError() {
  if (failure.empty())
    return llvm::Error::success();
  std::string message = std::move(failure);
  failure.clear();
  return llvm::createStringError(message);
}

void mask_simt_launch(const char *kernel, void (*thread)(void *),
                      void *arguments, const int64_t *numbers,
                      const char *sites, int64_t gridX, int64_t gridY,
                      int64_t gridZ, int64_t blockX, int64_t blockY,
                      int64_t blockZ, int64_t dynamicBytes, const void *arrays,
                      int64_t numArrays) {
  if (session && session->hasFailed())
    return;
  Launch launch;
  launch.kernel = kernel;
  launch.thread = thread;
  launch.arguments = arguments;
  launch.grid = {gridX, gridY, gridZ};
  launch.block = {blockX, blockY, blockZ};
  launch.knownBlock = {numbers[0], numbers[1], numbers[2]};
  for (int64_t i = 0; i < numbers[3]; ++i)
    launch.buffers.push_back({numbers[4 + 2 * i], numbers[5 + 2 * i]});
  launch.buffers.push_back({dynamicBytes, /*alignment=*/128});
  launch.sites = sites;
  if (numArrays >= 0)
    launch.arrays =
        llvm::ArrayRef(static_cast<const DeviceArray *>(arrays), numArrays);
  if (session)
    launch.options = session->getOptions();
  if (OutputWatch *outputs = launch.options.outputs)
    launch.number = outputs->beginLaunch(launch.kernel, launch.sites);
  std::string message = run(launch);
  if (message.empty())
    return;
  if (!session)
    llvm::report_fatal_error(llvm::StringRef(message),
                             /*gen_crash_diag=*/false);
  session->fail(std::move(message));
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

int64_t mask_simt_id(int32_t kind, int32_t dim) {
  return Block::get().getId(static_cast<IdKind>(kind), dim);
}

void mask_simt_barrier(int32_t site) { Block::get().barrier(site); }

void mask_simt_sync_warp(int32_t site) { syncWarp(Block::get(), site); }

int32_t mask_simt_shuffle(int32_t site, int32_t mode, void *value,
                          int32_t bytes, int32_t offset, int32_t width) {
  return shuffle(Block::get(), site, static_cast<ShuffleMode>(mode), value,
                 bytes, offset, width);
}

void mask_simt_ldmatrix(int32_t site, const void *row, int32_t tiles,
                        int32_t transpose, void *fragment) {
  loadMatrices(Block::get(), site, row, tiles, transpose, fragment);
}

void mask_simt_mma(int32_t site, int32_t type, int32_t depth, const void *a,
                   const void *b, float *c) {
  multiply(Block::get(), site, static_cast<HalfType>(type), depth, a, b, c);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void mask_simt_copy(int32_t site, void *to, const void *from, int64_t toBytes,
                    int64_t fromBytes) {
  Block::get().beginCopy(site, {static_cast<char *>(to),
                                static_cast<const char *>(from), toBytes,
                                fromBytes, /*done=*/false});
}

void mask_simt_commit() { Block::get().endGroup(); }

void mask_simt_wait(int32_t groups) { Block::get().waitForGroups(groups); }

void *mask_simt_workgroup_buffer(int32_t index) {
  return Block::get().getMemory().getBuffer(index);
}

static unsigned getDynamicBuffer() {
  return Block::get().getLaunch().buffers.size() - 1;
}

void *mask_simt_dynamic_memory() {
  return Block::get().getMemory().getBuffer(getDynamicBuffer());
}

int64_t mask_simt_dynamic_bytes() {
  return Block::get().getMemory().getBytes(getDynamicBuffer());
}

void mask_simt_access(int32_t site, const void *address, int64_t bytes,
                      int32_t kind) {
  Block::get().access(site, static_cast<AccessKind>(kind), address, bytes);
}

void mask_simt_device_access(int32_t site, const void *address, int64_t bytes,
                             int32_t kind) {
  Block::get().deviceAccess(site, static_cast<AccessKind>(kind), address,
                            bytes);
}

void mask_simt_device_write(int32_t site, const void *address, int64_t bytes) {
  Block::get().deviceWrite(site, address, bytes);
}

void mask_simt_check_bounds(int32_t site, int32_t dim, int64_t index,
                            int64_t extent, int64_t size) {
  if (extent <= 0 || (index >= 0 && extent <= size && index <= size - extent))
    return;
  Block &block = Block::get();
  Failure bad;
  bad.kind = Failure::OutOfBounds;
  bad.site = site;
  bad.thread = block.getThread();
  bad.number = extent;
  bad.offset = index;
  bad.size = size;
  bad.dim = dim;
  block.fail(bad);
}

const llvm::StringMap<void *> &mlir::mask::getEmulationSymbols() {
  static const llvm::StringMap<void *> symbols = {
#define MASK_SIMT_SYMBOL(NAME) {#NAME, reinterpret_cast<void *>(NAME)}
      MASK_SIMT_SYMBOL(mask_simt_id),
      MASK_SIMT_SYMBOL(mask_simt_barrier),
      MASK_SIMT_SYMBOL(mask_simt_sync_warp),
      MASK_SIMT_SYMBOL(mask_simt_shuffle),
      MASK_SIMT_SYMBOL(mask_simt_ldmatrix),
      MASK_SIMT_SYMBOL(mask_simt_mma),
      MASK_SIMT_SYMBOL(mask_simt_copy),
      MASK_SIMT_SYMBOL(mask_simt_commit),
      MASK_SIMT_SYMBOL(mask_simt_wait),
      MASK_SIMT_SYMBOL(mask_simt_workgroup_buffer),
      MASK_SIMT_SYMBOL(mask_simt_dynamic_memory),
      MASK_SIMT_SYMBOL(mask_simt_dynamic_bytes),
      MASK_SIMT_SYMBOL(mask_simt_access),
      MASK_SIMT_SYMBOL(mask_simt_device_access),
      MASK_SIMT_SYMBOL(mask_simt_device_write),
      MASK_SIMT_SYMBOL(mask_simt_check_bounds),
      MASK_SIMT_SYMBOL(mask_simt_launch),
#undef MASK_SIMT_SYMBOL
  };
  return symbols;
}
