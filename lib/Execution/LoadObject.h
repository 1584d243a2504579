//===- LoadObject.h - object files as code of this process -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EXECUTION_LOADOBJECT_H
#define MASK_LIB_EXECUTION_LOADOBJECT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class Module;
namespace orc {
class LLJIT;
} // namespace orc
} // namespace llvm

namespace mlir::mask {

/// The function that calls `function` of the C interface with one pointer per
/// argument.
std::string getPackedName(llvm::StringRef function);

/// Adds these functions for all that have a C interface: who calls compiled
/// code does not know its types.
void addPackedFunctions(llvm::Module &module);

/// Links an object file into this process. It may call `symbols`, by name, and
/// what this process and `libraries` have.
llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>>
loadObject(llvm::StringRef object, llvm::ArrayRef<llvm::StringRef> libraries,
           const llvm::StringMap<void *> &symbols);

} // namespace mlir::mask

#endif // MASK_LIB_EXECUTION_LOADOBJECT_H
