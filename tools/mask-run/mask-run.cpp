//===- mask-run.cpp - compiles and runs attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bench.h"
#include "Options.h"
#include "RunFiles.h"

#include "Mask/Device/Cuda.h"
#include "Mask/Device/Vulkan.h"
#include "Mask/Execution/EmulatedDevice.h"
#include "Mask/Execution/NativeCode.h"
#include "Mask/InitAll.h"
#include "Mask/Request/CommandLine.h"
#include "Mask/Support/OpsInDiagnostics.h"
#include "Mask/Support/OutputFile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

#include <set>
#include <tuple>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::options;
namespace cl = llvm::cl;

static LogicalResult runCases(MLIRContext &context, Device *device) {
  FailureOr<JitOptions> options = getJitOptions(device);
  if (failed(options))
    return failure();
  // Query and key are zero, so that any head dimension will do.
  if (options->emitter != GPUEmitter::Portable) {
    options->headDim = 16;
    options->valueDim = 64;
  }
  KernelCache kernels(*options, isStatic);
  // By policy, layer type and packing; each is compiled per set of facts.
  std::set<std::tuple<std::string, std::string, std::optional<PackingRule>>>
      masks;
  llvm::Expected<GoldenReport> report = checkGoldens(
      casesDir, &context, [&](const GoldenCase &golden, PolicyOp policy) {
        masks.emplace(golden.policyFile + policy.getSymName().str(),
                      golden.layerType, golden.packing);
        if (target == Target::Interpreter)
          return interpretGolden(golden, policy);
        // Compiled code checks no parameter.
        if (failed(interpretPolicy(policy, golden.layerType, golden.packing,
                                   golden.request)))
          return FailureOr<std::vector<uint8_t>>(failure());
        return recoverMask(golden, policy, kernels);
      });
  if (!report)
    return fail(report.takeError());
  for (const std::string &failure : report->failures)
    llvm::outs() << failure << "\n";
  llvm::outs() << report->equal << " passed, "
               << report->compared - report->equal << " failed";
  if (report->skipped)
    llvm::outs() << ", " << report->skipped << " skipped (no policy)";
  if (kernels.size())
    llvm::outs() << "; " << kernels.size() << " compilations for "
                 << masks.size()
                 << " masks (policy, layer type, packing) and the facts that "
                    "their requests give";
  if (size_t count = kernels.countFromCache())
    llvm::outs() << ", " << count << " of them from the cache";
  llvm::outs() << "\n";
  if (report->compared == 0)
    return fail("no cases below '" + casesDir + "'");
  return success(report->failures.empty());
}

/// What the target runs kernels on; null if it runs none, or by their code.
static llvm::Expected<std::unique_ptr<Device>>
openDevice(MLIRContext &context) {
  if (target == Target::Vulkan)
    return createVulkanDevice();
  if (target == Target::CUDA)
    return createCudaDevice();
  if (!byRecord)
    return nullptr;
  JitOptions jit;
  jit.saveTemps = saveTemps;
  return createEmulatedDevice(&context, getEmulationOptions(), jit);
}

static LogicalResult run(MLIRContext &context) {
  if (failed(checkOptions()))
    return failure();
  llvm::Expected<std::unique_ptr<Device>> found = openDevice(context);
  if (!found)
    return fail(found.takeError());
  std::unique_ptr<Device> device = std::move(*found);
  if (!casesDir.empty())
    return runCases(context, device.get());
  FailureOr<LoadedPolicy> loaded = readPolicy(&context, model, policyName);
  if (failed(loaded))
    return failure();
  PolicyOp policy = loaded->policy;
  FailureOr<std::string> layer = getLayerType(policy);
  FailureOr<std::optional<PackingRule>> rule = getPacking();
  if (failed(layer) || failed(rule))
    return failure();
  llvm::Expected<Request> request = readRequest(factsPath);
  if (!request)
    return fail(request.takeError());
  if (!model.empty() && failed(takeParameters(policy, *layer, *request)))
    return failure();
  *request = placeSequences(policy, std::move(*request));
  // Compiled code checks no parameter.
  if (failed(interpretPolicy(policy, *layer, *rule, *request)))
    return failure();
  FailureOr<AttentionOp> form = findAttentionForm(*loaded->module);
  if (failed(form))
    return failure();
  FailureOr<PolicyMasks> masks =
      PolicyMasks::create(policy, *layer, *rule, *request);
  if (failed(masks))
    return failure();
  reportUnread(&*masks);
  if (!options::bench)
    return runFiles(policy, *layer, *rule, *masks, *form, device.get());
  if (failed(prepareSinks(*form, heads, "--heads says ")))
    return failure();
  FailureOr<JitOptions> jit = getJitOptions(device.get());
  if (failed(jit))
    return failure();
  if (*form && !dataType.getNumOccurrences())
    jit->dataType = getDataType(getElementTypeOrSelf(form->getQuery()));
  if (jit->emitter != GPUEmitter::Portable)
    jit->headDim = jit->valueDim = headDim;
  BenchOptions bench;
  bench.layerType = *layer;
  bench.packing = *rule;
  bench.threads = getThreads();
  bench.heads = heads;
  bench.keyHeads = keyHeads;
  bench.dim = headDim;
  bench.pageSize = pageSize;
  bench.repeat = repeat;
  bench.jit = *jit;
  bench.form = *form;
  if (failed(placeBatch(&*masks)))
    return failure();
  return runBench(policy, masks->getRequest(), bench, llvm::outs());
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // Passes are named by options such as --mlir-print-ir-after.
  mlir::registerAllPasses();
  mlir::mask::registerAllPasses();
  registerPassManagerCLOptions();
  registerDefaultTimingManagerCLOptions();
  registerAsmPrinterCLOptions();
  registerMLIRContextCLOptions();
  // Who says otherwise, says it later.
  skipLoopStrengthReduction();
  hideForeignOptions();
  cl::ParseCommandLineOptions(
      argc, argv,
      "mask-run: compiles and runs attention under a policy's mask\n");
  leaveOpsOutOfDiagnostics();
  DialectRegistry registry;
  registerJitDialects(registry);
  MLIRContext context(registry);
  context.loadDialect<MaskDialect, arith::ArithDialect,
                      bufferization::BufferizationDialect, func::FuncDialect>();
  // Warnings of a file come again from the passes that compile it.
  std::set<std::string> warnings;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    std::string text;
    llvm::raw_string_ostream(text) << diagnostic.getLocation() << diagnostic;
    if (diagnostic.getSeverity() != DiagnosticSeverity::Warning ||
        warnings.insert(text).second)
      printDiagnostic("mask-run", diagnostic);
  });
  LogicalResult result = run(context);
  if (llvm::Error error = flushStandardOutput())
    result = fail(std::move(error));
  return failed(result) ? getFailureCode() : 0;
}
