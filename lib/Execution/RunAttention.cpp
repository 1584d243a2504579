//===- RunAttention.cpp - attention on arrays from files -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/RunAttention.h"

#include "Mask/Execution/NativeCode.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/bit.h"

#include <cmath>
#include <numeric>
#include <random>

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

/// The elements of an array of the given type as f32.
static std::vector<float> readElements(const NpyArray &array, DataType type) {
  std::vector<float> numbers(array.getNumElements());
  fromElements(array.getData<char>(), type, numbers);
  return numbers;
}

NpyArray AttentionBuffers::getOutput() const {
  SmallVector<int64_t> shape{sizes.batch, sizes.heads, sizes.queries,
                             sizes.valueDim};
  if (type == DataType::F32) {
    NpyArray array = NpyArray::zeros(NpyType::Float32, shape);
    llvm::copy(output, array.getMutableData<float>().begin());
    return array;
  }
  NpyArray array = NpyArray::zeros(
      type == DataType::F16 ? NpyType::Float16 : NpyType::UInt16, shape);
  llvm::copy(narrow(output, type), array.getMutableData<uint16_t>().begin());
  return array;
}

NpyArray AttentionBuffers::getLogSumExp() const {
  NpyArray array = NpyArray::zeros(NpyType::Float32,
                                   {sizes.batch, sizes.heads, sizes.queries});
  llvm::copy(logSumExp, array.getMutableData<float>().begin());
  return array;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

template <typename... Ts>
static llvm::Error makeError(const Ts &...parts) {
  std::string text;
  llvm::raw_string_ostream os(text);
  (os << ... << parts);
  return llvm::createStringError(text);
}

static std::string describe(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [i, size] : llvm::enumerate(shape))
    text += (i ? ", " : "") + std::to_string(size);
  return text + ")";
}

/// The type of the elements, given what the user says of it.
static llvm::Expected<DataType> getType(const NpyArray &array, StringRef path,
                                        std::optional<DataType> expected) {
  DataType found;
  if (array.type == NpyType::Float32)
    found = DataType::F32;
  else if (array.type == NpyType::Float16)
    found = DataType::F16;
  else if (array.type == NpyType::UInt16 && expected == DataType::BF16)
    found = DataType::BF16;
  else if (array.type == NpyType::UInt16)
    return makeError(path, ": has uint16 elements; if they are bf16 bit "
                           "patterns, say --dtype=bf16");
  else
    return makeError(path, ": has elements of type ",
                     getNpyTypeName(array.type),
                     "; f32, f16 and bf16 (as uint16) are supported");
  if (expected && *expected != found)
    return makeError(path, ": has elements of type ", getDataTypeName(found),
                     ", but --dtype says ", getDataTypeName(*expected));
  return found;
}

/// Reads an array of rank 4.
static llvm::Expected<NpyArray> readArray(StringRef path) {
  llvm::Expected<NpyArray> array = readNpy(path);
  if (array && array->shape.size() != 4)
    return makeError(path, ": must have shape [batch, heads, seq, dim], got ",
                     describe(array->shape));
  return array;
}

/// Reads a table of pages, of i32 or i64.
static llvm::Expected<std::vector<int64_t>>
readTable(StringRef path, SmallVectorImpl<int64_t> &shape) {
  llvm::Expected<NpyArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  if (array->shape.size() != 2)
    return makeError(path, ": must have shape [batch, pages], got ",
                     describe(array->shape));
  shape.assign(array->shape.begin(), array->shape.end());
  std::vector<int64_t> table(array->getNumElements());
  if (array->type == NpyType::Int32)
    llvm::copy(array->getData<int32_t>(), table.begin());
  else if (array->type == NpyType::Int64)
    llvm::copy(array->getData<int64_t>(), table.begin());
  else
    return makeError(path, ": has elements of type ",
                     getNpyTypeName(array->type), ", but pages are i32 or i64");
  return table;
}

/// Checks the shapes against each other and takes the sizes from them. `t` is
/// that of the table of pages, or empty.
static llvm::Expected<AttentionArrays> getSizes(ArrayRef<int64_t> q,
                                                ArrayRef<int64_t> k,
                                                ArrayRef<int64_t> v,
                                                ArrayRef<int64_t> t) {
  auto mismatch = [&](StringRef what) {
    return makeError("query ", describe(q), ", key ", describe(k),
                     " and value ", describe(v), " do not agree in ", what);
  };
  if (!t.empty() && t[0] != q[0])
    return makeError("query ", describe(q), " and the table of pages ",
                     describe(t), " do not agree in the batch");
  if (!t.empty() && k[0] != v[0])
    return mismatch("the number of pages");
  if (!t.empty() && k[2] < 1)
    return makeError("a page must have at least 1 key, got ", k[2]);
  if (t.empty() && (q[0] != k[0] || k[0] != v[0]))
    return mismatch("the batch");
  if (k[1] != v[1])
    return mismatch("the heads of key and value");
  if (k[2] != v[2])
    return mismatch("the number of keys");
  if (q[3] != k[3])
    return mismatch("the head dimension");
  if (k[1] == 0 || q[1] % k[1] != 0)
    return makeError("the ", k[1], " key heads must divide the ", q[1],
                     " query heads");
  if (q[3] == 0 || v[3] == 0)
    return makeError("the head dimension must be at least 1, got ", q[3],
                     " for query and key and ", v[3], " for value");
  AttentionArrays sizes;
  sizes.batch = q[0];
  sizes.heads = q[1];
  sizes.keyHeads = k[1];
  sizes.queries = q[2];
  sizes.keys = k[2];
  sizes.dim = q[3];
  sizes.valueDim = v[3];
  if (!t.empty()) {
    sizes.pages.emplace();
    sizes.pages->count = k[0];
    sizes.pages->size = k[2];
    sizes.pages->columns = t[1];
    sizes.keys = t[1] * k[2];
  }
  return sizes;
}

