//===- FileCache.cpp - results of long work, kept on disk -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Support/FileCache.h"
#include "Mask/Support/OutputFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace mlir::mask;

static std::string hash(StringRef text) {
  llvm::SHA256 hasher;
  hasher.update(text);
  return llvm::toHex(hasher.final(), /*LowerCase=*/true);
}

FileCache::FileCache(StringRef directory) : directory(directory) {
  static int anchor;
  std::string path = llvm::sys::fs::getMainExecutable("", &anchor);
  llvm::raw_string_ostream os(program);
  os << LLVM_VERSION_STRING << " " << path;
  // A program that was built again may do the work in another way.
  llvm::sys::fs::file_status status;
  if (!llvm::sys::fs::status(path, status))
    os << " " << status.getSize() << " "
       << status.getLastModificationTime().time_since_epoch().count();
}

std::string FileCache::getPath(StringRef key) const {
  SmallString<128> path(directory);
  llvm::sys::path::append(path, hash(program + "\n" + key.str()));
  return path.str().str();
}

llvm::Error FileCache::prepare() const {
  namespace fs = llvm::sys::fs;
  if (directory.empty())
    return llvm::Error::success();
  std::error_code code = fs::create_directories(directory);
  if (!code && !fs::is_directory(directory))
    code = std::make_error_code(std::errc::not_a_directory);
  if (code)
    return llvm::createStringError("cannot make directory '" + directory +
                                   "': " + code.message());
  if (std::error_code denied = fs::access(directory, fs::AccessMode::Write))
    return llvm::createStringError("cannot write to directory '" + directory +
                                   "': " + denied.message());
  return llvm::Error::success();
}

std::optional<std::string> FileCache::lookup(StringRef key) const {
  if (directory.empty())
    return std::nullopt;
  auto file = llvm::MemoryBuffer::getFile(getPath(key));
  if (!file)
    return std::nullopt;
  // An entry is the hash of its data, and the data.
  auto [expected, data] = (*file)->getBuffer().split('\n');
  if (expected != hash(data))
    return std::nullopt;
  return data.str();
}

llvm::Error FileCache::store(StringRef key, StringRef data) const {
  if (directory.empty())
    return llvm::Error::success();
  if (llvm::Error error = prepare())
    return error;
  return writeFile(getPath(key), [&](raw_ostream &os) {
    os << hash(data) << '\n' << data;
  });
}
