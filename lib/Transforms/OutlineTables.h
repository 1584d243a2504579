//===- OutlineTables.h - code that becomes a function -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_OUTLINETABLES_H
#define MASK_LIB_TRANSFORMS_OUTLINETABLES_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// An attribute of `scf.execute_region`: the name of the function that
/// `mask-outline-tables` makes of it.
inline constexpr StringLiteral kOutlineAttrName = "mask.outline";

/// Lets `body` build code that is to become a function called `name`, if
/// `mask-outline-tables` runs; canonicalization puts it in its place otherwise.
void emitOutlined(ImplicitLocOpBuilder &builder, StringRef name,
                  function_ref<void()> body);

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_OUTLINETABLES_H
