//===- AttentionKernel.cpp - attention compiled for a policy -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/AttentionKernel.h"

#include "LowerKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::mask;

static constexpr StringLiteral kFunctionName = "attention";
static constexpr StringLiteral kQueryOffset = "query_offset";
static constexpr StringLiteral kKeyOffset = "key_offset";
static constexpr StringLiteral kKeyEnd = "key_end";

SmallVector<int64_t, 4> AttentionArrays::getKeyShape(int64_t columns) const {
  return {pages ? pages->count : batch, keyHeads, pages ? pages->size : keys,
          columns};
}

int64_t AttentionArrays::countKeyRows() const {
  return llvm::product_of(getKeyShape(/*columns=*/1));
}

/// The positions of a request that are an argument of that name: one, or one
/// per batch row; none if it is no position.
static SmallVector<int64_t> getPositions(const Request &request,
                                         StringRef name) {
  if (name == kQueryOffset)
    return request.queryOffset;
  if (name != kKeyOffset && name != kKeyEnd)
    return {};
  SmallVector<int64_t> positions = request.keyOffset;
  for (int64_t &position : positions)
    if (name == kKeyEnd)
      position += request.keys;
  return positions;
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

namespace {
/// Builds `@attention(query, key, value, output, log-sum-exp, pages, scale,
/// offsets..., facts...)`; pages only if there are any. All sizes are dynamic,
/// or all are those of `sizes`, and numbers are no arguments but constants.
class FunctionBuilder {
public:
  FunctionBuilder(ModuleOp module, const JitOptions &options,
                  const Request &request, const AttentionArrays *sizes,
                  SmallVectorImpl<std::pair<std::string, Type>> &parameters)
      : builder(OpBuilder::atBlockEnd(module.getBody())), loc(module.getLoc()),
        options(options),
        elementType(getFloatType(module.getContext(), options.dataType)),
        request(request), sizes(sizes), parameters(parameters) {}

  LogicalResult build(PolicyOp policy, StringRef layerType,
                      std::optional<PackingRule> packing, AttentionOp form);

private:
  Value addArgument(Type type) { return body->addArgument(type, loc); }
  Type getDataType(std::array<int64_t AttentionArrays::*, 4> shape);
  Type getKeyType(int64_t AttentionArrays::*columns);
  Value hideUnusedKeys(Value predicate);
  Value addParameter(StringRef name, Type type);
  Value addFact(StringRef name, Type type);
  /// A number is constant or a value; what the value is indexed by.
  Parameter addPosition(StringRef name);

  OpBuilder builder;
  Location loc;
  const JitOptions &options;
  FloatType elementType;
  const Request &request;
  /// Null if sizes are dynamic.
  const AttentionArrays *sizes;
  SmallVectorImpl<std::pair<std::string, Type>> &parameters;
  Block *body = nullptr;
};
} // namespace

Value FunctionBuilder::addParameter(StringRef name, Type type) {
  parameters.emplace_back(name.str(), type);
  return addArgument(type);
}

/// The fact of the request, or null.
Value FunctionBuilder::addFact(StringRef name, Type type) {
  const HostValue *fact = request.lookup(name);
  if (!fact)
    return {};
  auto declared = dyn_cast<RankedTensorType>(type);
  if (auto *number = std::get_if<int64_t>(fact); number && sizes && !declared)
    return arith::ConstantIndexOp::create(builder, loc, *number);
  auto *array = std::get_if<std::shared_ptr<const IntegerArray>>(fact);
  if (!sizes || !array || !declared)
    return addParameter(name, type);
  // Facts of one batch row may be declared without batch.
  ArrayRef<int64_t> shape =
      ArrayRef((*array)->shape).take_back(declared.getRank());
  if (static_cast<int64_t>(shape.size()) != declared.getRank())
    return addParameter(name, type);
  Value argument = addParameter(name, declared.clone(shape));
  return builder.createOrFold<tensor::CastOp>(loc, type, argument);
}

Parameter FunctionBuilder::addPosition(StringRef name) {
  SmallVector<int64_t> offset = getPositions(request, name);
  if (offset.size() == 1) {
    if (sizes)
      return builder.getI64IntegerAttr(offset[0]);
    return OpFoldResult(addParameter(name, builder.getIndexType()));
  }
  int64_t rows = sizes ? offset.size() : ShapedType::kDynamic;
  auto type = RankedTensorType::get({rows}, builder.getI64Type());
  return {addParameter(name, type), ParameterAxis::Batch};
}

Type FunctionBuilder::getDataType(
    std::array<int64_t AttentionArrays::*, 4> shape) {
  SmallVector<int64_t> extents(4, ShapedType::kDynamic);
  int64_t columns = shape.back() == &AttentionArrays::dim ? options.headDim
                                                          : options.valueDim;
  if (columns)
    extents.back() = columns;
  if (sizes)
    for (auto [extent, member] : llvm::zip_equal(extents, shape))
      extent = sizes->*member;
  return RankedTensorType::get(extents, elementType);
}

Type FunctionBuilder::getKeyType(int64_t AttentionArrays::*columns) {
  using Sizes = AttentionArrays;
  Type type =
      getDataType({&Sizes::batch, &Sizes::keyHeads, &Sizes::keys, columns});
  if (!options.pageSize)
    return type;
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape[0] = sizes ? sizes->pages->count : ShapedType::kDynamic;
  shape[2] = options.pageSize;
  return tensor.clone(shape);
}

/// The last page of a batch row may have rows that are no keys.
Value FunctionBuilder::hideUnusedKeys(Value predicate) {
  Value exists = KeyLengthOp::create(builder, loc, addPosition(kKeyEnd));
  return AndOp::create(builder, loc, PredicateType::get(builder.getContext()),
                       ValueRange{predicate, exists});
}

LogicalResult FunctionBuilder::build(PolicyOp policy, StringRef layerType,
                                     std::optional<PackingRule> packing,
                                     AttentionOp form) {
  auto function = func::FuncOp::create(builder, loc, kFunctionName,
                                       builder.getFunctionType({}, {}));
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                    builder.getUnitAttr());
  body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  using Sizes = AttentionArrays;
  Type data = getDataType(
      {&Sizes::batch, &Sizes::heads, &Sizes::queries, &Sizes::valueDim});
  Type rows =
      RankedTensorType::get(cast<RankedTensorType>(data).getShape().drop_back(),
                            builder.getF32Type());
  Value query = addArgument(getDataType(
            {&Sizes::batch, &Sizes::heads, &Sizes::queries, &Sizes::dim})),
        key = addArgument(getKeyType(&Sizes::dim)),
        value = addArgument(getKeyType(&Sizes::valueDim));
  // Outputs are buffers, so that there is nothing to return.
  auto addOutput = [&](Type type) -> Value {
    auto tensor = cast<RankedTensorType>(type);
    return addArgument(
        MemRefType::get(tensor.getShape(), tensor.getElementType()));
  };
  Value output = addOutput(data), logSumExp = addOutput(rows);
  Value pages;
  if (options.pageSize) {
    SmallVector<int64_t> shape(2, ShapedType::kDynamic);
    if (sizes)
      shape = {sizes->batch, sizes->pages->columns};
    pages = addArgument(RankedTensorType::get(shape, builder.getI64Type()));
  }
  Value scale = addArgument(builder.getF32Type());
  Parameter queryOffset = addPosition(kQueryOffset),
            keyOffset = addPosition(kKeyOffset);

  FailureOr<Value> predicate = buildPredicate(
      builder, loc, policy, layerType, packing,
      [&](StringRef name, Type type) { return addFact(name, type); });
  if (failed(predicate))
    return failure();
  if (pages)
    predicate = hideUnusedKeys(*predicate);
  auto asTensor = [&](Type type, Value buffer) -> Value {
    return bufferization::ToTensorOp::create(builder, loc, type, buffer,
                                             /*restrict=*/true,
                                             /*writable=*/true);
  };
  auto attention = AttentionOp::create(
      builder, loc, TypeRange{data, rows}, query, key, value,
      ValueRange{asTensor(data, output), asTensor(rows, logSumExp)}, *predicate,
      /*sinks=*/Value(), scale, queryOffset, keyOffset,
      /*soft_cap=*/FloatAttr());
  if (pages) {
    attention.getKeyPagesMutable().assign(pages);
    attention.setPageSize(options.pageSize);
  }
  if (form)
    copyScore(builder, form, attention);
  for (auto [result, buffer] :
       llvm::zip_equal(attention.getResults(), ValueRange{output, logSumExp})) {
    auto store = bufferization::MaterializeInDestinationOp::create(
        builder, loc, result, buffer);
    store.setWritable(true);
    store.setRestrict(true);
  }
  func::ReturnOp::create(builder, loc);
  function.setFunctionType(
      builder.getFunctionType(body->getArgumentTypes(), {}));
  return success();
}

