//===- TensorCoreSchedule.cpp - tiles for tensor cores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorCoreSchedule.h"

#include "Mask/Analysis/TileCost.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// Chooses among all schedules that are left when what is given is given.
class ScheduleChooser {
public:
  ScheduleChooser(AttentionOp op, const GPUTarget &target,
                  const GPUScheduleParts &given)
      : op(op), target(target), given(given) {}

  FailureOr<TensorCoreSchedule>
  choose(function_ref<InFlightDiagnostic()> refuse);

private:
  void listTiles();
  bool isNarrow(const TensorCoreSchedule &schedule);
  int64_t getRegisters(const TensorCoreSchedule &schedule);
  int64_t getMostRegisters(const TensorCoreSchedule &schedule);
  const TensorCoreSchedule *find();

  AttentionOp op;
  GPUTarget target;
  GPUScheduleParts given;
  /// In the order of preference.
  SmallVector<TensorCoreSchedule> all;
};

} // namespace

void ScheduleChooser::listTiles() {
  auto getColumns = [](Value array) {
    return cast<ShapedType>(array.getType()).getDimSize(3);
  };
  auto list = [](int64_t given, ArrayRef<int64_t> otherwise) {
    return given ? SmallVector<int64_t>{given}
                 : SmallVector<int64_t>(otherwise);
  };
  auto toFragments = [](int64_t columns) {
    return static_cast<int64_t>(llvm::alignTo(columns, 16));
  };
  int64_t depth = toFragments(getColumns(op.getKey())),
          width = getColumns(op.getValue());
  // Blocks of value columns repeat the scores: as few as possible.
  SmallVector<int64_t> widths = {toFragments(width)};
  for (int64_t blocks = 2; widths.back() > 32; ++blocks)
    widths.push_back(toFragments(llvm::divideCeil(width, blocks)));
  for (int64_t columns : list(given.valueColumns, widths)) {
    for (int64_t queries : list(given.queryTile, {128, 64, 32, 16})) {
      bool isTall = queries * given.heads >= 128;
      for (int64_t keys : list(given.keyTile, {64, 32, 16})) {
        TensorCoreSchedule schedule{
            queries,     keys,
            given.heads, given.warpRows ? given.warpRows : isTall ? 32 : 16,
            depth,       columns};
        all.push_back(schedule);
      }
    }
  }
}

/// Whether the tile computes much more than a smaller one would, since few keys
/// are visible to a row.
bool ScheduleChooser::isNarrow(const TensorCoreSchedule &schedule) {
  Value predicate = op.getPredicateValue();
  auto getCost = [&](int64_t queries, int64_t keys) {
    return getKeysPerRow(predicate, queries, keys);
  };
  // Smaller tiles than these cost more than what they save.
  int64_t queries = std::min<int64_t>(schedule.queryTile, 64),
          keys = std::min<int64_t>(schedule.keyTile, 32);
  std::optional<int64_t> cost = getCost(schedule.queryTile, schedule.keyTile),
                         least = getCost(queries, keys);
  return cost && 4 * *cost > 5 * *least;
}

/// Of a thread's registers, those for scores and sums. Tiles that are cut into
/// slices are not chosen, but taken.
int64_t ScheduleChooser::getRegisters(const TensorCoreSchedule &schedule) {
  bool isGiven = given.keyTile || given.warpRows;
  return schedule.registers(isGiven ? schedule.sliceKeys() : schedule.keyTile);
}

/// How many of them there are. A chosen schedule leaves the others enough that
/// nothing is spilled; who gives one has to know.
int64_t ScheduleChooser::getMostRegisters(const TensorCoreSchedule &schedule) {
  if (given.keyTile || given.warpRows)
    return 256;
  return schedule.warpRows == 32 ? 144 : 160;
}

/// The first that fits, or null.
const TensorCoreSchedule *ScheduleChooser::find() {
  SmallVector<const TensorCoreSchedule *> fitting;
  for (const TensorCoreSchedule &schedule : all)
    if (schedule.bytes() <= target.workgroupMemory &&
        getRegisters(schedule) <= getMostRegisters(schedule) &&
        (fitting.empty() ||
         schedule.valueColumns == fitting.front()->valueColumns))
      fitting.push_back(&schedule);
  auto isPreferred = [&](const TensorCoreSchedule *schedule) {
    return schedule->bytes() <= target.workgroupMemory / 2 &&
           (given.keyTile || schedule->keyTile >= 32) &&
           (given.queryTile || schedule->queryTile >= 64);
  };
  for (bool onlyPreferred : {true, false})
    for (const TensorCoreSchedule *schedule : fitting)
      if ((!onlyPreferred || isPreferred(schedule)) && !isNarrow(*schedule))
        return schedule;
  return fitting.empty() ? nullptr : fitting.front();
}

FailureOr<TensorCoreSchedule>
ScheduleChooser::choose(function_ref<InFlightDiagnostic()> refuse) {
  listTiles();
  const TensorCoreSchedule *best = find();
  if (!best) {
    const TensorCoreSchedule &least =
        *llvm::min_element(all, [&](const auto &x, const auto &y) {
          return std::pair(getRegisters(x), x.bytes()) <
                 std::pair(getRegisters(y), y.bytes());
        });
    if (getRegisters(least) > getMostRegisters(least))
      return refuse() << "scores and sums of its tiles take "
                      << getRegisters(least)
                      << " registers of a thread, more than the "
                      << getMostRegisters(least) << " that there are";
    return refuse() << "its tiles take " << least.bytes()
                    << " bytes of workgroup memory, more than the "
                    << target.workgroupMemory << " that there are";
  }
  return *best;
}

FailureOr<TensorCoreSchedule> mlir::mask::chooseTensorCoreSchedule(
    AttentionOp op, const GPUTarget &target, const GPUScheduleParts &given,
    function_ref<InFlightDiagnostic()> refuse) {
  return ScheduleChooser(op, target, given).choose(refuse);
}
