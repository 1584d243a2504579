//===- OutputFile.h - whole files or none -----------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_SUPPORT_OUTPUTFILE_H
#define MASK_SUPPORT_OUTPUTFILE_H

#include "mlir/Support/LLVM.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"

#include <vector>

namespace mlir::mask {

/// Files that appear together or not at all. Errors name the file and the
/// reason; what is not kept leaves nothing behind.
class OutputFiles {
public:
  OutputFiles() = default;
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &operator=(const OutputFiles &) = delete;
  ~OutputFiles();

  /// Writes what `write` prints to a temporary file beside `path`. Standard
  /// output (`-`), devices and pipes cannot be replaced; they are written at
  /// once.
  llvm::Error add(StringRef path, function_ref<void(raw_ostream &)> write);
  /// Moves all files to their paths.
  llvm::Error keep();

private:
  struct Pending {
    std::string path;
    llvm::sys::fs::TempFile file;
  };
  std::vector<Pending> pending;
};

/// Writes one file whole, or none.
llvm::Error writeFile(StringRef path, function_ref<void(raw_ostream &)> write);

/// What could not be written to standard output so far.
llvm::Error flushStandardOutput();

/// A path, and the option that gave it.
struct NamedPath {
  StringRef option, path;
};

/// An error if an output is an input, or another output; empty paths are those
/// that were not given.
llvm::Error checkOutputPaths(ArrayRef<NamedPath> outputs,
                             ArrayRef<NamedPath> inputs);

} // namespace mlir::mask

#endif // MASK_SUPPORT_OUTPUTFILE_H
