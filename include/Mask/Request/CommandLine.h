//===- CommandLine.h - what the command lines share -------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_REQUEST_COMMANDLINE_H
#define MASK_REQUEST_COMMANDLINE_H

#include "Mask/IR/Mask.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

namespace mlir::mask {

/// A policy and the module that holds it.
struct LoadedPolicy {
  OwningOpRef<ModuleOp> module;
  PolicyOp policy;
};

/// The policy of `{--policy=NAME | FILE}`: of the file at `path` (`-` for
/// standard input) the only one or the one called `name`; without a path the
/// known policy `name`. Errors are emitted, with the names that there are.
FailureOr<LoadedPolicy> readPolicy(MLIRContext *context, StringRef path,
                                   StringRef name);

/// An error if one of `options` is given, which say nothing together with
/// `what`: no option is read and ignored.
llvm::Error rejectOptions(StringRef what,
                          ArrayRef<const llvm::cl::Option *> options);

/// Whether IR between passes was asked for, which no cache has.
bool printsIR();

/// Prints a diagnostic and its notes in the form of the tools' own errors, with
/// a location only where there is a file.
void printDiagnostic(StringRef tool, Diagnostic &diagnostic);

} // namespace mlir::mask

#endif // MASK_REQUEST_COMMANDLINE_H