llvm::Error mlir::mask::checkSizes(const AttentionArrays &s) {
  constexpr int64_t kMostElements = int64_t(1) << 32;
  auto check = [&](StringRef what, ArrayRef<int64_t> shape) -> llvm::Error {
    // Loops run over the other extents of an array without elements, too.
    int64_t count = 1;
    for (int64_t size : shape) {
      if (std::max<int64_t>(size, 1) > kMostElements / count)
        return makeError(
            "the ", what, " of shape ", describe(shape),
            " is too large: at most ", kMostElements, " elements are supported",
            llvm::is_contained(shape, 0) ? ", and an extent of 0 counts as 1"
                                         : "");
      count *= std::max<int64_t>(size, 1);
    }
    return llvm::Error::success();
  };
  if (auto error = check("query", {s.batch, s.heads, s.queries, s.dim}))
    return error;
  if (auto error = check("key", s.getKeyShape(s.dim)))
    return error;
  if (auto error = check("value", s.getKeyShape(s.valueDim)))
    return error;
  return check("output", {s.batch, s.heads, s.queries, s.valueDim});
}

void mlir::mask::chooseTileRows(PolicyOp policy, const AttentionArrays &sizes,
                                JitOptions &options) {
  // Tiles of workgroups have their own sizes.
  if (options.makesKernels())
    return;
  AttentionShape shape;
  shape.queries = llvm::bit_ceil(static_cast<uint64_t>(sizes.queries));
  shape.group = sizes.keyHeads ? sizes.heads / sizes.keyHeads : 1;
  shape.headsDiffer = hasPredicatesThatDependOn(policy, ParameterAxis::Head);
  chooseTileRows(shape, options.schedule);
  options.schedule.parts = chooseParts(shape, options.schedule.queryTile,
                                       options.openmp ? countCores() : 1);
}

llvm::Expected<AttentionBuffers>
mlir::mask::readAttention(StringRef queryPath, StringRef keyPath,
                          StringRef valuePath, StringRef pagesPath,
                          std::optional<DataType> type,
                          std::optional<float> scale) {
  llvm::Expected<NpyArray> query = readArray(queryPath);
  if (!query)
    return query.takeError();
  llvm::Expected<NpyArray> key = readArray(keyPath);
  if (!key)
    return key.takeError();
  llvm::Expected<NpyArray> value = readArray(valuePath);
  if (!value)
    return value.takeError();
  llvm::Expected<DataType> found = getType(*query, queryPath, type);
  if (!found)
    return found.takeError();
  for (auto [array, path] :
       {std::pair{&*key, keyPath}, std::pair{&*value, valuePath}}) {
    llvm::Expected<DataType> other = getType(*array, path, type);
    if (!other)
      return other.takeError();
    if (*other != *found)
      return makeError(path, ": has elements of type ", getDataTypeName(*other),
                       ", but the query has ", getDataTypeName(*found));
  }
  std::vector<int64_t> table;
  SmallVector<int64_t> tableShape;
  if (!pagesPath.empty()) {
    llvm::Expected<std::vector<int64_t>> read =
        readTable(pagesPath, tableShape);
    if (!read)
      return read.takeError();
    table = std::move(*read);
  }
  llvm::Expected<AttentionArrays> sizes =
      getSizes(query->shape, key->shape, value->shape, tableShape);
  if (!sizes)
    return sizes.takeError();
  if (llvm::Error error = checkSizes(*sizes))
    return error;
  AttentionBuffers buffers;
  buffers.type = *found;
  buffers.sizes = *sizes;
  buffers.query = readElements(*query, *found);
  buffers.key = readElements(*key, *found);
  buffers.value = readElements(*value, *found);
  buffers.table = std::move(table);
  buffers.finish(scale);
  return buffers;
}

llvm::Expected<std::vector<float>> mlir::mask::readSinks(StringRef path,
                                                         int64_t heads) {
  llvm::Expected<NpyArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  if (array->type != NpyType::Float32)
    return makeError(path, ": has elements of type ",
                     getNpyTypeName(array->type), ", but sinks are f32");
  if (ArrayRef(array->shape) != ArrayRef(heads))
    return makeError(path, ": must have shape ", describe({heads}),
                     ", a sink per query head, got ", describe(array->shape));
  return readElements(*array, DataType::F32);
}

