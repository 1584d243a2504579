//===- Npy.cpp - NumPy array files -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Support/Npy.h"

#include "Mask/Support/OutputFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace llvm;
using namespace mlir::mask;

namespace {
struct TypeInfo {
  NpyType type;
  StringLiteral name;
  unsigned size;
};
} // namespace

static constexpr TypeInfo kTypes[] = {
    {NpyType::Bool, "|b1", 1},    {NpyType::Int8, "|i1", 1},
    {NpyType::UInt8, "|u1", 1},   {NpyType::Int16, "<i2", 2},
    {NpyType::UInt16, "<u2", 2},  {NpyType::Int32, "<i4", 4},
    {NpyType::UInt32, "<u4", 4},  {NpyType::Int64, "<i8", 8},
    {NpyType::UInt64, "<u8", 8},  {NpyType::Float16, "<f2", 2},
    {NpyType::Float32, "<f4", 4}, {NpyType::Float64, "<f8", 8},
};

static const TypeInfo &infoOf(NpyType type) {
  return kTypes[static_cast<unsigned>(type)];
}

unsigned mlir::mask::getNpyTypeSize(NpyType type) { return infoOf(type).size; }
StringRef mlir::mask::getNpyTypeName(NpyType type) { return infoOf(type).name; }

int64_t NpyArray::getNumElements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

NpyArray NpyArray::zeros(NpyType type, ArrayRef<int64_t> shape) {
  NpyArray array;
  array.type = type;
  array.shape.assign(shape.begin(), shape.end());
  array.bytes.assign(array.getNumElements() * getNpyTypeSize(type), '\0');
  return array;
}

//===----------------------------------------------------------------------===//
// Header
//===----------------------------------------------------------------------===//

static constexpr StringLiteral kMagic("\x93NUMPY");

namespace {

/// Parses the header, a Python dictionary with the keys `descr`,
/// `fortran_order` and `shape`.
class HeaderParser {
public:
  HeaderParser(StringRef text, StringRef name) : rest(text), name(name) {}

  Error parse();

  const TypeInfo *type = nullptr;
  bool fortranOrder = false;
  SmallVector<int64_t> shape;

private:
  Error error(const Twine &message) const {
    return createStringError(name + ": " + message);
  }
  void skipSpace() { rest = rest.ltrim(" \t\n"); }
  bool consume(StringRef token) {
    skipSpace();
    return rest.consume_front(token);
  }
  Expected<StringRef> parseString();
  Error parseEntry(StringRef key);
  Error parseDescr();
  Error parseOrder();
  Error parseShape();

  StringRef rest, name;
  bool hasOrder = false, hasShape = false;
};

} // namespace

Expected<StringRef> HeaderParser::parseString() {
  skipSpace();
  if (!rest.starts_with("'") && !rest.starts_with("\""))
    return error("the header has no string where one is due: '" +
                 rest.take_front(20) + "'");
  size_t end = rest.find(rest.front(), 1);
  if (end == StringRef::npos)
    return error("the header has a string without end");
  StringRef text = rest.slice(1, end);
  rest = rest.drop_front(end + 1);
  return text;
}

Error HeaderParser::parseDescr() {
  skipSpace();
  if (rest.starts_with("["))
    return error("structured arrays are not supported");
  Expected<StringRef> descr = parseString();
  if (!descr)
    return descr.takeError();
  StringRef name = *descr;
  if (name.starts_with(">"))
    return error("element type '" + name +
                 "' is big endian; only little endian is supported");
  if (name.contains('O'))
    return error("element type '" + name +
                 "' holds Python objects, which are not supported");
  // One byte has no order; '=' is the writer's, taken as little endian.
  for (const TypeInfo &info : kTypes)
    if (name == info.name ||
        (name.size() == 3 && name.drop_front() == info.name.drop_front() &&
         (name.front() == '=' || info.size == 1)))
      type = &info;
  if (!type)
    return error("element type '" + name + "' is not supported");
  return Error::success();
}

Error HeaderParser::parseOrder() {
  hasOrder = true;
  if (consume("True")) {
    fortranOrder = true;
    return Error::success();
  }
  if (consume("False"))
    return Error::success();
  return error("'fortran_order' must be True or False");
}

Error HeaderParser::parseShape() {
  hasShape = true;
  if (!consume("("))
    return error("'shape' must be a tuple");
  while (!consume(")")) {
    skipSpace();
    StringRef digits = rest.take_while(isDigit);
    rest = rest.drop_front(digits.size());
    int64_t size;
    if (digits.empty() || digits.getAsInteger(10, size))
      return error("'shape' has a size that is no number of 63 bits: '" +
                   (digits.empty() ? rest.take_front(20) : digits) + "'");
    shape.push_back(size);
    rest.consume_front("L");
    if (!consume(",")) {
      if (consume(")"))
        break;
      return error("'shape' must be a tuple of integers");
    }
  }
  return Error::success();
}

Error HeaderParser::parseEntry(StringRef key) {
  if (key == "descr" && !type)
    return parseDescr();
  if (key == "fortran_order" && !hasOrder)
    return parseOrder();
  if (key == "shape" && !hasShape)
    return parseShape();
  return error("the header has an unexpected key '" + key + "'");
}

