//===- CPUSchedule.h - schedules chosen for a CPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_CPUSCHEDULE_H
#define MASK_CONVERSION_CPUSCHEDULE_H

#include "Mask/IR/Mask.h"

namespace mlir::mask {

/// What a schedule needs to know of the processor.
struct CPUTarget {
  /// The size of a vector register, and how many there are.
  int64_t vectorBits = 512, vectorRegisters = 32;
  /// Whether it multiplies bf16 in pairs (AVX-512 BF16).
  bool bf16Dot = false;
  /// Whether it multiplies tiles of bf16 (AMX).
  bool amx = false;
  /// Processors that share the work of an attention.
  int64_t cores = 1;
};

/// What a schedule needs to know of an attention: the number of queries, and
/// that of query heads per key head; `ShapedType::kDynamic` where it is not
/// known. Offsets per head keep heads apart, as if there were one.
struct AttentionShape {
  int64_t queries = ShapedType::kDynamic, group = ShapedType::kDynamic;
  /// Whether heads may see different keys.
  bool headsDiffer = false;
  /// The closed predicate; may be null.
  Value predicate;
  /// The type of the elements, f32 where it is null.
  FloatType elements;
};
AttentionShape getAttentionShape(AttentionOp op);

/// The parts of a schedule that are given; zero where they are to be chosen.
/// See `#mask.cpu_schedule`.
struct CPUScheduleParts {
  int64_t queryTile = 0, keyTile = 0, heads = 0, parts = 0, lanes = 0, rows = 0;
};

/// Chooses the rows of tiles, queries and heads, where they are not given: all
/// queries, if there are less than 64, of as many heads of a group as make 64
/// rows, or 64 queries of one head. Every key is then read once for all of
/// them.
void chooseFewRows(const AttentionShape &shape, CPUScheduleParts &parts);

/// The same, but where neither is given and they see the same keys, of up to 8
/// heads of a group also if there are many queries: the fewer queries, the less
/// of a tile is hidden from some of them. Where half as many queries would
/// compute a seventh less per row, since the mask is narrow, there are half as
/// many.
void chooseTileRows(const AttentionShape &shape, CPUScheduleParts &parts);

/// How many parts of the keys there should be, of all tiles together, for tiles
/// of `queryTile` queries and `cores` that share the work: one, unless all
/// queries are in a tile.
int64_t chooseParts(const AttentionShape &shape, int64_t queryTile,
                    int64_t cores);

/// The schedule for an attention of `shape` on `target`: what is not `given` is
/// chosen, register tiles so that sums and operands fit the registers, and
/// parts of the keys where all queries are in a tile, so that each core gets
/// some. Fails with an error where what is given does not fit together, or the
/// target is none.
FailureOr<CPUScheduleAttr>
chooseCPUSchedule(function_ref<InFlightDiagnostic()> emitError,
                  MLIRContext *context, const CPUTarget &target,
                  const AttentionShape &shape,
                  const CPUScheduleParts &given = {});

/// What calls of few queries get, decode steps above all: a schedule whose
/// tiles have one query, and how many queries there may be.
struct FewQueries {
  CPUScheduleAttr schedule;
  int64_t most;
};

/// Chooses it for an attention of `shape` beside the schedule that
/// `chooseCPUSchedule` makes of the same arguments. None where the number of
/// queries is known, the rows of tiles or of vectors are given, or tiles of
/// keys whose number is no multiple of 16.
FailureOr<std::optional<FewQueries>>
chooseFewQueries(function_ref<InFlightDiagnostic()> emitError,
                 MLIRContext *context, const CPUTarget &target,
                 const AttentionShape &shape,
                 const CPUScheduleParts &given = {});

} // namespace mlir::mask

#endif // MASK_CONVERSION_CPUSCHEDULE_H
