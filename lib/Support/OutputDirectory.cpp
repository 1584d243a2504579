//===- OutputDirectory.cpp - a whole directory or none -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Support/OutputDirectory.h"

#include "Mask/Support/OutputFile.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::mask;
namespace fs = llvm::sys::fs;

static llvm::Error makeError(StringRef path, std::error_code code) {
  return llvm::createStringError("cannot write '" + path +
                                 "': " + code.message());
}

/// Whether something at `path` may go.
static llvm::Error checkReplaced(StringRef path, StringRef marker) {
  if (!fs::exists(path))
    return llvm::Error::success();
  if (!fs::is_directory(path))
    return llvm::createStringError("cannot write '" + path +
                                   "': it is no directory");
  llvm::SmallString<128> known(path);
  llvm::sys::path::append(known, marker);
  std::error_code code;
  bool isEmpty = fs::directory_iterator(path, code) == fs::directory_iterator();
  if (code)
    return makeError(path, code);
  if (isEmpty || fs::exists(known))
    return llvm::Error::success();
  return llvm::createStringError("cannot write '" + path +
                                 "': there are other files, and no '" + marker +
                                 "'");
}

namespace {
/// A directory beside the one that is written, gone at the end.
struct Scratch {
  Scratch() = default;
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;
  ~Scratch() {
    // Nothing can be done about what stays.
    if (path.empty() || fs::remove_directories(path))
      return;
  }

  llvm::SmallString<128> path;
};
} // namespace

/// Makes a directory of a name that nobody has, beside `path`.
static llvm::Error createBeside(StringRef path,
                                llvm::SmallString<128> &result) {
  std::error_code code;
  for (unsigned attempt = 0; attempt < 100; ++attempt) {
    fs::createUniquePath(path + ".%%%%%%%%", result, /*MakeAbsolute=*/false);
    code = fs::create_directory(result, /*IgnoreExisting=*/false, fs::all_all);
    if (code != std::errc::file_exists)
      break;
  }
  return code ? makeError(path, code) : llvm::Error::success();
}

llvm::Error mlir::mask::writeDirectory(StringRef path,
                                       const FileContents &files,
                                       StringRef marker) {
  while (path.size() > 1 && path.consume_back("/"))
    ;
  if (llvm::Error error = checkReplaced(path, marker))
    return error;
  Scratch written, replaced;
  if (llvm::Error error = createBeside(path, written.path))
    return error;
  for (const auto &[name, contents] : files) {
    llvm::SmallString<128> file(written.path);
    llvm::sys::path::append(file, name);
    if (llvm::Error error = writeFile(
            file, [&, &text = contents](raw_ostream &os) { os << text; }))
      return error;
  }
  bool replaces = fs::exists(path);
  if (replaces) {
    if (llvm::Error error = createBeside(path, replaced.path))
      return error;
    // A directory takes the place of an empty one.
    if (std::error_code code = fs::rename(path, replaced.path))
      return makeError(path, code);
  }
  if (std::error_code code = fs::rename(written.path, path)) {
    if (replaces && !fs::rename(replaced.path, path))
      replaced.path.clear();
    return makeError(path, code);
  }
  written.path.clear();
  return llvm::Error::success();
}
