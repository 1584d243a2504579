//===- KernelTest.cpp - what kernels are made of --------------------------===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulationFixture.h"

#include <numeric>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {
class KernelTest : public EmulationTest {};
} // namespace

TEST_F(KernelTest, IdsInThreeDimensions) {
  // Every thread adds its number to the element of that number.
  auto module = compile(R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<?xf32>) kernel {
      %bx = gpu.block_id x %by = gpu.block_id y %bz = gpu.block_id z
      %gx = gpu.grid_dim x %gy = gpu.grid_dim y
      %tx = gpu.thread_id x %ty = gpu.thread_id y %tz = gpu.thread_id z
      %dx = gpu.block_dim x %dy = gpu.block_dim y %dz = gpu.block_dim z
      %block = affine.apply affine_map<(x, y, z)[gx, gy] -> (x + y * gx + z * gx * gy)>(%bx, %by, %bz)[%gx, %gy]
      %thread = affine.apply affine_map<(x, y, z)[dx, dy] -> (x + y * dx + z * dx * dy)>(%tx, %ty, %tz)[%dx, %dy]
      %all = affine.apply affine_map<()[dx, dy, dz] -> (dx * dy * dz)>()[%dx, %dy, %dz]
      %i = affine.apply affine_map<(b, t)[n] -> (b * n + t)>(%block, %thread)[%all]
      %i32 = arith.index_cast %i : index to i32
      %f = arith.sitofp %i32 : i32 to f32
      %v = memref.load %x[%i] : memref<?xf32>
      %w = arith.addf %v, %f : f32
      memref.store %w, %x[%i] : memref<?xf32>
      gpu.return
    }
  }
}
)mlir");
  ASSERT_TRUE(module);
  std::vector<float> x(2 * 3 * 4 * 5 * 2 * 3);
  Arguments arguments;
  arguments.add(x, {int64_t(x.size())});
  KernelLaunch launch;
  launch.kernel = "kernels::k";
  launch.grid = {2, 3, 4};
  launch.block = {5, 2, 3};
  launch.arguments = llvm::to_vector(arguments.get());
  ASSERT_EQ(messageOf(module->launch(launch, {})), "");
  std::vector<float> expected(x.size());
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(x, expected);
}

TEST_F(KernelTest, Shuffles) {
  auto module = compile(R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<4x32xf32>, %width: i32) kernel {
      %c0 = arith.constant 0 : index %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index %c3 = arith.constant 3 : index
      %three = arith.constant 3 : i32
      %none = arith.constant -1.0 : f32
      %lane = gpu.lane_id
      %l32 = arith.index_cast %lane : index to i32
      %f = arith.sitofp %l32 : i32 to f32
      %a, %av = gpu.shuffle xor %f, %three, %width : f32
      %b, %bv = gpu.shuffle up %f, %three, %width : f32
      %c, %cv = gpu.shuffle down %f, %three, %width : f32
      %d, %dv = gpu.shuffle idx %f, %three, %width : f32
      %as = arith.select %av, %a, %none : f32
      %bs = arith.select %bv, %b, %none : f32
      %cs = arith.select %cv, %c, %none : f32
      %ds = arith.select %dv, %d, %none : f32
      memref.store %as, %x[%c0, %lane] : memref<4x32xf32>
      memref.store %bs, %x[%c1, %lane] : memref<4x32xf32>
      memref.store %cs, %x[%c2, %lane] : memref<4x32xf32>
      memref.store %ds, %x[%c3, %lane] : memref<4x32xf32>
      gpu.return
    }
  }
}
)mlir");
  ASSERT_TRUE(module);
  for (int64_t width : {32, 16}) {
    std::vector<float> x(128);
    Arguments arguments;
    arguments.add(x, {4, 32}).add(width);
    KernelLaunch launch;
    launch.kernel = "kernels::k";
    launch.block = {32, 1, 1};
    launch.arguments = llvm::to_vector(arguments.get());
    ASSERT_EQ(messageOf(module->launch(launch, {})), "");
    for (int64_t lane = 0; lane < 32; ++lane) {
      bool takesPart = lane < width;
      EXPECT_EQ(x[lane], takesPart ? lane ^ 3 : -1) << lane;
      EXPECT_EQ(x[32 + lane], takesPart && lane >= 3 ? lane - 3 : -1) << lane;
      EXPECT_EQ(x[64 + lane], lane + 3 < width ? lane + 3 : -1) << lane;
      EXPECT_EQ(x[96 + lane], takesPart ? 3 : -1) << lane;
    }
  }
}

