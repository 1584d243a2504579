//===- WorkgroupEmitter.cpp - what all code for workgroups shares -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WorkgroupEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

/// The module of all kernels.
static constexpr StringLiteral kKernels = "mask_kernels";
/// Threads of a workgroup whose threads have nothing to do with each other.
static constexpr int64_t kPointThreads = 64;

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

Value WorkgroupEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value WorkgroupEmitter::number(double value) {
  return arith::ConstantOp::create(
      b, b.getF32FloatAttr(static_cast<float>(value)));
}

Value WorkgroupEmitter::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(x, y);
}

Value WorkgroupEmitter::multiply(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(x, y);
}

Value WorkgroupEmitter::lessThan(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, x, y);
}

Value WorkgroupEmitter::isZero(Value x) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, x, index(0));
}

Value WorkgroupEmitter::truth(bool value) {
  return arith::ConstantOp::create(b, b.getBoolAttr(value));
}

Value WorkgroupEmitter::load(Value memref, ValueRange indices) {
  return memref::LoadOp::create(b, memref, indices);
}

void WorkgroupEmitter::store(Value value, Value memref, ValueRange indices) {
  memref::StoreOp::create(b, value, memref, indices);
}

void WorkgroupEmitter::forLoop(Value lower, Value upper, Value step,
                               BodyFunction body) {
  auto loop = scf::ForOp::create(b, lower, upper, step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> WorkgroupEmitter::forLoop(Value lower, Value upper,
                                             ValueRange inits,
                                             CarryFunction body) {
  auto loop = scf::ForOp::create(b, lower, upper, index(1), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  scf::YieldOp::create(b,
                       body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return llvm::to_vector_of<Value>(loop.getResults());
}

void WorkgroupEmitter::ifThen(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

void WorkgroupEmitter::forThreads(int64_t count, BodyFunction body) {
  forLoop(thread, index(count), index(shape.threads), body);
}

Value WorkgroupEmitter::allocate(ArrayRef<int64_t> shape, Type element) {
  int64_t bytes =
      ShapedType::getNumElements(shape) * element.getIntOrFloatBitWidth() / 8;
  if (isDynamic)
    return viewDynamic(allocateDynamic(llvm::alignTo(bytes, 16)), shape,
                       element);
  workgroupBytes += bytes;
  auto space = gpu::AddressSpaceAttr::get(
      b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  auto type =
      MemRefType::get(shape, element, MemRefLayoutAttrInterface(), space);
  return launch.addWorkgroupAttribution(type, b.getLoc());
}

int64_t WorkgroupEmitter::allocateDynamic(int64_t bytes) {
  int64_t position = dynamicBytes;
  dynamicBytes += bytes;
  workgroupBytes += bytes;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(launch);
  Value total = arith::ConstantOp::create(b, b.getI32IntegerAttr(dynamicBytes));
  launch.getDynamicSharedMemorySizeMutable().assign(total);
  return position;
}

Value WorkgroupEmitter::viewDynamic(int64_t position, ArrayRef<int64_t> shape,
                                    Type element) {
  auto space = gpu::AddressSpaceAttr::get(
      b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  auto getType = [&](ArrayRef<int64_t> shape, Type element) {
    return MemRefType::get(shape, element, MemRefLayoutAttrInterface(), space);
  };
  Value bytes = gpu::DynamicSharedMemoryOp::create(
      b, getType(ShapedType::kDynamic, b.getI8Type()));
  return memref::ViewOp::create(b, getType(shape, element), bytes,
                                index(position), ValueRange());
}

//===----------------------------------------------------------------------===//
// Grid
//===----------------------------------------------------------------------===//

gpu::LaunchOp mlir::mask::createLaunch(ImplicitLocOpBuilder &b, AttentionOp op,
                                       Value blocks, int64_t threads,
                                       StringRef suffix) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, value);
  };
  // Hosts may not launch nothing.
  Value isAny =
      b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ne, blocks, index(0));
  auto branch = scf::IfOp::create(b, isAny, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  Value one = index(1);
  auto created =
      gpu::LaunchOp::create(b, blocks, one, one, index(threads), one, one);
  created.setModuleAttr(FlatSymbolRefAttr::get(b.getContext(), kKernels));
  if (auto function = op->getParentOfType<FunctionOpInterface>())
    created.setFunctionAttr(FlatSymbolRefAttr::get(
        b.getContext(), (function.getName() + suffix).str()));
  b.setInsertionPointToEnd(&created.getBody().front());
  auto terminator = gpu::TerminatorOp::create(b);
  b.setInsertionPoint(terminator);
  return created;
}

/// The number of steps in each dimension.
static SmallVector<Value> getCounts(ImplicitLocOpBuilder &b, ValueRange extents,
                                    ArrayRef<int64_t> steps) {
  SmallVector<Value> counts;
  for (auto [extent, step] : llvm::zip_equal(extents, steps))
    counts.push_back(b.createOrFold<arith::CeilDivUIOp>(
        extent, arith::ConstantIndexOp::create(b, step)));
  return counts;
}

static Value getProduct(ImplicitLocOpBuilder &b, ValueRange factors) {
  Value product = factors.front();
  for (Value factor : factors.drop_front())
    product = b.createOrFold<arith::MulIOp>(product, factor);
  return product;
}

/// The digits of `linear`, whose dimension `order.back()` changes fastest.
/// There are no more of them than elements of an array: 32 bits hold them (see
/// `checkExtents`), and are divided faster.
static SmallVector<Value> delinearize(ImplicitLocOpBuilder &b, Value linear,
                                      ValueRange counts,
                                      ArrayRef<unsigned> order) {
  auto narrow = [&](Value number) {
    return b.createOrFold<arith::IndexCastUIOp>(b.getI32Type(), number);
  };
  auto widen = [&](Value number) {
    return b.createOrFold<arith::IndexCastUIOp>(b.getIndexType(), number);
  };
  SmallVector<Value> digits(counts.size());
  linear = narrow(linear);
  for (unsigned dim : llvm::reverse(order.drop_front())) {
    Value count = narrow(counts[dim]);
    digits[dim] = widen(b.createOrFold<arith::RemUIOp>(linear, count));
    linear = b.createOrFold<arith::DivUIOp>(linear, count);
  }
  digits[order.front()] = widen(linear);
  return digits;
}

/// One workgroup per tile, part of its keys and block of value columns. What
/// shares keys is adjacent: the heads of a query tile and its value columns.
LogicalResult WorkgroupEmitter::forEachTile(ValueRange extents,
                                            ArrayRef<int64_t> steps,
                                            PositionFunction body) {
  SmallVector<Value> counts = getCounts(b, extents, steps);
  counts.push_back(partial ? partial->parts : index(1));
  counts.push_back(countValueBlocks(shape.valueColumns));
  OpBuilder::InsertionGuard guard(b);
  launch = createLaunch(b, op, getProduct(b, counts), shape.threads,
                        flags ? "_exact" : "");
  thread = launch.getThreadIds().x;
  SmallVector<Value> position =
      delinearize(b, launch.getBlockIds().x, counts, {0, 2, 1, 3, 4});
  valueBlock = position.pop_back_val();
  firstColumn = multiply(valueBlock, index(shape.valueColumns));
  part = position.pop_back_val();
  resultBatch = position[0];
  if (partial)
    resultBatch = add(multiply(part, extents[0]), resultBatch);
  position[1] = multiply(position[1], index(steps[1]));
  if (order == GPUTileOrder::LateFirst) {
    Value last = b.createOrFold<arith::SubIOp>(counts[2], index(1));
    position[2] = b.createOrFold<arith::SubIOp>(last, position[2]);
  }
  position[2] = multiply(position[2], index(steps[2]));
  return emitPosition(position, body);
}

Value WorkgroupEmitter::countValueBlocks(int64_t columns) {
  return b.createOrFold<arith::CeilDivUIOp>(
      b.createOrFold<memref::DimOp>(op.getValue(), 3), index(columns));
}

/// Blocks of value columns are adjacent.
Value WorkgroupEmitter::getFlagPosition() {
  auto quotient = [&](Value x, Value y) {
    return b.createOrFold<arith::DivUIOp>(x, y);
  };
  Value others = quotient(getWorkgroup(), countValueBlocks(shape.valueColumns));
  return add(multiply(others, countValueBlocks(flagColumns)),
             quotient(firstColumn, index(flagColumns)));
}

LogicalResult WorkgroupEmitter::emitPosition(SmallVector<Value> position,
                                             PositionFunction body) {
  if (!flags)
    return body(position);
  Value flag = load(flags, getFlagPosition());
  Value zero = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
  LogicalResult result = success();
  ifThen(arith::CmpIOp::create(b, arith::CmpIPredicate::ne, flag, zero),
         [&] { result = body(position); });
  return result;
}

std::optional<KeyPart> WorkgroupEmitter::getKeyPart() const {
  if (!partial)
    return std::nullopt;
  return KeyPart{part, partial->parts};
}

LogicalResult WorkgroupEmitter::forEachPoint(ValueRange extents,
                                             ArrayRef<int64_t> steps,
                                             PositionFunction body) {
  SmallVector<Value> counts = getCounts(b, extents, steps);
  Value total = getProduct(b, counts), threads = index(kPointThreads);
  Value blocks = b.createOrFold<arith::CeilDivUIOp>(total, threads);
  OpBuilder::InsertionGuard guard(b);
  gpu::LaunchOp points = createLaunch(b, op, blocks, kPointThreads, "_bounds");
  Value point =
      add(multiply(points.getBlockIds().x, threads), points.getThreadIds().x);
  LogicalResult result = success();
  ifThen(lessThan(point, total), [&] {
    SmallVector<unsigned> order =
        llvm::to_vector(llvm::seq<unsigned>(0, counts.size()));
    SmallVector<Value> position = delinearize(b, point, counts, order);
    for (auto [digit, step] : llvm::zip_equal(position, steps))
      digit = multiply(digit, index(step));
    result = body(position);
  });
  return result;
}

void WorkgroupEmitter::once(function_ref<void()> body) {
  Value first = b.createOrFold<arith::OrIOp>(thread, valueBlock);
  ifThen(
      b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, first, index(0)),
      body);
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

void WorkgroupEmitter::placeTile(const QueryTile &tile) {
  this->tile = tile;
  query = {op.getQuery(), tile.batch, tile.head};
  key = {op.getKey(), tile.batch, tile.keyHead};
  value = {op.getValue(), tile.batch, tile.keyHead};
}

std::pair<Value, Value> WorkgroupEmitter::getPlace(Value row) {
  if (shape.heads == 1)
    return {index(0), row};
  Value heads = index(shape.heads);
  return {b.createOrFold<arith::RemUIOp>(row, heads),
          b.createOrFold<arith::DivUIOp>(row, heads)};
}

SmallVector<AffineExpr> WorkgroupEmitter::getPlace(AffineExpr row,
                                                   AffineExpr key) {
  return {row % shape.heads, row.floorDiv(shape.heads), key};
}

Value WorkgroupEmitter::getNumRows() {
  return multiply(tile.rows, index(shape.heads));
}

WorkgroupEmitter::RowResults WorkgroupEmitter::getResults(Value row) {
  auto [headInTile, queryInTile] = getPlace(row);
  Value head = add(tile.head, headInTile), at = add(tile.row, queryInTile);
  // A sink joins where the parts do.
  if (partial)
    return {{partial->output, resultBatch, head},
            at,
            /*sink=*/Value(),
            partial->logSumExp};
  Value sink = op.getSinks() ? load(op.getSinks(), head) : Value();
  return {{op.getOutput(), resultBatch, head}, at, sink, op.getLogSumExp()};
}

void WorkgroupEmitter::storeLogSumExp(Value value, const RowResults &results) {
  store(value, results.logSumExp,
        {results.output.batch, results.output.head, results.query});
}

Value WorkgroupEmitter::allocateRowEnds() {
  return allocate({shape.rows}, b.getI32Type());
}

FailureOr<Value> WorkgroupEmitter::mapRows(RowFunction function) {
  Value rows = allocateRowEnds();
  LogicalResult result = success();
  forThreads(shape.rows, [&](Value row) {
    auto [headInTile, queryInTile] = getPlace(row);
    Value query = add(tile.firstQuery, queryInTile);
    query = b.createOrFold<arith::MinSIOp>(query, tile.lastQuery);
    FailureOr<Value> end = function(add(tile.absoluteHead, headInTile), query);
    if (failed(end))
      result = failure();
    else
      store(*end, rows, row);
  });
  if (failed(result))
    return failure();
  return rows;
}

Value mlir::mask::emitExpOfDifference(ImplicitLocOpBuilder &b, Value x,
                                      Value y) {
  return math::ExpOp::create(b, arith::SubFOp::create(b, x, y));
}

RowStatistics mlir::mask::finishRow(ImplicitLocOpBuilder &b, Value maximum,
                                    Value sum, Value sink) {
  auto constant = [&](float value) -> Value {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  };
  Value zero = constant(0), weight = constant(1);
  Value empty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, sum, zero);
  if (sink) {
    Value reference = arith::MaxNumFOp::create(b, maximum, sink);
    weight = emitExpOfDifference(b, maximum, reference);
    sum = arith::AddFOp::create(b, arith::MulFOp::create(b, sum, weight),
                                emitExpOfDifference(b, sink, reference));
    maximum = reference;
  }
  Value factor = arith::DivFOp::create(b, weight, sum);
  Value logSumExp =
      arith::AddFOp::create(b, maximum, math::LogOp::create(b, sum));
  Value none = constant(-std::numeric_limits<float>::infinity());
  return {arith::SelectOp::create(b, empty, zero, factor),
          arith::SelectOp::create(b, empty, none, logSumExp)};
}
