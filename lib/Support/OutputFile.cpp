//===- OutputFile.cpp - whole files or none ---------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Support/OutputFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>

using namespace mlir;
using namespace mlir::mask;
namespace fs = llvm::sys::fs;

static llvm::Error makeError(const Twine &where, std::error_code code) {
  return llvm::createStringError("cannot write " + where + ": " +
                                 code.message());
}

static llvm::Error makePathError(StringRef path, std::error_code code) {
  return makeError("'" + path + "'", code);
}

/// What was not written, taken from the stream: one that still has its error
/// when it ends takes the process down.
static std::error_code takeError(llvm::raw_fd_ostream &os) {
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  return code;
}

static llvm::Error
writeStandardOutput(function_ref<void(raw_ostream &)> write) {
  write(llvm::outs());
  return flushStandardOutput();
}

/// Devices and pipes: renaming a file to their path would put it in their
/// place.
static llvm::Error writeSpecial(StringRef path,
                                function_ref<void(raw_ostream &)> write) {
  std::error_code code;
  llvm::raw_fd_ostream os(path, code, fs::CD_OpenExisting);
  if (code)
    return makePathError(path, code);
  write(os);
  code = takeError(os);
  return code ? makePathError(path, code) : llvm::Error::success();
}

namespace {
/// A file that grows beyond the limit of the process is an error of its stream
/// here, not a signal that ends the process.
class IgnoreFileSizeSignal {
#ifdef SIGXFSZ
public:
  IgnoreFileSizeSignal() : previous(std::signal(SIGXFSZ, SIG_IGN)) {}
  ~IgnoreFileSizeSignal() { std::signal(SIGXFSZ, previous); }

private:
  void (*previous)(int);
#endif
};
} // namespace

llvm::Error OutputFiles::add(StringRef path,
                             function_ref<void(raw_ostream &)> write) {
  [[maybe_unused]] IgnoreFileSizeSignal guard;
  if (path == "-")
    return writeStandardOutput(write);
  // Of a link the file is replaced, not the link.
  SmallString<128> target;
  if (fs::real_path(path, target))
    target = path;
  fs::file_status status;
  if (!fs::status(path, status)) {
    if (fs::is_directory(status))
      return makePathError(path,
                           std::make_error_code(std::errc::is_a_directory));
    if (!fs::is_regular_file(status))
      return writeSpecial(path, write);
    // Only the directory has to be writable for a file to be replaced.
    if (std::error_code code = fs::access(path, fs::AccessMode::Write))
      return makePathError(path, code);
  }
  llvm::Expected<fs::TempFile> file = fs::TempFile::create(
      target + ".temp-%%%%%%", fs::all_read | fs::all_write);
  if (!file)
    return makePathError(path, llvm::errorToErrorCode(file.takeError()));
  llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  write(os);
  if (std::error_code code = takeError(os)) {
    llvm::consumeError(file->discard());
    return makePathError(path, code);
  }
  pending.push_back({target.str().str(), std::move(*file)});
  return llvm::Error::success();
}

llvm::Error OutputFiles::keep() {
  size_t kept = 0;
  for (Pending &entry : pending) {
    if (llvm::Error error = entry.file.keep(entry.path)) {
      llvm::Error all =
          makePathError(entry.path, llvm::errorToErrorCode(std::move(error)));
      for (const Pending &before : ArrayRef(pending).take_front(kept))
        if (std::error_code code = fs::remove(before.path))
          all = llvm::joinErrors(std::move(all),
                                 makePathError(before.path, code));
      pending.erase(pending.begin(), pending.begin() + kept + 1);
      return all;
    }
    ++kept;
  }
  pending.clear();
  return llvm::Error::success();
}

OutputFiles::~OutputFiles() {
  for (Pending &entry : pending)
    llvm::consumeError(entry.file.discard());
}

llvm::Error mlir::mask::writeFile(StringRef path,
                                  function_ref<void(raw_ostream &)> write) {
  OutputFiles files;
  if (llvm::Error error = files.add(path, write))
    return error;
  return files.keep();
}

llvm::Error mlir::mask::flushStandardOutput() {
  std::error_code code = takeError(llvm::outs());
  return code ? makeError("to standard output", code) : llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Paths
//===----------------------------------------------------------------------===//

/// Whether both paths name one file, which need not be there yet.
static bool isSameFile(StringRef a, StringRef b) {
  if (a == b)
    return true;
  bool isSame = false;
  if (!fs::equivalent(a, b, isSame))
    return isSame;
  auto resolve = [](StringRef path) {
    SmallString<128> resolved;
    StringRef parent = llvm::sys::path::parent_path(path);
    if (fs::real_path(parent.empty() ? "." : parent, resolved))
      resolved = parent;
    llvm::sys::path::append(resolved, llvm::sys::path::filename(path));
    return resolved;
  };
  return resolve(a) == resolve(b);
}

/// Whether several may be written there, as to a device or a pipe.
static bool isSpecial(StringRef path) {
  fs::file_status status;
  return path != "-" && !fs::status(path, status) &&
         !fs::is_regular_file(status) && !fs::is_directory(status);
}

llvm::Error mlir::mask::checkOutputPaths(ArrayRef<NamedPath> outputs,
                                         ArrayRef<NamedPath> inputs) {
  for (auto [i, output] : llvm::enumerate(outputs)) {
    if (output.path.empty() || isSpecial(output.path))
      continue;
    for (const NamedPath &other : outputs.take_front(i))
      if (!other.path.empty() && isSameFile(output.path, other.path))
        return llvm::createStringError(other.option + " and " + output.option +
                                       " are one file, '" + output.path + "'");
    // Standard input and output are two files.
    if (output.path == "-")
      continue;
    for (const NamedPath &input : inputs)
      if (!input.path.empty() && isSameFile(output.path, input.path))
        return llvm::createStringError(output.option + " would replace what " +
                                       input.option + " reads, '" + input.path +
                                       "'");
  }
  return llvm::Error::success();
}
