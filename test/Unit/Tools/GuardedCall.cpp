//===- GuardedCall.cpp - one call of a compiled attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GuardedCall.h"
#include "FloatBits.h"

#include "gtest/gtest.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <functional>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

/// Bytes of an argument as compiled code reads them.
static std::vector<char> pack(const HostValue &host, Type type) {
  std::vector<char> bytes;
  auto append = [&](const auto &element, size_t size) {
    const char *first = reinterpret_cast<const char *>(&element);
    bytes.insert(bytes.end(), first, first + size);
  };
  auto appendFloat = [&](double number) {
    auto element = cast<FloatType>(getElementTypeOrSelf(type));
    append(toBits(number, element), element.getWidth() / 8);
  };
  if (auto *floats = std::get_if<std::shared_ptr<const FloatArray>>(&host)) {
    for (double element : (*floats)->values)
      appendFloat(element);
  } else if (auto *integers =
                 std::get_if<std::shared_ptr<const IntegerArray>>(&host)) {
    unsigned width = cast<ShapedType>(type).getElementTypeBitWidth();
    for (int64_t element : (*integers)->values)
      append(element, std::max(width / 8, 1u));
  } else if (auto *number = std::get_if<double>(&host)) {
    appendFloat(*number);
  } else {
    append(std::get<int64_t>(host), sizeof(int64_t));
  }
  return bytes;
}

/// For messages.
static std::string print(const HostValue &host) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto *number = std::get_if<double>(&host))
    os << *number;
  else if (auto *integer = std::get_if<int64_t>(&host))
    os << *integer;
  else if (auto *integers =
               std::get_if<std::shared_ptr<const IntegerArray>>(&host)) {
    llvm::interleaveComma((*integers)->shape, os << "(");
    llvm::interleaveComma((*integers)->values, os << "): ");
  }
  return text;
}

GuardedCall::GuardedCall(func::FuncOp function, CompiledFunction code,
                         ArrayRef<HostValue> arguments, RandomSource &random)
    : function(function), code(std::move(code)), arguments(kDataArguments),
      random(random) {
  llvm::append_range(this->arguments, arguments);
}

std::string GuardedCall::describe() const {
  std::string text;
  for (auto [i, host] : llvm::enumerate(arguments))
    if (i >= kDataArguments)
      text += "%arg" + std::to_string(i) + " = " + print(host) + "\n";
  return text;
}

SmallVector<int64_t> GuardedCall::drawStrides(unsigned argument,
                                              ArrayRef<int64_t> shape) {
  auto type = dyn_cast<MemRefType>(function.getArgument(argument).getType());
  if (!type || type.getLayout().isIdentity())
    return {};
  bool isApart = !type.isLastDimUnitStride() && random.oneIn(3);
  int64_t element = isApart ? 2 : 1, head = element * shape[3],
          row = head * shape[1] + random.between(0, 3);
  return {row * shape[2], head, row, element};
}

/// The number of elements from the first to the last.
static int64_t getSpan(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides) {
  int64_t span = 1;
  for (auto [size, stride] : llvm::zip_equal(shape, strides)) {
    if (size == 0)
      return 0;
    span += (size - 1) * stride;
  }
  return span;
}

/// Where each element of a row-major array lies.
static std::vector<int64_t> getPositions(ArrayRef<int64_t> shape,
                                         ArrayRef<int64_t> strides) {
  std::vector<int64_t> positions = {0};
  for (auto [size, stride] : llvm::zip_equal(shape, strides)) {
    std::vector<int64_t> next;
    for (int64_t position : positions)
      for (int64_t i = 0; i < size; ++i)
        next.push_back(position + i * stride);
    positions = std::move(next);
  }
  return positions;
}

/// Row-major bytes spread out; what lies between is NaN.
static std::vector<char> spread(const std::vector<char> &bytes,
                                ArrayRef<int64_t> shape,
                                ArrayRef<int64_t> strides, int64_t size) {
  std::vector<char> result(getSpan(shape, strides) * size, -1);
  for (auto [i, position] : llvm::enumerate(getPositions(shape, strides)))
    memcpy(result.data() + position * size, bytes.data() + i * size, size);
  return result;
}

GuardedArray &GuardedCall::add(const std::vector<char> &bytes,
                               ArrayRef<int64_t> shape,
                               ArrayRef<int64_t> strides) {
  GuardedArray &array = memory.emplace_back(bytes.data(), bytes.size(),
                                            /*atEnd=*/!random.oneIn(3));
  pointers.push_back(
      descriptors.emplace_back(array.data(), shape, strides).get());
  packed.push_back(&pointers.back());
  return array;
}

AttentionOp GuardedCall::getAttention() {
  AttentionOp op;
  function.walk([&](AttentionOp found) { op = found; });
  return op;
}

