//===- ConfigImport.cpp - model configs to mask IR -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Target/HuggingFace/ConfigImport.h"
#include "Mask/Request/PolicyLibrary.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <map>

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// One policy of several families
//===----------------------------------------------------------------------===//

namespace {
/// Joins policies of a single predicate in one policy with a predicate per
/// layer type. Padding and packed sequences are placed last where a family does
/// not place them itself.
class PolicyComposer {
public:
  explicit PolicyComposer(MLIRContext *context) : builder(context) {
    builder.setInsertionPointToEnd(&body);
  }

  void add(StringRef layerType, PolicyOp family) {
    // Of a bidirectional model the full layers are a family of encoders as
    // well.
    findsSequences |= family.getSequencesFromPositions();
    IRMapping mapping;
    Block &source = family.getBody().front();
    for (auto [name, optional, argument] :
         llvm::zip_equal(family.getFactNames().getAsValueRange<StringAttr>(),
                         family.getFactOptional(), source.getArguments()))
      mapping.map(argument, getFact(name, argument.getType(), optional));
    for (Operation &op : source) {
      auto result = dyn_cast<LayerTypeOp>(op);
      if (!result) {
        builder.clone(op, mapping);
        continue;
      }
      Value predicate = mapping.lookup(result.getPredicate());
      LayerTypeOp::create(builder, op.getLoc(), layerType,
                          restrict(family, predicate));
    }
  }

  /// Moves what was added into a policy of `module`.
  PolicyOp finish(ModuleOp module, StringRef name) {
    MLIRContext *context = builder.getContext();
    builder.clearInsertionPoint();
    auto policy = PolicyOp::create(
        builder, module.getLoc(), builder.getStringAttr(name),
        builder.getStrArrayAttr(names),
        DenseBoolArrayAttr::get(context, optionals),
        TypeAttr::get(FunctionType::get(context, body.getArgumentTypes(), {})),
        findsSequences ? builder.getUnitAttr() : UnitAttr());
    Block &block = policy.getBody().emplaceBlock();
    for (BlockArgument argument : body.getArguments())
      argument.replaceAllUsesWith(
          block.addArgument(argument.getType(), argument.getLoc()));
    block.getOperations().splice(block.end(), body.getOperations());
    SymbolTable(module).insert(policy);
    return policy;
  }

private:
  Value getFact(StringRef name, Type type, bool optional) {
    const auto *known = llvm::find(names, name);
    if (known != names.end()) {
      size_t index = known - names.begin();
      optionals[index] = optionals[index] && optional;
      return body.getArgument(index);
    }
    names.push_back(name);
    optionals.push_back(optional);
    return body.addArgument(type, builder.getUnknownLoc());
  }

  Value getOptionalFact(StringRef name) {
    return getFact(name, getFactType(builder.getContext(), *lookupFact(name)),
                   /*optional=*/true);
  }

  Value restrict(PolicyOp family, Value predicate) {
    Location loc = predicate.getLoc();
    auto type = PredicateType::get(builder.getContext());
    SmallVector<Value> conjuncts{predicate};
    if (!family.lookupFact("sequence_ids"))
      conjuncts.push_back(DocumentOp::create(builder, loc, type,
                                             getOptionalFact("sequence_ids"),
                                             Value(), Value()));
    if (!family.lookupFact("key_valid"))
      conjuncts.push_back(KeyPaddingOp::create(
          builder, loc, type, getOptionalFact("key_valid"), Value()));
    if (conjuncts.size() == 1)
      return predicate;
    return AndOp::create(builder, loc, type, conjuncts);
  }

  OpBuilder builder;
  Block body;
  SmallVector<StringRef> names;
  SmallVector<bool> optionals;
  bool findsSequences = false;
};
} // namespace

static bool hasSinglePredicate(PolicyOp policy) {
  return policy.lookupLayerType("*") != nullptr;
}

