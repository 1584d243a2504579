//===- BufferizableOpInterfaceImpl.h - from tensors to buffers -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define MASK_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;

namespace mask {

/// Makes `one-shot-bufferize` accept the dialect. A closed attention writes its
/// outputs in place; its captures, predicate and score regions move to memrefs.
/// An open one is an error (law 5). The fact ops become loops that fill a fresh
/// buffer.
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);

} // namespace mask
} // namespace mlir

#endif // MASK_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
