//===- CompileBundle.cpp - masked attention to a bundle -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bundle.h"

#include "Mask/Execution/RecordedFunctions.h"
#include "Mask/Pipelines/GPUBinary.h"
#include "Mask/Pipelines/MaskToGPU.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Target/LLVM/NVVM/Utils.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace mlir::mask;
namespace json = llvm::json;

/// Of what is read by tools/mask-compile/bundle/bundle.py.
static constexpr StringLiteral kFormat = "mask-mlir cuda-bundle";
static constexpr int64_t kVersion = 1;

//===----------------------------------------------------------------------===//
// Lowering
//===----------------------------------------------------------------------===//

namespace {
/// Looks at attentions before they are lowered.
struct DescribeAttentions
    : public PassWrapper<DescribeAttentions, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(DescribeAttentions)

  explicit DescribeAttentions(DescribedAttentions &result) : result(&result) {}
  StringRef getArgument() const override { return "describe-attentions"; }
  void runOnOperation() override {
    *result = describeAttentions(getOperation());
  }

  DescribedAttentions *result;
};
} // namespace

LogicalResult BundleCompiler::build(PassManager &pm) {
  chip = options.chip.value_or("sm_80");
  if (llvm::Error error = checkChip(getNVIDIATriple(), chip))
    return emitError(loc) << "--chip: " << llvm::toString(std::move(error));
  MaskToNVVMOptions pipeline;
  pipeline.chip = chip;
  if (failed(readTiles(loc, options.tiles, pipeline)))
    return failure();
  pm.addPass(std::make_unique<DescribeAttentions>(attentions));
  buildMaskToNVVMPipeline(pm, pipeline);
  return success();
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

/// The module's kernels as "isa" or "bin".
FailureOr<std::string> BundleCompiler::emitCode(ModuleOp module,
                                                StringRef format) {
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager pm(module.getContext());
  if (failed(applyPassManagerCLOptions(pm)))
    return failure();
  GpuModuleToBinaryPassOptions binary;
  binary.compilationTarget = format.str();
  pm.addPass(createGpuModuleToBinaryPass(binary));
  if (failed(pm.run(*copy)))
    return failure();
  FailureOr<StringRef> code = getKernelCode(*copy);
  return failed(code) ? FailureOr<std::string>(failure()) : code->str();
}

/// Whether `gpu-module-to-binary` finds NVIDIA's assembler.
static bool hasAssembler() {
  std::string toolkit = (NVVM::getCUDAToolkitPath() + "/bin").str();
  return llvm::sys::findProgramByName("ptxas", {toolkit}) ||
         llvm::sys::findProgramByName("ptxas");
}

LogicalResult BundleCompiler::addKernels(ModuleOp module, FileContents &files,
                                         json::Object &manifest) {
  auto kernels = module.getOps<gpu::GPUModuleOp>();
  if (kernels.empty())
    return module.emitError() << "has no attention, so no kernels";
  std::string name = (*kernels.begin()).getName().str();
  FailureOr<std::string> code = emitCode(module, "isa");
  if (failed(code))
    return failure();
  // Whatever lies behind the end of a string is no text.
  files[name + ".ptx"] = StringRef(*code).rtrim('\0').str();
  manifest["ptx"] = name + ".ptx";
  manifest["cubin"] = nullptr;
  if (!hasAssembler())
    return success();
  code = emitCode(module, "bin");
  if (failed(code))
    return failure();
  files[name + ".cubin"] = std::move(*code);
  manifest["cubin"] = name + ".cubin";
  return success();
}

json::Object BundleCompiler::serializeFunctions(ModuleOp module,
                                                FileContents &files) {
  json::Object functions;
  for (auto function : module.getOps<func::FuncOp>()) {
    auto record = function->getAttrOfType<LaunchRecordAttr>(
        LaunchRecordAttr::getAttrName());
    if (!record)
      continue;
    std::string name = function.getName().str();
    json::Object serialized = serializeRecord(record);
    serialized["attention"] = nullptr;
    auto found = attentions.find(name);
    if (found != attentions.end()) {
      json::Object roles = found->second.roles;
      roles["mask"] = nullptr;
      if (!found->second.mask.empty()) {
        roles["mask"] = name + ".mask_mod.py";
        files[name + ".mask_mod.py"] = found->second.mask;
      }
      serialized["attention"] = std::move(roles);
    }
    functions[name] = std::move(serialized);
  }
  return functions;
}

FailureOr<FileContents> BundleCompiler::emit(ModuleOp module) {
  if (failed(requireLaunchRecords(module)))
    return failure();
  FileContents files = getBundleScripts();
  json::Object manifest{{"format", kFormat}, {"version", kVersion}};
  manifest["chip"] = chip;
  if (failed(addKernels(module, files, manifest)))
    return failure();
  manifest["host"] = nullptr;
  if (OwningOpRef<ModuleOp> host = extractHostFunctions(module)) {
    FailureOr<std::string> code = compileHostFunctions(*host);
    if (failed(code))
      return failure();
    files["host.so"] = std::move(*code);
    manifest["host"] = "host.so";
  }
  manifest["functions"] = serializeFunctions(module, files);
  json::Object sums;
  for (const auto &[name, contents] : files) {
    std::array<uint8_t, 32> hash =
        llvm::SHA256::hash(llvm::arrayRefFromStringRef(contents));
    sums[name] =
        json::Object{{"bytes", static_cast<int64_t>(contents.size())},
                     {"sha256", llvm::toHex(hash, /*LowerCase=*/true)}};
  }
  manifest["files"] = std::move(sums);
  files[kManifest.str()] =
      llvm::formatv("{0:2}\n", json::Value(std::move(manifest)));
  return files;
}
