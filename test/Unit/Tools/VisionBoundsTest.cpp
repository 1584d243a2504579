//===- VisionBoundsTest.cpp - vision policies have exact bounds -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Without padding every row of a real vision policy is one interval, hull and
// core of a tile of rows are exact, and so are the tiles that they visit and
// leave unmasked, whatever the layout. `--count` sets the number of random
// prompts.
//
//===----------------------------------------------------------------------===//

#include "../TestOptions.h"
#include "Mask/Analysis/TermEvaluator.h"
#include "Mask/Analysis/TilePlan.h"
#include "Mask/Inspect/MaskInstance.h"
#include "Mask/Request/PolicyLibrary.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

const char *const kPolicies[] = {"transformers-5.12",
                                 "transformers-5.12-gemma3",
                                 "transformers-5.13-gemma4",
                                 "transformers-5.13-gemma3",
                                 "gemma-jax-gemma4",
                                 "gemma-jax-gemma4-2026-05",
                                 "gemma-jax-gemma3",
                                 "vllm-0.20",
                                 "vllm-0.25-triton",
                                 "vllm-0.25-flex",
                                 "vllm-gemma3",
                                 "kerashub-gemma3",
                                 "kerashub-gemma4",
                                 "llamacpp-gemma3"};

struct TileCounts {
  int64_t visited = 0, core = 0;
  bool operator==(const TileCounts &other) const {
    return visited == other.visited && core == other.core;
  }
};

/// A square mask, row by row.
struct Mask {
  int64_t size;
  std::vector<uint8_t> visible;
  bool at(int64_t q, int64_t k) const { return visible[q * size + k]; }
};

TileCounts countTiles(const Mask &mask, int64_t tile) {
  TileCounts counts;
  for (int64_t q0 = 0; q0 < mask.size; q0 += tile)
    for (int64_t k0 = 0; k0 < mask.size; k0 += tile) {
      bool any = false, all = true;
      for (int64_t q = q0; q < std::min(q0 + tile, mask.size); ++q)
        for (int64_t k = k0; k < std::min(k0 + tile, mask.size); ++k)
          (mask.at(q, k) ? any : all) = mask.at(q, k);
      counts.visited += any;
      counts.core += all;
    }
  return counts;
}

TileCounts countTiles(const TileInterval &bounds, const TermEvaluator &terms,
                      int64_t size, int64_t tile) {
  TileCounts counts;
  for (int64_t q0 = 0; q0 < size; q0 += tile) {
    TermPoint point;
    point.queryFirst = q0;
    point.queryLast = std::min(q0 + tile, size) - 1;
    auto keyOf = [&](Term term) {
      return std::clamp<int64_t>(terms.evaluate(term, point), 0, size);
    };
    int64_t hullLower = keyOf(bounds.hullLower),
            hullUpper = keyOf(bounds.hullUpper);
    int64_t coreLower = keyOf(bounds.coreLower),
            coreUpper = keyOf(bounds.coreUpper);
    for (int64_t k0 = 0; k0 < size; k0 += tile) {
      int64_t end = std::min(k0 + tile, size);
      counts.visited +=
          hullLower < hullUpper && k0 < hullUpper && hullLower < end;
      counts.core += coreLower <= k0 && end <= coreUpper;
    }
  }
  return counts;
}

std::string randomPrompt(std::mt19937 &random) {
  std::string prompt;
  for (unsigned segment = 0, count = 1 + random() % 6; segment < count;
       ++segment)
    prompt += (random() % 2 ? "image:" : "text:") +
              std::to_string(1 + random() % 70) + " ";
  return prompt;
}

TEST(VisionBoundsTest, HullAndCoreAreExact) {
  MLIRContext context;
  context.disableMultithreading();
  context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                      tensor::TensorDialect>();
  const unsigned layouts = getCount(30);
  std::mt19937 random(getSeed());
  for (unsigned layout = 0; layout < layouts; ++layout) {
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
    std::string prompt = randomPrompt(random);
    int64_t window = 1 + random() % 150;
    auto request = parsePrompt(prompt, window);
    ASSERT_TRUE(bool(request)) << llvm::toString(request.takeError());
    for (const char *name : kPolicies)
      for (const char *layer : {"full_attention", "sliding_attention"}) {
        SCOPED_TRACE(std::string(name) + " " + layer + ", " + prompt +
                     "window " + std::to_string(window));
        auto policy = loadPolicy(name, *module);
        ASSERT_TRUE(succeeded(policy));
        auto instance =
            instantiateMask(*policy, layer, std::nullopt, &*request);
        ASSERT_TRUE(succeeded(instance));
        auto visible =
            interpretPredicate((*instance)->written, (*instance)->facts);
        ASSERT_TRUE(succeeded(visible));
        Mask mask{request->queries, {}};
        for (int64_t q = 0; q < mask.size; ++q)
          for (int64_t k = 0; k < mask.size; ++k)
            mask.visible.push_back((*visible)(0, 0, q, k));

        TermContext terms;
        TilePlan plan = planTiles(terms, (*instance)->simplified);
        ASSERT_TRUE(plan.rows.exact);
        ASSERT_EQ(plan.intervals.size(), 1u);
        TermEvaluator evaluator((*instance)->facts);
        const TileInterval &bounds = plan.intervals[0];
        for (Term term : {bounds.hullLower, bounds.coreLower, bounds.coreUpper,
                          bounds.hullUpper})
          ASSERT_TRUE(succeeded(evaluator.prepare(term)));
        for (int64_t tile : {16, 32, 64, 128}) {
          TileCounts expected = countTiles(mask, tile);
          TileCounts actual = countTiles(bounds, evaluator, mask.size, tile);
          ASSERT_TRUE(actual == expected)
              << "tile " << tile << ": visited " << actual.visited << " of "
              << expected.visited << ", core " << actual.core << " of "
              << expected.core;
        }
      }
  }
}

} // namespace