TEST_F(KernelTest, Reductions) {
  // Upstream takes them apart, into shuffles.
  auto module = compile(R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<2x96xf32>) kernel attributes {known_block_size = array<i32: 96, 1, 1>} {
      %c0 = arith.constant 0 : index %c1 = arith.constant 1 : index
      %i = gpu.thread_id x
      %i32 = arith.index_cast %i : index to i32
      %f = arith.sitofp %i32 : i32 to f32
      %warp = gpu.subgroup_reduce maxnumf %f : (f32) -> f32
      %pair = gpu.subgroup_reduce add %f cluster(size = 2) : (f32) -> f32
      memref.store %warp, %x[%c0, %i] : memref<2x96xf32>
      memref.store %pair, %x[%c1, %i] : memref<2x96xf32>
      gpu.return
    }
  }
}
)mlir");
  ASSERT_TRUE(module);
  std::vector<float> x(192);
  Arguments arguments;
  arguments.add(x, {2, 96});
  KernelLaunch launch;
  launch.kernel = "kernels::k";
  launch.block = {96, 1, 1};
  launch.arguments = llvm::to_vector(arguments.get());
  for (const EmulationOptions &options : getSchedules()) {
    ASSERT_EQ(messageOf(module->launch(launch, options)), "");
    for (int thread = 0; thread < 96; ++thread) {
      EXPECT_EQ(x[thread], thread / 32 * 32 + 31) << thread;
      EXPECT_EQ(x[96 + thread], 2 * (thread / 2 * 2) + 1) << thread;
    }
  }
}

TEST_F(KernelTest, DynamicMemory) {
  // Two views of the memory that the launch gives, one behind the other.
  auto module = compile(R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<8xf32>) kernel {
      %c7 = arith.constant 7 : index %c0 = arith.constant 0 : index
      %c32 = arith.constant 32 : index
      %all = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
      %a = memref.view %all[%c0][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<8xf32, #gpu.address_space<workgroup>>
      %b = memref.view %all[%c32][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<8xi32, #gpu.address_space<workgroup>>
      %i = gpu.thread_id x
      %v = memref.load %x[%i] : memref<8xf32>
      %i32 = arith.index_cast %i : index to i32
      memref.store %v, %a[%i] : memref<8xf32, #gpu.address_space<workgroup>>
      memref.store %i32, %b[%i] : memref<8xi32, #gpu.address_space<workgroup>>
      gpu.barrier
      %j = arith.subi %c7, %i : index
      %w = memref.load %a[%j] : memref<8xf32, #gpu.address_space<workgroup>>
      %k = memref.load %b[%j] : memref<8xi32, #gpu.address_space<workgroup>>
      %f = arith.sitofp %k : i32 to f32
      %sum = arith.addf %w, %f : f32
      memref.store %sum, %x[%i] : memref<8xf32>
      gpu.return
    }
  }
}
)mlir");
  ASSERT_TRUE(module);
  std::vector<float> x = {0, 10, 20, 30, 40, 50, 60, 70};
  Arguments arguments;
  arguments.add(x, {8});
  KernelLaunch launch;
  launch.kernel = "kernels::k";
  launch.block = {8, 1, 1};
  launch.dynamicBytes = 64;
  launch.arguments = llvm::to_vector(arguments.get());
  EXPECT_EQ(messageOf(module->launch(launch, {})), "");
  EXPECT_EQ(x, (std::vector<float>{77, 66, 55, 44, 33, 22, 11, 0}));
  // Too little: the end of the second view.
  launch.dynamicBytes = 60;
  expectMatch(messageOf(module->launch(launch, {})),
              "'memref.store': thread \\(7, 0, 0\\) touches 4 bytes outside of "
              "the workgroup buffers");
}

