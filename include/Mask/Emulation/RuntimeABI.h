//===- RuntimeABI.h - what emulated kernels call -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `convert-gpu-to-simt-emulation` makes these calls, `MaskEmulation` answers
// them. A `site` is the position of an op in the table of its module: what
// diagnostics call it. Fragments and values pass through memory, since vectors
// in the C ABI depend on the processor.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EMULATION_RUNTIMEABI_H
#define MASK_EMULATION_RUNTIMEABI_H

#include <cstdint>

namespace mlir::mask::simt {

/// What `mask_simt_id` returns.
enum class IdKind : int32_t {
  ThreadId,
  BlockId,
  BlockDim,
  GridDim,
  LaneId,
  SubgroupId,
  SubgroupCount,
  SubgroupSize
};

/// How memory is touched. Atomic accesses do not race with each other.
enum class AccessKind : int32_t { Read, Write, Atomic };

/// The lane that `mask_simt_shuffle` reads from.
enum class ShuffleMode : int32_t { Xor, Down, Up, Idx };

/// Elements of the operands of `mask_simt_mma`.
enum class HalfType : int32_t { F16, BF16 };

} // namespace mlir::mask::simt

// Names as C has them.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {

/// An id, or a size, in dimension `dim` (0 to 2; ignored for the last four).
int64_t mask_simt_id(int32_t kind, int32_t dim);

/// Waits for all threads of the block.
void mask_simt_barrier(int32_t site);

/// Waits for all threads of the warp, which does not order memory.
void mask_simt_sync_warp(int32_t site);

/// Replaces the `bytes` at `value` by those of another lane, out of the first
/// `width`; without one by ones. Returns whether there is one.
int32_t mask_simt_shuffle(int32_t site, int32_t mode, void *value,
                          int32_t bytes, int32_t offset, int32_t width);

/// Loads `tiles` matrices of 8 x 8 elements of 16 bits. `row` is the row that
/// this lane points to, `fragment` gets 4 bytes per matrix.
void mask_simt_ldmatrix(int32_t site, const void *row, int32_t tiles,
                        int32_t transpose, void *fragment);

/// `c += a b` on the warp's fragments of m16n8k`depth`; `c` is in f32.
void mask_simt_mma(int32_t site, int32_t type, int32_t depth, const void *a,
                   const void *b, float *c);

/// Begins a copy to workgroup memory; bytes beyond `fromBytes` become zeros.
void mask_simt_copy(int32_t site, void *to, const void *from, int64_t toBytes,
                    int64_t fromBytes);
/// Ends a group of copies.
void mask_simt_commit();
/// Waits until at most `groups` groups of this thread are under way.
void mask_simt_wait(int32_t groups);

/// The `index`th buffer of the kernel.
void *mask_simt_workgroup_buffer(int32_t index);
/// The memory whose size the launch says, and that size.
void *mask_simt_dynamic_memory();
int64_t mask_simt_dynamic_bytes();

/// Tells that this thread is about to touch workgroup memory.
void mask_simt_access(int32_t site, const void *address, int64_t bytes,
                      int32_t kind);
/// Tells that this thread is about to touch memory that is not the workgroup's:
/// ends the launch unless it is of an array that the launch passes, or on the
/// thread's stack.
void mask_simt_device_access(int32_t site, const void *address, int64_t bytes,
                             int32_t kind);
/// Tells that this thread is about to write to memory whose bounds were
/// checked.
void mask_simt_device_write(int32_t site, const void *address, int64_t bytes);
/// Ends the launch unless the `extent` elements at `index`, if there are any,
/// lie in dimension `dim`, which has `size`.
void mask_simt_check_bounds(int32_t site, int32_t dim, int64_t index,
                            int64_t extent, int64_t size);

/// Runs `thread(arguments)` for every thread of the grid. `numbers` are the
/// kernel's block size (zeros: any) and, for each of its buffers after their
/// count, bytes and alignment. `sites` holds a line per site. `arrays` are the
/// address and the bytes of each of the `numArrays` arrays that are passed;
/// -1 if nobody knows.
void mask_simt_launch(const char *kernel, void (*thread)(void *),
                      void *arguments, const int64_t *numbers,
                      const char *sites, int64_t gridX, int64_t gridY,
                      int64_t gridZ, int64_t blockX, int64_t blockY,
                      int64_t blockZ, int64_t dynamicBytes, const void *arrays,
                      int64_t numArrays);
}
// NOLINTEND(readability-identifier-naming)

#endif // MASK_EMULATION_RUNTIMEABI_H
