//===- PolicyLibrary.cpp - the policies of real systems -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Request/PolicyLibrary.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <map>

using namespace mlir;
using namespace mlir::mask;

const PolicyEntry *mlir::mask::lookupPolicy(StringRef name) {
  for (const PolicyEntry &entry : getPolicies())
    if (entry.name == name)
      return &entry;
  return nullptr;
}

FailureOr<PolicyOp> mlir::mask::loadPolicy(StringRef name, ModuleOp module) {
  if (auto known = module.lookupSymbol<PolicyOp>(name))
    return known;
  const PolicyEntry *entry = lookupPolicy(name);
  if (!entry) {
    InFlightDiagnostic error = emitError(module.getLoc())
                               << "unknown policy '" << name << "'; known are ";
    llvm::interleaveComma(getPolicies(), error, [&](const PolicyEntry &known) {
      error << known.name;
    });
    if (name.contains('@'))
      error.attachNote() << "the policy of a system's version depends on the "
                            "model: mask-translate --import-hf-config finds it "
                            "with the model's config";
    return error;
  }
  OwningOpRef<ModuleOp> parsed = parseSourceString<ModuleOp>(
      entry->source, ParserConfig(module.getContext()), (name + ".mlir").str());
  if (!parsed)
    return failure();
  auto policy = parsed->lookupSymbol<PolicyOp>(name);
  if (!policy)
    return emitError(parsed->getLoc()) << "has no policy '" << name << "'";
  policy->remove();
  SymbolTable(module).insert(policy);
  return policy;
}

