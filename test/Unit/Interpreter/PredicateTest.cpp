//===- PredicateTest.cpp - one test per predicate op -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fixture.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

using I = int64_t;

/// Element `i` of `list`, or `otherwise` outside of it.
I at(ArrayRef<I> list, I i, I otherwise) {
  return i < 0 || i >= I(list.size()) ? otherwise : list[i];
}
bool inside(ArrayRef<I> list, I i) { return i >= 0 && i < I(list.size()); }

/// The formulas of mathematics, written without the interpreter's helpers.
I floorDiv(I a, I b) {
  I quotient = a / b;
  return quotient * b > a ? quotient - 1 : quotient;
}

const I kIds[] = {-1, 0, 0, 1, 1, -1, 2, 0};
const char *const kIdsType = "%ids: tensor<?xi32>";

TEST_F(InterpreterTest, FullAndEmpty) {
  check("", {}, "%p = mask.full", [](I, I, I, I) { return true; });
  check("", {}, "%p = mask.empty", [](I, I, I, I) { return false; });
}

TEST_F(InterpreterTest, Causal) {
  check("", {}, "%p = mask.causal", [](I, I, I q, I k) { return k <= q; });
}

TEST_F(InterpreterTest, WindowStatic) {
  check("", {}, "%p = mask.window left 2 right 1",
        [](I, I, I q, I k) { return q - 2 <= k && k <= q + 1; });
  check("", {}, "%p = mask.window left -1 right 3",
        [](I, I, I q, I k) { return q + 1 <= k && k <= q + 3; });
  check("", {}, "%p = mask.window left unbounded right -2",
        [](I, I, I q, I k) { return k <= q - 2; });
}

TEST_F(InterpreterTest, WindowAtRunTime) {
  check("%w: index", {I(3)}, "%p = mask.window left %w right unbounded",
        [](I, I, I q, I k) { return q - 3 <= k; });
  // Outside of the extent of a parameter nothing is visible (law 1).
  const I perRow[] = {1, 4};
  check("%w: tensor<?xi32>", {list(perRow)},
        "%p = mask.window left %w per batch : tensor<?xi32> right 0",
        [&](I b, I, I q, I k) {
          return inside(perRow, b) && q - perRow[b] <= k && k <= q;
        });
  check("%w: tensor<?xi32>", {list(perRow)},
        "%p = mask.window left 0 right %w per head : tensor<?xi32>",
        [&](I, I h, I q, I k) {
          return inside(perRow, h) && q <= k && k <= q + perRow[h];
        });
}

TEST_F(InterpreterTest, NegativeRunTimeWindowIsAnError) {
  checkError("%w: index", {I(-1)}, "%p = mask.window left %w right 0",
             "'left' must be at least 0, got -1");
  checkError("%w: tensor<?xi32>", {list({2, -5})},
             "%p = mask.window left 0 right %w per batch : tensor<?xi32>",
             "'right' must be at least 0, got -5");
}

TEST_F(InterpreterTest, AbsentWindowIsUnbounded) {
  // Arithmetic on an absent parameter is absent.
  check("", {},
        "%w = mask.absent : index\n %c = arith.constant 1 : index\n"
        "%l = arith.subi %w, %c : index\n"
        "%p = mask.window left %l right 0",
        [](I, I, I q, I k) { return k <= q; });
}

TEST_F(InterpreterTest, BlockBidirectional) {
  check(kIdsType, {list(kIds)},
        "%p = mask.block_bidirectional %ids : tensor<?xi32>",
        [](I, I, I q, I k) {
          return at(kIds, q, -1) >= 0 && at(kIds, q, -1) == at(kIds, k, -1);
        });
  const I keys[] = {0, 1, -1};
  check("%q: tensor<?xi32>, %k: tensor<?xi32>", {list(kIds), list(keys)},
        "%p = mask.block_bidirectional %q, %k : tensor<?xi32>, tensor<?xi32>",
        [&](I, I, I q, I k) {
          return at(kIds, q, -1) >= 0 && at(kIds, q, -1) == at(keys, k, -1);
        });
}

TEST_F(InterpreterTest, BlockPerBatchRow) {
  const I ids[] = {0, 0, 1, -1, 2, 2};
  check("%ids: tensor<?x?xi32>", {array({2, 3}, ids)},
        "%p = mask.block_bidirectional %ids : tensor<?x?xi32>",
        [&](I b, I, I q, I k) {
          if (b < 0 || b >= 2 || q < 0 || q >= 3 || k < 0 || k >= 3)
            return false;
          return ids[b * 3 + q] >= 0 && ids[b * 3 + q] == ids[b * 3 + k];
        });
}

