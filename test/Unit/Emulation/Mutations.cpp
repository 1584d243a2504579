//===- Mutations.cpp - mistakes in generated kernels ----------------------===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mutations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "Mask/IR/Mask.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

gpu::LaunchOp mlir::mask::test::findLaunch(func::FuncOp function,
                                           StringRef suffix) {
  gpu::LaunchOp found;
  function.walk([&](gpu::LaunchOp launch) {
    if (launch.getFunctionAttr().getLeafReference().getValue() ==
        ("attention" + suffix).str())
      found = launch;
  });
  return found;
}

/// The `which`th op of a kind in the attention's kernel; null if there is none.
template <typename OpTy>
static OpTy find(func::FuncOp function, int which) {
  OpTy found;
  if (gpu::LaunchOp launch = findLaunch(function))
    launch.walk([&](OpTy op) {
      if (which-- == 0)
        found = op;
    });
  return found;
}

Mutation mlir::mask::test::removeBarrier(int which) {
  return [which](func::FuncOp function) {
    auto barrier = find<gpu::BarrierOp>(function, which);
    if (barrier)
      barrier.erase();
    return bool(barrier);
  };
}

Mutation mlir::mask::test::waitForLess(int which) {
  return [which](func::FuncOp function) {
    auto wait = find<nvgpu::DeviceAsyncWaitOp>(function, which);
    if (wait)
      wait.setNumGroups(wait.getNumGroups().value_or(0) + 1);
    return bool(wait);
  };
}

bool mlir::mask::test::reuseBuffer(func::FuncOp function) {
  auto loop = find<TileForOp>(function, 0);
  if (!loop)
    return false;
  int changed = 0;
  loop.getBody().walk([&](nvgpu::DeviceAsyncCopyOp copy) {
    OpBuilder builder(copy);
    Value buffer = copy.getDstIndices().front();
    Value one = arith::ConstantIndexOp::create(builder, copy.getLoc(), 1);
    copy.getDstIndicesMutable().begin()->set(
        arith::SubIOp::create(builder, copy.getLoc(), one, buffer));
    ++changed;
  });
  return changed > 0;
}

bool mlir::mask::test::skipSlice(func::FuncOp function) {
  auto loop = find<TileForOp>(function, 0);
  if (!loop)
    return false;
  auto slices = loop.getBody().front().getOps<scf::ForOp>();
  if (slices.empty())
    return false;
  scf::ForOp first = *slices.begin();
  OpBuilder builder(first);
  first.getUpperBoundMutable().assign(arith::SubIOp::create(
      builder, first.getLoc(), first.getUpperBound(), first.getStep()));
  return true;
}

bool mlir::mask::test::swapFragments(func::FuncOp function) {
  auto multiply = find<nvgpu::MmaSyncOp>(function, 0);
  if (!multiply)
    return false;
  OpBuilder builder(multiply);
  Value b = multiply.getMatrixB();
  multiply.getMatrixBMutable().assign(vector::ShuffleOp::create(
      builder, multiply.getLoc(), b, b, ArrayRef<int64_t>{1, 0}));
  return true;
}

Mutation mlir::mask::test::moveBound(int bound, int64_t distance) {
  return [=](func::FuncOp function) {
    auto loop = find<TileForOp>(function, 0);
    if (!loop)
      return false;
    OpBuilder builder(loop);
    Value by = arith::ConstantIndexOp::create(builder, loop.getLoc(), distance);
    Value moved = arith::AddIOp::create(builder, loop.getLoc(),
                                        loop.getBounds()[bound], by);
    loop.getBoundsMutable()[bound].set(moved);
    return true;
  };
}

bool mlir::mask::test::makeAllEdges(func::FuncOp function) {
  auto loop = find<TileForOp>(function, 0);
  if (!loop)
    return false;
  MutableOperandRange bounds = loop.getBoundsMutable();
  for (size_t i = 0; i < loop.getBounds().size(); i += 4) {
    bounds[i + 1].set(loop.getBounds()[i + 3]);
    bounds[i + 2].set(loop.getBounds()[i]);
  }
  return true;
}

bool mlir::mask::test::overlapIntervals(func::FuncOp function) {
  auto loop = find<TileForOp>(function, 0);
  if (!loop || loop.getBounds().size() != 8 || loop.getAhead())
    return false;
  OpBuilder builder(loop);
  SmallVector<Value> bounds(loop.getBounds());
  auto first = cast<TileForOp>(builder.clone(*loop));
  first.getBoundsMutable().assign(ArrayRef(bounds).take_front(4));
  SmallVector<Value> second(ArrayRef(bounds).drop_front(4));
  second.front() = bounds.front();
  loop.getBoundsMutable().assign(second);
  loop.getInitsMutable().assign(first.getResults());
  return true;
}

