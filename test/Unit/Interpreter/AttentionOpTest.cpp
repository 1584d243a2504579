//===- AttentionOpTest.cpp - whole attention ops in float64 -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fixture.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;

namespace {

using I = int64_t;
constexpr double kInf = std::numeric_limits<double>::infinity();

HostValue floats(ArrayRef<int64_t> shape, ArrayRef<double> values) {
  auto result = FloatArray::zeros(shape);
  result->values.assign(values.begin(), values.end());
  return std::shared_ptr<const FloatArray>(result);
}

/// Two batch rows, two query heads on one key head, three queries and keys, D
/// 1, Dv 2.
constexpr I kRows = 2, kHeads = 2, kSeq = 3, kColumns = 2;

class AttentionOpTest : public InterpreterTest {
protected:
  AttentionOpTest() {
    context.loadDialect<math::MathDialect, scf::SCFDialect>();
    for (I i = 0; i < kRows * kHeads * kSeq; ++i)
      query.push_back(0.25 * (i % 7) - 0.5);
    for (I i = 0; i < kRows * kSeq; ++i)
      key.push_back(0.5 * (i % 5) - 1);
    for (I i = 0; i < kRows * kSeq * kColumns; ++i)
      value.push_back((i * 3) % 8);
  }

  /// The attention with `clauses` after its outputs; `%causal` is a predicate
  /// and `arguments` has the names that the clauses use.
  FailureOr<InterpretedAttention> run(const std::string &clauses,
                                      const std::string &arguments = "",
                                      ArrayRef<HostValue> values = {},
                                      const std::string &before = "") {
    std::string q = "tensor<2x2x3x1x" + element + ">",
                k = "tensor<2x1x3x1x" + element + ">",
                v = "tensor<2x1x3x2x" + element + ">",
                o = "tensor<2x2x3x2x" + element + ">";
    Value output =
        parse("%q: " + q + ", %k: " + k + ", %v: " + v + ", %o: " + o +
                  (arguments.empty() ? "" : ", " + arguments),
              "%causal = mask.causal\n" + before +
                  "\n%p = mask.attention ins(%q, %k, %v : " + q + ", " + k +
                  ", " + v + ") outs(%o : " + o + ") " + clauses + " -> " + o,
              o);
    if (!output)
      return failure();
    FactEvaluator facts;
    SmallVector<HostValue> all = {floats({kRows, kHeads, kSeq, 1}, query),
                                  floats({kRows, 1, kSeq, 1}, key),
                                  floats({kRows, 1, kSeq, kColumns}, value),
                                  AbsentValue()};
    llvm::append_range(all, values);
    bind(facts, all);
    return interpretAttention(output.getDefiningOp<AttentionOp>(), facts);
  }

  /// Compares with the formula; `score` gets the product of query and key.
  void expect(
      const FailureOr<InterpretedAttention> &result,
      function_ref<bool(I, I, I, I)> visible,
      function_ref<double(double, I, I, I, I)> score,
      function_ref<double(I)> sink = [](I) { return -kInf; }) {
    ASSERT_TRUE(succeeded(result)) << errors;
    for (I b = 0; b < kRows; ++b)
      for (I h = 0; h < kHeads; ++h)
        for (I q = 0; q < kSeq; ++q) {
          I row = (b * kHeads + h) * kSeq + q;
          double visibleSum = 0, x[kColumns] = {};
          for (I k = 0; k < kSeq; ++k) {
            if (!visible(b, h, q, k))
              continue;
            double weight =
                std::exp(score(query[row] * key[b * kSeq + k], b, h, q, k));
            visibleSum += weight;
            for (I d = 0; d < kColumns; ++d)
              x[d] += weight * value[(b * kSeq + k) * kColumns + d];
          }
          double sum = visibleSum + std::exp(sink(h));
          for (I d = 0; d < kColumns; ++d)
            EXPECT_NEAR(result->output[row * kColumns + d],
                        visibleSum ? x[d] / sum : 0, 1e-12)
                << "b " << b << " h " << h << " q " << q;
          if (visibleSum)
            EXPECT_NEAR(result->logSumExp[row], std::log(sum), 1e-12);
          else
            EXPECT_EQ(result->logSumExp[row], -kInf);
        }
  }

