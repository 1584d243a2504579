//===- WorkgroupMemory.cpp - memory that the threads of a block share -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkgroupMemory.h"

#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace mlir::mask::simt;

static constexpr int64_t kRedZone = 64, kAlignment = 128;

WorkgroupMemory::WorkgroupMemory(llvm::ArrayRef<Buffer> buffers)
    : buffers(buffers) {
  int64_t end = kRedZone;
  for (const Buffer &buffer : buffers) {
    end = llvm::alignTo(end, std::max(kAlignment, buffer.alignment));
    offsets.push_back(end);
    end += buffer.bytes + kRedZone;
  }
  size = end;
  int64_t alignment = kAlignment;
  for (const Buffer &buffer : buffers)
    alignment = std::max(alignment, buffer.alignment);
  memory.resize(size + alignment);
  base = reinterpret_cast<char *>(
      llvm::alignTo(reinterpret_cast<uintptr_t>(memory.data()), alignment));
  history.resize(size);
}

void WorkgroupMemory::poison() {
  firstEpoch = ++epoch;
  memset(base, 0xff, size);
}

bool WorkgroupMemory::contains(const void *address, int64_t bytes) const {
  int64_t begin = static_cast<const char *>(address) - base;
  for (size_t i = 0; i < buffers.size(); ++i)
    if (begin >= offsets[i] && begin + bytes <= offsets[i] + buffers[i].bytes)
      return true;
  return false;
}

std::optional<unsigned> WorkgroupMemory::findBrokenRedZone() const {
  for (size_t i = 0; i < buffers.size(); ++i) {
    const char *begin = base + offsets[i] + buffers[i].bytes;
    const char *end =
        i + 1 < buffers.size() ? base + offsets[i + 1] : base + size;
    for (; begin != end; ++begin)
      if (*begin != char(0xff))
        return i;
  }
  return std::nullopt;
}

std::optional<Access> WorkgroupMemory::note(AccessKind kind,
                                            const void *address, int64_t bytes,
                                            unsigned thread, uint32_t site) {
  Access access{epoch, site, uint16_t(thread), kind == AccessKind::Atomic,
                /*unfinished=*/false};
  auto isUnordered = [&](const Access &earlier) {
    return earlier.epoch == epoch && earlier.thread != thread &&
           !(earlier.atomic && access.atomic);
  };
  for (History *byte = getHistory(address), *end = byte + bytes; byte != end;
       ++byte) {
    if (byte->write.unfinished || isUnordered(byte->write))
      return byte->write;
    if (kind != AccessKind::Write && !isOfThisBlock(byte->write))
      return byte->write;
    if (kind == AccessKind::Read) {
      // Two readers are enough: a writer is at most one of them.
      if (byte->read.epoch != epoch)
        byte->read = access;
      else if (byte->read.thread != thread)
        byte->otherRead = access;
      continue;
    }
    if (isUnordered(byte->read))
      return byte->read;
    if (isUnordered(byte->otherRead))
      return byte->otherRead;
    byte->write = access;
  }
  return std::nullopt;
}

void WorkgroupMemory::beginCopy(const void *address, int64_t bytes) {
  History *byte = getHistory(address);
  for (int64_t i = 0; i < bytes; ++i)
    byte[i].write.unfinished = true;
}

void WorkgroupMemory::finishCopy(const void *address, int64_t bytes) {
  History *byte = getHistory(address);
  for (int64_t i = 0; i < bytes; ++i) {
    byte[i].write.unfinished = false;
    byte[i].write.epoch = epoch;
  }
}