/// Rows `[B, G, keys, columns]` as a pool, whose other pages hold NaN.
HostFloats GuardedCall::layInPages(const HostFloats &rows) {
  AttentionOp op = getAttention();
  if (!op.isPaged())
    return rows;
  auto argument = cast<BlockArgument>(op.getKeyPages());
  auto table = std::get<std::shared_ptr<const IntegerArray>>(
      arguments[argument.getArgNumber()]);
  int64_t size = *op.getPageSize(), heads = rows->getSize(1),
          keys = rows->getSize(2), columns = rows->getSize(3), pages = 1;
  for (int64_t page : table->values)
    pages = std::max(pages, page + 1);
  auto pool = FloatArray::zeros({pages, heads, size, columns});
  llvm::fill(pool->values, NAN);
  for (int64_t b = 0; b < rows->getSize(0); ++b)
    for (int64_t g = 0; g < heads; ++g)
      for (int64_t j = 0; j < keys; ++j) {
        int64_t page = table->values[b * (keys / size) + j / size];
        std::copy_n(rows->values.begin() +
                        ((b * heads + g) * keys + j) * columns,
                    columns,
                    pool->values.begin() +
                        ((page * heads + g) * size + j % size) * columns);
      }
  return pool;
}

FailureOr<InterpretedAttention> GuardedCall::interpret() {
  FactEvaluator facts;
  for (auto [argument, host] :
       llvm::zip_equal(function.getArguments(), arguments))
    facts.bind(argument, host);
  return interpretAttention(getAttention(), facts);
}

bool GuardedCall::computeExpected(const HostFloats &value) {
  auto positive = std::make_shared<FloatArray>(*value);
  for (double &element : positive->values)
    element = std::abs(element);
  arguments[2] = std::shared_ptr<const FloatArray>(positive);
  FailureOr<InterpretedAttention> sums = interpret();
  arguments[2] = std::shared_ptr<const FloatArray>(value);
  FailureOr<InterpretedAttention> result = interpret();
  if (failed(sums) || failed(result)) {
    ADD_FAILURE() << "cannot be interpreted";
    return false;
  }
  magnitudes = std::move(sums->output);
  expected = std::move(*result);
  return true;
}

std::vector<double> GuardedCall::readFloats(unsigned argument) {
  auto type = cast<ShapedType>(function.getArgument(argument).getType());
  auto element = cast<FloatType>(type.getElementType());
  size_t bytes = element.getWidth() / 8;
  std::vector<double> numbers(argument == 3 ? expected.output.size()
                                            : expected.logSumExp.size());
  const char *data = outputs[argument - 3]->data();
  std::vector<int64_t> positions;
  if (argument == 3 && !outputStrides.empty())
    positions = getPositions(expected.shape, outputStrides);
  for (auto [i, number] : llvm::enumerate(numbers)) {
    uint64_t bits = 0;
    size_t position = positions.empty() ? i : positions[i];
    memcpy(&bits, data + position * bytes, bytes);
    number = fromBits(bits, element);
  }
  return numbers;
}

/// The arguments as the code takes them; outputs hold NaN.
void GuardedCall::layOut() {
  memory.clear();
  packed.clear();
  auto addOutput = [&](size_t size, ArrayRef<int64_t> shape, Type type) {
    unsigned width = cast<ShapedType>(type).getElementTypeBitWidth();
    std::vector<char> nan(size * width / 8, -1);
    return &add(nan, shape);
  };
  for (auto [argument, host] :
       llvm::zip_equal(function.getArguments(), arguments)) {
    if (argument.getArgNumber() == 3) {
      outputs[0] =
          addOutput(expected.output.size(), expected.shape, argument.getType());
    } else if (argument.getArgNumber() == 4) {
      outputs[1] =
          addOutput(expected.logSumExp.size(),
                    ArrayRef(expected.shape).drop_back(), argument.getType());
    } else if (auto *floats =
                   std::get_if<std::shared_ptr<const FloatArray>>(&host)) {
      ArrayRef<int64_t> shape = (*floats)->shape;
      SmallVector<int64_t> strides =
          drawStrides(argument.getArgNumber(), shape);
      std::vector<char> bytes = pack(host, argument.getType());
      if (!strides.empty())
        bytes = spread(
            bytes, shape, strides,
            cast<ShapedType>(argument.getType()).getElementTypeBitWidth() / 8);
      add(bytes, shape, strides).makeReadOnly();
    } else if (auto *integers =
                   std::get_if<std::shared_ptr<const IntegerArray>>(&host)) {
      add(pack(host, argument.getType()), (*integers)->shape).makeReadOnly();
    } else {
      numbers.push_back(pack(host, argument.getType()));
      packed.push_back(numbers.back().data());
    }
  }
}

bool GuardedCall::run(const HostFloats &query, const HostFloats &key,
                      const HostFloats &value) {
  arguments[0] = std::shared_ptr<const FloatArray>(query);
  arguments[1] = std::shared_ptr<const FloatArray>(layInPages(key));
  if (!computeExpected(layInPages(value)))
    return false;
  layOut();
  if (llvm::Error error = code(packed)) {
    ADD_FAILURE() << llvm::toString(std::move(error));
    return false;
  }
  output = readFloats(3);
  logSumExp = readFloats(4);
  bool intact = llvm::all_of(memory, std::mem_fn(&GuardedArray::isIntact));
  EXPECT_TRUE(intact) << "wrote beside an array";
  return intact;
}
