//===- Npy.h - NumPy array files -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_SUPPORT_NPY_H
#define MASK_SUPPORT_NPY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace mlir::mask {

/// Element types that are read and written, all little endian. bf16 has no name
/// in the format; its bit patterns travel as UInt16.
enum class NpyType {
  Bool,
  Int8,
  UInt8,
  Int16,
  UInt16,
  Int32,
  UInt32,
  Int64,
  UInt64,
  Float16,
  Float32,
  Float64
};

/// Bytes per element.
unsigned getNpyTypeSize(NpyType type);
/// `<f4` and the like.
llvm::StringRef getNpyTypeName(NpyType type);

/// An array in row-major order.
struct NpyArray {
  NpyType type = NpyType::UInt8;
  llvm::SmallVector<int64_t> shape;
  std::string bytes;

  /// The product of the extents.
  int64_t getNumElements() const;
  /// The elements; `T` has the size of `type`.
  template <typename T>
  llvm::ArrayRef<T> getData() const {
    return {reinterpret_cast<const T *>(bytes.data()),
            bytes.size() / sizeof(T)};
  }
  template <typename T>
  llvm::MutableArrayRef<T> getMutableData() {
    return {reinterpret_cast<T *>(bytes.data()), bytes.size() / sizeof(T)};
  }

  /// Zeros.
  static NpyArray zeros(NpyType type, llvm::ArrayRef<int64_t> shape);
};

/// Reads format versions 1.0 to 3.0, C and Fortran order. Every error starts
/// with `name` and has the offending text or numbers in it. Nothing is
/// allocated beyond the size of the input.
llvm::Expected<NpyArray> parseNpy(llvm::StringRef contents,
                                  llvm::StringRef name);
/// The same of a file; errors start with its path.
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);

/// Format version 1.0, C order.
std::string serializeNpy(const NpyArray &array);
/// Writes the whole file or none.
llvm::Error writeNpy(llvm::StringRef path, const NpyArray &array);

} // namespace mlir::mask

#endif // MASK_SUPPORT_NPY_H