TEST_F(InterpreterTest, DocumentSeesNegativeIds) {
  check(kIdsType, {list(kIds)}, "%p = mask.document %ids : tensor<?xi32>",
        [](I, I, I q, I k) {
          return inside(kIds, q) && inside(kIds, k) && kIds[q] == kIds[k];
        });
}

TEST_F(InterpreterTest, Chunk) {
  check("", {}, "%p = mask.chunk size 4",
        [](I, I, I q, I k) { return floorDiv(q, 4) == floorDiv(k, 4); });
  const I offsets[] = {1, -2};
  check("%o: tensor<?xi32>, %c: index", {list(offsets), I(3)},
        "%p = mask.chunk size %c offset %o per batch : tensor<?xi32>",
        [&](I b, I, I q, I k) {
          return inside(offsets, b) &&
                 floorDiv(q - offsets[b], 3) == floorDiv(k - offsets[b], 3);
        });
  checkError("%c: index", {I(0)}, "%p = mask.chunk size %c",
             "'size' must be at least 1, got 0");
}

TEST_F(InterpreterTest, PrefixAndKeyLength) {
  check("%n: index", {I(5)}, "%p = mask.prefix %n",
        [](I, I, I, I k) { return k < 5; });
  const I lengths[] = {0, 7};
  check("%n: tensor<?xi32>", {list(lengths)},
        "%p = mask.key_length %n per batch : tensor<?xi32>",
        [&](I b, I, I, I k) { return inside(lengths, b) && k < lengths[b]; });
}

TEST_F(InterpreterTest, KeyPadding) {
  const I valid[] = {0, 1, 1, 0, 1};
  check("%v: tensor<?xi1>", {list(valid)},
        "%p = mask.key_padding %v : tensor<?xi1>",
        [&](I, I, I, I k) { return at(valid, k, 0) != 0; });
}

TEST_F(InterpreterTest, Dilated) {
  check("", {}, "%p = mask.dilated 3",
        [](I, I, I q, I k) { return (q - k) % 3 == 0; });
  checkError("%s: index", {I(-3)}, "%p = mask.dilated %s",
             "'stride' must be at least 1, got -3");
}

TEST_F(InterpreterTest, Interval) {
  check("%s: index", {I(4)},
        "%p = mask.interval lower affine_map<(q)[s] -> ((q floordiv s) * s)>"
        " upper affine_map<(q)[s] -> (q mod s + q ceildiv 2)> [%s]",
        [](I, I, I q, I k) {
          I upper = q - floorDiv(q, 4) * 4 - floorDiv(-q, 2);
          return floorDiv(q, 4) * 4 <= k && k < upper;
        });
  check("%s: index", {I(4)},
        "%p = mask.interval lower unbounded"
        " upper affine_map<(q)[s] -> (q mod s)> [%s]",
        [](I, I, I q, I k) { return k < q - floorDiv(q, 4) * 4; });
  check("", {},
        "%p = mask.interval lower affine_map<(q) -> (q floordiv 2)>"
        " upper unbounded",
        [](I, I, I q, I k) { return floorDiv(q, 2) <= k; });
  check("", {}, "%p = mask.interval lower unbounded upper unbounded",
        [](I, I, I, I) { return true; });
  checkError("%s: index", {I(0)},
             "%p = mask.interval lower affine_map<(q)[s] -> (q floordiv s)>"
             " upper affine_map<(q)[s] -> (q)> [%s]",
             "divisors must be at least 1, got 0");
}

TEST_F(InterpreterTest, RowRange) {
  const I lower[] = {0, 3, 2}, upper[] = {2, 1, 9};
  check("%l: tensor<?xi32>, %u: tensor<?xi32>", {list(lower), list(upper)},
        "%p = mask.row_range %l, %u : tensor<?xi32>", [&](I, I, I q, I k) {
          return inside(lower, q) && lower[q] <= k && k < upper[q];
        });
  // A side without a table, or with an absent one, is unbounded; the other
  // table keeps its extent.
  auto below = [&](I, I, I q, I k) { return inside(upper, q) && k < upper[q]; };
  auto above = [&](I, I, I q, I k) {
    return inside(lower, q) && lower[q] <= k;
  };
  check("%u: tensor<?xi32>", {list(upper)},
        "%p = mask.row_range unbounded, %u : tensor<?xi32>", below);
  check("%l: tensor<?xi32>", {list(lower)},
        "%p = mask.row_range %l, unbounded : tensor<?xi32>", above);
  const std::string absent = "%x = mask.absent : tensor<?xi32>\n";
  check("%u: tensor<?xi32>", {list(upper)},
        absent + "%p = mask.row_range %x, %u : tensor<?xi32>", below);
  check("%l: tensor<?xi32>", {list(lower)},
        absent + "%p = mask.row_range %l, %x : tensor<?xi32>", above);
}

