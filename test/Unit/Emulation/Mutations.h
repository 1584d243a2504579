//===- Mutations.h - mistakes in generated kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_EMULATION_MUTATIONS_H
#define MASK_TEST_UNIT_EMULATION_MUTATIONS_H

#include "EmulatedAttention.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::mask::test {

/// The launch of the kernel `attention` with a suffix.
gpu::LaunchOp findLaunch(func::FuncOp function, StringRef suffix = "");

/// Removes the `which`th barrier of the attention's kernel.
Mutation removeBarrier(int which);

/// Waits for one group of copies less.
Mutation waitForLess(int which);

/// Copies the tile ahead into the buffer that is being read.
bool reuseBuffer(func::FuncOp function);

/// Swaps the rows of the second operand of a product.
bool swapFragments(func::FuncOp function);

/// Moves one of the four bounds of the first interval.
Mutation moveBound(int bound, int64_t distance);

/// A core that has no keys: all tiles are masked.
bool makeAllEdges(func::FuncOp function);

/// Walks the second interval in a loop of its own, from where the first began.
bool overlapIntervals(func::FuncOp function);

/// Leaves out the last slice of every tile of keys.
bool skipSlice(func::FuncOp function);

/// Launches every workgroup twice.
bool repeatWorkgroups(func::FuncOp function);

/// Forgets to write elements of the output.
bool removeStore(func::FuncOp function);

/// Writes far behind the end of a row, and of the array.
bool storeBehindArray(func::FuncOp function);

/// Reads a row far behind the last one.
bool copyBehindArray(func::FuncOp function);

/// Adds the sink to the sum of weights for every part that is joined.
bool addSinkPerPart(func::FuncOp function);

/// Options that the kernels are made with.
inline constexpr const char *kCores =
    "emitter=tensor-core query-tile=32 key-tile=32";
inline constexpr const char *kPortable = "emitter=portable";
/// Whose tiles are worked on in slices, for values of 80 columns.
inline constexpr const char *kSliced =
    "emitter=tensor-core query-tile=64 key-tile=64 warp-rows=32";

/// A causal mask of 130 tokens, in few columns.
AttentionCase makeCase();
/// The same, with values of 80 columns.
AttentionCase makeWideCase();
/// A window, and the first four keys.
AttentionCase makeTwoIntervals();

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_EMULATION_MUTATIONS_H
