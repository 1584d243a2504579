//===- FailureTest.cpp - what ends a launch -------------------------------===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulationFixture.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

class FailureTest : public EmulationTest {
protected:
  /// Launches a kernel on 8 numbers that are zero; returns its message. `body`
  /// begins on line 5 of the module. `%s` is workgroup memory of 64 f32, `%i`
  /// the thread, `%x` the numbers.
  std::string run(StringRef body, KernelLaunch launch = {},
                  const EmulationOptions &options = {},
                  bool checkAccesses = true) {
    auto module = compile((kPrefix + body + kSuffix).str(), checkAccesses);
    if (!module)
      return "not compiled";
    numbers.assign(8, 0);
    Arguments arguments;
    arguments.add(numbers, {8});
    launch.kernel = "kernels::k";
    launch.arguments = llvm::to_vector(arguments.get());
    if (!options.outputs)
      return messageOf(module->launch(launch, options));
    options.outputs->add("output", numbers.data(), {2, 4}, sizeof(float));
    std::string message = messageOf(module->launch(launch, options));
    return message.empty() ? messageOf(options.outputs->finish()) : message;
  }

  static KernelLaunch threads(int64_t count) {
    KernelLaunch launch;
    launch.block[0] = count;
    return launch;
  }

  /// Options under which the numbers are an output, once.
  EmulationOptions watchOutput() {
    EmulationOptions options;
    options.outputs = &outputs;
    return options;
  }

  std::vector<float> numbers;

private:
  OutputWatch outputs;
  static constexpr StringLiteral kPrefix =
      R"(module attributes {gpu.container_module} { gpu.module @kernels {
gpu.func @k(%x: memref<?xf32>) workgroup(%s: memref<64xf32, #gpu.address_space<workgroup>>) kernel {
%c0 = arith.constant 0 : index  %c1 = arith.constant 1 : index  %c2 = arith.constant 2 : index
%c4 = arith.constant 4 : index  %one = arith.constant 1.0 : f32  %i = gpu.thread_id x
)";
  static constexpr StringLiteral kSuffix = "\ngpu.return\n}}}";
};

} // namespace

static const char kWhere[] = "\n  in block (0, 0, 0) of kernel 'kernels::k'";

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

TEST_F(FailureTest, IndexBehindDeviceMemory) {
  EXPECT_EQ(run("memref.store %one, %x[%i] : memref<?xf32>", threads(9)),
            "kernel.mlir:5:1: 'memref.store': thread (8, 0, 0) is out of "
            "bounds: 1 element(s) at index 8 of dimension 0, which has 8" +
                std::string(kWhere));
  // Those before it were written.
  EXPECT_EQ(numbers, std::vector<float>(8, 1));
}

TEST_F(FailureTest, NegativeIndex) {
  EXPECT_EQ(run("%j = arith.subi %i, %c1 : index\n"
                "%v = memref.load %x[%j] : memref<?xf32>\n"
                "memref.store %v, %x[%i] : memref<?xf32>"),
            "kernel.mlir:6:6: 'memref.load': thread (0, 0, 0) is out of "
            "bounds: 1 element(s) at index -1 of dimension 0, which has 8" +
                std::string(kWhere));
}

TEST_F(FailureTest, VectorBehindMemory) {
  EXPECT_EQ(run("%j = arith.constant 5 : index\n"
                "%v = vector.load %x[%j] : memref<?xf32>, vector<4xf32>\n"
                "vector.store %v, %x[%c4] : memref<?xf32>, vector<4xf32>"),
            "kernel.mlir:6:6: 'vector.load': thread (0, 0, 0) is out of "
            "bounds: 4 element(s) at index 5 of dimension 0, which has 8" +
                std::string(kWhere));
}

static const char kTooFar[] =
    "%v = memref.reinterpret_cast %s to offset: [0], sizes: [80], strides: [1] "
    ": memref<64xf32, #gpu.address_space<workgroup>> to memref<80xf32, "
    "strided<[1]>, #gpu.address_space<workgroup>>\n"
    "%j = arith.constant 70 : index\n"
    "memref.store %one, %v[%j] : memref<80xf32, strided<[1]>, "
    "#gpu.address_space<workgroup>>";

TEST_F(FailureTest, OutsideOfBuffers) {
  EXPECT_EQ(run(kTooFar),
            "kernel.mlir:7:1: 'memref.store': thread (0, 0, 0) touches 4 bytes "
            "outside of the workgroup buffers, 280 from the start of the "
            "first" +
                std::string(kWhere));
}