TEST_F(InterpreterTest, Dense) {
  const I mask[] = {1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 1, 0};
  check("%m: tensor<?x?xi1>", {array({3, 4}, mask)},
        "%p = mask.dense %m : tensor<?x?xi1>", [&](I, I, I q, I k) {
          return q >= 0 && q < 3 && k >= 0 && k < 4 && mask[q * 4 + k];
        });
  check("%m: tensor<?x?x?xi8>", {array({2, 2, 3}, mask)},
        "%p = mask.dense %m : tensor<?x?x?xi8>", [&](I b, I, I q, I k) {
          return b >= 0 && b < 2 && q >= 0 && q < 2 && k >= 0 && k < 3 &&
                 mask[(b * 2 + q) * 3 + k];
        });
  check("%m: tensor<?x?x?x?xi8>", {array({1, 2, 2, 3}, mask)},
        "%p = mask.dense %m : tensor<?x?x?x?xi8>", [&](I b, I h, I q, I k) {
          return b == 0 && h >= 0 && h < 2 && q >= 0 && q < 2 && k >= 0 &&
                 k < 3 && mask[(h * 2 + q) * 3 + k];
        });
}

TEST_F(InterpreterTest, Generic) {
  const I table[] = {3, 0, 200, -1};
  // Reading outside of the table, and dividing by zero, hides the element.
  check("%t: tensor<?xi8>, %n: index", {list(table), I(2)}, R"(
    %p = mask.generic captures(%t, %n : tensor<?xi8>, index) {
    ^bb0(%b: index, %h: index, %q: index, %k: index, %x: tensor<?xi8>, %m: index):
      %a = tensor.extract %x[%q] : tensor<?xi8>
      %c = arith.index_cast %a : i8 to index
      %d = arith.subi %k, %m : index
      %r = arith.remsi %c, %d : index
      %one = arith.constant 1 : index
      %v = arith.cmpi sge, %r, %one : index
      mask.yield %v : i1
    })",
        [&](I, I, I q, I k) {
          return inside(table, q) && k != 2 && table[q] % (k - 2) >= 1;
        });
}

TEST_F(InterpreterTest, GenericWrapsLikeItsTypes) {
  check("", {}, R"(
    %p = mask.generic {
    ^bb0(%b: index, %h: index, %q: index, %k: index):
      %a = arith.index_cast %q : index to i8
      %c = arith.constant 40 : i8
      %m = arith.muli %a, %c : i8
      %e = arith.extui %m : i8 to i32
      %l = arith.constant 128 : i32
      %s = arith.cmpi uge, %e, %l : i32
      %t = arith.trunci %e : i32 to i1
      %u = arith.extsi %t : i1 to i32
      %z = arith.constant 0 : i32
      %n = arith.cmpi slt, %u, %z : i32
      %v = arith.ori %s, %n : i1
      mask.yield %v : i1
    })",
        [](I, I, I q, I) {
          uint8_t product = uint8_t(int8_t(q)) * 40;
          return product >= 128 || (product & 1);
        });
}

TEST_F(InterpreterTest, GenericErrors) {
  checkError("%x: f32", {AbsentValue()}, R"(
    %p = mask.generic captures(%x : f32) {
    ^bb0(%b: index, %h: index, %q: index, %k: index, %y: f32):
      %v = arith.constant true
      mask.yield %v : i1
    })",
             "captures an absent fact as argument 4");
  checkError("", {}, R"(
    %p = mask.generic {
    ^bb0(%b: index, %h: index, %q: index, %k: index):
      %x = arith.constant 1 : i64
      %y = arith.bitcast %x : i64 to f64
      %v = arith.cmpf oge, %y, %y : f64
      mask.yield %v : i1
    })",
             "cannot be interpreted in mask.generic");
}

