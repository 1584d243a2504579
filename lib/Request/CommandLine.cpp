//===- CommandLine.cpp - what the command lines share -----------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Request/CommandLine.h"
#include "Mask/IR/WindowBounds.h"
#include "Mask/Request/PolicyLibrary.h"

#include "mlir/Parser/Parser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace mlir::mask;

/// The only policy of a user's module, or the one called `name`.
static FailureOr<PolicyOp> findPolicy(ModuleOp module, StringRef path,
                                      StringRef name) {
  SmallVector<PolicyOp> policies(module.getOps<PolicyOp>());
  SmallVector<StringRef> known;
  for (PolicyOp policy : policies) {
    if (policy.getSymName() == name || (name.empty() && policies.size() == 1))
      return policy;
    known.push_back(policy.getSymName());
  }
  InFlightDiagnostic error = emitError(UnknownLoc::get(module.getContext()))
                             << path << ": ";
  if (policies.empty())
    return error << "has no mask.policy";
  if (name.empty())
    error << "has several policies, name one of them: ";
  else
    error << "has no policy '" << name << "'; it has ";
  llvm::interleaveComma(known, error);
  return error;
}

FailureOr<LoadedPolicy> mlir::mask::readPolicy(MLIRContext *context,
                                               StringRef path, StringRef name) {
  Location loc = UnknownLoc::get(context);
  LoadedPolicy loaded;
  FailureOr<PolicyOp> policy = failure();
  if (path.empty()) {
    loaded.module = ModuleOp::create(loc);
    policy = loadPolicy(name, *loaded.module);
  } else {
    if (!llvm::sys::fs::exists(path) && path != "-")
      return emitError(loc) << "cannot read '" << path << "': no such file";
    loaded.module = parseSourceFile<ModuleOp>(path, ParserConfig(context));
    if (loaded.module)
      warnOfEmptyWindows(*loaded.module);
    if (loaded.module)
      policy = findPolicy(*loaded.module, path, name);
  }
  if (failed(policy))
    return failure();
  loaded.policy = *policy;
  return loaded;
}

llvm::Error
mlir::mask::rejectOptions(StringRef what,
                          ArrayRef<const llvm::cl::Option *> options) {
  for (const llvm::cl::Option *option : options) {
    if (!option->getNumOccurrences())
      continue;
    // Positional arguments have a description only.
    StringRef name = option->hasArgStr() ? option->ArgStr : option->HelpStr;
    StringRef dashes = !option->hasArgStr() ? ""
                       : name.size() == 1   ? "-"
                                            : "--";
    return llvm::createStringError(dashes + name + " does not go with " + what);
  }
  return llvm::Error::success();
}

bool mlir::mask::printsIR() {
  return llvm::any_of(llvm::cl::getRegisteredOptions(), [](const auto &entry) {
    return entry.first.starts_with("mlir-print-ir-") &&
           entry.second->getNumOccurrences();
  });
}

/// What a message begins with. To people a remark is a note.
static StringRef getWord(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Note:
  case DiagnosticSeverity::Remark:
    return "note";
  }
  llvm_unreachable("every severity has a word");
}

void mlir::mask::printDiagnostic(StringRef tool, Diagnostic &diagnostic) {
  auto print = [&](Diagnostic &d) {
    // Of an op that was inlined the line where it was written.
    if (auto file = d.getLocation()->findInstanceOf<FileLineColLoc>())
      llvm::errs() << file.getFilename().getValue() << ":" << file.getLine()
                   << ":" << file.getColumn() << ": ";
    else
      llvm::errs() << tool << ": ";
    llvm::errs() << getWord(d.getSeverity()) << ": " << d << "\n";
  };
  print(diagnostic);
  for (Diagnostic &note : diagnostic.getNotes())
    print(note);
}
