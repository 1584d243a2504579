//===- CPUSchedule.cpp - schedules chosen for a CPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/CPUSchedule.h"

#include "Mask/Analysis/TileCost.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::mask;

/// The rows and the keys of a tile whose scores, queries and output stay in the
/// first two levels of cache.
static constexpr int64_t kTile = 64;
/// Parts of the keys per core: what one core is late, others make up for.
static constexpr int64_t kPartsPerCore = 4;
/// Rows of a vector at least; narrower ones save nothing.
static constexpr int64_t kFewestLanes = 4;
/// And at most.
static constexpr int64_t kMostLanes = 16;

AttentionShape mlir::mask::getAttentionShape(AttentionOp op) {
  auto size = [](Value data, unsigned dim) {
    return cast<ShapedType>(data.getType()).getDimSize(dim);
  };
  AttentionShape shape;
  shape.elements = cast<FloatType>(getElementTypeOrSelf(op.getQuery()));
  shape.queries = size(op.getQuery(), 2);
  bool isPerHead = op.getQueryOffsetParameter().axis == ParameterAxis::Head ||
                   op.getKeyOffsetParameter().axis == ParameterAxis::Head;
  shape.predicate = op.getPredicateValue();
  shape.headsDiffer = hasPredicatesThatDependOn(op, ParameterAxis::Head);
  int64_t heads = size(op.getQuery(), 1), keyHeads = size(op.getKey(), 1);
  if (isPerHead || op.getQuery() == op.getKey())
    shape.group = 1;
  else if (!ShapedType::isDynamic(heads) && !ShapedType::isDynamic(keyHeads) &&
           keyHeads > 0)
    shape.group = heads / keyHeads;
  return shape;
}

void mlir::mask::chooseFewRows(const AttentionShape &shape,
                               CPUScheduleParts &parts) {
  bool isKnown = !ShapedType::isDynamic(shape.queries);
  if (!parts.queryTile)
    parts.queryTile =
        isKnown ? std::clamp<int64_t>(shape.queries, 1, kTile) : kTile;
  if (parts.heads)
    return;
  parts.heads = 1;
  if (!isKnown || shape.queries > parts.queryTile ||
      ShapedType::isDynamic(shape.group))
    return;
  for (int64_t heads = 2; heads * parts.queryTile <= kTile; ++heads)
    if (shape.group % heads == 0)
      parts.heads = heads;
}

/// The most heads of a group, up to 8, with which tiles are at most one row
/// short of `kTile`.
static int64_t countHeads(const AttentionShape &shape) {
  if (ShapedType::isDynamic(shape.group) || shape.headsDiffer)
    return 1;
  for (int64_t heads : {8, 7, 4, 3, 2})
    if (shape.group % heads == 0)
      return heads;
  return 1;
}

/// Whether tiles of half as many queries compute much less.
static bool isNarrow(Value predicate, int64_t queries) {
  if (!predicate || queries < 2)
    return false;
  std::optional<int64_t> whole = getKeysPerRow(predicate, queries, /*keys=*/1),
                         half =
                             getKeysPerRow(predicate, queries / 2, /*keys=*/1);
  return whole && half && 7 * *half < 6 * *whole;
}

void mlir::mask::chooseTileRows(const AttentionShape &shape,
                                CPUScheduleParts &parts) {
  int64_t heads = countHeads(shape), queries = kTile / heads;
  bool isOpen = !parts.queryTile && !parts.heads;
  if (isOpen &&
      (ShapedType::isDynamic(shape.queries) || shape.queries > queries)) {
    parts.heads = heads;
    parts.queryTile =
        isNarrow(shape.predicate, queries) ? queries / 2 : queries;
  }
  chooseFewRows(shape, parts);
}

int64_t mlir::mask::chooseParts(const AttentionShape &shape, int64_t queryTile,
                                int64_t cores) {
  bool isOneTile =
      !ShapedType::isDynamic(shape.queries) && shape.queries <= queryTile;
  if (!isOneTile || cores <= 1)
    return 1;
  return kPartsPerCore * std::min<int64_t>(cores, 1024);
}

