//===- GPUSchedule.cpp - schedules chosen for a GPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/GPUSchedule.h"

#include "Mask/Conversion/CPUSchedule.h"
#include "TensorCoreSchedule.h"

using namespace mlir;
using namespace mlir::mask;

/// Rows of a tile that has several heads.
static constexpr int64_t kFewRows = 64;
/// The parts that few queries' keys are split into, at most.
static constexpr int64_t kMostParts = 64;
/// What columns of workgroup memory and of the values are multiples of.
static constexpr int64_t kColumns = 16;

/// Begins to say why sizes or data do not fit an emitter.
using RefuseFunction = function_ref<InFlightDiagnostic()>;

//===----------------------------------------------------------------------===//
// Chips
//===----------------------------------------------------------------------===//

std::optional<GPUTarget> mlir::mask::getNVIDIATarget(StringRef chip) {
  // Of the CUDA programming guide, and the largest product with the chip.
  static constexpr struct {
    StringLiteral name;
    int64_t kilobytes, multiprocessors;
  } chips[] = {{"sm_80", 163, 108},  {"sm_86", 99, 84},   {"sm_87", 163, 16},
               {"sm_89", 99, 142},   {"sm_90", 227, 132}, {"sm_100", 227, 148},
               {"sm_103", 227, 148}, {"sm_120", 99, 188}, {"sm_121", 99, 48}};
  // Code for one chip only, or for its family.
  chip = chip.rtrim("af");
  for (const auto &known : chips)
    if (chip == known.name)
      return GPUTarget{known.kilobytes * 1024, known.multiprocessors};
  return std::nullopt;
}

GPUTarget GPUScheduleOptions::getTarget() const {
  GPUTarget target = getNVIDIATarget(chip).value_or(GPUTarget());
  if (workgroupMemory)
    target.workgroupMemory = workgroupMemory;
  return target;
}

//===----------------------------------------------------------------------===//
// What is given
//===----------------------------------------------------------------------===//

/// Numbers that are given must make sense, whoever takes them.
static LogicalResult checkParts(RefuseFunction refuse,
                                const GPUScheduleParts &given) {
  struct {
    StringRef name;
    int64_t value, unit;
  } numbers[] = {{"query-tile", given.queryTile, 1},
                 {"heads", given.heads, 1},
                 {"parts", given.parts, 1},
                 {"depth", given.depth, 1},
                 {"key-tile", given.keyTile, kColumns},
                 {"value-columns", given.valueColumns, kColumns},
                 {"threads", given.threads, kColumns},
                 {"warp-rows", given.warpRows, kColumns}};
  for (auto [name, value, unit] : numbers)
    if (value < 0 || value % unit)
      return refuse() << name << " must be a positive multiple of " << unit
                      << ", got " << value;
  return success();
}

