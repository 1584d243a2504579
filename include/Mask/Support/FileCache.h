//===- FileCache.h - results of long work, kept on disk -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_SUPPORT_FILECACHE_H
#define MASK_SUPPORT_FILECACHE_H

#include "mlir/Support/LLVM.h"

#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace mlir::mask {

/// A directory of results, each under the hash of what it was made from. Any
/// number of processes may share one: entries appear whole, and one that is
/// damaged is as if it were not there.
class FileCache {
public:
  /// Keeps nothing if `directory` is empty. A key is only found again by the
  /// build of the program that stored it.
  explicit FileCache(StringRef directory);

  /// Makes the directory. Fails where it cannot be made or be written.
  llvm::Error prepare() const;
  /// What was stored under this key.
  std::optional<std::string> lookup(StringRef key) const;
  /// Keeps `data`. Fails where the directory cannot be written.
  llvm::Error store(StringRef key, StringRef data) const;

private:
  std::string getPath(StringRef key) const;

  std::string directory;
  /// Says which build of which program this is.
  std::string program;
};

} // namespace mlir::mask

#endif // MASK_SUPPORT_FILECACHE_H
