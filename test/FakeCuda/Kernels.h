//===- Kernels.h - what PTX declares of its kernels -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_FAKECUDA_KERNELS_H
#define MASK_TEST_FAKECUDA_KERNELS_H

#include <cstdint>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace fake {

/// A `.param` of a kernel.
struct Parameter {
  unsigned bytes;
  bool isPointer;
};

struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  /// `.maxntid`
  unsigned threads = 0;

  /// Checks the parameters of a launch, which end with null, and prints numbers
  /// and, for each array, the bytes of its allocation. `getRoom` tells how many
  /// bytes lie behind an address, -1 if it is not in an allocation. Returns
  /// what is wrong.
  std::string checkParameters(void **values,
                              const std::function<int64_t(uint64_t)> &getRoom,
                              std::ostream &line) const;
};

class Kernels {
public:
  /// Returns what is wrong.
  std::string parse(const std::string &text, int major, int minor);
  const Kernel *lookup(const std::string &name) const;
  /// "9.0"; other text changes nothing.
  static void parseVersion(const std::string &text, int &major, int &minor);

  bool isForNewerChip = false;

private:
  std::map<std::string, Kernel> kernels;
};

} // namespace fake

#endif // MASK_TEST_FAKECUDA_KERNELS_H
