//===- Collectives.h - what the threads of a warp do together -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EMULATION_COLLECTIVES_H
#define MASK_LIB_EMULATION_COLLECTIVES_H

#include "Block.h"

namespace mlir::mask::simt {

/// See RuntimeABI.h.
bool shuffle(Block &block, uint32_t site, ShuffleMode mode, void *value,
             int32_t bytes, int32_t offset, int32_t width);
void syncWarp(Block &block, uint32_t site);
void loadMatrices(Block &block, uint32_t site, const void *row, int32_t tiles,
                  bool transpose, void *fragment);
void multiply(Block &block, uint32_t site, HalfType type, int32_t depth,
              const void *a, const void *b, float *c);

} // namespace mlir::mask::simt

#endif // MASK_LIB_EMULATION_COLLECTIVES_H
