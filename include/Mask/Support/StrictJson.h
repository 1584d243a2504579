//===- StrictJson.h - JSON from strangers -----------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_SUPPORT_STRICTJSON_H
#define MASK_SUPPORT_STRICTJSON_H

#include "llvm/Support/JSON.h"

namespace mlir::mask {

/// What the parser of the support library does not refuse: deep nesting, on
/// which it recurses, and keys that occur twice in an object, of which it takes
/// the last. Text that is no JSON is left to it.
llvm::Error checkJsonStructure(llvm::StringRef text);

/// A value as the text has it, cut where it is long.
std::string printJson(const llvm::json::Value &value);

} // namespace mlir::mask

#endif // MASK_SUPPORT_STRICTJSON_H
