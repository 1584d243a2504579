//===- TensorCoreKernel.cpp - a kernel for tensor cores, emulated ---------===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorCoreKernel.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

static constexpr int64_t kDim = 64;
static const float kScale = 1.4426950408889634f / std::sqrt(float(kDim));

static const llvm::fltSemantics &getSemantics(Half type) {
  return type == Half::F16 ? llvm::APFloat::IEEEhalf()
                           : llvm::APFloat::BFloat();
}

uint16_t test::roundTo(Half type, float value) {
  llvm::APFloat number(value);
  bool lost;
  number.convert(getSemantics(type), llvm::APFloat::rmNearestTiesToEven, &lost);
  return number.bitcastToAPInt().getZExtValue();
}

float test::widen(Half type, uint16_t bits) {
  llvm::APFloat number(getSemantics(type), llvm::APInt(16, bits));
  bool lost;
  number.convert(llvm::APFloat::IEEEsingle(),
                 llvm::APFloat::rmNearestTiesToEven, &lost);
  return number.convertToFloat();
}

Attention::Attention(Half type, int64_t heads, int64_t tokens, unsigned seed)
    : heads(heads), tokens(tokens), output(heads * tokens * kDim, 0xffff),
      logSumExp(heads * tokens, NAN) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (std::vector<uint16_t> *data : {&query, &key, &value})
    for (int64_t i = 0; i < heads * tokens * kDim; ++i)
      data->push_back(roundTo(type, normal(random)));
}

std::string Attention::run(EmulatedModule &module, const CausalMask &mask,
                           const EmulationOptions &options) {
  Arguments arguments;
  for (std::vector<uint16_t> *data : {&query, &key, &value, &output})
    arguments.add(*data, {heads, tokens, kDim});
  arguments.add(logSumExp, {heads, tokens}).add(kScale);
  arguments.add(mask.window).add(mask.sinks);
  KernelLaunch launch;
  launch.kernel = "kernels::attention";
  launch.grid = {(tokens + 63) / 64, heads, 1};
  launch.block = {128, 1, 1};
  launch.arguments = llvm::to_vector(arguments.get());
  llvm::Error error = module.launch(launch, options);
  return error ? llvm::toString(std::move(error)) : "";
}

double Attention::getError(Half type, const CausalMask &mask) const {
  // Weights and results are rounded to the type of the elements.
  double tolerance = type == Half::F16 ? 0x1p-9 : 0x1p-7;
  double worst = 0;
  auto widenAll = [&](const std::vector<uint16_t> &data) {
    std::vector<double> wide;
    wide.reserve(data.size());
    for (uint16_t bits : data)
      wide.push_back(widen(type, bits));
    return wide;
  };
  std::vector<double> queries = widenAll(query), keys = widenAll(key),
                      values = widenAll(value), outputs = widenAll(output);
  for (int64_t head = 0; head < heads; ++head)
    for (int64_t q = 0; q < tokens; ++q) {
      int64_t row = head * tokens + q;
      std::vector<std::pair<int64_t, double>> scores;
      double top = -INFINITY;
      for (int64_t k = 0; k < tokens; ++k) {
        if (!mask.sees(q, k))
          continue;
        double score = 0;
        for (int64_t d = 0; d < kDim; ++d)
          score +=
              queries[row * kDim + d] * keys[(head * tokens + k) * kDim + d];
        scores.emplace_back(head * tokens + k, score * kScale);
        top = std::max(top, score * kScale);
      }
      double sum = 0;
      for (auto &[k, score] : scores)
        sum += score = std::exp2(score - top);
      for (int64_t d = 0; d < kDim; ++d) {
        double mean = 0, scale = 0;
        for (auto [k, weight] : scores) {
          mean += weight / sum * values[k * kDim + d];
          scale += weight / sum * std::abs(values[k * kDim + d]);
        }
        double error = std::abs(outputs[row * kDim + d] - mean) /
                       (tolerance * scale + tokens * 0x1p-25);
        worst = std::max(worst, std::isnan(error) ? INFINITY : error);
      }
      double error = std::abs(logSumExp[row] - (top + std::log2(sum))) / 1e-4;
      worst = std::max(worst, std::isnan(error) ? INFINITY : error);
    }
  return worst;
}

std::string test::getTensorCoreKernel(Half type, bool sinks) {
  auto file =
      llvm::MemoryBuffer::getFile(MASK_GPU_TEST_DIR "/tensor-core-kernel.mlir");
  if (!file) {
    ADD_FAILURE() << "cannot read the kernel";
    return "";
  }
  std::string kernel;
  for (StringRef line : llvm::split((*file)->getBuffer(), '\n')) {
    StringRef text = line.trim();
    if (sinks && text.ends_with("// WINDOW"))
      continue;
    if (sinks && text.consume_front("// SINKS "))
      line = text;
    kernel += line.str() + "\n";
  }
  if (type == Half::F16)
    return kernel;
  SmallVector<StringRef> parts;
  StringRef(kernel).split(parts, "f16");
  return llvm::join(parts, "bf16");
}
