//===- CudaTest.cpp - limits and errors of devices of CUDA -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is beyond a device: one of the driver that runs nothing
// (test/FakeCuda), where the loader finds that. Launches that are right are in
// test/Tools/run-cuda.test.
//
//===----------------------------------------------------------------------===//

#include "DeviceChecks.h"

#include "Mask/Device/Cuda.h"

#include "gtest/gtest.h"

using namespace mlir::mask;
using llvm::StringRef;

namespace {

constexpr StringRef kKernel = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry nothing()
.maxntid 1
{
  ret;
}
)";

class CudaTest : public ::testing::Test {
protected:
  void SetUp() override {
    auto found = createCudaDevice();
    if (!found) {
      EXPECT_TRUE(found.errorIsA<DeviceMissing>());
      GTEST_SKIP() << llvm::toString(found.takeError());
    }
    device = std::move(*found);
  }

  std::string failToLoad(StringRef code) {
    auto kernels = device->load({code.data(), code.size()});
    return kernels ? "" : llvm::toString(kernels.takeError());
  }
  std::string launch(StringRef kernel, int64_t blocks, int64_t threads,
                     int64_t sharedBytes) {
    auto kernels = device->load({kKernel.data(), kKernel.size()});
    if (!kernels)
      return llvm::toString(kernels.takeError());
    DeviceLaunch launch;
    launch.kernel = kernel;
    launch.blocks = blocks;
    launch.threads = threads;
    launch.sharedBytes = sharedBytes;
    return llvm::toString((*kernels)->launch(launch));
  }

  std::unique_ptr<Device> device;
};

TEST_F(CudaTest, has_buffers) { mlir::mask::test::checkBuffers(*device); }

TEST_F(CudaTest, takes_code_for_its_chip) {
  DeviceTarget target = device->getTarget();
  EXPECT_EQ(target.code, DeviceTarget::Code::PTX);
  EXPECT_GE(target.major, 7);
}

TEST_F(CudaTest, times_kernels) {
  EXPECT_EQ(device->getKernelTime(), 0);
  EXPECT_EQ(launch("nothing", 1, 1, 0), "");
  EXPECT_GT(device->getKernelTime(), 0);
}

TEST_F(CudaTest, negative_too_large_a_buffer) {
  auto buffer = device->allocate(int64_t(1) << 50);
  ASSERT_FALSE(static_cast<bool>(buffer));
  EXPECT_EQ(llvm::toString(buffer.takeError()),
            "CUDA cannot allocate 1125899906842624 bytes: "
            "CUDA_ERROR_OUT_OF_MEMORY (2)");
}

TEST_F(CudaTest, negative_no_kernels) {
  EXPECT_TRUE(StringRef(failToLoad("abc"))
                  .starts_with("CUDA cannot load the kernels for '"));
  EXPECT_EQ(launch("something", 1, 1, 0),
            "CUDA cannot find kernel 'something': CUDA_ERROR_NOT_FOUND (500)");
}

TEST_F(CudaTest, negative_beyond_the_limits) {
  auto begins = [](StringRef message, StringRef expected) {
    EXPECT_TRUE(message.starts_with(expected)) << message.str();
  };
  begins(launch("nothing", int64_t(1) << 40, 1, 0),
         "kernel 'nothing' takes 1099511627776 workgroups, more than the ");
  begins(launch("nothing", 1, 1 << 20, 0),
         "kernel 'nothing' takes 1048576 threads of a workgroup, more than "
         "the ");
  begins(launch("nothing", 1, 1, 1 << 20),
         "kernel 'nothing' takes 1048576 bytes of workgroup memory, more than "
         "the ");
}

} // namespace
