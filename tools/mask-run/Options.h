//===- Options.h - the command line of mask-run -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASKRUN_OPTIONS_H
#define MASK_TOOLS_MASKRUN_OPTIONS_H

#include "Mask/Device/Device.h"
#include "Mask/Execution/Jit.h"
#include "Mask/IR/Mask.h"

#include "llvm/Support/CommandLine.h"

namespace mlir::mask {

/// Prints an error of the tool, and fails.
LogicalResult fail(const Twine &message);
LogicalResult fail(llvm::Error error);
/// What the tool exits with after an error: 77 where a device is missing, as
/// tests do that a machine cannot run, else 1.
int getFailureCode();

/// The options, as they were given.
namespace options {
enum class Target { CPU, Interpreter, SIMTEmulation, Vulkan, CUDA };

extern llvm::cl::opt<std::string> model;
extern llvm::cl::opt<std::string> policyName;
extern llvm::cl::opt<std::string> layerType;
extern llvm::cl::opt<std::string> factsPath;
extern llvm::cl::opt<std::string> packing;
extern llvm::cl::opt<std::string> queryPath;
extern llvm::cl::opt<std::string> keyPath;
extern llvm::cl::opt<std::string> valuePath;
extern llvm::cl::opt<std::string> pagesPath;
extern llvm::cl::opt<std::string> sinksPath;
extern llvm::cl::opt<std::string> output;
extern llvm::cl::opt<std::string> lsePath;
extern llvm::cl::opt<float> scale;
extern llvm::cl::opt<DataType> dataType;
extern llvm::cl::opt<bool> check;
extern llvm::cl::opt<double> tolerance;
extern llvm::cl::opt<std::string> casesDir;
extern llvm::cl::opt<bool> bench;
extern llvm::cl::opt<int64_t> heads;
extern llvm::cl::opt<int64_t> keyHeads;
extern llvm::cl::opt<int64_t> headDim;
extern llvm::cl::opt<int64_t> pageSize;
extern llvm::cl::opt<int64_t> repeat;
extern llvm::cl::opt<Target> target;
extern llvm::cl::opt<int64_t> threads;
extern llvm::cl::opt<bool> isStatic;
extern llvm::cl::opt<std::string> saveTemps;
extern llvm::cl::opt<GPUEmitter> emitter;
extern llvm::cl::opt<std::string> chip;
extern llvm::cl::opt<std::string> cacheDirectory;
extern llvm::cl::opt<BF16Products> emulateBF16;
extern llvm::cl::opt<bool> optimize;
extern llvm::cl::opt<KernelStage> stage;
extern llvm::cl::opt<WarpOrder> warpOrder;
extern llvm::cl::opt<CopyTime> copyTime;
extern llvm::cl::opt<int64_t> seed;
extern llvm::cl::opt<bool> byRecord;
} // namespace options

/// Shows only the options of this tool, and MLIR's, in --help.
void hideForeignOptions();
/// Whether they go together and lie within their ranges.
LogicalResult checkOptions();

/// Whether the target runs kernels for GPUs.
bool runsKernels();
/// The threads to use: those asked for, or all.
int64_t getThreads();
/// How kernels are emulated.
EmulationOptions getEmulationOptions();
/// How attention is compiled, for `device` where the target runs kernels on
/// one.
FailureOr<JitOptions> getJitOptions(Device *device);
/// The rule asked for; none if there is none.
FailureOr<std::optional<PackingRule>> getPacking();
/// The layer type asked for. A policy with one predicate needs none.
FailureOr<std::string> getLayerType(PolicyOp policy);

} // namespace mlir::mask

#endif // MASK_TOOLS_MASKRUN_OPTIONS_H
