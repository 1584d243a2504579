//===- DataType.cpp - element types of attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/DataType.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::mask;

StringRef mlir::mask::getDataTypeName(DataType type) {
  switch (type) {
  case DataType::F32:
    return "f32";
  case DataType::F16:
    return "f16";
  case DataType::BF16:
    return "bf16";
  case DataType::F64:
    return "f64";
  }
  return "";
}

FloatType mlir::mask::getFloatType(MLIRContext *context, DataType type) {
  switch (type) {
  case DataType::F32:
    return Float32Type::get(context);
  case DataType::F16:
    return Float16Type::get(context);
  case DataType::BF16:
    return BFloat16Type::get(context);
  case DataType::F64:
    return Float64Type::get(context);
  }
  return {};
}

DataType mlir::mask::getDataType(Type type) {
  for (DataType known : {DataType::F16, DataType::BF16, DataType::F64})
    if (type == getFloatType(type.getContext(), known))
      return known;
  return DataType::F32;
}

static const llvm::fltSemantics &getSemantics(DataType type) {
  return type == DataType::F16 ? llvm::APFloat::IEEEhalf()
                               : llvm::APFloat::BFloat();
}

static uint16_t narrow(float number, DataType type) {
  llvm::APFloat narrowed(number);
  bool lossy;
  narrowed.convert(getSemantics(type), llvm::APFloat::rmNearestTiesToEven,
                   &lossy);
  return narrowed.bitcastToAPInt().getZExtValue();
}

/// The values of the 65,536 bit patterns.
static std::vector<float> makeWideningTable(DataType type) {
  std::vector<float> table(1 << 16);
  for (unsigned bits = 0; bits < table.size(); ++bits) {
    llvm::APFloat number(getSemantics(type), llvm::APInt(16, bits));
    bool lossy;
    number.convert(llvm::APFloat::IEEEsingle(),
                   llvm::APFloat::rmNearestTiesToEven, &lossy);
    table[bits] = number.convertToFloat();
  }
  return table;
}

std::vector<uint16_t> mlir::mask::narrow(ArrayRef<float> numbers,
                                         DataType type) {
  std::vector<uint16_t> bits;
  bits.reserve(numbers.size());
  for (float number : numbers)
    bits.push_back(::narrow(number, type));
  return bits;
}

std::vector<float> mlir::mask::widen(ArrayRef<uint16_t> bits, DataType type) {
  static const std::vector<float> tables[] = {
      makeWideningTable(DataType::F16), makeWideningTable(DataType::BF16)};
  const std::vector<float> &table = tables[type == DataType::BF16];
  std::vector<float> numbers;
  numbers.reserve(bits.size());
  for (uint16_t pattern : bits)
    numbers.push_back(table[pattern]);
  return numbers;
}

int64_t mlir::mask::getSize(DataType type) {
  switch (type) {
  case DataType::F32:
    return 4;
  case DataType::F16:
  case DataType::BF16:
    return 2;
  case DataType::F64:
    return 8;
  }
  return 0;
}

template <typename Elements>
static std::vector<char> toBytes(const Elements &elements) {
  auto *first = reinterpret_cast<const char *>(elements.data());
  return std::vector<char>(first,
                           first + elements.size() * sizeof(elements[0]));
}

std::vector<char> mlir::mask::toElements(ArrayRef<float> numbers,
                                         DataType type) {
  if (type == DataType::F32)
    return toBytes(numbers);
  if (type == DataType::F64)
    return toBytes(std::vector<double>(numbers.begin(), numbers.end()));
  return toBytes(narrow(numbers, type));
}

void mlir::mask::fromElements(ArrayRef<char> bytes, DataType type,
                              MutableArrayRef<float> numbers) {
  auto elements = [&](auto *first) {
    return ArrayRef(first, bytes.size() / sizeof(*first));
  };
  if (type == DataType::F32)
    llvm::copy(elements(reinterpret_cast<const float *>(bytes.data())),
               numbers.begin());
  else if (type == DataType::F64)
    llvm::copy(elements(reinterpret_cast<const double *>(bytes.data())),
               numbers.begin());
  else
    llvm::copy(
        widen(elements(reinterpret_cast<const uint16_t *>(bytes.data())), type),
        numbers.begin());
}