TEST_F(InterpreterTest, Connectives) {
  const char *leaves = "%a = mask.causal\n %b = mask.window left 2 right 4\n"
                       "%c = mask.prefix 3\n";
  auto causal = [](I q, I k) { return k <= q; };
  auto window = [](I q, I k) { return q - 2 <= k && k <= q + 4; };
  check("", {}, leaves + std::string("%p = mask.and %a, %b, %c"),
        [&](I, I, I q, I k) { return causal(q, k) && window(q, k) && k < 3; });
  check("", {}, leaves + std::string("%p = mask.or %a, %b, %c"),
        [&](I, I, I q, I k) { return causal(q, k) || window(q, k) || k < 3; });
  check("", {}, leaves + std::string("%p = mask.not %b"),
        [&](I, I, I q, I k) { return !window(q, k); });
}

TEST_F(InterpreterTest, Shift) {
  const I shifts[] = {2, -3};
  check("%s: tensor<?xi32>", {list(shifts)},
        "%a = mask.causal\n"
        "%p = mask.shift %a query 5 key %s per batch : tensor<?xi32>",
        [&](I b, I, I q, I k) {
          return inside(shifts, b) && k + shifts[b] <= q + 5;
        });
}

TEST_F(InterpreterTest, AtPositions) {
  const I queries[] = {0, 1, 2, 0, 1}, keys[] = {5, 0, 1};
  check("%q: tensor<?xi32>, %k: tensor<?xi32>", {list(queries), list(keys)},
        "%a = mask.causal\n%p = mask.at_positions %a query %q key %k"
        " : tensor<?xi32>, tensor<?xi32>",
        [&](I, I, I q, I k) {
          return inside(queries, q) && inside(keys, k) && keys[k] <= queries[q];
        });
}

TEST_F(InterpreterTest, HeadsAndBatches) {
  check("", {}, "%a = mask.causal\n%p = mask.heads %a in [0, 2]",
        [](I, I h, I q, I k) { return (h == 0 || h == 2) && k <= q; });
  check("", {}, "%a = mask.causal\n%p = mask.batches %a in [1]",
        [](I b, I, I q, I k) { return b == 1 && k <= q; });
}

// The three orders of the op's documentation.
TEST_F(InterpreterTest, Packed) {
  const I sequences[] = {0, 0, 0, 1, 1, 1, 1, 1};
  const I positions[] = {0, 1, 2, 0, 1, 2, 3, 4};
  const I blocks[] = {-1, 0, 0, 0, -1, 1, 1, -1};
  auto core = [](I q, I k) {
    return k <= q && floorDiv(q, 2) == floorDiv(k, 2);
  };
  auto same = [&](I q, I k) {
    return inside(sequences, q) && inside(sequences, k) &&
           sequences[q] == sequences[k];
  };
  auto overlay = [&](I q, I k) {
    return at(blocks, q, -1) >= 0 && at(blocks, q, -1) == at(blocks, k, -1);
  };
  auto atPositions = [&](I q, I k) {
    return inside(positions, q) && inside(positions, k) &&
           core(positions[q], positions[k]);
  };
  const std::string arguments =
      "%s: tensor<?xi32>, %x: tensor<?xi32>, %i: tensor<?xi32>";
  const std::string leaves =
      "%a = mask.causal\n%b = mask.chunk size 2\n%c = mask.and %a, %b\n"
      "%o = mask.block_bidirectional %i : tensor<?xi32>\n";
  auto packed = [&](const std::string &rule) {
    return leaves + "%p = mask.packed %c, %o rule " + rule +
           " sequences %s : tensor<?xi32> positions %x : tensor<?xi32>";
  };
  SmallVector<HostValue> facts{list(sequences), list(positions), list(blocks)};
  for (const char *rule : {"v5_12", "request"})
    check(arguments, facts, packed(rule), [&](I, I, I q, I k) {
      return (core(q, k) && same(q, k)) || overlay(q, k);
    });
  check(arguments, facts, packed("v5_23"), [&](I, I, I q, I k) {
    return (atPositions(q, k) && same(q, k)) || overlay(q, k);
  });
  check(arguments, facts, packed("v5_24"), [&](I, I, I q, I k) {
    return (atPositions(q, k) || overlay(q, k)) && same(q, k);
  });
  // Without sequence ids, core or overlay; without positions, the core as it
  // is.
  SmallVector<HostValue> noSequences{AbsentValue(), list(positions),
                                     list(blocks)};
  SmallVector<HostValue> noPositions{list(sequences), AbsentValue(),
                                     list(blocks)};
  check(arguments, noSequences, packed("v5_24"),
        [&](I, I, I q, I k) { return core(q, k) || overlay(q, k); });
  check(arguments, noPositions, packed("v5_23"), [&](I, I, I q, I k) {
    return (core(q, k) && same(q, k)) || overlay(q, k);
  });
}

