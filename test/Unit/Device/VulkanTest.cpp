//===- VulkanTest.cpp - limits and errors of devices -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is beyond a device. Kernels that run are in test/Tools/run-vulkan.test.
//
//===----------------------------------------------------------------------===//

#include "DeviceChecks.h"

#include "Mask/Device/Vulkan.h"
#include "Mask/Pipelines/SerializeSPIRV.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// A kernel without arguments, which `needs` a capability.
std::string makeKernel(StringRef needs) {
  return (R"(spirv.module Logical GLSL450 requires #spirv.vce<v1.0, [Shader, )" +
          needs + R"(], []> {
  spirv.func @nothing() "None" {
    spirv.Return
  }
  spirv.EntryPoint "GLCompute" @nothing
  spirv.ExecutionMode @nothing "LocalSize", 1, 1, 1
})")
      .str();
}

class VulkanTest : public ::testing::Test {
protected:
  void SetUp() override {
    auto found = createVulkanDevice();
    if (!found) {
      EXPECT_TRUE(found.errorIsA<DeviceMissing>());
      GTEST_SKIP() << llvm::toString(found.takeError());
    }
    device = std::move(*found);
    context.loadDialect<spirv::SPIRVDialect>();
  }

  std::unique_ptr<DeviceKernels> load(StringRef needs = "Int64") {
    auto module = parseSourceString<ModuleOp>(makeKernel(needs), &context);
    if (!module)
      return nullptr;
    auto code = serializeSPIRV(*module);
    auto kernels = device->load(*code);
    EXPECT_TRUE(static_cast<bool>(kernels));
    return kernels ? std::move(*kernels) : nullptr;
  }

  MLIRContext context;
  std::unique_ptr<Device> device;
};

TEST_F(VulkanTest, has_buffers) { mlir::mask::test::checkBuffers(*device); }

TEST_F(VulkanTest, negative_too_large_a_buffer) {
  auto buffer = device->allocate(int64_t(1) << 40);
  ASSERT_FALSE(static_cast<bool>(buffer));
  EXPECT_TRUE(
      StringRef(llvm::toString(buffer.takeError()))
          .starts_with("an array of 1099511627776 bytes is more than the "));
}

TEST_F(VulkanTest, negative_no_kernels) {
  auto fail = [&](ArrayRef<char> code) {
    auto kernels = device->load(code);
    return kernels ? "" : llvm::toString(kernels.takeError());
  };
  EXPECT_EQ(fail({'a', 'b', 'c'}),
            "the kernels are no SPIR-V: they have 3 bytes, no multiple of 4");
  SmallVector<char> zeros(40);
  EXPECT_EQ(fail(zeros),
            "the kernels are no SPIR-V: they do not begin as it does");
}

TEST_F(VulkanTest, negative_beyond_the_limits) {
  auto kernels = load();
  ASSERT_TRUE(kernels);
  auto fail = [&](const DeviceLaunch &launch) {
    return llvm::toString(kernels->launch(launch));
  };
  DeviceLaunch launch;
  launch.kernel = "nothing";
  launch.blocks = launch.threads = 1;
  EXPECT_EQ(fail(launch), "");
  launch.blocks = int64_t(1) << 40;
  EXPECT_TRUE(StringRef(fail(launch))
                  .starts_with("kernel 'nothing' takes 1099511627776 "
                               "workgroups, more than the "));
  launch.blocks = 1;
  launch.threads = 1 << 20;
  EXPECT_TRUE(StringRef(fail(launch))
                  .starts_with("kernel 'nothing' takes 1048576 threads "
                               "of a workgroup, more than the "));
  launch.threads = 1;
  launch.sharedBytes = 16;
  EXPECT_EQ(fail(launch), "kernel 'nothing' takes 16 bytes of dynamic "
                          "workgroup memory, which Vulkan has not");
}

} // namespace
