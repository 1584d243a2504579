//===- RandomPredicate.cpp - random predicates as text -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomPredicate.h"

#include "../Compositions.h"

#include "Mask/IR/Range.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

/// Facts of `Compositions.h` and those that the leaves above read. `n` and `t`
/// are at least 1, `w` is at least 0, `any`, `longs` and `deep` are any
/// numbers.
std::vector<FactName> mlir::mask::test::listFacts() {
  std::vector<FactName> facts;
  for (const Fact &fact : makeFacts())
    facts.push_back({fact.name, fact.type});
  facts.insert(facts.end(), {{"any", "index"},
                             {"longs", "tensor<?xi64>"},
                             {"deep", "tensor<?xi64>"},
                             {"types", "tensor<?x?xi8>"},
                             {"flags", "tensor<?x?xi1>"},
                             {"near", "tensor<?x?xi16>"},
                             {"lo", "tensor<?x?xi32>"},
                             {"hi", "tensor<?x?xi32>"}});
  return facts;
}

namespace {

/// Leaves that have no part in the laws: any parameters, ids that are computed,
/// regions. `$any` stands for a parameter, `$side` for one that is at least 0
/// where it is not constant, or unbounded, `$size` for one that is at least 1,
/// `$wide` for a constant larger than small tiles, `$number` and `$least1` for
/// values of type index, the second at least 1.
const char *const kMoreLeaves[] = {
    "mask.window left $side right $side",
    "mask.window left $side right $side",
    "mask.window left $wide right 0",
    "mask.window left $wide right $wide",
    "mask.chunk size $size",
    "mask.chunk size $size offset $any",
    "mask.chunk size $wide",
    "mask.prefix $any",
    "mask.key_length $any",
    "mask.query_length $any",
    "mask.dilated $size",
    "mask.row_range %lo, %hi : tensor<?x?xi32>",
    "mask.row_range %lo, unbounded : tensor<?x?xi32>",
    "mask.row_range unbounded, %hi : tensor<?x?xi32>",
    R"(mask.interval lower affine_map<(q)[s, t] -> (q - s)> upper affine_map<(q)[s, t] -> (q + t)>[$number, $number])",
    R"(mask.interval lower affine_map<(q) -> (q - 30)> upper affine_map<(q) -> (q + 20)>)",
    R"(mask.interval lower affine_map<(q)[s] -> (s - q)> upper affine_map<(q)[s] -> (s * 2 - q)>[$number])",
    R"(mask.interval lower affine_map<(q)[s, t] -> (((q - s) floordiv t) * t + s)> upper unbounded[$number, $least1])",
    R"(mask.interval lower affine_map<(q)[s] -> ((q * -2) floordiv 3 - s)> upper affine_map<(q)[s] -> (q mod 7 + s)>[$number])",
    R"(mask.interval lower affine_map<(q)[s] -> (q * s)> upper affine_map<(q)[s] -> (q * s + 9)>[$number])",
    R"(mask.interval lower affine_map<(q) -> (q - 2147483648)> upper affine_map<(q) -> (q * 131072 + 9)>)",
    R"(mask.interval lower unbounded upper affine_map<(q) -> (q mod 1099511627776)>)",
    "mask.block_bidirectional %runs : tensor<?x?xi32>",
    "mask.block_bidirectional %short : tensor<?x?xi32>",
    "mask.document %runs : tensor<?x?xi32>",
    "mask.key_padding %flags : tensor<?x?xi1>",
    "mask.row_range %lower, %ids : tensor<?x?xi32>",
    R"(mask.generic {
    ^bb0(%b: index, %h: index, %i: index, %j: index):
      %three = arith.constant 3 : index
      %five = arith.constant 5 : index
      %m = arith.muli %i, %three : index
      %s = arith.addi %m, %j : index
      %r = arith.remsi %s, %five : index
      %y = arith.cmpi slt, %r, %three : index
      mask.yield %y : i1
    })",
    R"(mask.generic captures(%near, $number : tensor<?x?xi16>, index) {
    ^bb0(%b: index, %h: index, %i: index, %j: index, %g: tensor<?x?xi16>, %x: index):
      %e = tensor.extract %g[%b, %i] : tensor<?x?xi16>
      %f = tensor.extract %g[%b, %j] : tensor<?x?xi16>
      %d = arith.subi %e, %f : i16
      %m = arith.subi %f, %e : i16
      %a = arith.maxsi %d, %m : i16
      %c = arith.index_cast %a : i16 to index
      %y = arith.cmpi sle, %c, %x : index
      mask.yield %y : i1
    })",
    // No quotient where the parameter is zero.
    R"(mask.generic captures($number, $least1 : index, index) {
    ^bb0(%b: index, %h: index, %i: index, %j: index, %x: index, %z: index):
      %d = arith.subi %i, %j : index
      %u = arith.floordivsi %d, %x : index
      %r = arith.remui %j, %z : index
      %p = arith.cmpi sge, %u, %b : index
      %y = scf.if %p -> i1 {
        %c = arith.cmpi ule, %r, %x : index
        scf.yield %c : i1
      } else {
        %c = arith.cmpi eq, %r, %h : index
        scf.yield %c : i1
      }
      mask.yield %y : i1
    })",
};

