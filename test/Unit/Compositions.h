//===- Compositions.h - predicates to test laws on -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Facts, leaves and connectives from which the tests of laws compose
// predicates, and a writer for them. Ids are contiguous and not, positions rise
// and fall, padding has holes, parameters per row end early.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_COMPOSITIONS_H
#define MASK_TEST_UNIT_COMPOSITIONS_H

#include "Mask/Analysis/HostValue.h"
#include "mlir/Support/LLVM.h"

#include <random>
#include <string>

namespace mlir::mask::test {

constexpr int64_t kTokens = 9;
constexpr int64_t kBatch = 2, kHeads = 2;
constexpr int64_t kFirst = -3, kLast = 12;

/// Facts and parameters; those of an odd bit of `absent` are not given.
struct Fact {
  const char *name, *type;
  HostValue value;
};

inline HostValue array(SmallVector<int64_t> shape,
                       std::vector<int64_t> values) {
  auto result = std::make_shared<IntegerArray>();
  result->shape = std::move(shape);
  result->values = std::move(values);
  return std::shared_ptr<const IntegerArray>(std::move(result));
}

inline std::vector<Fact> makeFacts() {
  // The parameter per row has one element: batch row and head 1 lie outside.
  return {
      {"w", "index", int64_t(2)},
      {"n", "index", int64_t(4)},
      {"t", "tensor<?xi32>", array({1}, {3})},
      {"ids", "tensor<?x?xi32>",
       array({kBatch, kTokens}, {-1, 0, 0, 0, -1, 1, 1, -1, 2, //
                                 0, 0, 1, 1, 1, 1, 1, -1, -1})},
      {"docs", "tensor<?x?xi32>",
       array({kBatch, kTokens}, {0, 0, 0, 1, 1, 1, 1, 2, 2, //
                                 5, 5, 7, 7, 5, 5, 7, 7, -3})},
      {"pos", "tensor<?x?xi32>",
       array({kBatch, kTokens}, {0, 1, 2, 0, 1, 2, 3, 0, 1, //
                                 4, 3, 2, 8, 8, 9, -1, 0, 5})},
      {"valid", "tensor<?x?xi1>",
       array({kBatch, kTokens}, {1, 1, 0, 1, 1, 1, 1, 0, 0, //
                                 0, 0, 1, 1, 0, 1, 1, 1, 1})},
      {"lower", "tensor<?x?xi32>",
       array({kBatch, kTokens}, {0, 0, 1, 1, 2, 4, 4, 4, 9, //
                                 3, 0, 9, 2, 2, 2, 2, 1, 1})},
      {"dense", "tensor<?x?xi1>",
       array({3, 4}, {1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1})},
  };
}

inline const char *const kLeaves[] = {
    "mask.full",
    "mask.empty",
    "mask.causal",
    "mask.window left 2 right 1",
    "mask.window left -1 right unbounded",
    "mask.window left unbounded right -2",
    "mask.window left 4 right unbounded",
    "mask.window left 0 right 0",
    "mask.window left 3 right -2",
    "mask.window left -2 right 4",
    "mask.window left -2 right 1",
    "mask.window left %w right unbounded",
    "mask.window left %w right 0",
    "mask.window left 1 right %w",
    "mask.window left %t per batch : tensor<?xi32> right 1",
    "mask.window left unbounded right %t per head : tensor<?xi32>",
    "mask.block_bidirectional %ids : tensor<?x?xi32>",
    "mask.block_bidirectional %docs : tensor<?x?xi32>",
    "mask.document %docs : tensor<?x?xi32>",
    "mask.document %ids, %docs : tensor<?x?xi32>, tensor<?x?xi32>",
    "mask.chunk size 1",
    "mask.chunk size 2",
    "mask.chunk size 2 offset 1",
    "mask.chunk size 4",
    "mask.chunk size 4 offset 5",
    "mask.chunk size %n",
    "mask.chunk size 4 offset %w",
    "mask.chunk size 4 offset %t per batch : tensor<?xi32>",
    "mask.prefix 3",
    "mask.prefix 0",
    "mask.prefix %n",
    "mask.key_length 5",
    "mask.key_length %n",
    "mask.key_length %t per batch : tensor<?xi32>",
    "mask.query_length 5",
    "mask.query_length %n",
    "mask.query_length %t per batch : tensor<?xi32>",
    "mask.key_padding %valid : tensor<?x?xi1>",
    "mask.dilated 2",
    "mask.dilated 4",
    "mask.dilated %n",
    R"(mask.interval lower affine_map<(q) -> (q - 2)> upper affine_map<(q) -> (q + 3)>)",
    R"(mask.interval lower affine_map<(q) -> (0)> upper affine_map<(q) -> (q floordiv 2 + 2)>)",
    R"(mask.interval lower affine_map<(q) -> ((q floordiv 2) * 2)> upper affine_map<(q) -> (q)>)",
    R"(mask.interval lower affine_map<(q)[s] -> ((q floordiv s) * s)> upper affine_map<(q)[s] -> (q + s)>[%n])",
    R"(mask.interval lower affine_map<(q)[s, t] -> (q + s - t)> upper affine_map<(q)[s, t] -> (q + s)>[%w, %w])",
    R"(mask.interval lower affine_map<(q) -> (q * -9)> upper affine_map<(q) -> (4)>)",
    R"(mask.interval lower affine_map<(q) -> (0)> upper affine_map<(q) -> (2)>)",
    R"(mask.interval lower unbounded upper affine_map<(q) -> (q floordiv 2 + 2)>)",
    R"(mask.interval lower affine_map<(q)[s] -> ((q floordiv s) * s)> upper unbounded[%n])",
    "mask.row_range %lower, %ids : tensor<?x?xi32>",
    "mask.row_range %lower, unbounded : tensor<?x?xi32>",
    "mask.row_range unbounded, %lower : tensor<?x?xi32>",
    "mask.dense %dense : tensor<?x?xi1>",
};

/// `@0` and `@1` are operands.
inline const char *const kUnary[] = {
    "mask.not @0",
    "mask.shift @0 query 1 key 3",
    "mask.shift @0 query -4 key -4",
    "mask.shift @0 query 2 key 0",
    "mask.shift @0 query %w key %w",
    "mask.shift @0 query %w key 1",
    "mask.shift @0 query %t per batch : tensor<?xi32> key 0",
    R"(mask.at_positions @0 query %pos key %pos : tensor<?x?xi32>, tensor<?x?xi32>)",
    "mask.heads @0 in [0]",
    "mask.heads @0 in [0, 1]",
    "mask.batches @0 in [1]",
};
inline const char *const kBinary[] = {
    "mask.and @0, @1",
    "mask.or @0, @1",
    R"(mask.packed @0, @1 rule v5_12 sequences %docs : tensor<?x?xi32> positions %pos : tensor<?x?xi32>)",
    R"(mask.packed @0, @1 rule v5_23 sequences %docs : tensor<?x?xi32> positions %pos : tensor<?x?xi32>)",
    R"(mask.packed @0, @1 rule v5_24 sequences %docs : tensor<?x?xi32> positions %pos : tensor<?x?xi32>)",
    R"(mask.packed @0, @1 rule request sequences %docs : tensor<?x?xi32> positions %pos : tensor<?x?xi32>)",
};

/// Writes predicates as the body of a policy or of a function.
class Source {
public:
  /// Appends an op; returns its value.
  std::string add(std::string op, const std::string &first = "",
                  const std::string &second = "") {
    for (size_t at; (at = op.find("@0")) != std::string::npos;)
      op.replace(at, 2, first);
    for (size_t at; (at = op.find("@1")) != std::string::npos;)
      op.replace(at, 2, second);
    std::string name = "%v" + std::to_string(count++);
    body += "  " + name + " = " + op + "\n";
    return name;
  }
  void yield(const std::string &value) {
    yields += "  mask.layer_type \"" + std::to_string(numYields++) +
              "\" = " + value + "\n";
    results.push_back(value);
  }
  unsigned getNumYields() const { return numYields; }
  const std::string &getBody() const { return body; }
  const std::vector<std::string> &getResults() const { return results; }