/// The greatest power of two up to `value` and `most`, at least one.
static int64_t clampToPower(int64_t value, int64_t most) {
  if (value < 1)
    return 1;
  return std::min<int64_t>(llvm::bit_floor(uint64_t(value)), most);
}

/// The rows of a register tile: two vectors of sums for each, and three
/// operands; what does not fit is spilled in the innermost loop. SSE needs a
/// register for each product, too, before it is added: its tiles take half of
/// the registers, and more would be more code, and no faster.
static int64_t chooseRows(const CPUTarget &target) {
  int64_t registers = target.vectorRegisters,
          rows = target.vectorBits < 256 ? registers / 4 : (registers - 4) / 2;
  return std::clamp<int64_t>(rows, 1, 8);
}

FailureOr<CPUScheduleAttr>
mlir::mask::chooseCPUSchedule(function_ref<InFlightDiagnostic()> emitError,
                              MLIRContext *context, const CPUTarget &target,
                              const AttentionShape &shape,
                              const CPUScheduleParts &given) {
  if (target.cores < 1)
    return emitError() << "cores must be at least 1, got " << target.cores;
  if (target.amx && target.vectorBits < 512)
    return emitError() << "a target with amx has registers of 512 bits, got "
                       << target.vectorBits;
  CPUScheduleParts parts = given;
  chooseTileRows(shape, parts);
  if (!parts.keyTile)
    parts.keyTile = kTile;
  if (!parts.parts)
    parts.parts = chooseParts(shape, parts.queryTile, target.cores);
  bool columns = false;
  if (!parts.lanes) {
    // A lane holds a sum.
    bool isWide = shape.elements && shape.elements.isF64();
    int64_t widest =
        clampToPower(target.vectorBits / (isWide ? 64 : 32), kMostLanes);
    int64_t rows = std::max<int64_t>(parts.queryTile * parts.heads, 1);
    // Rows that do not fill more than a vector leave the lanes to columns.
    columns = rows <= widest && widest >= kFewestLanes;
    parts.lanes = widest;
  }
  if (!parts.rows)
    parts.rows = chooseRows(target);
  bool isBF16 = shape.elements && shape.elements.isBF16();
  bool amx = isBF16 && target.amx && !columns && parts.lanes == 16 &&
             parts.keyTile % 32 == 0;
  bool pairs = amx || (isBF16 && target.bf16Dot &&
                       llvm::is_contained({4, 8, 16}, parts.lanes));
  auto schedule = CPUScheduleAttr::getChecked(
      emitError, context, parts.queryTile, parts.keyTile, parts.heads,
      parts.parts, parts.lanes, parts.rows, pairs, amx, columns);
  if (!schedule)
    return failure();
  return schedule;
}

/// Tiles of one query take as long as one of many queries, half of whose rows
/// are missing, where there are more than three: each of them reads all keys
/// again.
static int64_t countFewQueries(int64_t heads) {
  return std::clamp<int64_t>(kTile / 2 / heads, 1, 3);
}

FailureOr<std::optional<FewQueries>>
mlir::mask::chooseFewQueries(function_ref<InFlightDiagnostic()> emitError,
                             MLIRContext *context, const CPUTarget &target,
                             const AttentionShape &shape,
                             const CPUScheduleParts &given) {
  bool areRowsGiven = given.queryTile || given.heads || given.lanes;
  // So many keys may share a vector of scores.
  bool fitsKeys = given.keyTile % kMostLanes == 0;
  if (!ShapedType::isDynamic(shape.queries) || areRowsGiven || !fitsKeys)
    return std::optional<FewQueries>();
  AttentionShape step = shape;
  step.queries = 1;
  FailureOr<CPUScheduleAttr> schedule =
      chooseCPUSchedule(emitError, context, target, step, given);
  if (failed(schedule))
    return failure();
  return std::optional<FewQueries>(
      {*schedule, countFewQueries(schedule->getHeads())});
}
