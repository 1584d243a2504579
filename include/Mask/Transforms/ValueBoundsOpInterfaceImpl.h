//===- ValueBoundsOpInterfaceImpl.h - sizes of facts -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TRANSFORMS_VALUEBOUNDSOPINTERFACEIMPL_H
#define MASK_TRANSFORMS_VALUEBOUNDSOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;
namespace mask {
/// Gives id builders and tables the bounds of their sizes. An attention has
/// them as an op in destination-passing style.
void registerValueBoundsOpInterfaceExternalModels(DialectRegistry &registry);
} // namespace mask
} // namespace mlir

#endif // MASK_TRANSFORMS_VALUEBOUNDSOPINTERFACEIMPL_H
