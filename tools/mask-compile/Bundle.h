//===- Bundle.h - kernels with all that launches them -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASK_COMPILE_BUNDLE_H
#define MASK_TOOLS_MASK_COMPILE_BUNDLE_H

#include "Compile.h"

#include "Mask/IR/MaskAttrs.h"
#include "Mask/Support/OutputDirectory.h"

#include "llvm/Support/JSON.h"

namespace mlir::mask {

/// The file that every bundle has.
inline constexpr StringLiteral kManifest = "manifest.json";

/// What is known of a function that is one attention.
struct DescribedAttention {
  /// Which argument is what, and what the function does to scores.
  llvm::json::Object roles;
  /// A Python function of its mask; empty if that depends on facts.
  std::string mask;
};
using DescribedAttentions = std::map<std::string, DescribedAttention>;

/// Describes the functions of a module that are one attention of their
/// arguments, whose scores nothing but a scale, a soft cap and sinks changes.
DescribedAttentions describeAttentions(ModuleOp module);

/// A launch record as JSON, as tools/mask-compile/bundle/bundle.py reads it.
llvm::json::Object serializeRecord(LaunchRecordAttr record);

/// The functions of the host as a shared object for this machine's
/// architecture. Errors are emitted, as where there is no linker.
FailureOr<std::string> compileHostFunctions(ModuleOp host);

/// The scripts of a bundle.
FileContents getBundleScripts();

/// Makes the files of a bundle. Used as `Compiler` is.
class BundleCompiler {
public:
  BundleCompiler(Location loc, CompileOptions options)
      : loc(loc), options(std::move(options)) {}

  LogicalResult build(PassManager &pm);
  FailureOr<FileContents> emit(ModuleOp module);

private:
  FailureOr<std::string> emitCode(ModuleOp module, StringRef format);
  LogicalResult addKernels(ModuleOp module, FileContents &files,
                           llvm::json::Object &manifest);
  llvm::json::Object serializeFunctions(ModuleOp module, FileContents &files);

  Location loc;
  CompileOptions options;
  std::string chip;
  DescribedAttentions attentions;
};

} // namespace mlir::mask

#endif // MASK_TOOLS_MASK_COMPILE_BUNDLE_H
