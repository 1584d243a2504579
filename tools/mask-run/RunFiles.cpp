//===- RunFiles.cpp - attention on arrays in files -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunFiles.h"

#include "Check.h"
#include "CheckPages.h"
#include "Options.h"

#include "Mask/Request/CommandLine.h"
#include "Mask/Support/OutputFile.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::options;

/// Runs the compiled code on `buffers`.
static LogicalResult runCompiled(PolicyOp policy, StringRef layer,
                                 std::optional<PackingRule> rule,
                                 const Request &request, AttentionOp form,
                                 Device *device, AttentionBuffers &buffers) {
  FailureOr<JitOptions> options = getJitOptions(device);
  if (failed(options))
    return failure();
  options->dataType = buffers.type;
  if (options->emitter != GPUEmitter::Portable) {
    options->headDim = buffers.sizes.dim;
    options->valueDim = buffers.sizes.valueDim;
  }
  if (buffers.sizes.pages)
    options->pageSize = buffers.sizes.pages->size;
  chooseTileRows(policy, buffers.sizes, *options);
  auto kernel =
      AttentionKernel::compile(policy, layer, rule, request, *options, form,
                               isStatic ? &buffers.sizes : nullptr);
  if (failed(kernel))
    return failure();
  FailureOr<KernelFacts> facts = (*kernel)->bind(request);
  if (failed(facts))
    return failure();
  llvm::Error error = (*kernel)->run(buffers.sizes, *facts);
  return error ? fail(std::move(error)) : success();
}

/// Whether compiled code rounds the weights to the type of the values, to
/// multiply them by matrix instructions or in pairs.
static FailureOr<bool> roundsWeights(DataType type) {
  if (runsKernels())
    return emitter != GPUEmitter::Portable;
  if (type != DataType::BF16)
    return false;
  JitOptions options;
  options.processor = chip;
  options.bf16Products = emulateBF16;
  llvm::Expected<CPUTarget> host = describeProcessor(options);
  if (!host)
    return fail(host.takeError());
  return host->bf16Dot || host->amx;
}

/// What code for 16 bits may lose, relative to what it rounds: half a unit of
/// the last place of the output, of which f16 has 11 bits and bf16 has 8; as
/// much again where weights are rounded, which the output may cancel. Their
/// exponentials on the CPU are as good as they have to be then.
static FailureOr<ErrorBounds> getErrorBounds(DataType type) {
  ErrorBounds bounds{tolerance, 0, {}, 0};
  if (target == Target::Interpreter || type == DataType::F32)
    return bounds;
  FailureOr<bool> rounds = roundsWeights(type);
  if (failed(rounds))
    return failure();
  double unit = type == DataType::F16 ? 0x1p-11 : 0x1p-8;
  bounds.rounding = *rounds ? 2 * unit : unit;
  if (*rounds && target == Target::CPU)
    bounds.logSumExp = 0x1p-13;
  return bounds;
}

/// Of each element of the output the sum of the magnitudes that it is made of:
/// the same attention, of values without sign.
static FailureOr<std::vector<double>>
getMagnitudes(PolicyOp policy, StringRef layer, std::optional<PackingRule> rule,
              const Request &request, const AttentionBuffers &buffers,
              AttentionOp form) {
  AttentionBuffers positive = buffers;
  for (float &value : positive.value)
    value = std::abs(value);
  FailureOr<InterpretedAttention> sums =
      interpretAttention(policy, layer, rule, request, positive, form);
  if (failed(sums))
    return failure();
  return std::move(sums->output);
}

/// Writes both files or none.
static LogicalResult write(const AttentionBuffers &buffers) {
  OutputFiles files;
  auto add = [&](StringRef path, const NpyArray &array) {
    return files.add(path, [&](raw_ostream &os) { os << serializeNpy(array); });
  };
  if (!output.empty())
    if (llvm::Error error = add(output, buffers.getOutput()))
      return fail(std::move(error));
  if (!lsePath.empty())
    if (llvm::Error error = add(lsePath, buffers.getLogSumExp()))
      return fail(std::move(error));
  llvm::Error error = files.keep();
  return error ? fail(std::move(error)) : success();
}