/// The policy of the chosen name, or one that joins the families.
static FailureOr<PolicyOp> buildPolicy(Location loc, const ModelConfig &config,
                                       const PolicyChoice &choice,
                                       ModuleOp module) {
  // Families live in a module of their own.
  OwningOpRef<ModuleOp> families = ModuleOp::create(loc);
  if (!choice.policy.empty()) {
    FailureOr<PolicyOp> policy = loadPolicy(choice.policy, *families);
    if (failed(policy) || !hasSinglePredicate(*policy))
      return failed(policy) ? policy : loadPolicy(choice.policy, module);
  }
  PolicyComposer composer(module.getContext());
  for (StringRef type : config.getLayerTypes()) {
    FailureOr<StringRef> name = StringRef(choice.policy);
    if (choice.policy.empty())
      name = getFamily(loc, config, choice, type);
    if (failed(name))
      return failure();
    FailureOr<PolicyOp> family = loadPolicy(*name, *families);
    if (failed(family))
      return failure();
    composer.add(type, *family);
  }
  return composer.finish(module, config.modelType + "-masks");
}

//===----------------------------------------------------------------------===//
// The layer function
//===----------------------------------------------------------------------===//

static Location getNamedLoc(OpBuilder &builder, StringRef name) {
  return NameLoc::get(builder.getStringAttr(name));
}

/// An argument whose name is printed.
static Value addArgument(OpBuilder &builder, func::FuncOp function,
                         StringRef name, Type type) {
  return function.front().addArgument(type, getNamedLoc(builder, name));
}

static func::FuncOp createFunction(OpBuilder &builder, StringRef name) {
  auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), name,
                                       builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  return function;
}

/// Ends the function, whose type then follows from its arguments and `results`.
static void finishFunction(OpBuilder &builder, func::FuncOp function,
                           ValueRange results) {
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setFunctionType(builder.getFunctionType(
      function.front().getArgumentTypes(), TypeRange(results)));
}

static RankedTensorType getDataType(FloatType elementType, int64_t heads,
                                    int64_t dim) {
  constexpr int64_t dynamic = ShapedType::kDynamic;
  return RankedTensorType::get({dynamic, heads, dynamic, dim}, elementType);
}

static RankedTensorType getSinksType(OpBuilder &builder, int64_t heads) {
  return RankedTensorType::get(heads, builder.getF32Type());
}

