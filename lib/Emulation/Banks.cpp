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

static constexpr int64_t kRowBytes = 16, kThreads = 8;
/// Rows of 16 bytes that lie in different banks.
static constexpr int64_t kGroups = 8;

unsigned mlir::mask::simt::countBankSteps(llvm::ArrayRef<int64_t> offsets) {
  std::array<llvm::SmallVector<int64_t, 8>, kGroups> rows;
  size_t most = 0;
  for (int64_t offset : offsets) {
    int64_t row = offset / kRowBytes;
    auto &group = rows[row % kGroups];
    // A row that several threads want is moved once.
    if (!llvm::is_contained(group, row))
      group.push_back(row);
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
  auto &all = phases[{site, static_cast<unsigned>(thread / kThreads)}];
  if (all.size() <= time)
    all.resize(time + 1);
  all[time].push_back(offset);
  return countBankSteps(all[time]);
}
