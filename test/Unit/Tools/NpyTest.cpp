//===- NpyTest.cpp - NumPy files, good and bad -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Support/Npy.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir::mask;

namespace {

/// A file of version 1.0 with the given header text and data.
std::string file(const std::string &header, const std::string &data) {
  std::string result("\x93NUMPY\1\0", 8);
  result += char(header.size() & 0xff);
  result += char(header.size() >> 8);
  return result + header + data;
}

void expectError(const std::string &contents, const std::string &text) {
  auto array = parseNpy(contents, "x.npy");
  ASSERT_FALSE(bool(array)) << text;
  std::string error = llvm::toString(array.takeError());
  EXPECT_NE(error.find(text), std::string::npos) << error;
  EXPECT_EQ(error.rfind("x.npy: ", 0), 0u) << error;
}

const std::string kBytes =
    "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }";

TEST(Npy, RoundTrip) {
  for (NpyType type :
       {NpyType::Bool, NpyType::UInt8, NpyType::UInt16, NpyType::Int32,
        NpyType::Int64, NpyType::Float16, NpyType::Float32, NpyType::Float64})
    for (const llvm::SmallVector<int64_t> &shape :
         {llvm::SmallVector<int64_t>{}, {5}, {2, 0, 3}, {2, 3, 4, 5}}) {
      NpyArray array = NpyArray::zeros(type, shape);
      for (size_t i = 0; i < array.bytes.size(); ++i)
        array.bytes[i] = char(i * 37);
      auto read = parseNpy(serializeNpy(array), "x.npy");
      ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
      EXPECT_EQ(read->type, type);
      EXPECT_EQ(read->shape, shape);
      EXPECT_EQ(read->bytes, array.bytes);
    }
}

TEST(Npy, FortranOrder) {
  auto array =
      parseNpy(file("{'descr': '<u2', 'fortran_order': True, 'shape': (2, 3)}",
                    std::string("a0d0b0e0c0f0", 12)),
               "x.npy");
  ASSERT_TRUE(bool(array)) << llvm::toString(array.takeError());
  EXPECT_EQ(array->bytes, "a0b0c0d0e0f0");
}

TEST(Npy, VersionTwo) {
  std::string contents("\x93NUMPY\2\0", 8);
  contents += std::string{char(kBytes.size()), 0, 0, 0} + kBytes + "abcdef";
  auto array = parseNpy(contents, "x.npy");
  ASSERT_TRUE(bool(array)) << llvm::toString(array.takeError());
  EXPECT_EQ(array->bytes, "abcdef");
}

TEST(Npy, Errors) {
  expectError("", "not a .npy file");
  expectError("PK\3\4 an archive", "not a .npy file");
  expectError(std::string("\x93NUMPY\1", 7), "truncated: 7 bytes");
  expectError(std::string("\x93NUMPY\x9\0\0\0", 10), "version 9.0");
  expectError(file(kBytes, "").substr(0, 30), "truncated: the header has");
  expectError(file(kBytes, "abcde"), "needs 6 bytes of data, the file has 5");
  expectError(file(kBytes, "abcdefg"), "needs 6 bytes of data, the file has 7");
  auto typed = [](const std::string &descr) {
    return file("{'descr': " + descr +
                    ", 'fortran_order': False, 'shape': (1,)}",
                "12345678");
  };
  expectError(typed("'>f4'"), "'>f4' is big endian");
  expectError(typed("'|O'"), "'|O' holds Python objects");
  expectError(typed("'<c8'"), "'<c8' is not supported");
  expectError(typed("[('a', '<f4')]"), "structured arrays");
  auto shaped = [](const std::string &shape) {
    return file(
        "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}", "");
  };
  expectError(shaped("(4294967296, 4294967296)"),
              "shape (4294967296, 4294967296) overflows");
  expectError(shaped("(99999999999999999999,)"), "no number of 63 bits");
  expectError(shaped("(-1,)"), "no number of 63 bits: '-1");
  expectError(shaped("3"), "'shape' must be a tuple");
  expectError(file("{'descr': '<f4', 'shape': ()}", ""), "lacks");
  expectError(file("{'descr': '<f4', 'x': 1}", ""), "unexpected key 'x'");
  expectError(file("[]", ""), "not a dictionary");
  expectError(file("{'descr': '<f4", ""), "string without end");
}

TEST(Npy, WritingFailsWithoutAFile) {
  NpyArray array = NpyArray::zeros(NpyType::UInt8, {3});
  std::string path = "/nowhere/at/all/x.npy";
  std::string error = llvm::toString(writeNpy(path, array));
  EXPECT_EQ(error.rfind("cannot write '" + path + "': ", 0), 0u) << error;
  EXPECT_FALSE(llvm::sys::fs::exists(path));
}

} // namespace
