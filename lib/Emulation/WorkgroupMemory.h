//===- WorkgroupMemory.h - memory that the threads of a block share -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EMULATION_WORKGROUPMEMORY_H
#define MASK_LIB_EMULATION_WORKGROUPMEMORY_H

#include "Mask/Emulation/RuntimeABI.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <memory>
#include <optional>
#include <vector>

namespace mlir::mask::simt {

/// One access of a thread. A copy that is under way is an access, too.
struct Access {
  /// The barriers of the block before it, counted over all blocks that used
  /// this memory; 0 is no access.
  uint32_t epoch = 0;
  uint32_t site = 0;
  uint16_t thread = 0;
  bool atomic = false;
  bool unfinished = false;
};

/// The buffers of a block, with bytes between them that nobody may write. It
/// remembers, for every byte, who wrote it last and who read it since the last
/// barrier. All threads of a block are between the same two barriers, so that
/// two accesses are ordered only if a barrier was in between, or if they are of
/// one thread. What is reported hangs on the program alone, not on which thread
/// came first.
class WorkgroupMemory {
public:
  struct Buffer {
    int64_t bytes, alignment;
  };
  /// The last buffer is the one whose size the launch says.
  explicit WorkgroupMemory(llvm::ArrayRef<Buffer> buffers);

  /// Gives the memory to the next block: all bytes become ones, which are NaN
  /// in every format. No copy may be under way.
  void poison();
  /// All threads of the block have passed a barrier.
  void passBarrier() { ++epoch; }

  char *getBuffer(unsigned index) { return base + offsets[index]; }
  int64_t getBytes(unsigned index) const { return buffers[index].bytes; }
  /// From the first byte of the first buffer.
  int64_t getOffset(const void *address) const {
    return static_cast<const char *>(address) - (base + offsets.front());
  }
  /// Whether some buffer has all of these bytes.
  bool contains(const void *address, int64_t bytes) const;
  bool isOfThisBlock(const Access &access) const {
    return access.epoch >= firstEpoch;
  }
  /// The first buffer behind which something was written.
  std::optional<unsigned> findBrokenRedZone() const;

  /// Notes an access. Returns an earlier one, if it may as well come later; one
  /// that is not of this block, if nobody has written what is read.
  std::optional<Access> note(AccessKind kind, const void *address,
                             int64_t bytes, unsigned thread, uint32_t site);
  /// Notes that the bytes just noted as written are those of a copy that is
  /// under way, or that its thread has waited for it.
  void beginCopy(const void *address, int64_t bytes);
  void finishCopy(const void *address, int64_t bytes);

private:
  struct History {
    Access write, read, otherRead;
  };
  /// Of the bytes from `address` on.
  History *getHistory(const void *address) {
    return &history[static_cast<const char *>(address) - base];
  }

  llvm::SmallVector<Buffer> buffers;
  llvm::SmallVector<int64_t> offsets;
  std::vector<char> memory;
  char *base;
  int64_t size;
  std::vector<History> history;
  uint32_t epoch = 0, firstEpoch = 1;
};

} // namespace mlir::mask::simt

#endif // MASK_LIB_EMULATION_WORKGROUPMEMORY_H
