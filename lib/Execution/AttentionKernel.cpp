//===- AttentionKernel.cpp - attention compiled for a policy -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/AttentionKernel.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::mask;

static constexpr StringLiteral kFunctionName = "attention";
static constexpr StringLiteral kQueryOffset = "query_offset";
static constexpr StringLiteral kKeyOffset = "key_offset";

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

namespace {
/// Builds `@attention(query, key, value, output, log-sum-exp, scale,
/// offsets..., facts...)`, all sizes dynamic.
class FunctionBuilder {
public:
  FunctionBuilder(ModuleOp module, const Request &request,
                  SmallVectorImpl<std::pair<std::string, Type>> &parameters)
      : builder(OpBuilder::atBlockEnd(module.getBody())), loc(module.getLoc()),
        request(request), parameters(parameters) {}

  LogicalResult build(PolicyOp policy, StringRef layerType,
                      std::optional<PackingRule> packing, AttentionOp form);

private:
  Value addArgument(Type type) { return body->addArgument(type, loc); }
  Value addParameter(StringRef name, Type type);
  /// An offset, and what it is indexed by.
  std::pair<Value, ParameterAxisAttr> addOffset(StringRef name,
                                                ArrayRef<int64_t> offset);

  OpBuilder builder;
  Location loc;
  const Request &request;
  SmallVectorImpl<std::pair<std::string, Type>> &parameters;
  Block *body = nullptr;
};
} // namespace

Value FunctionBuilder::addParameter(StringRef name, Type type) {
  parameters.emplace_back(name.str(), type);
  return addArgument(type);
}