std::optional<PackingRule> mlir::mask::parsePackingRule(StringRef text) {
  return llvm::StringSwitch<std::optional<PackingRule>>(text)
      .Case("5.12", PackingRule::V5_12)
      .Case("5.23", PackingRule::V5_23)
      .Case("5.24", PackingRule::V5_24)
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// Predicates
//===----------------------------------------------------------------------===//

/// The facts in the policy's order.
static LogicalResult collectFacts(OpBuilder &builder, Location loc,
                                  PolicyOp policy, FactBuilder getFact,
                                  SmallVectorImpl<Value> &facts) {
  for (auto [name, optional, type] : llvm::zip_equal(
           policy.getFactNames().getAsValueRange<StringAttr>(),
           policy.getFactOptional(), policy.getFunctionType().getInputs())) {
    const FactInfo *info = lookupFact(name);
    // Optional ones too: they would be absent although the request has them.
    if (info &&
        (info->kind == FactKind::Offset || info->kind == FactKind::Extent))
      return emitError(loc)
             << "policy '" << policy.getSymName() << "' takes '" << name
             << "', which is not a fact: it places the mask, and predicates "
                "see absolute positions";
    Value fact = getFact(name, type);
    if (!fact && !optional)
      return emitError(loc)
             << "policy '" << policy.getSymName() << "' needs the fact '"
             << name << "', which "
             << (info ? "the request does not give" : "no request can give");
    facts.push_back(fact ? fact : AbsentOp::create(builder, loc, type));
  }
  return success();
}

/// From 5.23 on packed sequences ask a policy about positions, but the padding
/// of a policy that places it itself is told by index.
static LogicalResult checkPacking(Location loc, PolicyOp policy,
                                  std::optional<PackingRule> packing,
                                  ArrayRef<Value> facts, FactBuilder getFact) {
  std::optional<unsigned> valid = policy.lookupFact("key_valid");
  if (!valid || policy.lookupFact("sequence_ids") || !packing ||
      *packing == PackingRule::V5_12 || facts[*valid].getDefiningOp<AbsentOp>())
    return success();
  Type ids = getFactType(loc.getContext(), *lookupFact("sequence_ids"));
  if (!getFact("sequence_ids", ids))
    return success();
  return emitError(loc) << "policy '" << policy.getSymName()
                        << "' places 'key_valid' by index, so that only "
                           "packing 5.12 can join its 'sequence_ids'";
}

FailureOr<Value> mlir::mask::buildPredicate(OpBuilder &builder, Location loc,
                                            PolicyOp policy,
                                            StringRef layerType,
                                            std::optional<PackingRule> packing,
                                            FactBuilder getFact) {
  if (!policy.lookupLayerType(layerType)) {
    InFlightDiagnostic error = emitError(loc)
                               << "policy '" << policy.getSymName()
                               << "' has no layer type '" << layerType
                               << "'; known are ";
    llvm::interleaveComma(policy.getLayerTypes(), error);
    return error;
  }
  SmallVector<Value> facts;
  if (failed(collectFacts(builder, loc, policy, getFact, facts)) ||
      failed(checkPacking(loc, policy, packing, facts, getFact)))
    return failure();
  MLIRContext *context = builder.getContext();
  auto type = PredicateType::get(context);
  PackingRuleAttr rule =
      packing ? PackingRuleAttr::get(context, *packing) : PackingRuleAttr();
  Value predicate = OfLayerOp::create(
      builder, loc, type, FlatSymbolRefAttr::get(policy.getSymNameAttr()),
      builder.getStringAttr(layerType), facts, rule);

  // What the policy does not place itself comes last: the packed sequences by
  // the asked rule, 5.12 (a conjunction) unless one is asked for, then the
  // padding.
  auto add = [&](StringRef name, function_ref<Value(Value)> place) {
    if (policy.lookupFact(name))
      return;
    if (Value fact = getFact(name, getFactType(context, *lookupFact(name))))
      predicate = place(fact);
  };
  add("sequence_ids", [&](Value ids) {
    Value positions;
    if (packing && *packing != PackingRule::V5_12)
      positions =
          getFact("positions", getFactType(context, *lookupFact("positions")));
    Value none = EmptyOp::create(builder, loc, type);
    return PackedOp::create(builder, loc, type, predicate, none, ids, positions,
                            packing.value_or(PackingRule::V5_12));
  });
  add("key_valid", [&](Value valid) {
    Value padding = KeyPaddingOp::create(builder, loc, type, valid, Value());
    return AndOp::create(builder, loc, type, ValueRange{predicate, padding})
        .getResult();
  });
  return predicate;
}

//===----------------------------------------------------------------------===//
// Requests
//===----------------------------------------------------------------------===//

/// Whether every element is one of the declared type.
static bool fitsIn(const IntegerArray &array, unsigned width) {
  return llvm::all_of(array.values, [&](int64_t value) {
    return width == 1 ? value == 0 || value == 1 : llvm::isIntN(width, value);
  });
}

FailureOr<HostValue> mlir::mask::getFactValue(Location loc,
                                              const Request &request,
                                              StringRef name, Type type) {
  HostValue value = *request.lookup(name);
  auto *given = std::get_if<std::shared_ptr<const IntegerArray>>(&value);
  auto shaped = dyn_cast<ShapedType>(type);
  if (!given != !shaped)
    return emitError(loc) << "fact '" << name << "' is "
                          << (given ? "an array" : "a number")
                          << ", but the policy declares " << type;
  if (!given)
    return value;
  std::shared_ptr<const IntegerArray> array = *given;
  // Facts of one batch row may be declared without batch.
  if (array->getRank() == shaped.getRank() + 1 && array->getSize(0) == 1) {
    auto row = std::make_shared<IntegerArray>(*array);
    row->shape.erase(row->shape.begin());
    array = std::move(row);
  }
  if (failed(verifyCompatibleShape(array->shape, shaped.getShape()))) {
    InFlightDiagnostic error = emitError(loc)
                               << "fact '" << name << "' has shape (";
    llvm::interleaveComma(array->shape, error);
    return error << "), but the policy declares " << type;
  }
  unsigned width = shaped.getElementTypeBitWidth();
  if (!fitsIn(*array, width))
    return emitError(loc) << "fact '" << name
                          << "' has elements that do not fit in the declared "
                          << type;
  return HostValue(array);
}

LogicalResult mlir::mask::takeParameters(PolicyOp policy, StringRef layerType,
                                         Request &request) {
  // Names and numbers, with the op that says them first.
  std::map<StringRef, std::pair<int64_t, OfLayerOp>> said;
  auto take = [&](OfLayerOp op, StringRef name, int64_t value) {
    auto [known, isNew] = said.insert({name, {value, op}});
    if (isNew || known->second.first == value || request.lookup(name))
      return success();
    InFlightDiagnostic error = op.emitOpError()
                               << "says " << name << " " << value
                               << ", another says " << known->second.first
                               << "; the facts have to say which";
    error.attachNote(known->second.second.getLoc()) << "the other one";
    return LogicalResult(error);
  };
  LayerTypeOp layer = policy.lookupLayerType(layerType);
  WalkResult result = policy->getParentOp()->walk([&](OfLayerOp op) {
    if (op.getPolicy() != policy.getSymName() ||
        (layer && policy.lookupLayerType(op.getLayerType()) != layer))
      return WalkResult::advance();
    for (auto [name, fact] :
         llvm::zip_equal(policy.getFactNames().getAsValueRange<StringAttr>(),
                         op.getFacts())) {
      IntegerAttr constant;
      const FactInfo *info = lookupFact(name);
      if (info && info->kind == FactKind::Parameter &&
          matchPattern(fact, m_Constant(&constant)) &&
          failed(take(op, name, constant.getInt())))
        return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  for (auto &[name, number] : said) {
    auto [value, op] = number;
    const HostValue *given = request.lookup(name);
    if (!given) {
      if (llvm::Error error = setParameter(request, name, value))
        return op.emitOpError() << llvm::toString(std::move(error));
    } else if (std::get<int64_t>(*given) != value) {
      op.emitWarning() << "the file says " << name << " " << value
                       << ", but the facts say " << std::get<int64_t>(*given)
                       << ", which counts";
    }
  }
  return success();
}

FailureOr<func::FuncOp> mlir::mask::buildPredicateFunction(
    PolicyOp policy, StringRef layerType, std::optional<PackingRule> packing,
    function_ref<bool(StringRef)> isGiven,
    function_ref<LogicalResult(StringRef, BlockArgument)> bind) {
  Location loc = policy.getLoc();
  MLIRContext *context = policy.getContext();
  OpBuilder builder(context);
  auto function = func::FuncOp::create(
      builder, loc, "mask_" + policy.getSymName().str(),
      FunctionType::get(context, {}, PredicateType::get(context)));
  function.setPrivate();
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  // `mask.of_layer` looks its policy up.
  SymbolTable(policy->getParentOp()).insert(function);

  bool valid = true;
  auto getFact = [&](StringRef name, Type type) -> Value {
    if (!isGiven(name))
      return {};
    BlockArgument argument = body->addArgument(type, loc);
    valid &= succeeded(bind(name, argument));
    return argument;
  };
  FailureOr<Value> predicate =
      buildPredicate(builder, loc, policy, layerType, packing, getFact);
  if (failed(predicate) || !valid) {
    function.erase();
    return failure();
  }
  func::ReturnOp::create(builder, loc, *predicate);
  function.setFunctionType(FunctionType::get(context, body->getArgumentTypes(),
                                             PredicateType::get(context)));
  return function;
}

Value mlir::mask::getReturnedPredicate(func::FuncOp function) {
  return function.front().getTerminator()->getOperand(0);
}

FailureOr<PredicateFunction>
mlir::mask::interpretPolicy(PolicyOp policy, StringRef layerType,
                            std::optional<PackingRule> packing,
                            const Request &request) {
  FactEvaluator facts;
  auto isGiven = [&](StringRef name) {
    return request.lookup(name) != nullptr;
  };
  auto bind = [&](StringRef name, BlockArgument argument) -> LogicalResult {
    FailureOr<HostValue> value =
        getFactValue(policy.getLoc(), request, name, argument.getType());
    if (failed(value))
      return failure();
    facts.bind(argument, *value);
    return success();
  };
  FailureOr<func::FuncOp> function =
      buildPredicateFunction(policy, layerType, packing, isGiven, bind);
  if (failed(function))
    return failure();
  FailureOr<PredicateFunction> visible =
      interpretPredicate(getReturnedPredicate(*function), facts);
  function->erase();
  return visible;
}