/// Attention over any mask, any number of heads and any head size.
static func::FuncOp buildLayer(OpBuilder &builder, const ModelConfig &config,
                               FloatType elementType) {
  Location loc = builder.getUnknownLoc();
  OpBuilder::InsertionGuard guard(builder);
  constexpr int64_t dynamic = ShapedType::kDynamic;
  func::FuncOp layer = createFunction(builder, "attention_layer");
  layer.setPrivate();
  RankedTensorType type = getDataType(elementType, dynamic, dynamic);
  Value query = addArgument(builder, layer, "query", type);
  Value key = addArgument(builder, layer, "key", type);
  Value value = addArgument(builder, layer, "value", type);
  Value output = addArgument(builder, layer, "output", type);
  Value sinks, scale;
  FloatAttr softCap;
  if (config.sinks)
    sinks =
        addArgument(builder, layer, "sinks", getSinksType(builder, dynamic));
  Value mask = addArgument(builder, layer, "mask",
                           PredicateType::get(builder.getContext()));
  if (config.scale)
    scale = arith::ConstantOp::create(builder, loc,
                                      builder.getF32FloatAttr(*config.scale));
  if (config.softcap)
    softCap = builder.getF32FloatAttr(*config.softcap);
  auto attention = AttentionOp::create(
      builder, loc, type, query, key, value, output, mask, sinks, scale,
      /*query_offset=*/Parameter(), /*key_offset=*/Parameter(), softCap);
  finishFunction(builder, layer, attention.getResults());
  return layer;
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

namespace {
/// Builds `@model`: facts and data are its arguments, and each layer is a call.
/// Layers of one shape share keys and values, and each takes the result of the
/// one before as its queries; projections are not part of a mask.
class ModelBuilder {
public:
  ModelBuilder(OpBuilder &builder, const ModelConfig &config, PolicyOp policy,
               std::optional<PackingRule> packing, FloatType elementType,
               ArrayRef<std::string> absent)
      : builder(builder), config(config), policy(policy), packing(packing),
        elementType(elementType), absent(absent) {}

  LogicalResult build(func::FuncOp layer) {
    model = createFunction(builder, "model");
    for (StringRef type : config.getLayerTypes())
      if (failed(buildMask(type)))
        return failure();
    for (auto [i, layerConfig] : llvm::enumerate(config.layers))
      call(layer, layerConfig, ("layer" + Twine(i)).str());
    SmallVector<Value> results;
    for (auto &[shape, data] : shapes)
      results.push_back(data.query);
    finishFunction(builder, model, results);
    return success();
  }

private:
  /// Query heads, key heads and head size.
  using Shape = std::tuple<int64_t, int64_t, int64_t>;
  struct Data {
    Value query, key, value, output, sinks;
  };

  LogicalResult buildMask(StringRef type) {
    auto getTaken = [&](StringRef name, Type factType) -> Value {
      return policy.lookupFact(name) ? getFact(name, factType) : Value();
    };
    FailureOr<Value> mask = buildPredicate(builder, getNamedLoc(builder, type),
                                           policy, type, packing, getTaken);
    if (failed(mask))
      return failure();
    masks[type] = *mask;
    return success();
  }

  /// Absent, a constant of the config, or an argument.
  Value getFact(StringRef name, Type type) {
    Value &fact = facts[name.str()];
    if (fact)
      return fact;
    std::optional<int64_t> constant;
    if (name == "window")
      constant = config.window;
    else if (name == "chunk")
      constant = config.chunk;
    if (llvm::is_contained(absent, name))
      fact = AbsentOp::create(builder, getNamedLoc(builder, name), type);
    else if (constant)
      fact = arith::ConstantIndexOp::create(builder, getNamedLoc(builder, name),
                                            *constant);
    else
      fact = addArgument(builder, model, name, type);
    return fact;
  }

  Data &getData(const LayerConfig &layer) {
    auto [found, inserted] =
        shapes.insert({Shape(layer.heads, layer.kvHeads, layer.headDim), {}});
    Data &data = found->second;
    if (!inserted)
      return data;
    std::string suffix = shapes.size() == 1 ? "" : "_" + layer.type;
    auto add = [&](StringRef name, Type specific, Type general) -> Value {
      Value argument =
          addArgument(builder, model, name.str() + suffix, specific);
      return tensor::CastOp::create(builder, argument.getLoc(), general,
                                    argument);
    };
    constexpr int64_t dynamic = ShapedType::kDynamic;
    Type any = getDataType(elementType, dynamic, dynamic);
    Type queries = getDataType(elementType, layer.heads, layer.headDim);
    Type keys = getDataType(elementType, layer.kvHeads, layer.headDim);
    data.query = add("query", queries, any);
    data.key = add("key", keys, any);
    data.value = add("value", keys, any);
    data.output = add("output", queries, any);
    if (config.sinks)
      data.sinks = add("sinks", getSinksType(builder, layer.heads),
                       getSinksType(builder, dynamic));
    return data;
  }

  void call(func::FuncOp layer, const LayerConfig &config, StringRef name) {
    Data &data = getData(config);
    SmallVector<Value> operands{data.query, data.key, data.value, data.output};
    if (data.sinks)
      operands.push_back(data.sinks);
    operands.push_back(masks.lookup(config.type));
    data.query = func::CallOp::create(builder, getNamedLoc(builder, name),
                                      layer, operands)
                     .getResult(0);
  }

  OpBuilder &builder;
  const ModelConfig &config;
  PolicyOp policy;
  std::optional<PackingRule> packing;
  FloatType elementType;
  ArrayRef<std::string> absent;
  func::FuncOp model;
  std::map<std::string, Value> facts;
  llvm::DenseMap<StringRef, Value> masks;
  llvm::MapVector<Shape, Data> shapes;
};
} // namespace

/// A policy's window and chunk come from the config.
static LogicalResult checkParameters(Location loc, const ModelConfig &config,
                                     PolicyOp policy) {
  auto isMissing = [&](StringRef fact, bool given) {
    std::optional<unsigned> index = policy.lookupFact(fact);
    return index && !given && !policy.getFactOptional()[*index];
  };
  auto fail = [&](StringRef field) {
    return emitError(loc) << config.prefix << field << ": missing, but policy '"
                          << policy.getSymName() << "' needs it";
  };
  if (isMissing("window", config.window.has_value()))
    return fail("sliding_window");
  if (isMissing("chunk", config.chunk.has_value()))
    return fail("attention_chunk_size");
  return success();
}

static LogicalResult checkLayerTypes(Location loc, const ModelConfig &config,
                                     PolicyOp policy) {
  for (StringRef type : config.getLayerTypes())
    if (!policy.lookupLayerType(type)) {
      InFlightDiagnostic error = emitError(loc)
                                 << config.prefix << "layer_types: policy '"
                                 << policy.getSymName() << "' has no \"" << type
                                 << "\"; known are ";
      llvm::interleaveComma(policy.getLayerTypes(), error);
      return error;
    }
  return success();
}

/// Only facts that the policy can do without may be absent.
static LogicalResult checkAbsent(Location loc, PolicyOp policy,
                                 ArrayRef<std::string> absent) {
  for (StringRef name : absent) {
    std::optional<unsigned> index = policy.lookupFact(name);
    if (!index || !policy.getFactOptional()[*index])
      return emitError(loc) << "--without: policy '" << policy.getSymName()
                            << "' has no optional fact '" << name << "'";
  }
  return success();
}

/// Null if attention has no data of that type.
static FloatType parseElementType(MLIRContext *context, StringRef name) {
  return llvm::StringSwitch<FloatType>(name)
      .Cases({"f32", "float32"}, Float32Type::get(context))
      .Cases({"f16", "float16"}, Float16Type::get(context))
      .Cases({"bf16", "bfloat16"}, BFloat16Type::get(context))
      .Default(nullptr);
}

FailureOr<FloatType> mlir::mask::chooseElementType(Location loc,
                                                   const ModelConfig &config,
                                                   StringRef request) {
  MLIRContext *context = loc.getContext();
  bool isRequested = !request.empty() && request != "config";
  StringRef name = isRequested ? request : StringRef(config.elementType);
  if (FloatType type = parseElementType(context, name))
    return type;
  if (isRequested)
    return emitError(loc) << "--dtype must be f32, f16, bf16 or config, got '"
                          << request << "'";
  if (request.empty()) {
    if (!name.empty())
      emitRemark(loc) << "the file says \"" << name
                      << "\", of which attention has no data: they are f32";
    return FloatType(Float32Type::get(context));
  }
  if (name.empty())
    return emitError(loc) << "--dtype=config: the file has neither dtype nor "
                             "torch_dtype";
  return emitError(loc) << "--dtype=config: the file says \"" << name
                        << "\", which is not float32, float16 or bfloat16";
}

FailureOr<OwningOpRef<ModuleOp>>
mlir::mask::importConfig(Location loc, const ModelConfig &config,
                         const PolicyChoice &choice, FloatType elementType,
                         ArrayRef<std::string> absent) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  FailureOr<PolicyOp> policy = buildPolicy(loc, config, choice, *module);
  if (failed(policy) || failed(checkParameters(loc, config, *policy)) ||
      failed(checkLayerTypes(loc, config, *policy)) ||
      failed(checkAbsent(loc, *policy, absent)))
    return failure();
  auto builder = OpBuilder::atBlockEnd(module->getBody());
  func::FuncOp layer = buildLayer(builder, config, elementType);
  builder.setInsertionPointToEnd(module->getBody());
  if (failed(ModelBuilder(builder, config, *policy, choice.packing, elementType,
                          absent)
                 .build(layer)))
    return failure();
  return module;
}