TEST_F(FailureTest, RedZoneWithoutChecks) {
  EXPECT_EQ(run(kTooFar, {}, {}, /*checkAccesses=*/false),
            "bytes behind workgroup buffer 0 were written" +
                std::string(kWhere));
}

TEST_F(FailureTest, TooMuchWorkgroupMemory) {
  KernelLaunch launch;
  launch.dynamicBytes = 1000;
  EmulationOptions options;
  options.workgroupBytes = 1024;
  EXPECT_EQ(run("gpu.barrier", launch, options),
            "kernel 'kernels::k': 1256 bytes of workgroup memory, 1000 of them "
            "dynamic; a block may have 1024");
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

TEST_F(FailureTest, OutputWrittenOnce) {
  EmulationOptions options = watchOutput();
  EXPECT_EQ(
      run("memref.store %one, %x[%i] : memref<?xf32>", threads(8), options),
      "");
}

TEST_F(FailureTest, OutputWrittenTwice) {
  EmulationOptions options = watchOutput();
  KernelLaunch launch = threads(4);
  launch.grid = {2, 1, 1};
  options.threads = 1;
  EXPECT_EQ(run("%j = arith.addi %i, %c4 : index\n"
                "memref.store %one, %x[%j] : memref<?xf32>",
                launch, options),
            "kernel.mlir:6:1: 'memref.store': thread (0, 0, 0) writes element "
            "(1, 0) of the output again; in this launch it was written at "
            "kernel.mlir:6:1: 'memref.store': thread (0, 0, 0) of block (0, 0, "
            "0)\n  in block (1, 0, 0) of kernel 'kernels::k'");
}

TEST_F(FailureTest, OutputWrittenByPartOfAVector) {
  EmulationOptions options = watchOutput();
  EXPECT_EQ(run("%v = vector.broadcast %one : f32 to vector<4xf32>\n"
                "vector.store %v, %x[%i] : memref<?xf32>, vector<4xf32>",
                threads(2), options),
            "kernel.mlir:6:1: 'vector.store': thread (1, 0, 0) writes element "
            "(0, 1) of the output again; in this launch it was written at "
            "kernel.mlir:6:1: 'vector.store': thread (0, 0, 0) of block (0, 0, "
            "0)" +
                std::string(kWhere));
}

TEST_F(FailureTest, OutputNotWritten) {
  EmulationOptions options = watchOutput();
  EXPECT_EQ(
      run("memref.store %one, %x[%i] : memref<?xf32>", threads(6), options),
      "element (1, 2) of the output has not been written by any launch; "
      "6 of its 8 elements have been, the first of them at "
      "kernel.mlir:5:1: 'memref.store' of kernel 'kernels::k'");
}

TEST_F(FailureTest, NothingOfOutputWritten) {
  EmulationOptions options = watchOutput();
  EXPECT_EQ(run("gpu.barrier", {}, options),
            "element (0, 0) of the output has not been written by any launch; "
            "none of its elements has been");
}

//===----------------------------------------------------------------------===//
// Races
//===----------------------------------------------------------------------===//

static const char kSpace[] = "memref<64xf32, #gpu.address_space<workgroup>>";

static std::string store(StringRef index) {
  return ("memref.store %one, %s[%" + index + "] : " + kSpace + "\n").str();
}

TEST_F(FailureTest, TwoWriters) {
  EXPECT_EQ(run(store("c1"), threads(2)),
            "kernel.mlir:5:1: 'memref.store': thread (1, 0, 0) races on byte 4 "
            "of workgroup memory with kernel.mlir:5:1: 'memref.store': thread "
            "(0, 0, 0); no barrier is between them" +
                std::string(kWhere));
}

TEST_F(FailureTest, ThreeReadersThenAWriter) {
  // The writer is one of the readers; another one of them is reported.
  EXPECT_EQ(
      run("%last = arith.cmpi eq, %i, %c2 : index\n"
          "scf.if %last {\n" +
              store("c0") +
              "}\ngpu.barrier\n%v = memref.load %s[%c0] : " + kSpace +
              "\nmemref.store %v, %x[%i] : memref<?xf32>\n"
              "scf.if %last {\n" +
              store("c0") + "}",
          threads(3)),
      "kernel.mlir:13:1: 'memref.store': thread (2, 0, 0) races on byte 0 "
      "of workgroup memory with kernel.mlir:10:6: 'memref.load': thread "
      "(0, 0, 0); no barrier is between them" +
          std::string(kWhere));
}

TEST_F(FailureTest, OwnMemoryNeedsNoBarrier) {
  EXPECT_EQ(run(store("i") + "%v = memref.load %s[%i] : " + kSpace +
                    "\nmemref.store %v, %x[%i] : memref<?xf32>",
                threads(8)),
            "");
  EXPECT_EQ(numbers, std::vector<float>(8, 1));
}

TEST_F(FailureTest, AtomicsDoNotRaceWithEachOther) {
  std::string add = "%old = memref.atomic_rmw addf %one, %s[%c0] : (f32, " +
                    std::string(kSpace) + ") -> f32\n";
  std::string zero =
      "%first = arith.cmpi eq, %i, %c0 : index\n%zero = arith.constant 0.0 : "
      "f32\nscf.if %first {\nmemref.store %zero, %s[%c0] : " +
      std::string(kSpace) + "\n}\n";
  std::string read = "%v = memref.load %s[%c0] : " + std::string(kSpace) +
                     "\nmemref.store %v, %x[%i] : memref<?xf32>";
  EXPECT_EQ(
      run(zero + "gpu.barrier\n" + add + "gpu.barrier\n" + read, threads(8)),
      "");
  EXPECT_EQ(numbers, std::vector<float>(8, 8));
  // A plain access does.
  expectMatch(run(zero + "gpu.barrier\n" + add + read, threads(8)),
              "races on byte 0");
}

TEST_F(FailureTest, NobodyWroteWhatIsRead) {
  std::string read = "%v = memref.load %s[%i] : " + std::string(kSpace) +
                     "\nmemref.store %v, %x[%i] : memref<?xf32>";
  std::string some = "%few = arith.cmpi ult, %i, %c2 : index\nscf.if %few {\n" +
                     store("i") + "}\ngpu.barrier\n";
  EXPECT_EQ(run(some + read, threads(8)),
            "kernel.mlir:10:6: 'memref.load': thread (2, 0, 0) reads byte 8 of "
            "workgroup memory, which no thread has written" +
                std::string(kWhere));
  // Without checks it is NaN.
  EXPECT_EQ(run(read, threads(8), {}, /*checkAccesses=*/false), "");
  for (float number : numbers)
    EXPECT_TRUE(std::isnan(number));
}

TEST_F(FailureTest, NextBlockBeginsAnew) {
  // What the first of two blocks wrote is not there in the second one.
  KernelLaunch launch;
  launch.grid = {2, 1, 1};
  EmulationOptions options;
  options.threads = 1;
  EXPECT_EQ(run("%b = gpu.block_id x\n%first = arith.cmpi eq, %b, %c0 : index\n"
                "scf.if %first {\n" +
                    store("c0") + "}\n%v = memref.load %s[%c0] : " + kSpace +
                    "\nmemref.store %v, %x[%b] : memref<?xf32>",
                launch, options),
            "kernel.mlir:10:6: 'memref.load': thread (0, 0, 0) reads byte 0 of "
            "workgroup memory, which no thread has written\n"
            "  in block (1, 0, 0) of kernel 'kernels::k'");
}

//===----------------------------------------------------------------------===//
// Meetings
//===----------------------------------------------------------------------===//

TEST_F(FailureTest, BarrierThatOneThreadMisses) {
  EXPECT_EQ(run("%late = arith.cmpi ne, %i, %c2 : index\n"
                "scf.if %late {\n"
                "gpu.barrier\n}",
                threads(64)),
            "kernel.mlir:7:1: 'gpu.barrier': no thread can go on" +
                std::string(kWhere) +
                "\n  1 of 64 threads returned, the first is thread (2, 0, 0)"
                "\n  63 of 64 threads wait at kernel.mlir:7:1: 'gpu.barrier', "
                "the first is thread (0, 0, 0)");
}

TEST_F(FailureTest, TwoBarriersAreNotOne) {
  EXPECT_EQ(run("%late = arith.cmpi ult, %i, %c2 : index\n"
                "scf.if %late {\n"
                "gpu.barrier\n"
                "} else {\n"
                "gpu.barrier\n}",
                threads(4)),
            "kernel.mlir:7:1: 'gpu.barrier': threads meet at different ops" +
                std::string(kWhere) +
                "\n  2 of 4 threads wait at kernel.mlir:7:1: 'gpu.barrier', "
                "the first is thread (0, 0, 0)"
                "\n  2 of 4 threads wait at kernel.mlir:9:1: 'gpu.barrier', "
                "the first is thread (2, 0, 0)");
}

TEST_F(FailureTest, BarriersInLoopsOfDifferentLength) {
  expectMatch(run("%n = arith.addi %i, %c1 : index\n"
                  "scf.for %j = %c0 to %n step %c1 {\n"
                  "gpu.barrier\n}",
                  threads(2)),
              "^kernel.mlir:7:1: 'gpu.barrier': no thread can go on");
}

TEST_F(FailureTest, MeetingOfAWarpThatOneThreadMisses) {
  EXPECT_EQ(run("%all = arith.constant -1 : i32\n"
                "%late = arith.cmpi ne, %i, %c2 : index\n"
                "scf.if %late {\n"
                "nvvm.bar.warp.sync %all : i32\n}",
                threads(32)),
            "kernel.mlir:8:1: 'nvvm.bar.warp.sync': no thread can go on" +
                std::string(kWhere) +
                "\n  1 of 32 threads returned, the first is thread (2, 0, 0)"
                "\n  31 of 32 threads wait at kernel.mlir:8:1: "
                "'nvvm.bar.warp.sync', the first is thread (0, 0, 0)");
  // It orders no memory.
  std::string meet = "%all = arith.constant -1 : i32\n" + store("i") +
                     "nvvm.bar.warp.sync %all : i32\n%v = memref.load "
                     "%s[%c1] : " +
                     kSpace + "\nmemref.store %v, %x[%c0] : memref<?xf32>";
  expectMatch(run(meet, threads(32)), "races on byte 4 of workgroup memory");
}

static const char kShuffle[] =
    "%off = arith.constant 1 : i32\n%lanes = arith.constant 32 : i32\n"
    "%f = arith.index_cast %i : index to i32\n"
    "%g = arith.sitofp %f : i32 to f32\n"
    "%v, %valid = gpu.shuffle up %g, %off, %lanes : f32\n"
    "memref.store %v, %x[%i] : memref<?xf32>";

TEST_F(FailureTest, ShuffleNeedsAllLanes) {
  EXPECT_EQ(run(kShuffle, threads(8)),
            "kernel.mlir:9:14: 'gpu.shuffle': thread (0, 0, 0) needs 32 "
            "threads of its warp, which has 8" +
                std::string(kWhere));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

static std::string copy(StringRef elements, StringRef used, StringRef from) {
  return ("%t = nvgpu.device_async_copy %x[%" + from + "], %s[%c0], " +
          elements + ", %" + used + " : memref<?xf32> to " + kSpace +
          "\n%g = nvgpu.device_async_create_group %t\n"
          "nvgpu.device_async_wait %g")
      .str();
}

TEST_F(FailureTest, CopyOfMoreThanItWrites) {
  EXPECT_EQ(run("%c8 = arith.constant 8 : index\n" + copy("4", "c8", "c0")),
            "kernel.mlir:6:6: 'nvgpu.device_async_copy': thread (0, 0, 0) "
            "copies 32 bytes to 16; 4, 8 and 16 can be written at once, and no "
            "more read" +
                std::string(kWhere));
}

TEST_F(FailureTest, CopyFromUnalignedAddress) {
  EXPECT_EQ(run(copy("4", "c4", "c1")),
            "kernel.mlir:5:6: 'nvgpu.device_async_copy': thread (0, 0, 0) uses "
            "an address that is no multiple of 16 bytes" +
                std::string(kWhere));
}

TEST_F(FailureTest, CopyOfNothingMayPointAnywhere) {
  EXPECT_EQ(run("%far = arith.constant 1000 : index\n" +
                copy("4", "c0", "far") + "\n%v = memref.load %s[%c2] : " +
                kSpace + "\nmemref.store %v, %x[%i] : memref<?xf32>"),
            "");
  EXPECT_EQ(numbers[0], 0);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

TEST_F(FailureTest, FirstBlockIsReported) {
  // Blocks 3 to 99 fail; several run at the same time.
  KernelLaunch launch;
  launch.grid = {100, 1, 1};
  EmulationOptions options;
  options.threads = 4;
  for (int repeat = 0; repeat < 3; ++repeat)
    expectMatch(run("%b = gpu.block_id x\n%c5 = arith.constant 5 : index\n"
                    "%j = arith.addi %b, %c5 : index\n"
                    "memref.store %one, %x[%j] : memref<?xf32>",
                    launch, options),
                "in block \\(3, 0, 0\\)");
}

TEST_F(FailureTest, BlockIsTooLarge) {
  KernelLaunch launch;
  launch.block = {32, 33, 1};
  EXPECT_EQ(run("gpu.barrier", launch),
            "kernel 'kernels::k': a block of 32 x 33 x 1 threads; 1 to 1024 in "
            "all and 1024 x 1024 x 64 can be launched");
}

TEST_F(FailureTest, WarpIsTooLarge) {
  EmulationOptions options;
  options.warpSize = 64;
  EXPECT_EQ(run("gpu.barrier", {}, options),
            "kernel 'kernels::k': warps of 64 threads; 1 to 32 are emulated");
}
