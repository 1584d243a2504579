//===- PredicateOrder.cpp - a structural order of predicates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/PredicateOrder.h"
#include "Mask/IR/Mask.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::mask;

static int compareNumbers(int64_t a, int64_t b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/// Predicates as they say themselves, then what they read.
static int getRank(Operation *op) {
  constexpr int kLast = 15;
  auto predicate = dyn_cast<PredicateOpInterface>(op);
  return predicate ? static_cast<int>(predicate.getRank()) : kLast;
}

static int compareAttributes(Attribute a, Attribute b) {
  if (a == b)
    return 0;
  auto numberA = dyn_cast<IntegerAttr>(a), numberB = dyn_cast<IntegerAttr>(b);
  if (numberA && numberB && numberA.getType() == numberB.getType())
    return numberA.getValue().slt(numberB.getValue()) ? -1 : 1;
  auto arrayA = dyn_cast<DenseI64ArrayAttr>(a),
       arrayB = dyn_cast<DenseI64ArrayAttr>(b);
  if (arrayA && arrayB)
    return arrayA.asArrayRef() < arrayB.asArrayRef() ? -1 : 1;
  std::string textA, textB;
  llvm::raw_string_ostream(textA) << a;
  llvm::raw_string_ostream(textB) << b;
  return textA.compare(textB);
}

static int compareDictionaries(DictionaryAttr a, DictionaryAttr b) {
  for (auto [x, y] : llvm::zip(a, b)) {
    if (int order = x.getName().compare(y.getName()))
      return order;
    if (int order = compareAttributes(x.getValue(), y.getValue()))
      return order;
  }
  return compareNumbers(a.size(), b.size());
}

static unsigned getDepth(Block *block) {
  unsigned depth = 0;
  for (Operation *op = block->getParentOp(); op; op = op->getParentOp())
    ++depth;
  return depth;
}

static int comparePlaces(Operation *a, Operation *b);

/// Order by place; outer blocks first. Not zero for two blocks.
static int comparePlaces(Block *a, Block *b) {
  if (int order = compareNumbers(getDepth(a), getDepth(b)))
    return order;
  Region *regionA = a->getParent(), *regionB = b->getParent();
  if (regionA == regionB) {
    for (Block &block : *regionA)
      if (&block == a || &block == b)
        return &block == a ? -1 : 1;
  }
  Operation *parentA = a->getParentOp(), *parentB = b->getParentOp();
  if (parentA == parentB && parentA)
    return compareNumbers(regionA->getRegionNumber(),
                          regionB->getRegionNumber());
  return parentA && parentB ? comparePlaces(parentA, parentB) : 1;
}

static int comparePlaces(Operation *a, Operation *b) {
  if (a->getBlock() == b->getBlock())
    return a->isBeforeInBlock(b) ? -1 : 1;
  return comparePlaces(a->getBlock(), b->getBlock());
}

/// Whether the results follow from name, attributes, regions and operands.
static bool isStructural(Operation *op) {
  return isMemoryEffectFree(op) &&
         (op->getNumRegions() == 0 ||
          op->hasTrait<OpTrait::IsIsolatedFromAbove>());
}

int PredicateOrder::compareOps(Operation *a, Operation *b) {
  if (int order = compareNumbers(getRank(a), getRank(b)))
    return order;
  if (int order =
          a->getName().getStringRef().compare(b->getName().getStringRef()))
    return order;
  if (!isStructural(a) || !isStructural(b))
    return comparePlaces(a, b);
  if (int order =
          compareDictionaries(a->getAttrDictionary(), b->getAttrDictionary()))
    return order;
  if (int order = compareNumbers(a->getNumOperands(), b->getNumOperands()))
    return order;
  for (auto [x, y] : llvm::zip_equal(a->getOperands(), b->getOperands()))
    if (int order = compare(x, y))
      return order;
  if (a->getResultTypes() != b->getResultTypes())
    return comparePlaces(a, b);
  for (auto [x, y] : llvm::zip_equal(a->getRegions(), b->getRegions()))
    if (!OperationEquivalence::isRegionEquivalentTo(
            &x, &y, OperationEquivalence::IgnoreLocations))
      return comparePlaces(a, b);
  return 0;
}

int PredicateOrder::compare(Value a, Value b) {
  if (a == b)
    return 0;
  Operation *opA = a.getDefiningOp(), *opB = b.getDefiningOp();
  if (!opA != !opB)
    return opA ? 1 : -1;
  if (!opA) {
    auto argumentA = cast<BlockArgument>(a), argumentB = cast<BlockArgument>(b);
    if (argumentA.getOwner() != argumentB.getOwner())
      return comparePlaces(argumentA.getOwner(), argumentB.getOwner());
    return compareNumbers(argumentA.getArgNumber(), argumentB.getArgNumber());
  }
  auto resultA = cast<OpResult>(a), resultB = cast<OpResult>(b);
  if (opA == opB)
    return compareNumbers(resultA.getResultNumber(), resultB.getResultNumber());
  if (auto it = known.find({a, b}); it != known.end())
    return it->second;
  int order = compareOps(opA, opB);
  if (order == 0)
    order =
        compareNumbers(resultA.getResultNumber(), resultB.getResultNumber());
  known[{a, b}] = order;
  return order;
}

bool PredicateOrder::isSame(Parameter a, Parameter b) {
  if (!a.getValue() || !b.getValue())
    return a == b;
  return a.axis == b.axis && isSame(a.getValue(), b.getValue());
}
