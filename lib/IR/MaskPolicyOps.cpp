//===- MaskPolicyOps.cpp - policies and their use -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Mask.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// PolicyOp
//===----------------------------------------------------------------------===//

LayerTypeOp PolicyOp::lookupLayerType(StringRef layerType) {
  for (auto layer : getBody().getOps<LayerTypeOp>())
    if (layer.getName() == layerType || layer.getName() == "*")
      return layer;
  return {};
}

SmallVector<StringRef> PolicyOp::getLayerTypes() {
  SmallVector<StringRef> names;
  for (auto layer : getBody().getOps<LayerTypeOp>())
    names.push_back(layer.getName());
  return names;
}

std::optional<unsigned> PolicyOp::lookupFact(StringRef name) {
  for (auto [i, fact] :
       llvm::enumerate(getFactNames().getAsValueRange<StringAttr>()))
    if (fact == name)
      return i;
  return std::nullopt;
}

// mask.policy @name("fact" optional %arg : type, ...) [attributes {...}] {...}
ParseResult PolicyOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  StringAttr name;
  if (parser.parseSymbolName(name, SymbolTable::getSymbolAttrName(),
                             result.attributes))
    return failure();
  SmallVector<Attribute> factNames;
  SmallVector<bool> optional;
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<Type> types;
  auto parseFact = [&]() -> ParseResult {
    std::string fact;
    if (parser.parseString(&fact))
      return failure();
    factNames.push_back(builder.getStringAttr(fact));
    optional.push_back(succeeded(parser.parseOptionalKeyword("optional")));
    OpAsmParser::Argument &argument = arguments.emplace_back();
    if (parser.parseArgument(argument, /*allowType=*/true))
      return failure();
    types.push_back(argument.type);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseFact))
    return failure();
  result.addAttribute(getFactNamesAttrName(result.name),
                      builder.getArrayAttr(factNames));
  result.addAttribute(getFactOptionalAttrName(result.name),
                      builder.getDenseBoolArrayAttr(optional));
  result.addAttribute(getFunctionTypeAttrName(result.name),
                      TypeAttr::get(builder.getFunctionType(types, {})));
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  Region *body = result.addRegion();
  if (parser.parseRegion(*body, arguments))
    return failure();
  if (body->empty())
    body->emplaceBlock();
  return success();
}

void PolicyOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  llvm::interleaveComma(llvm::zip_equal(getFactNames(), getFactOptional(),
                                        getBody().getArguments()),
                        printer, [&](auto fact) {
                          auto [name, optional, argument] = fact;
                          printer << name << (optional ? " optional " : " ");
                          printer.printRegionArgument(argument);
                        });
  printer << ')';
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(),
      {getSymNameAttrName(), getFactNamesAttrName(), getFactOptionalAttrName(),
       getFunctionTypeAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false,
                      /*printBlockTerminators=*/true);
}

LogicalResult PolicyOp::verify() {
  size_t facts = getFunctionType().getNumInputs();
  if (getFactNames().size() != facts || getFactOptional().size() != facts)
    return emitOpError() << "has " << facts << " facts, but "
                         << getFactNames().size() << " names and "
                         << getFactOptional().size() << " optional flags";
  llvm::StringSet<> seen;
  for (StringRef fact : getFactNames().getAsValueRange<StringAttr>())
    if (!seen.insert(fact).second)
      return emitOpError() << "declares the fact \"" << fact << "\" twice";
  for (auto [name, type] :
       llvm::zip_equal(getFactNames().getAsValueRange<StringAttr>(),
                       getFunctionType().getInputs()))
    if (!isa<IndexType, RankedTensorType>(type))
      return emitOpError() << "fact \"" << name
                           << "\" must be a ranked tensor or an index, got "
                           << type;
  return success();
}

LogicalResult PolicyOp::verifyRegions() {
  if (getBody().getArgumentTypes() != getFunctionType().getInputs())
    return emitOpError() << "body takes (" << getBody().getArgumentTypes()
                         << "), but the facts are ("
                         << getFunctionType().getInputs() << ")";
  SmallVector<StringRef> layers = getLayerTypes();
  if (layers.empty())
    return emitOpError() << "needs at least one mask.layer_type";
  llvm::StringSet<> seen;
  for (auto layer : getBody().getOps<LayerTypeOp>()) {
    auto yieldedHere = [&](InFlightDiagnostic error) -> LogicalResult {
      error.attachNote(layer.getLoc()) << "yielded here";
      return error;
    };
    if (!seen.insert(layer.getName()).second)
      return yieldedHere(emitOpError() << "yields layer type \""
                                       << layer.getName() << "\" twice");
    if (layer.getName() == "*" && layers.size() > 1)
      return yieldedHere(
          emitOpError()
          << "layer type \"*\" must be the only one, but there are "
          << layers.size());
  }
  return success();
}

//===----------------------------------------------------------------------===//
// OfLayerOp
//===----------------------------------------------------------------------===//

/// C2 and C3: the facts of `op` against those that `policy` declares.
static LogicalResult verifyFacts(OfLayerOp op, PolicyOp policy) {
  auto declaredHere = [&](InFlightDiagnostic error) -> LogicalResult {
    error.attachNote(policy.getLoc()) << "policy declared here";
    return error;
  };
  ArrayRef<Type> declared = policy.getFunctionType().getInputs();
  if (op.getFacts().size() != declared.size())
    return declaredHere(op.emitOpError()
                        << "policy '" << op.getPolicy() << "' takes "
                        << declared.size() << " facts, got "
                        << op.getFacts().size());
  for (auto [i, fact] : llvm::enumerate(op.getFacts())) {
    StringRef name = cast<StringAttr>(policy.getFactNames()[i]).getValue();
    if (failed(verifyCompatibleShape(declared[i], fact.getType())) ||
        getElementTypeOrSelf(declared[i]) !=
            getElementTypeOrSelf(fact.getType()))
      return declaredHere(op.emitOpError()
                          << "fact \"" << name << "\" must be " << declared[i]
                          << ", got " << fact.getType());
    if (!policy.getFactOptional()[i] && fact.getDefiningOp<AbsentOp>())
      return declaredHere(op.emitOpError() << "fact \"" << name
                                           << "\" is not optional, but absent");
  }
  return success();
}

LogicalResult OfLayerOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto policy =
      symbolTable.lookupNearestSymbolFrom<PolicyOp>(*this, getPolicyAttr());
  if (!policy)
    return emitOpError() << "'" << getPolicy() << "' is not a mask.policy";
  if (!policy.lookupLayerType(getLayerType())) {
    InFlightDiagnostic error = emitOpError() << "policy '" << getPolicy()
                                             << "' has no layer type \""
                                             << getLayerType() << "\"; it has ";
    llvm::interleaveComma(policy.getLayerTypes(), error,
                          [&](StringRef name) { error << '"' << name << '"'; });
    error.attachNote(policy.getLoc()) << "policy declared here";
    return error;
  }
  return verifyFacts(*this, policy);
}
