//===- CPUAMXEmitter.h - products of tiles by AMX -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_CPU_CPUAMXEMITTER_H
#define MASK_LIB_CONVERSION_CPU_CPUAMXEMITTER_H

#include "CPUTileEmitter.h"

namespace mlir::mask {

/// A `CPUTileEmitter` that multiplies bf16 by AMX: 16 rows of 16 pairs by 16
/// cells of 16 rows of queries at a time, and two by two of these as one
/// register tile, which takes seven of the eight tile registers. Cells of
/// queries and weights are what the instruction wants of its second operand,
/// and rows of packed keys of its first. Values are, beside what they are
/// packed as,
///
/// | buffer      | shape           | holds              |
/// |-------------|-----------------|--------------------|
/// | `valueRows` | `[Dv, keyTile]` | V transposed       |
///
/// All extents along a sum are multiples of 32 elements, and rows of the first
/// operand of 32: columns that do not exist are zero in queries and keys, and
/// so are keys that do not exist in weights and values. Rows that do not exist
/// hold anything, and give rows that nobody reads.
class CPUAMXEmitter : public CPUTileEmitter {
public:
  CPUAMXEmitter(ImplicitLocOpBuilder &builder, AttentionOp op,
                CPUScheduleAttr schedule)
      : CPUTileEmitter(builder, op, schedule, kRows, /*rowUnit=*/kRows) {}

protected:
  void allocate() override;
  void multiplyKeys(const KeyTile &keys) override;
  void multiplyValues(const KeyTile &keys) override;

private:
  /// What a tile register holds at most: rows, and pairs or sums per row.
  static constexpr int64_t kTile = 16;
  /// The rows of a register tile.
  static constexpr int64_t kRows = 2 * kTile;

  /// `target[r, lane] (+)= sum_x first[r, x] second[x, lane]`, over cells.
  struct TileProduct {
    Value target;
    bool accumulates;
    Value first, second;
    /// For the rows of queries from a lane on: rows of `target`, and cells
    /// along the sum. All are multiples, of `kRows` and `kTile`.
    llvm::function_ref<Range(Value lane)> rows, sum;
  };
  void emitProduct(const TileProduct &product,
                   llvm::function_ref<void(Value lane, Value row)> before,
                   llvm::function_ref<void(Value lane, Value row)> after);
  void emitRegisterTile(const TileProduct &product, Value row, Value lane,
                        const Range &sum);
  /// Transposes the packed values of a tile of keys.
  void transposeValues(const KeyTile &keys);

  Value valueRows;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_CPU_CPUAMXEMITTER_H