std::pair<Value, ParameterAxisAttr>
FunctionBuilder::addOffset(StringRef name, ArrayRef<int64_t> offset) {
  if (offset.size() == 1)
    return {addParameter(name, builder.getIndexType()), {}};
  auto type =
      RankedTensorType::get({ShapedType::kDynamic}, builder.getI64Type());
  return {addParameter(name, type),
          ParameterAxisAttr::get(builder.getContext(), ParameterAxis::Batch)};
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
  SmallVector<int64_t> dynamic(4, ShapedType::kDynamic);
  Type data = RankedTensorType::get(dynamic, builder.getF32Type());
  Type rows = RankedTensorType::get(ArrayRef(dynamic).drop_front(),
                                    builder.getF32Type());
  Value query = addArgument(data), key = addArgument(data),
        value = addArgument(data);
  // Outputs are buffers, so that there is nothing to return.
  auto addOutput = [&](Type type) -> Value {
    auto tensor = cast<RankedTensorType>(type);
    return addArgument(
        MemRefType::get(tensor.getShape(), tensor.getElementType()));
  };
  Value output = addOutput(data), logSumExp = addOutput(rows);
  Value scale = addArgument(builder.getF32Type());
  auto [queryOffset, queryAxis] = addOffset(kQueryOffset, request.queryOffset);
  auto [keyOffset, keyAxis] = addOffset(kKeyOffset, request.keyOffset);

  FailureOr<Value> predicate = buildPredicate(
      builder, loc, policy, layerType, packing,
      [&](StringRef name, Type type) -> Value {
        return request.lookup(name) ? addParameter(name, type) : Value();
      });
  if (failed(predicate))
    return failure();
  auto asTensor = [&](Type type, Value buffer) -> Value {
    return bufferization::ToTensorOp::create(builder, loc, type, buffer,
                                             /*restrict=*/true,
                                             /*writable=*/true);
  };
  auto attention = AttentionOp::create(
      builder, loc, TypeRange{data, rows}, query, key, value,
      ValueRange{asTensor(data, output), asTensor(rows, logSumExp)}, *predicate,
      /*captures=*/ValueRange(),
      /*score_captures=*/ValueRange(), /*sinks=*/Value(), scale,
      /*origin=*/ValueRange(), queryOffset, keyOffset,
      /*constant_query_offset=*/IntegerAttr(), queryAxis,
      /*constant_key_offset=*/IntegerAttr(), keyAxis,
      /*soft_cap=*/FloatAttr(), ScheduleAttr());
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

std::string AttentionKernel::getSignature(PolicyOp policy,
                                          const Request &request) {
  std::string signature;
  signature += request.queryOffset.size() == 1 ? "q" : "Q";
  signature += request.keyOffset.size() == 1 ? "k" : "K";
  for (const auto &[name, value] : request.facts) {
    // These two are joined to policies that do not place them.
    bool isJoined = name == "key_valid" || name == "sequence_ids";
    if (isJoined || policy.lookupFact(name))
      signature += " " + name;
  }
  return signature;
}

FailureOr<std::unique_ptr<AttentionKernel>> AttentionKernel::compile(
    PolicyOp policy, StringRef layerType, std::optional<PackingRule> packing,
    const Request &request, const JitOptions &options, AttentionOp form) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(policy.getLoc());
  auto copy = cast<PolicyOp>(policy->clone());
  module->push_back(copy);
  std::unique_ptr<AttentionKernel> kernel(new AttentionKernel(policy.getLoc()));
  FunctionBuilder builder(*module, request, kernel->parameters);
  if (failed(builder.build(copy, layerType, packing, form)))
    return failure();
  std::string name = (policy.getSymName() + "." +
                      (layerType == "*" ? StringRef("all") : layerType))
                         .str();
  auto compiled = JitModule::compile(*module, name, options);
  if (failed(compiled))
    return failure();
  kernel->module = std::move(*compiled);
  auto function = kernel->module->lookup(kFunctionName);
  if (!function)
    return emitError(policy.getLoc()) << llvm::toString(function.takeError());
  kernel->function = *function;
  return kernel;
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
  if (name == kQueryOffset || name == kKeyOffset) {
    const auto &offset =
        name == kQueryOffset ? request.queryOffset : request.keyOffset;
    if (type.isIndex()) {
      value = offset[0];
    } else {
      auto array = std::make_shared<IntegerArray>();
      array->shape = {static_cast<int64_t>(offset.size())};
      array->values.assign(offset.begin(), offset.end());
      value = std::move(array);
    }
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

void AttentionKernel::run(const AttentionArrays &arrays,
                          KernelFacts &facts) const {
  const AttentionArrays &a = arrays;
  MemRefDescriptor data[] = {
      {a.query, {a.batch, a.heads, a.queries, a.dim}},
      {a.key, {a.batch, a.keyHeads, a.keys, a.dim}},
      {a.value, {a.batch, a.keyHeads, a.keys, a.valueDim}},
      {a.output, {a.batch, a.heads, a.queries, a.valueDim}},
      {a.logSumExp, {a.batch, a.heads, a.queries}},
  };
  // Numbers are passed by their address, memrefs by the address of a pointer to
  // their descriptor.
  float scale = a.scale;
  SmallVector<void *> pointers;
  pointers.reserve(std::size(data) + facts.descriptors.size());
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
  function(arguments.data());
}

FailureOr<AttentionKernel *>
KernelCache::get(PolicyOp policy, StringRef layerType,
                 std::optional<PackingRule> packing, const Request &request) {
  // Layer types that share a predicate share code.
  LayerTypeOp layer = policy.lookupLayerType(layerType);
  std::string key;
  llvm::raw_string_ostream os(key);
  os << (layer ? layer.getName() : layerType) << '|'
     << (packing ? stringifyPackingRule(*packing) : "") << '|'
     << AttentionKernel::getSignature(policy, request) << '|' << policy;
  auto found = kernels.find(key);
  if (found == kernels.end()) {
    auto kernel =
        AttentionKernel::compile(policy, layerType, packing, request, options);
    if (failed(kernel))
      return failure();
    found = kernels.emplace(key, std::move(*kernel)).first;
  }
  return found->second.get();
}