/// The parts of a schedule, all of which are given.
static GPUScheduleParts getParts(GPUScheduleAttr schedule) {
  GPUScheduleParts parts;
  parts.queryTile = schedule.getQueryTile();
  parts.keyTile = schedule.getKeyTile();
  parts.heads = schedule.getHeads();
  parts.parts = schedule.getParts();
  parts.valueColumns = schedule.getValueColumns();
  parts.warpRows = schedule.getWarpRows();
  parts.threads = schedule.getThreads();
  parts.depth = schedule.getDepth();
  parts.order = schedule.getOrder();
  return parts;
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

/// Few queries: all in a tile, of as many heads as fill it.
static void chooseTileRows(AttentionOp op, GPUScheduleParts &given) {
  AttentionShape shape = getAttentionShape(op);
  bool isOfFewQueries = false;
  CPUScheduleParts rows;
  rows.queryTile = given.queryTile;
  rows.heads = given.heads;
  bool isStatic = !ShapedType::isDynamic(shape.queries);
  if (isStatic && shape.queries > 0 && shape.queries < kFewRows) {
    chooseFewRows(shape, rows);
    isOfFewQueries = shape.queries <= rows.queryTile;
    given.queryTile = rows.queryTile;
    given.heads = rows.heads;
  }
  if (!given.heads)
    given.heads = 1;
  if (!given.parts)
    given.parts = isOfFewQueries ? kMostParts : 1;
}

static int64_t getColumns(Value array) {
  return cast<ShapedType>(array.getType()).getDimSize(3);
}

static int64_t chooseValueColumns(AttentionOp op) {
  int64_t columns = getColumns(op.getValue());
  if (ShapedType::isDynamic(columns))
    return 64;
  return std::clamp<int64_t>(llvm::alignTo(columns, kColumns), kColumns, 128);
}

static FailureOr<GPUScheduleAttr> makeSchedule(RefuseFunction refuse,
                                               AttentionOp op, GPUTileCode code,
                                               const GPUScheduleParts &p) {
  auto schedule = GPUScheduleAttr::getChecked(
      refuse, op.getContext(), code, p.queryTile, p.keyTile, p.heads, p.parts,
      p.warpRows, p.threads, p.depth, p.valueColumns, p.order);
  if (!schedule)
    return failure();
  return schedule;
}

static FailureOr<GPUScheduleAttr>
choosePortable(AttentionOp op, GPUScheduleParts parts, RefuseFunction refuse) {
  if (failed(checkParts(refuse, parts)))
    return failure();
  chooseTileRows(op, parts);
  auto choose = [](int64_t &part, int64_t value) {
    if (!part)
      part = value;
  };
  choose(parts.queryTile, 32);
  choose(parts.keyTile, 32);
  choose(parts.threads, 128);
  choose(parts.depth, 32);
  choose(parts.valueColumns, chooseValueColumns(op));
  return makeSchedule(refuse, op, GPUTileCode::Portable, parts);
}

/// Whether an attention's data can be fragments of matrices.
static LogicalResult checkData(AttentionOp op, RefuseFunction refuse) {
  Type element = cast<ShapedType>(op.getQuery().getType()).getElementType();
  if (!element.isF16() && !element.isBF16())
    return refuse()
           << "tensor cores are used for f16 and bf16 only, got data of type "
           << element;
  std::pair<StringRef, Value> arrays[] = {{"query", op.getQuery()},
                                          {"value", op.getValue()}};
  for (auto [name, array] : arrays)
    if (ShapedType::isDynamic(getColumns(array)))
      return refuse() << "on tensor cores the rows of " << name
                      << " must have a static number of elements, got "
                      << array.getType();
  return success();
}

static FailureOr<GPUScheduleAttr>
chooseTensorCore(AttentionOp op, GPUScheduleParts parts,
                 const GPUScheduleOptions &options, RefuseFunction refuse) {
  if (!options.chip.empty() && !getNVIDIATarget(options.chip))
    return refuse() << "no tensor cores for bf16 are known of chip '"
                    << options.chip << "'";
  if (failed(checkParts(refuse, parts)) || failed(checkData(op, refuse)))
    return failure();
  chooseTileRows(op, parts);
  FailureOr<TensorCoreSchedule> tiles =
      chooseTensorCoreSchedule(op, options.getTarget(), parts, refuse);
  if (failed(tiles))
    return failure();
  parts.queryTile = tiles->queryTile;
  parts.keyTile = tiles->keyTile;
  parts.warpRows = tiles->warpRows;
  parts.valueColumns = tiles->valueColumns;
  return makeSchedule(refuse, op, GPUTileCode::TensorCore, parts);
}

FailureOr<GPUScheduleAttr>
mlir::mask::getGPUSchedule(AttentionOp op, const GPUScheduleOptions &options) {
  auto fail = [&] { return op.emitOpError() << "cannot be scheduled: "; };
  GPUEmitter emitter = options.emitter;
  GPUScheduleParts parts = options.schedule;
  if (std::optional<ScheduleAttrInterface> own = op.getSchedule()) {
    auto schedule = dyn_cast<GPUScheduleAttr>(*own);
    if (!schedule)
      return fail() << "its schedule " << *own << " is not one of a GPU";
    parts = getParts(schedule);
    emitter = schedule.hasTensorCores() ? GPUEmitter::TensorCore
                                        : GPUEmitter::Portable;
  }
  if (emitter == GPUEmitter::Portable)
    return choosePortable(op, parts, fail);
  if (emitter == GPUEmitter::TensorCore)
    return chooseTensorCore(op, parts, options, fail);
  FailureOr<GPUScheduleAttr> tensorCore =
      chooseTensorCore(op, parts, options, [&] {
        return op.emitRemark() << "is computed by portable code: ";
      });
  if (succeeded(tensorCore))
    return tensorCore;
  return choosePortable(op, parts, fail);
}
