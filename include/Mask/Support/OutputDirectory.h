//===- OutputDirectory.h - a whole directory or none -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_SUPPORT_OUTPUTDIRECTORY_H
#define MASK_SUPPORT_OUTPUTDIRECTORY_H

#include "mlir/Support/LLVM.h"

#include "llvm/Support/Error.h"

#include <map>
#include <string>

namespace mlir::mask {

/// Names and contents of files.
using FileContents = std::map<std::string, std::string>;

/// Writes a directory with these files, whole or not at all. One that is there
/// is replaced if it is empty or has a file `marker`, as what was written here
/// before does; else it is an error. Errors name the path and the reason.
llvm::Error writeDirectory(StringRef path, const FileContents &files,
                           StringRef marker);

} // namespace mlir::mask

#endif // MASK_SUPPORT_OUTPUTDIRECTORY_H