// Law 4.
TEST_F(InterpreterTest, AbsentFacts) {
  auto all = [](I, I, I, I) { return true; };
  auto none = [](I, I, I, I) { return false; };
  const std::string ids = "%x = mask.absent : tensor<?xi32>\n";
  const std::string number = "%x = mask.absent : index\n";
  check("", {}, ids + "%p = mask.block_bidirectional %x : tensor<?xi32>", none);
  check("", {}, ids + "%p = mask.document %x : tensor<?xi32>", all);
  check("", {}, ids + "%p = mask.row_range %x, %x : tensor<?xi32>", all);
  check("", {},
        "%x = mask.absent : tensor<?xi1>\n"
        "%p = mask.key_padding %x : tensor<?xi1>",
        all);
  check("", {},
        "%x = mask.absent : tensor<?x?xi1>\n"
        "%p = mask.dense %x : tensor<?x?xi1>",
        all);
  check("", {}, number + "%p = mask.prefix %x", none);
  check("", {}, number + "%p = mask.key_length %x", all);
  check("", {}, number + "%p = mask.dilated %x", all);
  check("", {}, number + "%p = mask.chunk size %x", all);
  auto causal = [](I, I, I q, I k) { return k <= q; };
  check("", {}, number + "%a = mask.causal\n%p = mask.shift %a query %x key %x",
        causal);
  check("", {},
        ids + "%a = mask.causal\n%p = mask.at_positions %a query %x key"
              " %x : tensor<?xi32>, tensor<?xi32>",
        causal);
  check("%n: index", {I(3)},
        ids + "%r = mask.drop_long %x longer_than %n : tensor<?xi32>\n"
              "%p = mask.document %r : tensor<?xi32>",
        all);
}

TEST_F(InterpreterTest, OfLayer) {
  const char *policy = R"(
    mask.policy @near("ids" optional %ids : tensor<?xi32>, "window" %W : index) {
      %one = arith.constant 1 : index
      %past = arith.subi %W, %one : index
      %w = mask.window left %past right 0
      %b = mask.block_bidirectional %ids : tensor<?xi32>
      %e = mask.packed %w, %b rule request sequences %ids : tensor<?xi32>
      mask.layer_type "full" = %b
      mask.layer_type "sliding" = %e
    }
  )";
  auto block = [](I q, I k) {
    return at(kIds, q, -1) >= 0 && at(kIds, q, -1) == at(kIds, k, -1);
  };
  const std::string arguments = "%x: tensor<?xi32>, %w: index";
  SmallVector<HostValue> facts{list(kIds), I(3)};
  // Two instances do not share the values of the policy's body.
  check(
      arguments, facts,
      "%n = mask.absent : tensor<?xi32>\n"
      "%a = mask.of_layer @near \"full\"(%x, %w) : tensor<?xi32>, index\n"
      "%b = mask.of_layer @near \"sliding\"(%n, %w) : tensor<?xi32>, index\n"
      "%p = mask.or %a, %b",
      [&](I, I, I q, I k) { return block(q, k) || (q - 3 < k && k <= q); },
      policy);
  check(
      arguments, facts,
      "%p = mask.of_layer @near \"sliding\"(%x, %w) packing v5_24"
      " : tensor<?xi32>, index",
      [&](I, I, I q, I k) {
        return inside(kIds, q) && inside(kIds, k) && kIds[q] == kIds[k] &&
               ((q - 3 < k && k <= q) || block(q, k));
      },
      policy);
}

TEST_F(InterpreterTest, ErrorsAtWhatCannotBeEvaluated) {
  errors.clear();
  Value predicate = parse("%w: index", "%p = mask.window left %w right 0");
  FactEvaluator facts;
  EXPECT_TRUE(failed(interpretPredicate(predicate, facts)));
  EXPECT_NE(errors.find("block argument 0 of type 'index' was not given"),
            std::string::npos)
      << errors;
  checkError("%p: !mask.predicate", {AbsentValue()}, "",
             "cannot interpret a predicate that is an argument");
}

} // namespace