  std::vector<double> query, key, value;
  std::string element = "f32";
};

bool isCausal(I, I, I q, I k) { return k <= q; }

TEST_F(AttentionOpTest, Plain) {
  expect(run("mask(%causal)"), isCausal,
         [](double s, I, I, I, I) { return s; });
}

/// The data may have any of the element types; the arithmetic is the same.
TEST_F(AttentionOpTest, ElementTypes) {
  for (const char *type : {"f64", "f16", "bf16"}) {
    element = type;
    expect(run("mask(%causal)"), isCausal,
           [](double s, I, I, I, I) { return s; });
  }
}

TEST_F(AttentionOpTest, SoftCap) {
  expect(run("mask(%causal) scale(%x) soft_cap 0.25", "%x: f32", {2.0}),
         isCausal,
         [](double s, I, I, I, I) { return 0.25 * std::tanh(2 * s / 0.25); });
}

TEST_F(AttentionOpTest, Alibi) {
  const double slopes[] = {0.5, 0.125};
  expect(run(R"(mask(%causal) score_captures(%x : tensor<2xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index, %t: tensor<2xf32>):
      %slope = tensor.extract %t[%h] : tensor<2xf32>
      %d = arith.subi %ki, %qi : index
      %i = arith.index_cast %d : index to i32
      %f = arith.sitofp %i : i32 to f32
      %bias = arith.mulf %slope, %f : f32
      %r = arith.addf %s, %bias : f32
      mask.yield %r : f32
    })",
             "%x: tensor<2xf32>", {floats({2}, slopes)}),
         isCausal, [&](double s, I, I h, I q, I k) {
           return s + slopes[h] * double(k - q);
         });
}

TEST_F(AttentionOpTest, RelativeBiasIsZeroOutsideOfItsTable) {
  // Heads by distance q - k; there is no distance 2.
  const double table[] = {1, -1, 0.5, 2};
  expect(
      run(R"(mask(%causal) soft_cap 1.0 score_captures(%x, %y : tensor<2x2xf16>, f32) score {
    ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index, %t: tensor<2x2xf16>, %w: f32):
      %d = arith.subi %qi, %ki : index
      %e = tensor.extract %t[%h, %d] : tensor<2x2xf16>
      %f = arith.extf %e : f16 to f32
      %r = math.fma %f, %w, %s : f32
      mask.yield %r : f32
    })",
          "%x: tensor<2x2xf16>, %y: f32", {floats({2, 2}, table), 3.0}),
      isCausal, [&](double s, I, I h, I q, I k) {
        double bias = q - k < 2 ? table[h * 2 + q - k] : 0;
        return std::tanh(s) + 3 * bias;
      });
}

TEST_F(AttentionOpTest, ScoreOfEveryCoordinate) {
  expect(run(R"(mask(%causal) score {
    ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index):
      %one = arith.constant 1 : index
      %zero = arith.constant 0.0 : f32
      %e = arith.cmpi eq, %b, %one : index
      %x = scf.if %e -> f32 {
        %n = arith.negf %s : f32
        scf.yield %n : f32
      } else {
        %l = math.exp %s : f32
        scf.yield %l : f32
      }
      %p = arith.cmpf ogt, %x, %zero : f32
      %hi = arith.index_cast %h : index to i64
      %hf = arith.uitofp %hi : i64 to f32
      %a = math.absf %x : f32
      %m = arith.maximumf %hf, %a : f32
      %r = arith.select %p, %m, %zero : f32
      mask.yield %r : f32
    })"),
         isCausal, [](double s, I b, I h, I, I) {
           double x = b == 1 ? -s : std::exp(s);
           return x > 0 ? std::max(double(h), std::fabs(x)) : 0;
         });
}

