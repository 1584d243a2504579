//===- PatternsTest.cpp - the populate functions on their own -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Who composes passes of their own calls the populate functions with a greedy
// driver: what can be lowered is, and where a pattern fails nothing changes.
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/AttentionToGPU.h"
#include "Mask/Conversion/AttentionToTiles.h"
#include "Mask/Conversion/TilesToSCF.h"
#include "Mask/IR/AttentionCasts.h"
#include "Mask/IR/Canonicalization.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

using Populate = llvm::function_ref<void(RewritePatternSet &)>;

class PatternsTest : public ::testing::Test {
protected:
  PatternsTest() {
    context
        .loadDialect<MaskDialect, affine::AffineDialect, arith::ArithDialect,
                     cf::ControlFlowDialect, func::FuncDialect, gpu::GPUDialect,
                     math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                     tensor::TensorDialect, vector::VectorDialect>();
    context.disableMultithreading();
  }

  /// Applies the patterns alone, without folds, and verifies what they leave.
  void rewrite(StringRef source, Populate populate) {
    module = parseSourceString<ModuleOp>(source, &context);
    ASSERT_TRUE(module);
    before = print();
    RewritePatternSet patterns(&context);
    populate(patterns);
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false);
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      diagnostics += diagnostic.str() + "\n";
    });
    EXPECT_TRUE(
        succeeded(applyPatternsGreedily(*module, std::move(patterns), config)));
    EXPECT_TRUE(succeeded(verify(*module)));
  }

  std::string print() {
    std::string text;
    llvm::raw_string_ostream(text) << *module;
    return text;
  }

  template <typename OpTy>
  unsigned count() {
    unsigned number = 0;
    module->walk([&](OpTy) { ++number; });
    return number;
  }

  unsigned countMaskOps() {
    unsigned number = 0;
    module->walk(
        [&](Operation *op) { number += isa<MaskDialect>(op->getDialect()); });
    return number;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string before, diagnostics;
};

/// An attention whose score region holds `score`, which makes `%y`.
std::string attention(StringRef score) {
  return (R"mlir(
func.func @attention(%q: memref<?x?x?x8xf32>, %o: memref<?x?x?x8xf32>, %n: index) {
  mask.attention ins(%q, %q, %q : memref<?x?x?x8xf32>, memref<?x?x?x8xf32>, memref<?x?x?x8xf32>)
      outs(%o : memref<?x?x?x8xf32>) soft_cap 5.0 captures(%n : index) score_captures(%n : index) predicate {
      ^bb0(%w: index):
        %one = arith.constant 1 : index
        %past = arith.subi %w, %one : index
        %p = mask.window left %past right 0
        mask.yield %p : !mask.predicate
      } score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %m: index):
)mlir" + score +
          R"mlir(
        mask.yield %y : f32
      }
  return
})mlir")
      .str();
}

} // namespace

TEST_F(PatternsTest, tilesAndLoops) {
  rewrite(attention("%y = math.absf %s : f32"), [](RewritePatternSet &set) {
    populateMaskToTilesPatterns(set);
    populateMaskToSCFPatterns(set);
  });
  EXPECT_EQ(diagnostics, "");
  EXPECT_EQ(countMaskOps(), 0u);
  EXPECT_EQ(count<scf::ParallelOp>(), 1u);
}

/// The options are the pattern's, too.
TEST_F(PatternsTest, tilesOfOtherSizes) {
  rewrite(attention("%y = math.absf %s : f32"), [](RewritePatternSet &set) {
    AttentionToTilesOptions options;
    options.schedule.lanes = 4;
    populateMaskToTilesPatterns(set, options);
  });
  EXPECT_EQ(count<AttentionOp>(), 0u);
  EXPECT_EQ(count<TileForOp>(), 1u);
  EXPECT_EQ(print().find("vector<16xf32>"), std::string::npos);
  EXPECT_NE(print().find("vector<4xf32>"), std::string::npos);
}

