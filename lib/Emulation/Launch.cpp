//===- Launch.cpp - blocks spread over threads of this machine -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Launch.h"

#include "Block.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/ThreadPool.h"

#include <atomic>
#include <mutex>

using namespace mlir::mask;
using namespace mlir::mask::simt;

// What every NVIDIA GPU allows, by the CUDA programming guide.
static constexpr int64_t kThreads = 1024;
static constexpr Dim3 kGrid = {2147483647, 65535, 65535};
static constexpr Dim3 kBlock = {1024, 1024, 64};

std::string Launch::check() const {
  std::string name = llvm::formatv("kernel '{0}': ", kernel);
  for (int dim = 0; dim < 3; ++dim) {
    if (grid[dim] < 1 || grid[dim] > kGrid[dim])
      return llvm::formatv("{0}a grid of {1} blocks; 1 to {2} can be launched",
                           name, format(grid, " x "), format(kGrid, " x "));
    if (block[dim] < 1 || block[dim] > kBlock[dim] || count(block) > kThreads)
      return llvm::formatv("{0}a block of {1} threads; 1 to {2} in all and {3} "
                           "can be launched",
                           name, format(block, " x "), kThreads,
                           format(kBlock, " x "));
    if (knownBlock[dim] && knownBlock != block)
      return llvm::formatv("{0}a block of {1} threads; it is compiled for {2}",
                           name, format(block, " x "),
                           format(knownBlock, " x "));
  }
  int64_t bytes = 0;
  for (const WorkgroupMemory::Buffer &buffer : buffers)
    bytes += buffer.bytes;
  if (buffers.back().bytes < 0 || bytes > options.workgroupBytes)
    return llvm::formatv("{0}{1} bytes of workgroup memory, {2} of them "
                         "dynamic; a block may have {3}",
                         name, bytes, buffers.back().bytes,
                         options.workgroupBytes);
  if (options.warpSize < 1 || options.warpSize > 32)
    return llvm::formatv("{0}warps of {1} threads; 1 to 32 are emulated", name,
                         options.warpSize);
  return "";
}

std::string simt::run(const Launch &launch) {
  if (std::string message = launch.check(); !message.empty())
    return message;
  // Blocks are taken in order and those taken run to their end: the first
  // failure is the same however many run at a time.
  std::atomic<int64_t> next = 0, failed = count(launch.grid);
  std::mutex mutex;
  std::string first;
  auto work = [&] {
    Block block(launch);
    for (int64_t index; (index = next++) < failed;) {
      std::string message = block.run(index);
      if (message.empty())
        continue;
      std::lock_guard<std::mutex> lock(mutex);
      if (index < failed) {
        failed = index;
        first = std::move(message);
      }
      return;
    }
  };
  auto strategy = llvm::hardware_concurrency(launch.options.threads);
  unsigned workers =
      std::min<int64_t>(strategy.compute_thread_count(), count(launch.grid));
  if (workers == 1) {
    work();
    return first;
  }
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(workers));
  for (unsigned i = 0; i < workers; ++i)
    pool.async(work);
  pool.wait();
  return first;
}