/// A number, or the extents of an array.
static void printConstants(llvm::raw_ostream &os, const HostValue &value) {
  if (auto *number = std::get_if<int64_t>(&value))
    os << " " << *number;
  if (auto *array = std::get_if<std::shared_ptr<const IntegerArray>>(&value))
    llvm::interleave((*array)->shape, os << " ", "x");
}

std::string AttentionKernel::getSignature(PolicyOp policy,
                                          const Request &request,
                                          const AttentionArrays *sizes) {
  std::string signature;
  llvm::raw_string_ostream os(signature);
  os << (request.queryOffset.size() == 1 ? "q" : "Q")
     << (request.keyOffset.size() == 1 ? "k" : "K");
  if (sizes) {
    const AttentionArrays &s = *sizes;
    llvm::interleave(ArrayRef{s.batch, s.heads, s.keyHeads, s.queries, s.keys,
                              s.dim, s.valueDim},
                     os << " ", "x");
    llvm::interleave(request.queryOffset, os << " ", ",");
    llvm::interleave(request.keyOffset, os << " ", ",");
  }
  for (const auto &[name, value] : request.facts) {
    // These two are joined to policies that do not place them.
    bool isJoined = name == "key_valid" || name == "sequence_ids";
    if (!isJoined && !policy.lookupFact(name))
      continue;
    os << " " << name;
    if (sizes)
      printConstants(os, value);
  }
  return signature;
}

