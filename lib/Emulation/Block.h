//===- Block.h - the threads of a block, one fibre each -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EMULATION_BLOCK_H
#define MASK_LIB_EMULATION_BLOCK_H

#include "Banks.h"
#include "Failure.h"
#include "Fiber.h"
#include "Kernel.h"
#include "WorkgroupMemory.h"

#include <deque>
#include <random>

namespace mlir::mask::simt {

/// An asynchronous copy that was begun.
struct Copy {
  char *to;
  const char *from;
  int64_t bytes, fromBytes;
  bool done;

  /// Moves the bytes, unless that was done.
  void perform();
};

/// One GPU thread.
struct Thread {
  enum State : uint8_t { Ready, AtBarrier, InCollective, Returned };

  Fiber fiber;
  Dim3 id;
  State state = Ready;
  /// Where it waits.
  uint32_t site = 0;
  /// Begun and not waited for, oldest first, and how many of them each group
  /// has; what is behind the last group is in none yet.
  std::deque<Copy> copies;
  std::deque<size_t> groups;
  size_t ungrouped = 0;
};

/// Runs blocks of one launch, one after the other, on the thread that calls
/// `run`. Its fibres are not shared with others.
class Block {
public:
  explicit Block(const Launch &launch);

  /// Runs the block with number `index`. Returns the message of a failure, or
  /// nothing.
  std::string run(int64_t index);

  /// The block that runs on this thread of the machine.
  static Block &get();

  //===--------------------------------------------------------------------===//
  // What fibres call
  //===--------------------------------------------------------------------===//

  int64_t getId(IdKind kind, unsigned dim) const;
  void barrier(uint32_t site);
  /// Brings the first `lanes` threads of the warp together. The last to come
  /// calls `compute` with what each of them passed as `request`.
  using Compute = void (*)(Block &block, unsigned firstThread,
                           llvm::ArrayRef<void *> requests);
  void collective(uint32_t site, unsigned lanes, void *request,
                  Compute compute);
  void beginCopy(uint32_t site, Copy copy);
  void endGroup();
  void waitForGroups(size_t left);
  /// Notes an access of this thread to workgroup memory.
  void access(uint32_t site, AccessKind kind, const void *address,
              int64_t bytes);
  void access(uint32_t site, AccessKind kind, const void *address,
              int64_t bytes, unsigned thread);
  /// Notes an access of this thread to memory that is not the workgroup's: it
  /// has to lie in an array of the launch, or on the thread's own stack.
  void deviceAccess(uint32_t site, AccessKind kind, const void *address,
                    int64_t bytes);
  /// Notes that this thread writes to memory that is not the workgroup's.
  void deviceWrite(uint32_t site, const void *address, int64_t bytes);
  /// Fails if it took more `steps` to move something than are allowed.
  void checkBanks(uint32_t site, unsigned thread, unsigned steps,
                  unsigned allowed);
  /// Ends the launch.
  [[noreturn]] void fail(const Failure &failure);

  WorkgroupMemory &getMemory() { return memory; }
  const Launch &getLaunch() const { return launch; }
  unsigned getThread() const { return current; }

private:
  struct Warp {
    unsigned arrived = 0, lanes = 0;
    uint32_t site = 0;
    std::array<void *, 32> requests;
  };

  static void runThread();
  unsigned getWarpSize() const { return launch.options.warpSize; }
  /// Threads of the current thread's warp; the last one may not be full.
  unsigned getLanes() const;
  /// Makes all threads ready, in the order of the schedule.
  void readyAll();
  unsigned takeReady();
  /// Lets another thread run, if there is one that can.
  void switchAway();
  std::string describe(const Failure &failure) const;
  std::string describeNearest(const Failure &failure) const;
  std::string describeWaiting() const;
  llvm::StringRef getWaitingSite() const;
  std::string name(unsigned thread) const;

  const Launch &launch;
  WorkgroupMemory memory;
  BankCounter copyBanks{kRows}, storeBanks{kWords};
  std::deque<Thread> threads;
  std::vector<Warp> warps;
  /// Those that can run, the next one first.
  std::deque<unsigned> ready;
  std::minstd_rand random;
  Context outside;
  Dim3 blockId;
  int64_t blockIndex = 0;
  unsigned current = 0, atBarrier = 0, returned = 0, barriers = 0;
  Failure failure;
};

} // namespace mlir::mask::simt

#endif // MASK_LIB_EMULATION_BLOCK_H
