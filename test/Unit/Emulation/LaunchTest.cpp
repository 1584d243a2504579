//===- LaunchTest.cpp - kernels that hosts launch -*- C++ -*-===//
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
class LaunchTest : public EmulationTest {};
} // namespace

static constexpr char kSaxpy[] = R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @saxpy(%a: f32, %x: memref<?xf32>, %y: memref<?xf32>) kernel
        attributes {known_block_size = array<i32: 64, 1, 1>} {
      %c0 = arith.constant 0 : index
      %i = gpu.global_id x
      %n = memref.dim %x, %c0 : memref<?xf32>
      %exists = arith.cmpi slt, %i, %n : index
      scf.if %exists {
        %xi = memref.load %x[%i] : memref<?xf32>
        %yi = memref.load %y[%i] : memref<?xf32>
        %ax = arith.mulf %a, %xi : f32
        %sum = arith.addf %ax, %yi : f32
        memref.store %sum, %y[%i] : memref<?xf32>
      }
      gpu.return
    }
  }
  func.func @host(%a: f32, %x: memref<?xf32>, %y: memref<?xf32>) attributes {llvm.emit_c_interface} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %n = memref.dim %x, %c0 : memref<?xf32>
    %blocks = arith.ceildivui %n, %c64 : index
    gpu.launch_func @kernels::@saxpy blocks in (%blocks, %c1, %c1) threads in (%c64, %c1, %c1)
      args(%a : f32, %x : memref<?xf32>, %y : memref<?xf32>)
    return
  }
}
)mlir";

TEST_F(LaunchTest, HostLaunchesSaxpy) {
  auto module = compile(kSaxpy);
  ASSERT_TRUE(module);
  for (const EmulationOptions &options : getSchedules()) {
    std::vector<float> x(1000), y(1000);
    for (int i = 0; i < 1000; ++i)
      x[i] = i, y[i] = 1;
    Arguments arguments;
    arguments.add(2.0f).add(x, {1000}).add(y, {1000});
    ASSERT_EQ(messageOf(module->call("host", arguments.get(), options)), "");
    for (int i = 0; i < 1000; ++i)
      ASSERT_EQ(y[i], 2.0f * i + 1) << i;
  }
}

TEST_F(LaunchTest, RecordLaunchesSaxpy) {
  auto module = compile(kSaxpy);
  ASSERT_TRUE(module);
  std::vector<float> x(100, 3), y(100, 1);
  Arguments arguments;
  arguments.add(2.0f).add(x, {100}).add(y, {100});
  KernelLaunch launch;
  launch.kernel = "kernels::saxpy";
  launch.grid = {2, 1, 1};
  launch.block = {64, 1, 1};
  launch.arguments = llvm::to_vector(arguments.get());
  EXPECT_EQ(messageOf(module->launch(launch, {})), "");
  EXPECT_EQ(y, std::vector<float>(100, 7));

  launch.block = {32, 1, 1};
  EXPECT_EQ(messageOf(module->launch(launch, {})),
            "kernel 'kernels::saxpy': a block of 32 x 1 x 1 threads; it is "
            "compiled for 64 x 1 x 1");
  launch.block = {64, 1, 1};
  launch.grid = {0, 1, 1};
  EXPECT_EQ(messageOf(module->launch(launch, {})),
            "kernel 'kernels::saxpy': a grid of 0 x 1 x 1 blocks; 1 to "
            "2147483647 x 65535 x 65535 can be launched");
}