  /// In a policy a fact may still be absent, in a function it may not.
  std::string print(const std::vector<Fact> &facts, bool asPolicy) const {
    std::string arguments, types, values;
    for (const Fact &fact : facts) {
      arguments += arguments.empty() ? "" : ", ";
      if (asPolicy)
        arguments += std::string("\"") + fact.name + "\" optional ";
      arguments += std::string("%") + fact.name + ": " + fact.type;
    }
    if (asPolicy)
      return "mask.policy @p(" + arguments + ") {\n" + body + yields + "}\n";
    for (const std::string &result : results) {
      types += (types.empty() ? "" : ", ") + std::string("!mask.predicate");
      values += (values.empty() ? "" : ", ") + result;
    }
    return "func.func @f(" + arguments + ") -> (" + types + ") {\n" + body +
           "  return " + values + " : " + types + "\n}\n";
  }

private:
  std::string body, yields;
  std::vector<std::string> results;
  unsigned count = 0, numYields = 0;
};

/// The leaf, every op over it, and every op over that.
inline Source makeUnaryTrees(const char *leaf) {
  Source source;
  std::string value = source.add(leaf);
  source.yield(value);
  for (const char *unary : kUnary) {
    std::string once = source.add(unary, value);
    source.yield(once);
    for (const char *outer : kUnary)
      source.yield(source.add(outer, once));
  }
  return source;
}

/// Adds a random tree over `leaves` of at most `depth` ops above each other;
/// returns its value. Complements, which come first in `unary`, and the plain
/// connectives are preferred.
inline std::string growTree(Source &source, std::mt19937 &random,
                            ArrayRef<const char *> leaves, unsigned depth,
                            ArrayRef<const char *> unary = kUnary) {
  auto pick = [&](const auto &list) {
    return list[random() % std::size(list)];
  };
  if (depth == 0 || random() % 8 == 0)
    return source.add(pick(leaves));
  if (random() % 3 == 0)
    return source.add(random() % 2 ? unary[0] : pick(unary),
                      growTree(source, random, leaves, depth - 1, unary));
  std::string x = growTree(source, random, leaves, depth - 1, unary),
              y = growTree(source, random, leaves, depth - 1, unary);
  return source.add(random() % 8 ? kBinary[random() % 2] : pick(kBinary), x, y);
}

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_COMPOSITIONS_H