/// Only emission finds out: facts were hoisted by then, and tables emitted.
TEST_F(PatternsTest, tilesFailUnchanged) {
  rewrite(attention(R"mlir(
      %index = affine.apply affine_map<(d0)[s0] -> (d0 mod s0)>(%j)[%m]
      %number = arith.index_cast %index : index to i32
      %float = arith.sitofp %number : i32 to f32
      %y = arith.addf %s, %float : f32)mlir"),
          [](RewritePatternSet &set) { populateMaskToTilesPatterns(set); });
  EXPECT_NE(diagnostics.find("cannot be evaluated per element"),
            std::string::npos)
      << diagnostics;
  EXPECT_EQ(print(), before);
}

/// How much workgroup memory a launch takes is known when it is emitted.
TEST_F(PatternsTest, launchesFailUnchanged) {
  rewrite(attention("%y = math.absf %s : f32"), [](RewritePatternSet &set) {
    AttentionToGPUOptions options;
    options.workgroupMemory = 1024;
    populateMaskToGPUPatterns(set, options);
  });
  EXPECT_NE(diagnostics.find("more than the 1024 that there are"),
            std::string::npos)
      << diagnostics;
  EXPECT_EQ(print(), before);
}

TEST_F(PatternsTest, launches) {
  rewrite(attention("%y = math.absf %s : f32"),
          [](RewritePatternSet &set) { populateMaskToGPUPatterns(set); });
  EXPECT_EQ(diagnostics, "");
  EXPECT_EQ(count<AttentionOp>(), 0u);
  EXPECT_EQ(count<TileForOp>(), 1u);
  EXPECT_EQ(count<gpu::LaunchOp>(), 1u);
}

namespace {
/// A `mask.apply` with a predicate that is made in a way only lanes refuse.
std::string apply(StringRef when) {
  return (R"mlir(
func.func @apply(%scores: vector<2x4xf32>, %i: index, %n: index, %c: i1) -> vector<2x4xf32> {
  %r = mask.apply %scores at(%i, %i, %i, %i) over affine_map<(q, k) -> (0, q, k)> )mlir" +
          when + R"mlir( captures(%n : index) predicate {
  ^bb0(%m: index):
    %p = mask.generic captures(%m : index) {
    ^bb1(%b: index, %h: index, %q: index, %k: index, %d: index):
      %rest = affine.apply affine_map<(d0)[s0] -> (d0 mod s0)>(%k)[%d]
      %visible = arith.cmpi eq, %rest, %q : index
      mask.yield %visible : i1
    }
    mask.yield %p : !mask.predicate
  } : vector<2x4xf32>
  return %r : vector<2x4xf32>
})mlir")
      .str();
}
} // namespace

TEST_F(PatternsTest, applyFailsUnchanged) {
  for (StringRef when : {"", "when %c"}) {
    diagnostics.clear();
    rewrite(apply(when),
            [](RewritePatternSet &set) { populateMaskToSCFPatterns(set); });
    EXPECT_NE(diagnostics.find("cannot be evaluated per element"),
              std::string::npos)
        << diagnostics;
    EXPECT_EQ(print(), before);
  }
}

/// The normal form negates leaves, not connectives.
TEST_F(PatternsTest, canonicalization) {
  rewrite(R"mlir(
func.func @future(%ids: tensor<?xi32>) -> !mask.predicate {
  %d = mask.document %ids : tensor<?xi32>
  %c = mask.causal
  %both = mask.or %c, %d
  %f = mask.not %both
  return %f : !mask.predicate
})mlir",
          [](RewritePatternSet &set) {
            populateMaskCanonicalizationPatterns(set);
          });
  EXPECT_EQ(count<OrOp>(), 0u);
  EXPECT_EQ(count<AndOp>(), 1u);
}

TEST_F(PatternsTest, casts) {
  rewrite(R"mlir(
func.func @casts(%q: tensor<1x1x4x8xf32>) -> tensor<?x?x?x?xf32> {
  %m = mask.causal
  %0 = tensor.cast %q : tensor<1x1x4x8xf32> to tensor<?x?x?x?xf32>
  %o = mask.attention ins(%0, %0, %0 : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
         outs(%0 : tensor<?x?x?x?xf32>) mask(%m) -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
})mlir",
          [](RewritePatternSet &set) {
            populateFoldCastsIntoAttentionPatterns(set);
          });
  module->walk([](AttentionOp op) {
    EXPECT_TRUE(cast<ShapedType>(op.getOutput().getType()).hasStaticShape());
  });
}
