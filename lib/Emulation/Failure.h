//===- Failure.h - what ends a launch -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EMULATION_FAILURE_H
#define MASK_LIB_EMULATION_FAILURE_H

#include <cstdint>

namespace mlir::mask::simt {

/// Numbers only: it is made on the stack of a fibre that is never returned to.
/// `Block::describe` makes the message, elsewhere.
struct Failure {
  enum Kind {
    None,
    /// Two threads touch a byte of workgroup memory, one of them writes, and no
    /// barrier is in between. `other` was first.
    Race,
    /// A byte is touched while a copy to it, by `other`, is under way.
    UnfinishedCopy,
    /// A byte is read that no thread has written.
    Unwritten,
    /// `number` elements at index `offset` of dimension `dim` of `size`.
    OutOfBounds,
    /// `number` bytes that lie in no buffer, `offset` from the start of the
    /// first one.
    OutsideOfBuffers,
    /// `number` bytes of the device's memory that lie in no array of the
    /// launch, `offset` from the start of array `size`, which is next to them;
    /// -1 if there is none.
    OutsideOfArrays,
    /// Element `offset` of the output `size` is written again in a launch,
    /// after `other` of block `number`.
    Rewritten,
    /// An address that is no multiple of `number`.
    Misaligned,
    /// `number` bytes cannot be copied at once.
    CopySize,
    /// `number` lanes are to take part, of `size`.
    MissingLanes,
    /// Rows of 16 bytes that eight threads move at a time, or words of 32,
    /// share banks of workgroup memory: it takes `number` steps, and `size` are
    /// allowed.
    BankConflict,
    /// Threads wait, and none can go on.
    Stuck,
    /// Threads met, but not at the same op.
    Diverged,
    /// Something was written behind buffer `number`.
    RedZone
  };
  Kind kind = None;
  uint32_t site = 0, otherSite = 0;
  unsigned thread = 0, otherThread = 0;
  int64_t number = 0, offset = 0, size = 0;
  int32_t dim = 0;
  bool writes = false, otherWrites = false;
};

} // namespace mlir::mask::simt

#endif // MASK_LIB_EMULATION_FAILURE_H