bool mlir::mask::test::repeatWorkgroups(func::FuncOp function) {
  gpu::LaunchOp launch = findLaunch(function);
  if (!launch)
    return false;
  OpBuilder builder(launch);
  Location loc = launch.getLoc();
  Value blocks = launch.getGridSizeX();
  Value two = arith::ConstantIndexOp::create(builder, loc, 2);
  launch.getGridSizeXMutable().assign(
      arith::MulIOp::create(builder, loc, blocks, two));
  builder.setInsertionPointToStart(&launch.getBody().front());
  Value block = launch.getBlockIds().x;
  auto first = arith::RemUIOp::create(builder, loc, block, blocks);
  block.replaceAllUsesExcept(first, first);
  return true;
}

/// The first write of elements of the output: of two at once, if there are
/// such.
static Operation *findStore(func::FuncOp function) {
  auto isOfOutput = [](Value memory) {
    return cast<MemRefType>(memory.getType()).getRank() == 4;
  };
  vector::StoreOp pair;
  memref::StoreOp single;
  gpu::LaunchOp launch = findLaunch(function);
  launch.walk([&](Operation *op) {
    auto ofPair = dyn_cast<vector::StoreOp>(op);
    if (ofPair && !pair && isOfOutput(ofPair.getBase()))
      pair = ofPair;
    auto ofSingle = dyn_cast<memref::StoreOp>(op);
    if (ofSingle && !single && isOfOutput(ofSingle.getMemRef()))
      single = ofSingle;
  });
  return pair ? pair.getOperation() : single.getOperation();
}

bool mlir::mask::test::removeStore(func::FuncOp function) {
  Operation *store = findStore(function);
  if (store)
    store->erase();
  return store != nullptr;
}

bool mlir::mask::test::storeBehindArray(func::FuncOp function) {
  Operation *store = findStore(function);
  if (!store)
    return false;
  OpBuilder builder(store);
  Location loc = store->getLoc();
  OpOperand &index = store->getOpOperand(store->getNumOperands() - 1);
  Value far = arith::ConstantIndexOp::create(builder, loc, int64_t(1) << 16);
  index.set(arith::AddIOp::create(builder, loc, index.get(), far));
  return true;
}

bool mlir::mask::test::copyBehindArray(func::FuncOp function) {
  nvgpu::DeviceAsyncCopyOp last;
  findLaunch(function).walk(
      [&](nvgpu::DeviceAsyncCopyOp copy) { last = copy; });
  if (!last)
    return false;
  OpBuilder builder(last);
  Location loc = last.getLoc();
  Value far = arith::ConstantIndexOp::create(builder, loc, int64_t(1) << 16);
  OpOperand &index =
      last.getSrcIndicesMutable()[last.getSrcIndices().size() - 2];
  index.set(arith::AddIOp::create(builder, loc, index.get(), far));
  return true;
}

bool mlir::mask::test::addSinkPerPart(func::FuncOp function) {
  gpu::LaunchOp merge = findLaunch(function, "_merge");
  if (!merge)
    return false;
  memref::LoadOp sink;
  merge.walk([&](memref::LoadOp load) {
    if (load.getMemRefType().getRank() == 1)
      sink = load;
  });
  SmallVector<scf::ForOp> loops(merge.getBody().front().getOps<scf::ForOp>());
  if (!sink || loops.size() < 2)
    return false;
  // The first finds the maximum, the second adds weights.
  Value maximum = loops[0].getResult(0);
  sink->moveBefore(loops[1]);
  Operation *yield = loops[1].getBody()->getTerminator();
  OpBuilder builder(yield);
  Location loc = yield->getLoc();
  Value weight = math::ExpOp::create(
      builder, loc, arith::SubFOp::create(builder, loc, sink, maximum));
  yield->setOperand(
      0, arith::AddFOp::create(builder, loc, yield->getOperand(0), weight));
  return true;
}

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

AttentionCase mlir::mask::test::makeCase() {
  AttentionCase a;
  a.dim = a.valueDim = 32;
  a.queries = a.keys = 130;
  a.heads = 1;
  a.fill(1);
  return a;
}

AttentionCase mlir::mask::test::makeWideCase() {
  AttentionCase a = makeCase();
  a.valueDim = 80;
  a.fill(1);
  return a;
}

AttentionCase mlir::mask::test::makeTwoIntervals() {
  AttentionCase a = makeCase();
  a.mask = R"(%w = mask.window left 30 right 0
    %f = mask.prefix 4
    %c = mask.causal
    %u = mask.or %w, %f
    %p = mask.and %u, %c)";
  return a;
}