FailureOr<std::unique_ptr<AttentionKernel>>
AttentionKernel::compile(PolicyOp policy, StringRef layerType,
                         std::optional<PackingRule> packing,
                         const Request &request, const JitOptions &options,
                         AttentionOp form, const AttentionArrays *sizes) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(policy.getLoc());
  auto copy = cast<PolicyOp>(policy->clone());
  module->push_back(copy);
  std::unique_ptr<AttentionKernel> kernel(new AttentionKernel(policy.getLoc()));
  FunctionBuilder builder(*module, options, request, sizes, kernel->parameters);
  if (failed(builder.build(copy, layerType, packing, form)))
    return failure();
  std::string name = (policy.getSymName() + "." +
                      (layerType == "*" ? StringRef("all") : layerType))
                         .str();
  kernel->dataType = options.dataType;
  if (failed(kernel->compile(*module, name, options)))
    return failure();
  return kernel;
}

LogicalResult AttentionKernel::compileForDevice(ModuleOp source, StringRef name,
                                                const JitOptions &options) {
  FailureOr<KernelCode> kernels = lowerForDevice(source, options);
  if (failed(kernels))
    return failure();
  auto save = [&](const Twine &suffix,
                  function_ref<void(raw_ostream &)> print) {
    llvm::Error error = saveTemp(options, name + suffix, print);
    return error ? emitError(loc)
                       << "cannot compile: " << llvm::toString(std::move(error))
                 : success();
  };
  if (failed(save("." + kernels->dialect + ".mlir",
                  [&](raw_ostream &os) { source.print(os); })) ||
      failed(save("." + kernels->suffix,
                  [&](raw_ostream &os) { os << kernels->code; })))
    return failure();
  auto compiled = DeviceModule::compile(
      source, {kernels->code.data(), kernels->code.size()}, name, options,
      *options.device);
  if (failed(compiled))
    return failure();
  onDevice = std::move(*compiled);
  return success();
}

