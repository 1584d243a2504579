//===- Kernel.h - a kernel and its launch, as compiled code tells them -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EMULATION_KERNEL_H
#define MASK_LIB_EMULATION_KERNEL_H

#include "WorkgroupMemory.h"

#include "Mask/Emulation/Emulation.h"

#include "llvm/ADT/StringRef.h"

#include <array>
#include <optional>
#include <string>

namespace mlir::mask::simt {

/// Sizes or a position in x, y and z.
using Dim3 = std::array<int64_t, 3>;

inline int64_t count(const Dim3 &dim) { return dim[0] * dim[1] * dim[2]; }

/// The position with number `index`, x fastest.
inline Dim3 delinearize(int64_t index, const Dim3 &dim) {
  return {index % dim[0], index / dim[0] % dim[1], index / (dim[0] * dim[1])};
}

/// "4 x 1 x 1", with what is between the numbers.
std::string format(const Dim3 &dim, llvm::StringRef separator);

/// The line of a site in a table.
llvm::StringRef getSite(llvm::StringRef sites, uint32_t site);

/// An array that a launch passes to its kernel. What compiled code passes, too.
struct DeviceArray {
  const char *address;
  int64_t bytes;
};

struct Launch {
  llvm::StringRef kernel;
  void (*thread)(void *) = nullptr;
  void *arguments = nullptr;
  Dim3 grid, block;
  /// Zeros where any block size is right.
  Dim3 knownBlock;
  /// The kernel's own, and the dynamic one.
  llvm::SmallVector<WorkgroupMemory::Buffer> buffers;
  /// What the kernel may touch of the device's memory; nothing if that is not
  /// checked.
  std::optional<llvm::ArrayRef<DeviceArray>> arrays;
  /// A line per site: location and op.
  llvm::StringRef sites;
  /// That of the watch of outputs, if there is one.
  uint32_t number = 0;
  EmulationOptions options;

  /// The line of a site.
  llvm::StringRef getSite(uint32_t site) const {
    return simt::getSite(sites, site);
  }
  /// Why it cannot be launched, or nothing.
  std::string check() const;
};

} // namespace mlir::mask::simt

#endif // MASK_LIB_EMULATION_KERNEL_H
