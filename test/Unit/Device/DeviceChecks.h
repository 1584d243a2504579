//===- DeviceChecks.h - what holds on every device -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_DEVICE_DEVICECHECKS_H
#define MASK_TEST_UNIT_DEVICE_DEVICECHECKS_H

#include "Mask/Device/Device.h"

#include "gtest/gtest.h"

namespace mlir::mask::test {

/// A buffer gives back what it was given, and may have no bytes.
inline void checkBuffers(Device &device) {
  auto buffer = device.allocate(5);
  ASSERT_TRUE(static_cast<bool>(buffer));
  const char from[] = {1, 2, 3, 4, 5};
  char to[5] = {};
  ASSERT_FALSE((*buffer)->upload(from));
  ASSERT_FALSE((*buffer)->download(to));
  EXPECT_EQ(llvm::ArrayRef(to), llvm::ArrayRef(from));
  auto empty = device.allocate(0);
  EXPECT_TRUE(static_cast<bool>(empty));
}

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_DEVICE_DEVICECHECKS_H