LogicalResult AttentionKernel::compile(ModuleOp source, StringRef name,
                                       const JitOptions &options) {
  if (options.device)
    return compileForDevice(source, name, options);
  if (options.emulation) {
    emulation = *options.emulation;
    if (failed(lowerToKernels(source, options)))
      return failure();
    auto compiled = EmulatedModule::compile(source, name, options);
    if (failed(compiled))
      return failure();
    kernels = std::move(*compiled);
    return success();
  }
  auto compiled = JitModule::compile(source, name, options);
  if (failed(compiled))
    return failure();
  module = std::move(*compiled);
  auto found = module->lookup(kFunctionName);
  if (!found)
    return emitError(loc) << llvm::toString(found.takeError());
  function = *found;
  return success();
}

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

/// The elements in the width that compiled code reads; flags take a byte.
static std::vector<char> packElements(const IntegerArray &array,
                                      unsigned width) {
  size_t bytes = std::max(width / 8, 1u);
  std::vector<char> packed(array.values.size() * bytes);
  for (auto [i, element] : llvm::enumerate(array.values))
    memcpy(packed.data() + i * bytes, &element, bytes);
  return packed;
}

LogicalResult AttentionKernel::bindParameter(KernelFacts &facts,
                                             const Request &request,
                                             StringRef name, Type type) const {
  HostValue value;
  SmallVector<int64_t> positions = getPositions(request, name);
  if (!positions.empty() && type.isIndex()) {
    value = positions[0];
  } else if (!positions.empty()) {
    auto array = std::make_shared<IntegerArray>();
    array->shape = {static_cast<int64_t>(positions.size())};
    array->values.assign(positions.begin(), positions.end());
    value = std::move(array);
  } else {
    FailureOr<HostValue> fact = getFactValue(loc, request, name, type);
    if (failed(fact))
      return failure();
    value = *fact;
  }
  if (auto *number = std::get_if<int64_t>(&value)) {
    facts.parameters.push_back({/*isArray=*/false, *number});
    return success();
  }
  auto array = std::get<std::shared_ptr<const IntegerArray>>(value);
  facts.arrays.push_back(
      packElements(*array, cast<ShapedType>(type).getElementTypeBitWidth()));
  facts.parameters.push_back(
      {/*isArray=*/true, static_cast<int64_t>(facts.descriptors.size())});
  facts.descriptors.emplace_back(facts.arrays.back().data(), array->shape);
  return success();
}

FailureOr<KernelFacts> AttentionKernel::bind(const Request &request) const {
  KernelFacts facts;
  for (const auto &[name, type] : parameters)
    if (failed(bindParameter(facts, request, name, type)))
      return failure();
  return facts;
}

llvm::Error AttentionKernel::emulate(ArrayRef<void *> arguments,
                                     const KernelArrays &arrays) const {
  const AttentionArrays &a = arrays.arrays;
  OutputWatch outputs;
  outputs.add("output", arrays.elements[3],
              {a.batch, a.heads, a.queries, a.valueDim},
              static_cast<int64_t>(getSize(dataType)));
  outputs.add("log-sum-exp", a.logSumExp, {a.batch, a.heads, a.queries},
              sizeof(float));
  EmulationOptions options = emulation;
  options.outputs = &outputs;
  if (llvm::Error error = kernels->call(kFunctionName, arguments, options))
    return error;
  return outputs.finish();
}

llvm::Error AttentionKernel::call(ArrayRef<void *> arguments,
                                  const KernelArrays &arrays) const {
  if (onDevice)
    return onDevice->call(kFunctionName, arguments);
  if (kernels)
    return emulate(arguments, arrays);
  function(const_cast<void **>(arguments.data()));
  return llvm::Error::success();
}