Error HeaderParser::parse() {
  if (!consume("{"))
    return error("the header is not a dictionary");
  while (!consume("}")) {
    Expected<StringRef> key = parseString();
    if (!key)
      return key.takeError();
    if (!consume(":"))
      return error("the header has a key without value: '" + *key + "'");
    if (Error failed = parseEntry(*key))
      return failed;
    if (!consume(",") && !rest.starts_with("}"))
      return error("the header is not a dictionary");
  }
  if (!type || !hasOrder || !hasShape)
    return error("the header lacks 'descr', 'fortran_order' or 'shape'");
  return Error::success();
}

/// The size in bytes of an array, or none where it does not fit in 63 bits.
static std::optional<int64_t> byteSize(ArrayRef<int64_t> shape, unsigned size) {
  std::optional<int64_t> bytes = size;
  for (int64_t dim : shape)
    if (bytes)
      bytes = checkedMul(*bytes, dim);
  return bytes;
}

static std::string printShape(ArrayRef<int64_t> shape) {
  std::string text;
  raw_string_ostream os(text);
  os << '(';
  interleaveComma(shape, os);
  os << ')';
  return text;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Column-major to row-major: walks the result in order and keeps the source
/// offset like an odometer.
static std::string toRowMajor(StringRef data, ArrayRef<int64_t> shape,
                              unsigned size) {
  SmallVector<int64_t> strides, index(shape.size(), 0);
  int64_t stride = size;
  for (int64_t dim : shape) {
    strides.push_back(stride);
    stride *= dim;
  }
  std::string result;
  result.reserve(data.size());
  int64_t offset = 0;
  while (result.size() < data.size()) {
    result.append(data.data() + offset, size);
    for (size_t dim = shape.size(); dim-- > 0;) {
      offset += strides[dim];
      if (++index[dim] < shape[dim])
        break;
      offset -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
  }
  return result;
}

Expected<NpyArray> mlir::mask::parseNpy(StringRef contents, StringRef name) {
  auto error = [&](const Twine &message) {
    return createStringError(name + ": " + message);
  };
  if (!contents.starts_with(kMagic))
    return error("not a .npy file: the first " + Twine(kMagic.size()) +
                 " bytes are not its magic");
  if (contents.size() < 10)
    return error("truncated: " + Twine(contents.size()) +
                 " bytes are no whole header");
  unsigned major = static_cast<unsigned char>(contents[6]);
  unsigned minor = static_cast<unsigned char>(contents[7]);
  if (major < 1 || major > 3)
    return error("format version " + Twine(major) + "." + Twine(minor) +
                 " is not supported; 1.0 to 3.0 are");
  size_t start = major == 1 ? 10 : 12;
  if (contents.size() < start)
    return error("truncated: " + Twine(contents.size()) +
                 " bytes are no whole header");
  uint64_t length = major == 1 ? support::endian::read16le(contents.data() + 8)
                               : support::endian::read32le(contents.data() + 8);
  if (contents.size() - start < length)
    return error("truncated: the header has " + Twine(length) +
                 " bytes, the file " + Twine(contents.size() - start) +
                 " after the length");
  HeaderParser header(contents.substr(start, length), name);
  if (Error failed = header.parse())
    return failed;
  StringRef data = contents.drop_front(start + length);
  std::optional<int64_t> bytes = byteSize(header.shape, header.type->size);
  if (!bytes)
    return error("shape " + printShape(header.shape) +
                 " overflows the size of an array");
  if (static_cast<uint64_t>(*bytes) != data.size())
    return error("shape " + printShape(header.shape) + " of '" +
                 header.type->name + "' needs " + Twine(*bytes) +
                 " bytes of data, the file has " + Twine(data.size()));
  NpyArray array;
  array.type = header.type->type;
  array.shape = header.shape;
  array.bytes = header.fortranOrder && header.shape.size() > 1
                    ? toRowMajor(data, header.shape, header.type->size)
                    : data.str();
  return array;
}

Expected<NpyArray> mlir::mask::readNpy(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  return parseNpy((*buffer)->getBuffer(), path);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

std::string mlir::mask::serializeNpy(const NpyArray &array) {
  std::string header;
  raw_string_ostream os(header);
  os << "{'descr': '" << infoOf(array.type).name
     << "', 'fortran_order': False, 'shape': (";
  interleaveComma(array.shape, os);
  os << (array.shape.size() == 1 ? ",), }" : "), }");
  // Data start at a multiple of 64; the header ends with a line feed.
  size_t start = kMagic.size() + 4;
  header.append(
      alignTo(start + header.size() + 1, 64) - start - header.size() - 1, ' ');
  header.push_back('\n');
  std::string result(kMagic.data(), kMagic.size());
  result += '\1';
  result += '\0';
  result += static_cast<char>(header.size() & 0xff);
  result += static_cast<char>(header.size() >> 8);
  return result + header + array.bytes;
}

Error mlir::mask::writeNpy(StringRef path, const NpyArray &array) {
  return writeFile(path, [&](raw_ostream &os) { os << serializeNpy(array); });
}
