//===- RegionEffects.cpp - what code in regions may do -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/RegionEffects.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::mask;

/// What `op` itself, without the ops in its regions, does besides reading.
static std::optional<StringRef> getForbiddenEffect(Operation *op) {
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface) {
    // A terminator hands on values.
    if (op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() ||
        (op->hasTrait<OpTrait::IsTerminator>() && op->getNumRegions() == 0))
      return std::nullopt;
    return "has effects that are not known";
  }
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffects(effects);
  for (const MemoryEffects::EffectInstance &effect : effects) {
    if (isa<MemoryEffects::Read>(effect.getEffect()))
      continue;
    if (isa<MemoryEffects::Write>(effect.getEffect()))
      return "writes memory";
    if (isa<MemoryEffects::Allocate>(effect.getEffect()))
      return "allocates memory";
    return "frees memory";
  }
  return std::nullopt;
}

std::optional<ForbiddenEffect> mlir::mask::findForbiddenEffect(Operation *op) {
  std::optional<ForbiddenEffect> found;
  op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
    std::optional<StringRef> what = getForbiddenEffect(inner);
    if (!what)
      return WalkResult::advance();
    found = ForbiddenEffect{inner, *what};
    return WalkResult::interrupt();
  });
  return found;
}