KernelArrays::KernelArrays(const AttentionArrays &arrays, DataType type)
    : arrays(arrays), type(type) {
  if (type == DataType::F32) {
    const void *given[] = {arrays.query, arrays.key, arrays.value,
                           arrays.output};
    llvm::copy(given, elements);
    return;
  }
  const AttentionArrays &a = arrays;
  size_t numQueries = a.batch * a.heads * a.queries, numKeys = a.countKeyRows();
  converted[0] = toElements({a.query, numQueries * a.dim}, type);
  converted[1] = toElements({a.key, numKeys * a.dim}, type);
  converted[2] = toElements({a.value, numKeys * a.valueDim}, type);
  converted[3].resize(numQueries * a.valueDim * getSize(type));
  for (auto [pointer, array] : llvm::zip_equal(elements, converted))
    pointer = array.data();
}

void KernelArrays::storeOutput() const {
  if (type != DataType::F32)
    fromElements(converted[3], type,
                 {arrays.output, converted[3].size() / getSize(type)});
}

llvm::Error AttentionKernel::run(const AttentionArrays &arrays,
                                 KernelFacts &facts) const {
  KernelArrays data(arrays, dataType);
  if (llvm::Error error = run(data, facts))
    return error;
  data.storeOutput();
  return llvm::Error::success();
}

llvm::Error AttentionKernel::run(const KernelArrays &arrays,
                                 KernelFacts &facts) const {
  const AttentionArrays &a = arrays.arrays;
  ArrayRef<const void *> elements = arrays.elements;
  SmallVector<MemRefDescriptor> data;
  data.emplace_back(elements[0], ArrayRef{a.batch, a.heads, a.queries, a.dim});
  data.emplace_back(elements[1], a.getKeyShape(a.dim));
  data.emplace_back(elements[2], a.getKeyShape(a.valueDim));
  data.emplace_back(elements[3],
                    ArrayRef{a.batch, a.heads, a.queries, a.valueDim});
  data.emplace_back(a.logSumExp, ArrayRef{a.batch, a.heads, a.queries});
  if (a.pages)
    data.emplace_back(a.pages->table.data(),
                      ArrayRef{a.batch, a.pages->columns});
  // Numbers are passed by their address, memrefs by the address of a pointer to
  // their descriptor.
  float scale = a.scale;
  SmallVector<void *> pointers;
  pointers.reserve(data.size() + facts.descriptors.size());
  SmallVector<void *> arguments;
  auto addMemRef = [&](MemRefDescriptor &descriptor) {
    pointers.push_back(descriptor.get());
    arguments.push_back(&pointers.back());
  };
  for (MemRefDescriptor &descriptor : data)
    addMemRef(descriptor);
  arguments.push_back(&scale);
  for (KernelFacts::Parameter &parameter : facts.parameters) {
    if (parameter.isArray)
      addMemRef(facts.descriptors[parameter.value]);
    else
      arguments.push_back(&parameter.value);
  }
  return call(arguments, arrays);
}

FailureOr<AttentionKernel *>
KernelCache::get(PolicyOp policy, StringRef layerType,
                 std::optional<PackingRule> packing, const Request &request,
                 const AttentionArrays &sizes) {
  const AttentionArrays *known = isStatic ? &sizes : nullptr;
  // Layer types that share a predicate share code.
  LayerTypeOp layer = policy.lookupLayerType(layerType);
  std::string key;
  llvm::raw_string_ostream os(key);
  os << (layer ? layer.getName() : layerType) << '|'
     << (packing ? stringifyPackingRule(*packing) : "") << '|'
     << AttentionKernel::getSignature(policy, request, known) << '|' << policy;
  auto found = kernels.find(key);
  if (found == kernels.end()) {
    auto kernel =
        AttentionKernel::compile(policy, layerType, packing, request, options,
                                 /*form=*/{}, known);
    if (failed(kernel))
      return failure();
    found = kernels.emplace(key, std::move(*kernel)).first;
  }
  return found->second.get();
}

size_t KernelCache::countFromCache() const {
  return llvm::count_if(
      kernels, [](const auto &entry) { return entry.second->isFromCache(); });
}
