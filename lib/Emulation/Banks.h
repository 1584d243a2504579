//===- Banks.h - conflicts of workgroup memory's banks -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Workgroup memory has 32 banks of four bytes. Eight threads at a time move 16
// bytes each, in one step if their rows lie in different banks.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EMULATION_BANKS_H
#define MASK_LIB_EMULATION_BANKS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace mlir::mask::simt {

/// How many steps it takes to move rows of 16 bytes at these offsets: the most
/// different ones that share banks.
unsigned countBankSteps(llvm::ArrayRef<int64_t> offsets);

/// Counts the steps of what threads do one by one, as if the eight of a phase
/// did it together: the i-th time that each of them comes to a site.
class BankCounter {
public:
  /// Forgets everything: another block runs.
  void reset();
  /// Notes that a thread writes a row of 16 bytes. Returns how many steps those
  /// of its phase take that have been noted.
  unsigned note(uint32_t site, unsigned thread, int64_t offset);

private:
  /// By site and thread, how often it has come there.
  llvm::DenseMap<std::pair<uint32_t, unsigned>, unsigned> times;
  /// By site and phase; then by how often.
  llvm::DenseMap<std::pair<uint32_t, unsigned>,
                 llvm::SmallVector<llvm::SmallVector<int64_t, 8>>>
      phases;
};

} // namespace mlir::mask::simt

#endif // MASK_LIB_EMULATION_BANKS_H
