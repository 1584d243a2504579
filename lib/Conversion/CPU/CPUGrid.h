//===- CPUGrid.h - tiles of queries shared among threads -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_CPUGRID_H
#define MASK_LIB_CONVERSION_CPU_CPUGRID_H

#include "../Skeleton/TileEmitter.h"

namespace mlir::mask {

/// A tile emitter for processors: loops over the grid that threads can share.
class CPUGrid : public TileEmitter {
public:
  explicit CPUGrid(ImplicitLocOpBuilder &builder) : builder(builder) {}

  LogicalResult forEachTile(ValueRange extents, ArrayRef<int64_t> steps,
                            PositionFunction body) override;
  LogicalResult forEachPoint(ValueRange extents, ArrayRef<int64_t> steps,
                             PositionFunction body) override;
  void once(function_ref<void()> body) override { body(); }

private:
  ImplicitLocOpBuilder &builder;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_CPUGRID_H