TEST_F(KernelTest, AllocationsAndPrivateMemory) {
  auto module = compile(R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    memref.global "private" constant @factors : memref<2xf32> = dense<[2.0, 3.0]>
    func.func private @scale(%x: f32, %which: index) -> f32 {
      %factors = memref.get_global @factors : memref<2xf32>
      %factor = memref.load %factors[%which] : memref<2xf32>
      %y = arith.mulf %x, %factor : f32
      return %y : f32
    }
    gpu.func @k(%x: memref<4xf32>) private(%own: memref<2xf32, #gpu.address_space<private>>) kernel {
      %c0 = arith.constant 0 : index %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %shared = memref.alloca() : memref<4xf32, #gpu.address_space<workgroup>>
      %i = gpu.thread_id x
      %v = memref.load %x[%i] : memref<4xf32>
      memref.store %v, %own[%c1] : memref<2xf32, #gpu.address_space<private>>
      gpu.barrier
      %w = memref.load %own[%c1] : memref<2xf32, #gpu.address_space<private>>
      %y = func.call @scale(%w, %c1) : (f32, index) -> f32
      memref.store %y, %shared[%i] : memref<4xf32, #gpu.address_space<workgroup>>
      gpu.barrier
      %j = arith.subi %c3, %i : index
      %z = memref.load %shared[%j] : memref<4xf32, #gpu.address_space<workgroup>>
      memref.store %z, %x[%i] : memref<4xf32>
      gpu.return
    }
  }
}
)mlir");
  ASSERT_TRUE(module);
  std::vector<float> x = {1, 2, 3, 4};
  Arguments arguments;
  arguments.add(x, {4});
  KernelLaunch launch;
  launch.kernel = "kernels::k";
  launch.block = {4, 1, 1};
  launch.arguments = llvm::to_vector(arguments.get());
  EXPECT_EQ(messageOf(module->launch(launch, {})), "");
  EXPECT_EQ(x, (std::vector<float>{12, 9, 6, 3}));
}

TEST_F(KernelTest, HostStopsAtFirstFailure) {
  // Three launches: the second one writes behind the array, the third one is
  // not made. One is written as `gpu.launch`.
  auto module = compile(R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @add(%x: memref<?xf32>, %n: index) kernel {
      %one = arith.constant 1.0 : f32
      %v = memref.load %x[%n] : memref<?xf32>
      %w = arith.addf %v, %one : f32
      memref.store %w, %x[%n] : memref<?xf32>
      gpu.return
    }
  }
  func.func @host(%x: memref<?xf32>, %second: index) attributes {llvm.emit_c_interface} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %five = arith.constant 5.0 : f32
    gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
               threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
      memref.store %five, %x[%c0] : memref<?xf32>
      gpu.terminator
    }
    gpu.launch_func @kernels::@add blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<?xf32>, %second : index)
    gpu.launch_func @kernels::@add blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<?xf32>, %c0 : index)
    return
  }
}
)mlir");
  ASSERT_TRUE(module);
  std::vector<float> x(4);
  auto call = [&](int64_t second) {
    Arguments arguments;
    arguments.add(x, {4}).add(second);
    return messageOf(module->call("host", arguments.get(), {}));
  };
  EXPECT_EQ(call(1), "");
  EXPECT_EQ(x, (std::vector<float>{6, 1, 0, 0}));
  expectMatch(call(4), "'memref.load': thread \\(0, 0, 0\\) is out of bounds");
  EXPECT_EQ(x, (std::vector<float>{5, 1, 0, 0}));
  // A failure is over with its call.
  EXPECT_EQ(call(2), "");
  EXPECT_EQ(x, (std::vector<float>{6, 1, 1, 0}));
}