const char *const kMoreUnary[] = {
    "mask.shift @0 query $any key $any",
    "mask.shift @0 query $any key 0",
    "mask.batches @0 in [0, 2]",
    "mask.heads @0 in [1, 3]",
};

//===----------------------------------------------------------------------===//
// Numbers in the text
//===----------------------------------------------------------------------===//

/// Draws what stands for `$any` and the like, and the code that computes it.
class ParameterWriter {
public:
  explicit ParameterWriter(RandomSource &random) : random(random) {}

  /// `text` with its parameters.
  std::string expand(StringRef text);
  /// The ops that compute values.
  const std::string &getCode() const { return code; }

private:
  enum class Least { None, Zero, One };
  std::string parameter(Least least, bool canBeUnbounded);
  std::string constant(Least least);
  std::string number(Least least);
  std::string anyNumber(unsigned depth);
  std::string add(const std::string &op);
  std::string constantOp(int64_t value) {
    return add("arith.constant " + std::to_string(value) + " : index");
  }
  /// A number of which sums and products do not overflow.
  std::string smallNumber(unsigned depth);

  RandomSource &random;
  std::string code;
  unsigned count = 0;
};

std::string ParameterWriter::add(const std::string &op) {
  std::string name = "%s" + std::to_string(count++);
  code += "  " + name + " = " + op + "\n";
  return name;
}

std::string ParameterWriter::constant(Least least) {
  int64_t number = random.oneIn(6)   ? clampParameter(random.pickExtreme())
                   : random.oneIn(3) ? random.between(10, 60)
                                     : random.between(-6, 9);
  // A constant window may lie wholly beside the query.
  if (least == Least::One)
    number = std::max<int64_t>(std::abs(number), 1);
  return std::to_string(number);
}

std::string ParameterWriter::smallNumber(unsigned depth) {
  std::string most = constantOp(kMaxParameter),
              least = constantOp(-kMaxParameter);
  std::string number =
      add("arith.minsi " + anyNumber(depth) + ", " + most + " : index");
  return add("arith.maxsi " + number + ", " + least + " : index");
}

/// A value of type index, from a capture or computed.
std::string ParameterWriter::anyNumber(unsigned depth) {
  switch (random.between(0, depth ? 9 : 4)) {
  case 0:
    return std::string(random.pick(ArrayRef<const char *>{"%w", "%n", "%any"}));
  case 1:
    return constantOp(random.oneIn(4) ? random.pickExtreme()
                                      : random.between(-9, 40));
  case 2:
  case 3: {
    std::string at = constantOp(random.between(0, 1));
    std::string element =
        add("tensor.extract %deep[" + at + "] : tensor<?xi64>");
    return add("arith.index_cast " + element + " : i64 to index");
  }
  case 4: {
    std::string dim = constantOp(random.between(0, 1));
    return add("tensor.dim %near, " + dim + " : tensor<?x?xi16>");
  }
  case 5: {
    const char *const kDivisions[] = {"floordivsi", "ceildivsi", "divsi",
                                      "remsi", "divui"};
    std::string x = anyNumber(depth - 1), one = constantOp(1);
    std::string divisor =
        add("arith.maxsi " + anyNumber(depth - 1) + ", " + one + " : index");
    return add(std::string("arith.") + random.pick(kDivisions) + " " + x +
               ", " + divisor + " : index");
  }
  case 6: {
    std::string x = anyNumber(depth - 1), y = anyNumber(depth - 1);
    std::string flag = add("arith.cmpi slt, " + x + ", " + y + " : index");
    return add("arith.select " + flag + ", " + y + ", " + x + " : index");
  }
  case 7: {
    std::string x = anyNumber(depth - 1), y = smallNumber(0);
    std::string flag = add("arith.cmpi sge, " + x + ", " + y + " : index");
    return add("scf.if " + flag + " -> index {\n    %a = arith.addi " + y +
               ", " + y + " : index\n    scf.yield %a : index\n  } else {\n" +
               "    scf.yield " + x + " : index\n  }");
  }
  default: {
    const char *const kSums[] = {"addi", "subi", "maxsi", "minsi"};
    std::string x = smallNumber(depth - 1), y = smallNumber(depth - 1);
    return add(std::string("arith.") + random.pick(kSums) + " " + x + ", " + y +
               " : index");
  }
  }
}

