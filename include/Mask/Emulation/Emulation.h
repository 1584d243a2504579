//===- Emulation.h - GPU kernels on the CPU -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels that `convert-gpu-to-simt-emulation` has made callable run here: a
// fibre per GPU thread, blocks spread over threads of this machine. What a GPU
// leaves open is chosen to break kernels that rely on it: docs/Emulation.md.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EMULATION_EMULATION_H
#define MASK_EMULATION_EMULATION_H

#include "Mask/Emulation/OutputWatch.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace mlir::mask {

/// Which thread of a block runs next, wherever one waits for others.
enum class WarpOrder {
  /// The warps in turns.
  Forward,
  /// The same, the last thread first.
  Reversed,
  /// Any, by the seed.
  Random,
  /// One warp as far ahead of the others as barriers let it; after each
  /// barrier another one.
  Skewed
};

/// When an asynchronous copy reads and writes memory.
enum class CopyTime {
  /// Where it is waited for.
  Late,
  /// Where it begins.
  Early,
  /// Either, by the seed.
  Random
};

/// How launches are emulated.
struct EmulationOptions {
  WarpOrder order = WarpOrder::Forward;
  CopyTime copies = CopyTime::Late;
  uint64_t seed = 0;
  /// Blocks that run at the same time; 0 takes all of the machine.
  unsigned threads = 0;
  /// Threads per warp, at most 32; the matrix ops need 32.
  unsigned warpSize = 32;
  /// Workgroup memory that a block may have, in bytes.
  int64_t workgroupBytes = 232448;
  /// The most steps in which the eight rows of a matrix that `ldmatrix` loads,
  /// and those that eight threads copy at a time, may be moved: 1 if they have
  /// to lie in different banks of workgroup memory, 0 if nobody counts.
  unsigned matrixBankSteps = 0, copyBankSteps = 0;
  /// The same of what the threads of a warp store at the same op for the i-th
  /// time, each up to four bytes.
  unsigned storeBankSteps = 0;
  /// The arrays whose writers are watched; may be null.
  OutputWatch *outputs = nullptr;
};

/// While one lives, launches that compiled code makes on this thread run under
/// its options. The first failed launch is kept, those after it do nothing.
/// Without a session a failed launch ends the program.
class EmulationSession {
public:
  explicit EmulationSession(const EmulationOptions &options);
  EmulationSession(const EmulationSession &) = delete;
  EmulationSession &operator=(const EmulationSession &) = delete;
  ~EmulationSession();

  /// What went wrong since the last call. The message begins with the location
  /// of an op, where there is one, and says which threads and blocks.
  llvm::Error takeError();

  const EmulationOptions &getOptions() const { return options; }
  bool hasFailed() const { return !failure.empty(); }
  void fail(std::string message) { failure = std::move(message); }

private:
  EmulationOptions options;
  std::string failure;
  /// The session that this one hides.
  EmulationSession *outer;
};

/// The functions of RuntimeABI.h by name, for a just-in-time compiler.
const llvm::StringMap<void *> &getEmulationSymbols();

} // namespace mlir::mask

#endif // MASK_EMULATION_EMULATION_H