TEST_F(AttentionOpTest, SinksAndOffsetsPerHead) {
  const double sinks[] = {0.5, -2};
  // Head 1 starts one query before the keys: its first row is empty.
  expect(
      run("mask(%causal) sinks(%x : tensor<2xf32>) query_offset %y per head "
          ": tensor<2xi32> key_offset 7",
          "%x: tensor<2xf32>, %y: tensor<2xi32>",
          {floats({2}, sinks), list({7, 6})}),
      [](I, I h, I q, I k) { return k <= q - h; },
      [](double s, I, I, I, I) { return s; }, [&](I h) { return sinks[h]; });
}

TEST_F(AttentionOpTest, ClosedWithOrigin) {
  // Batch row and head are counted from the origin, in facts and offsets too.
  FailureOr<InterpretedAttention> result = run(
      R"(origin(%one, %two, %n, %one) query_offset %y per batch : tensor<3xi32>
      captures(%x : tensor<3x6xi32>) predicate {
      ^bb0(%ids: tensor<3x6xi32>):
        %d = mask.document %ids : tensor<3x6xi32>
        mask.yield %d : !mask.predicate
      } score {
      ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index):
        %sum = arith.addi %b, %h : index
        %i = arith.index_cast %sum : index to i32
        %f = arith.sitofp %i : i32 to f32
        %kk = arith.index_cast %ki : index to i32
        %kf = arith.sitofp %kk : i32 to f32
        %m = arith.mulf %f, %kf : f32
        %r = arith.addf %s, %m : f32
        mask.yield %r : f32
      })",
      "%n: index, %x: tensor<3x6xi32>, %y: tensor<3xi32>",
      {I(2),
       array({3, 6}, {9, 9, 9, 9, 9, 9, //
                      0, 1, 1, 1, 2, 2, 0, 0, 1, 2, 1, 2}),
       list({100, -1, 0})},
      "%one = arith.constant 1 : index\n%two = arith.constant 2 : index");
  const I ids[2][6] = {{0, 1, 1, 1, 2, 2}, {0, 0, 1, 2, 1, 2}};
  expect(
      result,
      [&](I b, I, I q, I k) {
        return ids[b][q + 2 + (b ? 0 : -1)] == ids[b][k + 1];
      },
      [](double s, I b, I h, I, I k) {
        return s + double(b + 1 + h + 2) * double(k + 1);
      });
}

TEST_F(AttentionOpTest, Errors) {
  auto expectError = [&](const FailureOr<InterpretedAttention> &result,
                         const std::string &text) {
    EXPECT_TRUE(failed(result));
    EXPECT_NE(errors.find(text), std::string::npos) << errors;
  };
  expectError(run(R"(mask(%causal) score {
    ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index):
      %r = math.cbrt %s : f32
      mask.yield %r : f32
    })"),
              "'math.cbrt' op cannot be interpreted in mask.attention");
  expectError(run("mask(%causal) query_offset %y per batch : tensor<?xi32>",
                  "%y: tensor<?xi32>", {list({0})}),
              "query_offset must have at least 2 elements, got 1");
  expectError(run("mask(%causal) sinks(%x : tensor<?xf32>)",
                  "%x: tensor<?xf32>", {floats({3}, {1, 2, 3})}),
              "must have one sink per query head (2), got 3");
  expectError(run("mask(%causal) origin(%n, %m, %n, %n)",
                  "%n: index, %m: index", {I(-1), I(0)}),
              "the origin's batch row must be at least 0, got -1");
  expectError(run("mask(%causal) origin(%m, %n, %n, %n)",
                  "%n: index, %m: index", {I(-2), I(0)}),
              "the origin's head must be at least 0, got -2");
}