std::string ParameterWriter::number(Least least) {
  if (random.oneIn(2))
    switch (least) {
    case Least::One:
      return "%n";
    case Least::Zero:
      return "%w";
    case Least::None:
      return "%any";
    }
  std::string value = anyNumber(random.between(0, 2));
  if (least == Least::None)
    return value;
  std::string bound = constantOp(least == Least::One ? 1 : 0);
  return add("arith.maxsi " + value + ", " + bound + " : index");
}

std::string ParameterWriter::parameter(Least least, bool canBeUnbounded) {
  switch (random.between(0, 5)) {
  case 0:
  case 1:
    return canBeUnbounded && random.oneIn(3) ? "unbounded" : constant(least);
  case 2: {
    std::string data = least == Least::None && random.oneIn(2) ? "longs" : "t";
    return "%" + data + " per " + (random.oneIn(2) ? "batch" : "head") + " : " +
           (data == "longs" ? "tensor<?xi64>" : "tensor<?xi32>");
  }
  default:
    return number(least);
  }
}

std::string ParameterWriter::expand(StringRef text) {
  std::string result;
  while (true) {
    auto [before, after] = text.split('$');
    result += before;
    if (before.size() == text.size())
      return result;
    StringRef kind = after.take_while(llvm::isAlnum);
    text = after.drop_front(kind.size());
    if (kind == "any")
      result += parameter(Least::None, /*canBeUnbounded=*/false);
    else if (kind == "side")
      result += parameter(Least::Zero, /*canBeUnbounded=*/true);
    else if (kind == "size")
      result += parameter(Least::One, /*canBeUnbounded=*/false);
    else if (kind == "wide")
      result += std::to_string(random.between(12, 70));
    else
      result += number(kind == "least1" ? Least::One : Least::None);
  }
}

} // namespace

/// Rows of one interval that is wider than tiles, so that an edge has to look
/// at one end: a window, and what lets images see themselves under it.
static std::string growWide(Source &source, RandomSource &random,
                            bool readsComputedFacts) {
  if (random.oneIn(2))
    return source.add(random.oneIn(2) ? "mask.window left $wide right 0"
                                      : "mask.window left $wide right $wide");
  std::string causal = source.add("mask.causal");
  const char *ids = readsComputedFacts ? "%runs" : "%ids";
  std::string block = source.add(std::string("mask.block_bidirectional ") +
                                 ids + " : tensor<?x?xi32>");
  return source.add("mask.and @0, @1",
                    source.add("mask.window left $wide right unbounded"),
                    source.add("mask.or @0, @1", causal, block));
}

RandomPredicate mlir::mask::test::drawPredicate(RandomSource &random,
                                                bool readsComputedFacts) {
  std::vector<const char *> leaves(std::begin(kLeaves), std::end(kLeaves)),
      unary(std::begin(kUnary), std::end(kUnary));
  llvm::append_range(leaves, kMoreLeaves);
  llvm::append_range(unary, kMoreUnary);
  if (!readsComputedFacts)
    llvm::erase_if(leaves, [](StringRef leaf) {
      return leaf.contains("%runs") || leaf.contains("%short");
    });
  Source source;
  RandomPredicate predicate;
  predicate.value = random.oneIn(6)
                        ? growWide(source, random, readsComputedFacts)
                        : growTree(source, random.engine, leaves,
                                   random.between(0, 4), unary);
  if (readsComputedFacts && random.oneIn(8))
    predicate.value =
        source.add("mask.at_positions @0 query %count key %count : "
                   "tensor<?x?xi32>, tensor<?x?xi32>",
                   predicate.value);
  ParameterWriter parameters(random);
  std::string ops = parameters.expand(source.getBody());
  predicate.code = parameters.getCode() + ops;
  return predicate;
}
