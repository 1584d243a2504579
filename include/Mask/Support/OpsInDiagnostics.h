//===- OpsInDiagnostics.h - what diagnostics show -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_SUPPORT_OPSINDIAGNOSTICS_H
#define MASK_SUPPORT_OPSINDIAGNOSTICS_H

#include "llvm/Support/CommandLine.h"

namespace mlir::mask {

/// Leaves ops out of diagnostics, unless `--mlir-print-op-on-diagnostic` was
/// given: of an op that is isolated from above, as an attention is, they could
/// not name the operands. For after the options are parsed, and before there is
/// a context.
inline void leaveOpsOutOfDiagnostics() {
  llvm::cl::Option *option =
      llvm::cl::getRegisteredOptions().lookup("mlir-print-op-on-diagnostic");
  if (option && !option->getNumOccurrences())
    static_cast<llvm::cl::opt<bool> *>(option)->setValue(false);
}

} // namespace mlir::mask

#endif // MASK_SUPPORT_OPSINDIAGNOSTICS_H
