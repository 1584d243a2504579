//===- CompileSPIRV.cpp - masked attention to shaders -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compile.h"

#include "Mask/Pipelines/MaskToGPU.h"
#include "Mask/Pipelines/SerializeSPIRV.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
class SPIRVCompiler : public Compiler {
public:
  SPIRVCompiler(Location loc, CompileOptions options)
      : loc(loc), options(std::move(options)) {}

  LogicalResult build(PassManager &pm, PassManager &) override {
    if (options.chip)
      return emitError(loc) << "--chip does not go with --emit=spirv";
    MaskToSPIRVOptions pipeline;
    if (failed(readTiles(loc, options.tiles, pipeline)))
      return failure();
    buildMaskToSPIRVPipeline(pm, pipeline);
    return success();
  }

  std::string getTarget() override { return "spirv"; }

  FailureOr<std::string> emit(ModuleOp module) override {
    FailureOr<SmallVector<char>> code = serializeSPIRV(module);
    if (failed(code))
      return failure();
    return std::string(code->begin(), code->end());
  }

private:
  Location loc;
  CompileOptions options;
};
} // namespace

std::unique_ptr<Compiler>
mlir::mask::createSPIRVCompiler(Location loc, CompileOptions options) {
  return std::make_unique<SPIRVCompiler>(loc, std::move(options));
}
