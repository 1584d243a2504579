//===- Compile.h - from a module with attention to a file -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASK_COMPILE_COMPILE_H
#define MASK_TOOLS_MASK_COMPILE_COMPILE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include <memory>
#include <string>

namespace mlir::mask {

/// What is written.
enum class Artefact {
  Object,
  Assembly,
  LLVM,
  PTX,
  Cubin,
  AMDGCN,
  SPIRV,
  CUDABundle
};

struct CompileOptions {
  Artefact artefact;
  /// The target's name; the artefact's usual one if it is not given.
  std::optional<std::string> chip;
  /// Options of the pipeline.
  std::string tiles;
};

/// Makes one kind of file. Errors are emitted at `loc` where they are about
/// options, else at the op.
class Compiler {
public:
  virtual ~Compiler() = default;
  /// Checks the target, and adds what lowers attention for it: to `pm` what
  /// deals with IR that users wrote, which is verified after each pass, and to
  /// `rest` what deals with IR that was made of it, which is verified last.
  virtual LogicalResult build(PassManager &pm, PassManager &rest) = 0;
  /// What is written, and what it runs on, once that is checked.
  virtual std::string getTarget() = 0;
  /// The contents of the file, of the module that the passes have run on.
  virtual FailureOr<std::string> emit(ModuleOp module) = 0;
};

std::unique_ptr<Compiler> createCPUCompiler(Location loc,
                                            CompileOptions options);
std::unique_ptr<Compiler> createGPUCompiler(Location loc,
                                            CompileOptions options);
std::unique_ptr<Compiler> createSPIRVCompiler(Location loc,
                                              CompileOptions options);

/// Reads `options.tiles` into the options of a pipeline.
template <typename Options>
LogicalResult readTiles(Location loc, StringRef text, Options &options) {
  std::string message;
  llvm::raw_string_ostream os(message);
  if (succeeded(options.parseFromString(text, os)))
    return success();
  StringRef reason = message;
  reason.consume_front("<Pass-Options-Parser>: ");
  return emitError(loc) << "--tiles: " << reason.trim();
}

} // namespace mlir::mask

#endif // MASK_TOOLS_MASK_COMPILE_COMPILE_H
