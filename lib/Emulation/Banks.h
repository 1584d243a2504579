//===- Banks.h - conflicts of workgroup memory's banks -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Workgroup memory has 32 banks of four bytes. What threads touch at a time, in
// different words, is moved in one step if it lies in different banks: 16 bytes
// each of eight threads, four bytes each of 32.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EMULATION_BANKS_H
#define MASK_LIB_EMULATION_BANKS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace mlir::mask::simt {

/// What threads move at a time: so many of them, so many bytes each.
struct BankPhase {
  int64_t threads, bytes;
};
inline constexpr BankPhase kRows = {8, 16}, kWords = {32, 4};

/// How many steps it takes to move the rows or words at these offsets: the most
/// different ones that share banks.
unsigned countBankSteps(const BankPhase &phase,
                        llvm::ArrayRef<int64_t> offsets);

/// Counts the steps of what threads do one by one, as if those of a phase did
/// it together: the i-th time that each of them comes to a site.
class BankCounter {
public:
  explicit BankCounter(const BankPhase &phase) : phase(phase) {}

  /// Forgets everything: another block runs.
  void reset();
  /// Notes that a thread writes. Returns how many steps those of its phase take
  /// that have been noted.
  unsigned note(uint32_t site, unsigned thread, int64_t offset);

private:
  BankPhase phase;
  /// By site and thread, how often it has come there.
  llvm::DenseMap<std::pair<uint32_t, unsigned>, unsigned> times;
  /// By site and phase; then by how often.
  llvm::DenseMap<std::pair<uint32_t, unsigned>,
                 llvm::SmallVector<llvm::SmallVector<int64_t, 8>>>
      phases;
};

} // namespace mlir::mask::simt

#endif // MASK_LIB_EMULATION_BANKS_H