LogicalResult mlir::mask::prepareSinks(AttentionOp form, int64_t heads,
                                       StringRef who) {
  if (sinksPath.getNumOccurrences() > 1)
    return fail("--sinks is given " + Twine(sinksPath.getNumOccurrences()) +
                " times");
  bool isOpen = form && hasOpenSinks(form);
  if (!sinksPath.empty() && !isOpen) {
    if (!form || !form.getSinks())
      return fail("--sinks needs a file whose attention has sinks");
    return form.emitOpError() << "has constant sinks, and --sinks gives others";
  }
  if (isOpen && sinksPath.empty())
    return form.emitOpError()
           << "needs --sinks: its sinks, " << form.getSinks().getType()
           << ", are no constant";
  if (isOpen) {
    int64_t size = cast<ShapedType>(form.getSinks().getType()).getDimSize(0);
    if (!ShapedType::isDynamic(size) && size != heads)
      return form.emitOpError()
             << "has sinks for " << size << " heads, but " << who << heads;
    llvm::Expected<std::vector<float>> sinks = readSinks(sinksPath, heads);
    if (!sinks)
      return fail(sinks.takeError());
    setSinks(form, *sinks);
  }
  int64_t count = form ? getConstantSinks(form).size() : 0;
  if (count && count != heads)
    return form.emitOpError()
           << "has sinks for " << count << " heads, but " << who << heads;
  return success();
}

LogicalResult mlir::mask::runFiles(PolicyOp policy, StringRef layer,
                                   std::optional<PackingRule> rule,
                                   PolicyMasks &masks, AttentionOp form,
                                   Device *device) {
  const Request &request = masks.getRequest();
  std::optional<DataType> type;
  if (dataType.getNumOccurrences())
    type = dataType;
  std::optional<float> factor;
  if (scale.getNumOccurrences())
    factor = scale;
  else if (form)
    factor = getConstantScale(form);
  llvm::Expected<AttentionBuffers> buffers =
      readAttention(queryPath, keyPath, valuePath, pagesPath, type, factor);
  if (!buffers)
    return fail(buffers.takeError());
  // The buffers have moved.
  buffers->finish(factor);
  if (llvm::Error error = checkExtents(buffers->sizes, request))
    return fail(std::move(error));
  if (failed(masks.checkTables(buffers->sizes.batch)) ||
      failed(checkPages(policy.getLoc(), *masks.getInstances()[0], request,
                        buffers->sizes)) ||
      failed(prepareSinks(form, buffers->sizes.heads, "the query has ")))
    return failure();

  bool interprets = target == Target::Interpreter;
  FailureOr<InterpretedAttention> expected = failure();
  if (interprets || check) {
    expected = interpretAttention(policy, layer, rule, request, *buffers, form);
    if (failed(expected))
      return failure();
  }
  if (interprets) {
    llvm::copy(expected->output, buffers->output.begin());
    llvm::copy(expected->logSumExp, buffers->logSumExp.begin());
  } else if (failed(runCompiled(policy, layer, rule, request, form, device,
                                *buffers))) {
    return failure();
  }
  if (check) {
    FailureOr<ErrorBounds> bounds = getErrorBounds(buffers->type);
    if (failed(bounds))
      return failure();
    if (bounds->rounding > 0) {
      auto magnitudes =
          getMagnitudes(policy, layer, rule, request, *buffers, form);
      if (failed(magnitudes))
        return failure();
      bounds->magnitudes = std::move(*magnitudes);
    }
    if (!reportErrors(*buffers, *expected, *bounds, llvm::outs()))
      return fail("differs from the interpreter by more than --tolerance");
  }
  return write(*buffers);
}