void AttentionBuffers::finish(std::optional<float> scale) {
  AttentionArrays &s = sizes;
  output.assign(s.batch * s.heads * s.queries * s.valueDim, 0);
  logSumExp.assign(s.batch * s.heads * s.queries, 0);
  s.query = query.data();
  s.key = key.data();
  s.value = value.data();
  s.output = output.data();
  s.logSumExp = logSumExp.data();
  if (s.pages)
    s.pages->table = table;
  s.scale = scale.value_or(1 / std::sqrt(static_cast<float>(s.dim)));
}

AttentionBuffers mlir::mask::makeRandomAttention(const AttentionArrays &sizes,
                                                 int64_t pageSize) {
  AttentionBuffers buffers;
  AttentionArrays &s = buffers.sizes = sizes;
  std::mt19937 engine(1);
  if (pageSize) {
    PageTable pages;
    pages.size = pageSize;
    pages.columns = llvm::divideCeil(s.keys, pageSize);
    pages.count = s.batch * pages.columns;
    buffers.table.resize(pages.count);
    std::iota(buffers.table.begin(), buffers.table.end(), 0);
    std::shuffle(buffers.table.begin(), buffers.table.end(), engine);
    s.pages = pages;
  }
  std::normal_distribution<float> normal;
  auto fill = [&](std::vector<float> &data, ArrayRef<int64_t> shape) {
    data.resize(llvm::product_of(shape));
    for (float &element : data)
      element = normal(engine);
  };
  fill(buffers.query, {s.batch, s.heads, s.queries, s.dim});
  fill(buffers.key, s.getKeyShape(s.dim));
  fill(buffers.value, s.getKeyShape(s.valueDim));
  buffers.finish(std::nullopt);
  return buffers;
}

//===----------------------------------------------------------------------===//
// Requests
//===----------------------------------------------------------------------===//

llvm::Error mlir::mask::checkExtents(AttentionArrays &sizes,
                                     const Request &request) {
  if (sizes.queries != request.queries)
    return makeError("the query has ", sizes.queries,
                     " rows, but q_len of the facts is ", request.queries);
  if (sizes.pages && sizes.keys < request.keys)
    return makeError(
        "the table has ", sizes.pages->columns, " pages of ", sizes.pages->size,
        " keys per batch row, but kv_len of the facts is ", request.keys);
  if (sizes.pages)
    sizes.keys = request.keys;
  if (sizes.keys != request.keys)
    return makeError("the key has ", sizes.keys,
                     " rows, but kv_len of the facts is ", request.keys);
  if (request.batched && sizes.batch != request.batch)
    return makeError("the query has ", sizes.batch,
                     " batch rows, but the facts have ", request.batch);
  for (const auto &offset : {request.queryOffset, request.keyOffset})
    if (offset.size() != 1 &&
        static_cast<int64_t>(offset.size()) != sizes.batch)
      return makeError("the query has ", sizes.batch,
                       " batch rows, but the facts give ", offset.size(),
                       " offsets");
  return llvm::Error::success();
}

FailureOr<InterpretedAttention> mlir::mask::interpretAttention(
    PolicyOp policy, StringRef layerType, std::optional<PackingRule> packing,
    const Request &request, const AttentionBuffers &buffers, AttentionOp form) {
  FailureOr<PredicateFunction> visible =
      interpretPolicy(policy, layerType, packing, request);
  if (failed(visible))
    return failure();
  auto widened = [](ArrayRef<float> data) {
    return std::vector<double>(data.begin(), data.end());
  };
  std::vector<double> query = widened(buffers.query),
                      key = widened(buffers.key),
                      value = widened(buffers.value);
  const AttentionArrays &s = buffers.sizes;
  AttentionData data{};
  data.batch = s.batch;
  data.heads = s.heads;
  data.keyHeads = s.keyHeads;
  data.queries = s.queries;
  data.keys = s.keys;
  data.pages = s.pages;
  data.dim = s.dim;
  data.valueDim = s.valueDim;
  data.query = query;
  data.key = key;
  data.value = value;
  data.scale = s.scale;
  data.queryOffset.assign(request.queryOffset.begin(),
                          request.queryOffset.end());
  data.keyOffset.assign(request.keyOffset.begin(), request.keyOffset.end());
  std::vector<double> sinks;
  if (form) {
    sinks = getConstantSinks(form);
    data.sinks = sinks;
    FactEvaluator facts;
    FailureOr<ScoreFunction> score = interpretScore(form, facts);
    if (failed(score))
      return failure();
    data.score = *score;
  }
  InterpretedAttention result;
  result.output.resize(buffers.output.size());
  result.logSumExp.resize(buffers.logSumExp.size());
  if (failed(mask::interpretAttention(
          data, *visible, result.output, result.logSumExp,
          [&] { return emitError(policy.getLoc()); })))
    return failure();
  return result;
}
