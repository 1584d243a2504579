//===- Banks.cpp - conflicts of workgroup memory's banks -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Banks.h"

#include "llvm/ADT/STLExtras.h"

#include <array>

using namespace mlir::mask::simt;

/// Bytes of all banks.
static constexpr int64_t kBankBytes = 128;

unsigned mlir::mask::simt::countBankSteps(const BankPhase &phase,
                                          llvm::ArrayRef<int64_t> offsets) {
  std::array<llvm::SmallVector<int64_t, 8>, kBankBytes / kWords.bytes> places;
  size_t most = 0;
  for (int64_t offset : offsets) {
    int64_t place = offset / phase.bytes;
    auto &group = places[place % (kBankBytes / phase.bytes)];
    // What several threads want is moved once.
    if (!llvm::is_contained(group, place))
      group.push_back(place);
    most = std::max(most, group.size());
  }
  return most;
}

void BankCounter::reset() {
  times.clear();
  phases.clear();
}

unsigned BankCounter::note(uint32_t site, unsigned thread, int64_t offset) {
  unsigned time = times[{site, thread}]++;
  auto &all = phases[{site, static_cast<unsigned>(thread / phase.threads)}];
  if (all.size() <= time)
    all.resize(time + 1);
  all[time].push_back(offset);
  return countBankSteps(phase, all[time]);
}
