//===- MutationTest.cpp - mutants of generated kernels --------------------===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels as `convert-mask-to-gpu` makes them, each with one mistake: all are
// found, and the kernels without it pass.
//
//===----------------------------------------------------------------------===//

#include "EmulatedAttention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "Mask/IR/Mask.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

//===----------------------------------------------------------------------===//
// Mutations
//===----------------------------------------------------------------------===//

/// The launch of the kernel `attention` with a suffix.
static gpu::LaunchOp findLaunch(func::FuncOp function, StringRef suffix = "") {
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

static Mutation removeBarrier(int which) {
  return [which](func::FuncOp function) {
    auto barrier = find<gpu::BarrierOp>(function, which);
    if (barrier)
      barrier.erase();
    return bool(barrier);
  };
}

/// Waits for one group of copies less.
static Mutation waitForLess(int which) {
  return [which](func::FuncOp function) {
    auto wait = find<nvgpu::DeviceAsyncWaitOp>(function, which);
    if (wait)
      wait.setNumGroups(wait.getNumGroups().value_or(0) + 1);
    return bool(wait);
  };
}

/// Copies the tile ahead into the buffer that is being read.
static bool reuseBuffer(func::FuncOp function) {
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

/// Swaps the rows of the second operand of a product.
static bool swapFragments(func::FuncOp function) {
  auto multiply = find<nvgpu::MmaSyncOp>(function, 0);
  if (!multiply)
    return false;
  OpBuilder builder(multiply);
  Value b = multiply.getMatrixB();
  multiply.getMatrixBMutable().assign(vector::ShuffleOp::create(
      builder, multiply.getLoc(), b, b, ArrayRef<int64_t>{1, 0}));
  return true;
}

/// Moves one of the four bounds of the first interval.
static Mutation moveBound(int bound, int64_t distance) {
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

/// A core that has no keys: all tiles are masked.
static bool makeAllEdges(func::FuncOp function) {
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

/// Walks the second interval in a loop of its own, from where the first began.
static bool overlapIntervals(func::FuncOp function) {
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

/// Adds the sink to the sum of weights for every part that is joined.
static bool addSinkPerPart(func::FuncOp function) {
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

static constexpr const char *kCores =
    "emitter=tensor-core query-tile=32 key-tile=32";
static constexpr const char *kPortable = "emitter=portable";

static AttentionCase makeCase() {
  AttentionCase a;
  a.dim = a.valueDim = 32;
  a.queries = a.keys = 130;
  a.heads = 1;
  a.fill(1);
  return a;
}

/// The first row of a tile sees all keys but the last of a tile of keys, 31 or
/// 63. That key outweighs what is rounded.
static AttentionCase makeCoreThatEndsEarly() {
  AttentionCase a = makeCase();
  a.clauses = "query_offset %offset";
  a.positions = {{"offset", 30}};
  a.queries = 64;
  for (int64_t k = 0; k < a.keys; ++k)
    for (int64_t d = 0; d < a.dim; ++d)
      a.value[k * a.dim + d] *= k == 31 || k == 63 ? 1024 : 1;
  return a;
}

/// The last row of a tile does not see the first key.
static AttentionCase makeCoreThatBeginsLate() {
  AttentionCase a = makeCase();
  a.mask = "%p = mask.window left 62 right 0";
  a.queries = a.keys = 64;
  for (int64_t d = 0; d < a.dim; ++d)
    a.value[d] *= 1024;
  return a;
}

static AttentionCase makeTwoIntervals() {
  AttentionCase a = makeCase();
  a.mask = R"(%w = mask.window left 30 right 0
    %f = mask.prefix 4
    %c = mask.causal
    %u = mask.or %w, %f
    %p = mask.and %u, %c)";
  return a;
}

static AttentionCase makeSinks() {
  AttentionCase a = makeCase();
  a.heads = 2;
  a.queries = 20;
  a.clauses = "query_offset %offset sinks(%sinks : tensor<?xf32>)";
  a.positions = {{"offset", 110}};
  a.facts = {{"sinks", "f32", {2}, {3, 4}}};
  a.fill(2);
  return a;
}

// Which of these is seen first hangs on the schedule.
static const char kRace[] =
    "(races on|touches) byte .* of workgroup memory|reads byte .* of "
    "workgroup memory, which no thread has written";

namespace {

struct Mutant {
  const char *name;
  std::string options;
  AttentionCase (*makeCase)();
  Mutation mutation;
  /// In the message of every schedule; empty where the numbers are wrong.
  const char *message;
  KernelStage stage = KernelStage::GPU;
};

// How googletest gives parameters to a test with a fixture.
// NOLINTNEXTLINE(misc-multiple-inheritance)
class GeneratedMutantTest : public EmulatedAttentionTest,
                            public testing::WithParamInterface<Mutant> {};

using MutationTest = EmulatedAttentionTest;

} // namespace

TEST_P(GeneratedMutantTest, IsFound) {
  const Mutant &mutant = GetParam();
  AttentionCase a = mutant.makeCase();
  ExpectedAttention expected = interpret(a);
  auto kernel = compileAttention(a, mutant.options, {}, mutant.stage);
  auto mutated =
      compileAttention(a, mutant.options, mutant.mutation, mutant.stage);
  ASSERT_TRUE(kernel && mutated);
  for (const EmulationOptions &schedule : getAdversaries()) {
    AttentionResults right = run(*kernel, a, schedule);
    EXPECT_EQ(right.message, "");
    EXPECT_EQ(compare(a, right, expected), "");
    AttentionResults wrong = run(*mutated, a, schedule);
    if (*mutant.message) {
      expectMatch(wrong.message, mutant.message);
      continue;
    }
    EXPECT_EQ(wrong.message, "");
    EXPECT_NE(compare(a, wrong, expected), "") << print(schedule);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Mutants, GeneratedMutantTest,
    testing::Values(
        Mutant{"CoresWaitForQueries", kCores, makeCase, waitForLess(0), kRace},
        Mutant{"CoresWaitForTile", kCores, makeCase, waitForLess(1), kRace},
        Mutant{"CoresWaitForTileInNVVM", kCores, makeCase, waitForLess(1),
               kRace, KernelStage::NVVM},
        Mutant{"CoresReuseBuffer", kCores, makeCase, reuseBuffer, kRace},
        Mutant{"CoresReuseBufferInNVVM", kCores, makeCase, reuseBuffer, kRace,
               KernelStage::NVVM},
        Mutant{"CoresSwapFragments", kCores, makeCase, swapFragments, ""},
        Mutant{"CoresSwapFragmentsInNVVM", kCores, makeCase, swapFragments, "",
               KernelStage::NVVM},
        Mutant{"CoresEndOneLate", kCores, makeCoreThatEndsEarly,
               moveBound(2, 1), ""},
        Mutant{"CoresBeginOneEarly", kCores, makeCoreThatBeginsLate,
               moveBound(1, -1), ""},
        Mutant{"CoresSinkPerPart",
               "emitter=tensor-core query-tile=32 key-tile=32 parts=3",
               makeSinks, addSinkPerPart, ""},
        Mutant{"PortableEndOneLate", kPortable, makeCoreThatEndsEarly,
               moveBound(2, 1), ""},
        Mutant{"PortableBeginOneEarly", kPortable, makeCoreThatBeginsLate,
               moveBound(1, -1), ""},
        Mutant{"PortableOverlap", kPortable, makeTwoIntervals, overlapIntervals,
               ""},
        Mutant{"PortableSinkPerPart", "emitter=portable parts=3", makeSinks,
               addSinkPerPart, ""}),
    [](const testing::TestParamInfo<Mutant> &info) { return info.param.name; });

/// None of the barriers can be done without. Rows of 64 elements pass through
/// the memory of portable kernels in two steps.
TEST_F(MutationTest, BarriersRemoved) {
  AttentionCase a = makeCase();
  a.dim = a.valueDim = 64;
  a.queries = a.keys = 70;
  a.fill(5);
  for (const char *options : {kCores, kPortable}) {
    int barriers = 0;
    Mutation count = [&](func::FuncOp function) {
      findLaunch(function).walk([&](gpu::BarrierOp) { ++barriers; });
      return barriers > 0;
    };
    ASSERT_TRUE(compileAttention(a, options, count));
    for (KernelStage stage : {KernelStage::GPU, KernelStage::NVVM})
      for (int i = 0; i < barriers; ++i) {
        SCOPED_TRACE((options + Twine(", barrier ") + Twine(i)).str());
        auto mutated = compileAttention(a, options, removeBarrier(i), stage);
        ASSERT_TRUE(mutated);
        for (const EmulationOptions &schedule : getAdversaries())
          expectMatch(run(*mutated, a, schedule).message, kRace);
      }
  }
}

//===----------------------------------------------------------------------===//
// Laws: what may not change anything
//===----------------------------------------------------------------------===//

static void expectEqualBits(const AttentionResults &x,
                            const AttentionResults &y) {
  EXPECT_EQ(x.message, "");
  EXPECT_EQ(y.message, "");
  EXPECT_EQ(x.output, y.output);
  EXPECT_EQ(x.logSumExp, y.logSumExp);
}

/// Code of the core is that of edges, less the mask.
TEST_F(MutationTest, AllEdgesAreTheSameBits) {
  EmulationOptions schedule = getAdversaries().front();
  for (const AttentionCase &a : {makeCase(), makeTwoIntervals()})
    for (const char *options : {kCores, kPortable}) {
      auto kernel = compileAttention(a, options);
      auto edges = compileAttention(a, options, makeAllEdges);
      ASSERT_TRUE(kernel && edges);
      expectEqualBits(run(*kernel, a, schedule), run(*edges, a, schedule));
    }
}

/// Only differences of positions count.
TEST_F(MutationTest, ShiftedOriginsAreTheSameBits) {
  AttentionCase a = makeCase();
  a.mask = "%p = mask.window left 40 right 3";
  a.clauses = "query_offset %query key_offset %key";
  for (const char *options : {kCores, kPortable}) {
    a.positions = {{"query", 7}, {"key", 0}};
    auto kernel = compileAttention(a, options);
    ASSERT_TRUE(kernel);
    EmulationOptions schedule = getAdversaries().front();
    AttentionResults first = run(*kernel, a, schedule);
    EXPECT_EQ(compare(a, first, interpret(a)), "");
    for (int64_t origin : {int64_t(1000003), -(int64_t(1) << 40)}) {
      a.positions = {{"query", origin + 7}, {"key", origin}};
      expectEqualBits(first, run(*kernel, a, schedule));
    }
  }
}

/// What a row of a batch and a head are computed from is theirs alone.
TEST_F(MutationTest, PermutedRowsAndHeads) {
  AttentionCase a = makeCase();
  a.batch = 2;
  a.heads = a.keyHeads = 2;
  a.queries = a.keys = 70;
  a.mask = R"(%c = mask.causal
    %d = mask.document %docs : tensor<?x?xi32>
    %p = mask.and %c, %d)";
  a.facts = {{"docs", "i32", {2, 70}, {}}};
  for (int64_t i = 0; i < 140; ++i)
    a.facts[0].values.push_back(i < 70 ? i / 30 : i / 45);
  a.fill(3);
  AttentionCase turned = a;
  auto reverse = [](auto &data, int64_t parts, int64_t last) {
    auto copy = data;
    int64_t size = data.size() / parts;
    for (int64_t i = 0; i < parts; ++i)
      std::copy_n(copy.begin() + (last - i) * size, size,
                  data.begin() + i * size);
  };
  // Batch rows and heads at once: the four matrices in reversed order.
  for (std::vector<double> *data : {&turned.query, &turned.key, &turned.value})
    reverse(*data, 4, 3);
  reverse(turned.facts[0].values, 2, 1);
  for (const char *options : {kCores, kPortable}) {
    auto kernel = compileAttention(a, options);
    ASSERT_TRUE(kernel);
    EmulationOptions schedule = getAdversaries().front();
    AttentionResults first = run(*kernel, a, schedule);
    EXPECT_EQ(compare(a, first, interpret(a)), "");
    reverse(first.output, 4, 3);
    reverse(first.logSumExp, 4, 3);
    expectEqualBits(first, run(*kernel, turned, schedule));
  }
}

/// Ids that only the upper half of 64 bits tells apart.
TEST_F(MutationTest, IdsThatDifferBy32Bits) {
  AttentionCase a = makeCase();
  a.mask = R"(%c = mask.causal
    %d = mask.document %docs : tensor<?x?xi64>
    %p = mask.and %c, %d)";
  a.facts = {{"docs", "i64", {1, 130}, {}}};
  for (int64_t i = 0; i < 130; ++i)
    a.facts[0].values.push_back(5 + double(i / 40) * 0x1p32);
  for (const char *options : {kCores, kPortable})
    check(a, options, getAdversaries());
}

/// Tiles before the first visible key are not visited, and rows begin in
/// different ones.
TEST_F(MutationTest, FirstTilesSkipped) {
  AttentionCase a = makeCase();
  a.mask = "%p = mask.window left 10 right 0";
  a.clauses = "query_offset %offset";
  a.positions = {{"offset", 95}};
  a.queries = 35;
  a.fill(4);
  for (const char *options : {kCores, kPortable})
    check(a, options, getAdversaries());
}
