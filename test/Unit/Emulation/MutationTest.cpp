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

#include "Mutations.h"

#include <set>
#include <tuple>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

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

static const char kTwice[] = "writes element .* of the (output|log-sum-exp) "
                             "again; in this launch it was written at ";
static const char kNever[] = "element .* of the (output|log-sum-exp) has not "
                             "been written by any launch; ";
static const char kBehindArray[] =
    "'llvm.store': .* touches [0-9]+ bytes outside of the arrays that the "
    "launch passes";
static const char kCopyBehindArray[] =
    "'nvvm.cp.async.shared.global': .* touches 16 bytes outside of the arrays "
    "that the launch passes";

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
                            public testing::WithParamInterface<Mutant> {
protected:
  /// The kernel without the mistake passes, which is asked once for all
  /// mutants of the same kernel.
  void checkOriginal(const AttentionCase &a, const Mutant &mutant,
                     const ExpectedAttention &expected);
};

using MutationTest = EmulatedAttentionTest;

} // namespace

void GeneratedMutantTest::checkOriginal(const AttentionCase &a,
                                        const Mutant &mutant,
                                        const ExpectedAttention &expected) {
  using Kernel = std::tuple<AttentionCase (*)(), std::string, KernelStage>;
  static std::set<Kernel> passed;
  if (passed.count({mutant.makeCase, mutant.options, mutant.stage}))
    return;
  auto kernel = compileAttention(a, mutant.options, {}, mutant.stage);
  ASSERT_TRUE(kernel);
  for (const EmulationOptions &schedule : getAdversaries()) {
    AttentionResults right = run(*kernel, a, schedule);
    ASSERT_EQ(right.message, "");
    ASSERT_EQ(compare(a, right, expected), "");
  }
  passed.insert({mutant.makeCase, mutant.options, mutant.stage});
}

TEST_P(GeneratedMutantTest, IsFound) {
  const Mutant &mutant = GetParam();
  AttentionCase a = mutant.makeCase();
  ExpectedAttention expected = interpret(a);
  checkOriginal(a, mutant, expected);
  auto mutated =
      compileAttention(a, mutant.options, mutant.mutation, mutant.stage);
  ASSERT_TRUE(mutated);
  for (const EmulationOptions &schedule : getAdversaries()) {
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
        Mutant{"CoresRepeatWorkgroups", kCores, makeCase, repeatWorkgroups,
               kTwice},
        Mutant{"CoresRepeatWorkgroupsInNVVM", kCores, makeCase,
               repeatWorkgroups, kTwice, KernelStage::NVVM},
        Mutant{"CoresForgetAStore", kCores, makeCase, removeStore, kNever},
        Mutant{"CoresForgetAStoreInNVVM", kCores, makeCase, removeStore, kNever,
               KernelStage::NVVM},
        Mutant{"CoresStoreBehindArray", kCores, makeCase, storeBehindArray,
               "is out of bounds: "},
        Mutant{"CoresStoreBehindArrayInNVVM", kCores, makeCase,
               storeBehindArray, kBehindArray, KernelStage::NVVM},
        Mutant{"CoresCopyBehindArrayInNVVM", kCores, makeCase, copyBehindArray,
               kCopyBehindArray, KernelStage::NVVM},
        Mutant{"SlicesWaitForTile", kSliced, makeWideCase, waitForLess(1),
               kRace},
        Mutant{"SlicesReuseBuffer", kSliced, makeWideCase, reuseBuffer, kRace},
        Mutant{"SlicesReuseBufferInNVVM", kSliced, makeWideCase, reuseBuffer,
               kRace, KernelStage::NVVM},
        Mutant{"SlicesSwapFragments", kSliced, makeWideCase, swapFragments, ""},
        Mutant{"SlicesLeaveOneOut", kSliced, makeWideCase, skipSlice, ""},
        Mutant{"SlicesLeaveOneOutInNVVM", kSliced, makeWideCase, skipSlice, "",
               KernelStage::NVVM},
        Mutant{"PortableRepeatWorkgroups", kPortable, makeCase,
               repeatWorkgroups, kTwice},
        Mutant{"PortableForgetAStore", kPortable, makeCase, removeStore,
               kNever},
        Mutant{"PortableStoreBehindArrayInNVVM", kPortable, makeCase,
               storeBehindArray, kBehindArray, KernelStage::NVVM},
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
  a.dim = 64;
  a.valueDim = 80;
  a.queries = a.keys = 70;
  a.fill(5);
  for (const char *options : {kCores, kSliced, kPortable}) {
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