TEST_F(AttentionOpTest, GenericWithFloats) {
  const double table[] = {0.5, -1, 3, 0};
  check("%t: tensor<?xf32>, %x: f64", {floats({4}, table), 1.5}, R"(
    %p = mask.generic captures(%t, %x : tensor<?xf32>, f64) {
    ^bb0(%b: index, %h: index, %q: index, %k: index, %y: tensor<?xf32>, %z: f64):
      %a = tensor.extract %y[%k] : tensor<?xf32>
      %i = arith.index_cast %q : index to i64
      %f = arith.sitofp %i : i64 to f32
      %e = arith.extf %a : f32 to f64
      %m = arith.mulf %e, %z : f64
      %n = arith.truncf %m : f64 to f32
      %v = arith.cmpf olt, %n, %f : f32
      mask.yield %v : i1
    })",
        [&](I, I, I q, I k) {
          return k >= 0 && k < 4 && table[k] * 1.5 < double(q);
        });
}

TEST_F(AttentionOpTest, GenericToIntegers) {
  // What does not fit does not exist (law 1); rounding is towards zero.
  check("", {}, R"(
    %p = mask.generic {
    ^bb0(%b: index, %h: index, %q: index, %k: index):
      %i = arith.index_cast %q : index to i64
      %f = arith.sitofp %i : i64 to f32
      %c = arith.constant 30.75 : f32
      %m = arith.mulf %f, %c : f32
      %n = arith.fptosi %m : f32 to i8
      %l = arith.constant -40 : i8
      %v = arith.cmpi sge, %n, %l : i8
      mask.yield %v : i1
    })",
        [](I, I, I q, I) {
          double x = std::trunc(double(q) * 30.75);
          return x >= -40 && x < 128;
        });
}

/// Pages of two of the keys: the second batch row first, and one of NaN.
TEST_F(AttentionOpTest, Pages) {
  const I kPage = 2, kCount = 5;
  std::vector<I> table = {4, 1, 0, 2};
  std::vector<double> keys(kCount * kPage, NAN),
      values(kCount * kPage * kColumns, NAN);
  for (I b = 0; b < kRows; ++b)
    for (I k = 0; k < kSeq; ++k) {
      I row = table[b * 2 + k / kPage] * kPage + k % kPage;
      keys[row] = key[b * kSeq + k];
      for (I d = 0; d < kColumns; ++d)
        values[row * kColumns + d] = value[(b * kSeq + k) * kColumns + d];
    }
  std::string pool = "tensor<5x1x2x1xf32>", pools = "tensor<5x1x2x2xf32>",
              clause = "mask(%causal) key_pages %t page 2 : tensor<2x2xi32>";
  std::string query = "tensor<2x2x3x1xf32>", out = "tensor<2x2x3x2xf32>";
  Value output = parse(
      "%q: " + query + ", %k: " + pool + ", %v: " + pools + ", %o: " + out +
          ", %t: tensor<2x2xi32>",
      "%causal = mask.causal\n%p = mask.attention ins(%q, %k, %v : " + query +
          ", " + pool + ", " + pools + ") outs(%o : " + out + ") " + clause +
          " -> " + out,
      out);
  ASSERT_TRUE(output) << errors;
  auto run = [&](std::vector<I> entries) {
    FactEvaluator facts;
    bind(facts, {floats({kRows, kHeads, kSeq, 1}, this->query),
                 floats({kCount, 1, kPage, 1}, keys),
                 floats({kCount, 1, kPage, kColumns}, values), AbsentValue(),
                 array({2, 2}, std::move(entries))});
    return interpretAttention(output.getDefiningOp<AttentionOp>(), facts);
  };
  // The fourth key of a batch row is in no page, but no query sees it.
  expect(run(table), isCausal, [](double s, I, I, I, I) { return s; });
  auto expectError = [&](std::vector<I> entries, const std::string &text) {
    errors.clear();
    EXPECT_TRUE(failed(run(std::move(entries))));
    EXPECT_NE(errors.find(text), std::string::npos) << errors;
  };
  expectError({4, 1, 5, 2}, "key_pages[1, 0] is 5, but key 0 is visible and "
                            "the pool has 5 pages");
  expectError({4, -1, 0, 2}, "key_pages[0, 1] is -1, but key 2 is visible and "
                             "the pool has 5 pages");
}

} // namespace