// The sum of 256 elements per block: shuffles in each warp, then over warps in
// workgroup memory.
static constexpr char kReduce[] = R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @reduce(%x: memref<?xf32>, %sums: memref<?xf32>)
        workgroup(%partial: memref<8xf32, #gpu.address_space<workgroup>>) kernel {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %c256 = arith.constant 256 : index
      %width = arith.constant 32 : i32
      %zero = arith.constant 0.0 : f32
      %tid = gpu.thread_id x
      %block = gpu.block_id x
      %lane = gpu.lane_id
      %warp = gpu.subgroup_id : index
      %first = arith.muli %block, %c256 : index
      %i = arith.addi %first, %tid : index
      %v = memref.load %x[%i] : memref<?xf32>
      %b16 = arith.constant 16 : i32
      %s0, %v0 = gpu.shuffle down %v, %b16, %width : f32
      %k0 = arith.select %v0, %s0, %zero : f32
      %t0 = arith.addf %v, %k0 : f32
      %b8 = arith.constant 8 : i32
      %s1, %v1 = gpu.shuffle xor %t0, %b8, %width : f32
      %t1 = arith.addf %t0, %s1 : f32
      %b4 = arith.constant 4 : i32
      %s2, %v2 = gpu.shuffle xor %t1, %b4, %width : f32
      %t2 = arith.addf %t1, %s2 : f32
      %b2 = arith.constant 2 : i32
      %s3, %v3 = gpu.shuffle xor %t2, %b2, %width : f32
      %t3 = arith.addf %t2, %s3 : f32
      %b1 = arith.constant 1 : i32
      %s4, %v4 = gpu.shuffle xor %t3, %b1, %width : f32
      %t4 = arith.addf %t3, %s4 : f32
      %is_first = arith.cmpi eq, %lane, %c0 : index
      scf.if %is_first {
        memref.store %t4, %partial[%warp] : memref<8xf32, #gpu.address_space<workgroup>>
      }
      gpu.barrier
      %is_zero = arith.cmpi eq, %tid, %c0 : index
      scf.if %is_zero {
        %sum = scf.for %w = %c0 to %c8 step %c1 iter_args(%sum0 = %zero) -> f32 {
          %p = memref.load %partial[%w] : memref<8xf32, #gpu.address_space<workgroup>>
          %sum1 = arith.addf %sum0, %p : f32
          scf.yield %sum1 : f32
        }
        memref.store %sum, %sums[%block] : memref<?xf32>
      }
      gpu.return
    }
  }
  func.func @host(%x: memref<?xf32>, %sums: memref<?xf32>) attributes {llvm.emit_c_interface} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    %n = memref.dim %sums, %c0 : memref<?xf32>
    gpu.launch_func @kernels::@reduce blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1)
      args(%x : memref<?xf32>, %sums : memref<?xf32>)
    return
  }
}
)mlir";

static std::string without(StringRef text, StringRef part) {
  size_t at = text.find(part);
  EXPECT_NE(at, StringRef::npos);
  return (text.take_front(at) + text.drop_front(at + part.size())).str();
}

TEST_F(LaunchTest, WarpsShareMemory) {
  auto module = compile(kReduce);
  ASSERT_TRUE(module);
  std::vector<float> x(256 * 5);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = int(i % 17) - 3;
  for (const EmulationOptions &options : getSchedules()) {
    std::vector<float> sums(5);
    Arguments arguments;
    arguments.add(x, {256 * 5}).add(sums, {5});
    ASSERT_EQ(messageOf(module->call("host", arguments.get(), options)), "");
    for (int block = 0; block < 5; ++block) {
      float sum = 0;
      for (int i = 0; i < 256; ++i)
        sum += x[256 * block + i];
      EXPECT_EQ(sums[block], sum) << block;
    }
  }
}

TEST_F(LaunchTest, MissingBarrierIsARace) {
  auto module = compile(without(kReduce, "gpu.barrier\n"));
  ASSERT_TRUE(module);
  std::vector<float> x(256), sums(1);
  Arguments arguments;
  arguments.add(x, {256}).add(sums, {1});
  // The thread that sums is the first to come, or the last.
  EXPECT_EQ(messageOf(module->call("host", arguments.get(), {})),
            "kernel.mlir:42:16: 'memref.load': thread (0, 0, 0) reads byte 4 "
            "of workgroup memory, which no thread has written\n"
            "  in block (0, 0, 0) of kernel 'kernels::reduce'");
  EmulationOptions options;
  options.order = WarpOrder::Reversed;
  EXPECT_EQ(messageOf(module->call("host", arguments.get(), options)),
            "kernel.mlir:42:16: 'memref.load': thread (0, 0, 0) races on byte "
            "4 of workgroup memory with kernel.mlir:37:9: 'memref.store': "
            "thread (32, 0, 0); no barrier is between them\n"
            "  in block (0, 0, 0) of kernel 'kernels::reduce'");
}
