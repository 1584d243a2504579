//===- OutputWatch.h - who writes the elements of outputs -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EMULATION_OUTPUTWATCH_H
#define MASK_EMULATION_OUTPUTWATCH_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mlir::mask {

/// Arrays that the launches of a call are to fill. A launch writes an element
/// once at most: who writes it again repeats the work of another. A later
/// launch may, since what is repeated by one is repeated on purpose. When the
/// call has ended, some launch has written each element.
///
/// It lives longer than the launches that `EmulationOptions::outputs` shows it
/// to, and is asked before the code of their kernels is gone.
class OutputWatch {
public:
  /// Watches a row-major array that no other one overlaps. `name` is what
  /// messages call it.
  void add(std::string name, const void *address,
           llvm::ArrayRef<int64_t> extents, int64_t elementBytes);

  /// Fails with the first element that nobody has written, and says who wrote
  /// others of its array.
  llvm::Error finish() const;

  //===--------------------------------------------------------------------===//
  // What launches call, from any thread
  //===--------------------------------------------------------------------===//

  /// A thread that wrote.
  struct Writer {
    /// The number of its launch; 0 is nobody.
    uint32_t launch = 0;
    uint32_t site = 0;
    uint32_t thread = 0;
    int64_t block = 0;
  };
  /// An element that a launch writes again, and who wrote it first.
  struct Rewrite {
    size_t array;
    int64_t element;
    Writer first;
  };

  /// The number of a launch of `kernel`, whose sites are lines.
  uint32_t beginLaunch(llvm::StringRef kernel, llvm::StringRef sites);
  /// Notes who writes the bytes. Elements that were written in the same launch
  /// keep their writer; the first of them is returned.
  std::optional<Rewrite> note(const void *address, int64_t bytes,
                              const Writer &writer);
  /// "element (0, 1, 7) of the output".
  std::string describe(size_t array, int64_t element) const;

private:
  struct Array {
    std::string name;
    const char *address;
    llvm::SmallVector<int64_t, 4> extents;
    int64_t elementBytes;
    /// One per element.
    std::vector<Writer> writers;
  };
  struct Launch {
    std::string kernel;
    llvm::StringRef sites;
  };

  std::vector<Array> arrays;
  /// The first one has number 1.
  std::vector<Launch> launches;
  std::mutex mutex;
};

} // namespace mlir::mask

#endif // MASK_EMULATION_OUTPUTWATCH_H
