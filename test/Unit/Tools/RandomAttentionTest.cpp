//===- RandomAttentionTest.cpp - random attentions, compiled -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random predicates, schedules, offsets, types and sizes, compiled and
// interpreted. Each function is compiled once and runs on several sizes, twice:
// with query and key zero and the values one-hot, where the output is the mask,
// and with random data. All arrays lie next to pages that must not be touched;
// keys that no query sees hold NaN and infinities.
//
//   MaskRunTests --gtest_filter='RandomAttention.*' --count=2000 --seed=7
//
//===----------------------------------------------------------------------===//

#include "../Compositions.h"
#include "../TestOptions.h"
#include "GuardedArray.h"

#include "Mask/Analysis/Interpreter.h"
#include "Mask/Execution/Jit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include "llvm/Support/PrettyStackTrace.h"

#include <cmath>
#include <deque>
#include <functional>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

constexpr double kTolerance = 2e-6;
/// Functions that are compiled together.
constexpr unsigned kPerModule = 40;
/// Sizes that each function with dynamic ones runs on.
constexpr unsigned kRuns = 8;

//===----------------------------------------------------------------------===//
// What can be drawn
//===----------------------------------------------------------------------===//

struct Schedule {
  int64_t queryTile, keyTile, lanes, rows;
};

constexpr Schedule kSchedules[] = {
    {8, 4, 4, 2}, {4, 8, 4, 4}, {16, 16, 8, 4}, {6, 5, 3, 5},  {7, 9, 7, 3},
    {8, 8, 8, 1}, {1, 1, 1, 1}, {12, 6, 2, 3},  {3, 10, 1, 2}, {16, 12, 16, 6},
};

/// Leaves that have no part in the laws: ids that are computed, regions.
const char *const kMoreLeaves[] = {
    "mask.block_bidirectional %runs : tensor<?x?xi32>",
    "mask.block_bidirectional %short : tensor<?x?xi32>",
    "mask.document %runs : tensor<?x?xi32>",
    "mask.key_padding %flags : tensor<?x?xi1>",
    "mask.chunk size %t per head : tensor<?xi32>",
    "mask.prefix %t per head : tensor<?xi32>",
    "mask.dilated %t per batch : tensor<?xi32>",
    "mask.window left %n right %t per batch : tensor<?xi32>",
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
    R"(mask.generic captures(%near, %w : tensor<?x?xi16>, index) {
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
    R"(mask.generic captures(%w, %n : index, index) {
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

constexpr const char *kFactOps = R"(
  %runs = mask.runs %types of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %short = mask.drop_long %runs longer_than %n : tensor<?x?xi32>
  %count = mask.positions %flags : tensor<?x?xi1> -> tensor<?x?xi32>
)";

/// Facts of `Compositions.h` and those that the leaves above read.
struct FactName {
  const char *name, *type;
};
const FactName kMoreFacts[] = {
    {"types", "tensor<?x?xi8>"},
    {"flags", "tensor<?x?xi1>"},
    {"near", "tensor<?x?xi16>"},
};

struct Sizes {
  int64_t batch, heads, keyHeads, queries, keys, dim, valueDim;
  /// Of the origin, if there is one.
  std::array<int64_t, 4> origin = {0, 0, 0, 0};
};

/// One function with an attention.
struct Form {
  std::string name, text;
  Schedule schedule;
  /// Its arguments after the data and the outputs.
  std::vector<std::string> arguments;
  /// Where the function's types are static.
  std::optional<Sizes> sizes;
};

std::string dataType(ArrayRef<int64_t> shape, const char *kind) {
  std::string text = std::string(kind) + "<";
  for (int64_t size : shape)
    text += (ShapedType::isDynamic(size) ? "?" : std::to_string(size)) + "x";
  return text + "f32>";
}

//===----------------------------------------------------------------------===//
// Drawing
//===----------------------------------------------------------------------===//

class Generator {
public:
  explicit Generator(unsigned seed) : random(seed) {}

  Form makeForm(std::string name);
  /// Other types for the facts of `function`: ranks, widths, static extents.
  void retype(func::FuncOp function, const Form &form);
  Sizes makeSizes(const Form &form);
  /// A value for the argument `name` of the given type.
  HostValue makeValue(StringRef name, Type type, const Sizes &sizes);
  std::shared_ptr<FloatArray> makeData(ArrayRef<int64_t> shape);

  int64_t between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random() % (most - least + 1));
  }
  bool oneIn(unsigned n) { return random() % n == 0; }

private:
  template <typename List>
  auto pick(const List &list) {
    return list[random() % std::size(list)];
  }
  std::string makeOffset(Form &form, const std::string &name);
  std::vector<int64_t> makeTokens(StringRef name, int64_t count);
  int64_t makeLength(int64_t tile);

  std::mt19937 random;
};

std::string Generator::makeOffset(Form &form, const std::string &name) {
  switch (random() % 6) {
  case 0:
    return " " + name + " " + std::to_string(between(-4, 20));
  case 1:
    form.arguments.push_back(name);
    return " " + name + " %" + name;
  case 2:
    form.arguments.push_back(name + "_b");
    return " " + name + " %" + name + "_b per batch : tensor<?xi32>";
  case 3:
    form.arguments.push_back(name + "_h");
    return " " + name + " %" + name + "_h per head : tensor<?xi64>";
  default:
    return "";
  }
}

Form Generator::makeForm(std::string name) {
  Form form;
  form.name = std::move(name);
  form.schedule = pick(kSchedules);

  std::vector<const char *> leaves(std::begin(kLeaves), std::end(kLeaves));
  llvm::append_range(leaves, kMoreLeaves);
  Source source;
  std::string predicate = growTree(source, random, leaves, random() % 5);
  if (oneIn(8))
    predicate = source.add("mask.at_positions @0 query %count key %count : "
                           "tensor<?x?xi32>, tensor<?x?xi32>",
                           predicate);

  std::string arguments, absent;
  // The first three meet in one op and have to be of one rank; a region has no
  // neutral element for what it reads.
  auto isNeeded = [](StringRef fact) {
    return fact == "ids" || fact == "docs" || fact == "lower" || fact == "near";
  };
  auto addFact = [&](const std::string &fact, const std::string &type) {
    if (type != "index" && !isNeeded(fact) && oneIn(40)) {
      absent += "  %" + fact + " = mask.absent : " + type + "\n";
      return;
    }
    form.arguments.push_back(fact);
    arguments += ", %" + fact + ": " + type;
  };
  for (const Fact &fact : makeFacts())
    addFact(fact.name, fact.type);
  for (const FactName &fact : kMoreFacts)
    addFact(fact.name, fact.type);

  std::string clauses = " mask(" + predicate + ")";
  size_t first = form.arguments.size();
  clauses += makeOffset(form, "query_offset");
  clauses += makeOffset(form, "key_offset");
  for (const std::string &offset : ArrayRef(form.arguments).drop_front(first))
    arguments += ", %" + offset + ": " +
                 (StringRef(offset).ends_with("_b")   ? "tensor<?xi32>"
                  : StringRef(offset).ends_with("_h") ? "tensor<?xi64>"
                                                      : "index");
  auto addClause = [&](unsigned chance, const std::string &clause,
                       const std::string &given, const std::string &type) {
    if (!oneIn(chance))
      return;
    clauses += clause;
    form.arguments.push_back(given);
    arguments += ", %" + given + ": " + type;
  };
  addClause(3, " scale(%scale)", "scale", "f32");
  addClause(6, " sinks(%sinks : tensor<?xf32>)", "sinks", "tensor<?xf32>");
  if (oneIn(6))
    clauses += " soft_cap 3.0";
  if (oneIn(5)) {
    clauses += " origin(%ob, %oh, %oq, %ok)";
    for (const char *axis : {"ob", "oh", "oq", "ok"}) {
      form.arguments.emplace_back(axis);
      arguments += std::string(", %") + axis + ": index";
    }
  }

  if (oneIn(4)) {
    Sizes sizes = makeSizes(form);
    sizes.keys = std::max<int64_t>(sizes.keys, 1);
    sizes.valueDim = sizes.keys;
    form.sizes = sizes;
  }
  constexpr int64_t kDynamic = ShapedType::kDynamic;
  Sizes s = form.sizes.value_or(Sizes{kDynamic, kDynamic, kDynamic, kDynamic,
                                      kDynamic, kDynamic, kDynamic});
  SmallVector<int64_t> output = {s.batch, s.heads, s.queries, s.valueDim};
  SmallVector<int64_t> rows(ArrayRef(output).drop_back());
  std::string q = dataType({s.batch, s.heads, s.queries, s.dim}, "tensor"),
              k = dataType({s.batch, s.keyHeads, s.keys, s.dim}, "tensor"),
              v = dataType({s.batch, s.keyHeads, s.keys, s.valueDim}, "tensor"),
              o = dataType(output, "tensor"), l = dataType(rows, "tensor"),
              ob = dataType(output, "memref"), lb = dataType(rows, "memref");
  auto store = [&](const std::string &value, const std::string &tensor,
                   const std::string &buffer, const std::string &type) {
    return "  bufferization.materialize_in_destination " + value +
           " in restrict writable " + buffer + " : (" + tensor + ", " + type +
           ") -> ()\n";
  };
  form.text = "func.func @" + form.name + "(%q: " + q + ", %k: " + k +
              ", %v: " + v + ", %o: " + ob + ", %l: " + lb + arguments +
              ") attributes {llvm.emit_c_interface} {\n" + absent + kFactOps +
              source.getBody() +
              "  %ot = bufferization.to_tensor %o restrict writable : " + ob +
              " to " + o +
              "\n  %lt = bufferization.to_tensor %l restrict writable : " + lb +
              " to " + l + "\n  %r:2 = mask.attention ins(%q, %k, %v : " + q +
              ", " + k + ", " + v + ") outs(%ot, %lt : " + o + ", " + l + ")" +
              clauses + " {schedule = #mask.cpu_schedule<query_tile = " +
              std::to_string(form.schedule.queryTile) +
              ", key_tile = " + std::to_string(form.schedule.keyTile) +
              ", lanes = " + std::to_string(form.schedule.lanes) +
              ", rows = " + std::to_string(form.schedule.rows) + ">} -> " + o +
              ", " + l + "\n" + store("%r#0", o, "%o", ob) +
              store("%r#1", l, "%l", lb) + "  return\n}\n";
  return form;
}

void Generator::retype(func::FuncOp function, const Form &form) {
  Builder builder(function.getContext());
  auto integer = [&](ArrayRef<unsigned> widths) {
    return builder.getIntegerType(widths[random() % widths.size()]);
  };
  // The ids and the table of lower ends meet in one op.
  bool flatIds = oneIn(3), flatPositions = oneIn(3), flatValid = oneIn(3);
  Type idWidth = integer({8, 16, 32, 64});
  int64_t rows = ShapedType::kDynamic, tokens = ShapedType::kDynamic;
  if (form.sizes && oneIn(2)) {
    rows = form.sizes->batch + between(0, 1);
    tokens = std::max(form.sizes->queries, form.sizes->keys) + between(-3, 9);
    tokens = std::max<int64_t>(tokens, 1);
  }
  for (auto [i, name] : llvm::enumerate(form.arguments)) {
    bool flat = false;
    Type element;
    if (name == "ids" || name == "lower") {
      flat = flatIds;
      element = idWidth;
    } else if (name == "docs") {
      flat = flatIds;
      element = integer({8, 16, 32, 64});
    } else if (name == "pos") {
      flat = flatPositions;
      element = integer({8, 16, 32, 64});
    } else if (name == "valid") {
      flat = flatValid;
      element = integer({1, 8});
    }
    Type type;
    if (element)
      type = flat ? RankedTensorType::get({tokens}, element)
                  : RankedTensorType::get({rows, tokens}, element);
    else if (name == "t")
      type = RankedTensorType::get({ShapedType::kDynamic}, integer({32, 64}));
    else if (name == "dense")
      type = RankedTensorType::get(
          SmallVector<int64_t>(between(2, 4), ShapedType::kDynamic),
          integer({1, 8}));
    else
      continue;
    function.getArgument(i + 5).setType(type);
  }
  function.setFunctionType(
      builder.getFunctionType(function.getBody().getArgumentTypes(), {}));
}

/// Around the borders of tiles, or any.
int64_t Generator::makeLength(int64_t tile) {
  int64_t lengths[] = {0,
                       1,
                       tile - 1,
                       tile,
                       tile + 1,
                       2 * tile,
                       3 * tile + 2,
                       between(0, 40),
                       between(0, 40),
                       between(0, 40),
                       between(0, 40)};
  return pick(lengths);
}

Sizes Generator::makeSizes(const Form &form) {
  Sizes sizes;
  constexpr std::pair<int64_t, int64_t> kHeadCounts[] = {
      {1, 1}, {2, 1}, {2, 2}, {3, 1}, {4, 2}, {4, 4}};
  sizes.batch = oneIn(16) ? 0 : between(1, 3);
  std::tie(sizes.heads, sizes.keyHeads) = pick(kHeadCounts);
  sizes.queries = makeLength(form.schedule.queryTile);
  sizes.keys = makeLength(form.schedule.keyTile);
  if (oneIn(3))
    sizes.keys = sizes.queries;
  sizes.dim = between(1, 10);
  sizes.valueDim = between(1, 20);
  if (llvm::is_contained(form.arguments, "ob"))
    sizes.origin = {between(0, 1), between(0, 2), between(-2, 8),
                    between(-2, 8)};
  return sizes;
}

/// One row of the fact `name`.
std::vector<int64_t> Generator::makeTokens(StringRef name, int64_t count) {
  std::vector<int64_t> row;
  auto size = [&] { return static_cast<int64_t>(row.size()); };
  bool flags = name == "valid" || name == "flags";
  unsigned kind = random() % 4;
  // Positions that rise; ends of rows.
  if ((name == "pos" || name == "lower" || name == "near") && kind < 2) {
    int64_t next = between(-2, 4);
    for (; size() < count; next += between(0, kind ? 1 : 3))
      row.push_back(std::min<int64_t>(next, 127));
    return row;
  }
  // Runs: contiguous ids, repeated ids, padding with holes.
  int64_t next = 0;
  while (size() < count) {
    int64_t id = flags             ? random() % 4 != 0
                 : name == "types" ? between(0, 2)
                 : kind == 3       ? between(-2, 4)
                 : oneIn(4)        ? -1
                                   : next++;
    int64_t length = kind == 0 ? between(1, 3) : between(1, 14);
    for (int64_t i = 0; i < length && size() < count; ++i)
      row.push_back(name == "pos" ? i : id);
  }
  return row;
}

HostValue Generator::makeValue(StringRef name, Type type, const Sizes &sizes) {
  if (name == "scale")
    return double(static_cast<float>(0.125 * between(1, 8)));
  if (name == "sinks") {
    std::shared_ptr<const FloatArray> sinks = makeData({sizes.heads});
    return sinks;
  }
  StringRef axes[] = {"ob", "oh", "oq", "ok"};
  for (auto [axis, origin] : llvm::zip_equal(axes, sizes.origin))
    if (name == axis)
      return origin;
  bool isOffset = name.contains("_offset");
  if (type.isIndex())
    return isOffset      ? between(-4, 20)
           : name == "w" ? between(0, 12)
                         : between(1, 9);
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  std::vector<int64_t> values;
  auto fill = [&](int64_t count, int64_t least, int64_t most) {
    for (int64_t i = 0; i < count; ++i)
      values.push_back(between(least, most));
  };
  if (isOffset) {
    bool perBatch = name.ends_with("_b");
    shape = {perBatch ? sizes.batch + sizes.origin[0]
                      : sizes.heads + sizes.origin[1]};
    fill(shape[0], -4, 20);
  } else if (name == "t") {
    // Rows and heads past its end see nothing.
    shape = {between(1, 6)};
    fill(shape[0], 1, 9);
  } else if (name == "dense") {
    for (int64_t &size : shape)
      size = between(1, 3);
    for (int64_t &size : MutableArrayRef(shape).take_back(2))
      size = between(1, 40);
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    fill(count, 0, 1);
  } else {
    int64_t &tokens = shape.back();
    if (ShapedType::isDynamic(tokens))
      tokens =
          oneIn(12) ? 0 : std::max(sizes.queries, sizes.keys) + between(0, 30);
    int64_t rows = 1;
    if (shape.size() == 2) {
      if (ShapedType::isDynamic(shape[0]))
        shape[0] = oneIn(8) ? 1 : sizes.batch + sizes.origin[0];
      rows = shape[0];
    }
    for (int64_t i = 0; i < rows; ++i)
      llvm::append_range(values, makeTokens(name, tokens));
  }
  return array(shape, std::move(values));
}

/// Unit variance, exact in f32.
std::shared_ptr<FloatArray> Generator::makeData(ArrayRef<int64_t> shape) {
  auto data = FloatArray::zeros(shape);
  std::normal_distribution<float> normal;
  for (double &element : data->values)
    element = normal(random);
  return data;
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

using HostFloats = std::shared_ptr<FloatArray>;

/// Bytes of an argument as compiled code reads them.
std::vector<char> pack(const HostValue &host, Type type) {
  std::vector<char> bytes;
  auto append = [&](const auto &element, size_t size) {
    const char *first = reinterpret_cast<const char *>(&element);
    bytes.insert(bytes.end(), first, first + size);
  };
  if (auto *floats = std::get_if<std::shared_ptr<const FloatArray>>(&host)) {
    for (double element : (*floats)->values)
      append(static_cast<float>(element), sizeof(float));
  } else if (auto *integers =
                 std::get_if<std::shared_ptr<const IntegerArray>>(&host)) {
    unsigned width = cast<ShapedType>(type).getElementTypeBitWidth();
    for (int64_t element : (*integers)->values)
      append(element, std::max(width / 8, 1u));
  } else if (auto *number = std::get_if<double>(&host)) {
    append(static_cast<float>(*number), sizeof(float));
  } else {
    append(std::get<int64_t>(host), sizeof(int64_t));
  }
  return bytes;
}

/// For messages.
std::string print(const HostValue &host) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto *number = std::get_if<double>(&host))
    os << *number;
  else if (auto *integer = std::get_if<int64_t>(&host))
    os << *integer;
  else if (auto *integers =
               std::get_if<std::shared_ptr<const IntegerArray>>(&host)) {
    llvm::interleaveComma((*integers)->shape, os << "(");
    llvm::interleaveComma((*integers)->values, os << "): ");
  }
  return text;
}

/// One function, compiled, on one set of arguments.
class Trial {
public:
  Trial(func::FuncOp function, JitModule::Function code,
        std::vector<HostValue> arguments, Generator &generator)
      : function(function), code(code), arguments(std::move(arguments)),
        generator(generator) {}

  /// Interprets, runs, and checks what was written where.
  bool run(const HostFloats &query, const HostFloats &key,
           const HostFloats &value);

  /// The arguments after the data and the outputs, one a line.
  std::string describe() const {
    std::string text;
    for (auto [i, host] : llvm::enumerate(arguments))
      if (i >= 5)
        text += "%arg" + std::to_string(i) + " = " + print(host) + "\n";
    return text;
  }

  InterpretedAttention expected;
  ArrayRef<float> output, logSumExp;

private:
  GuardedArray &add(const std::vector<char> &bytes, ArrayRef<int64_t> shape);

  func::FuncOp function;
  JitModule::Function code;
  std::vector<HostValue> arguments;
  Generator &generator;
  std::deque<GuardedArray> memory;
  std::deque<MemRefDescriptor> descriptors;
  std::deque<void *> pointers;
  std::deque<std::vector<char>> numbers;
  SmallVector<void *> packed;
};

GuardedArray &Trial::add(const std::vector<char> &bytes,
                         ArrayRef<int64_t> shape) {
  GuardedArray &array = memory.emplace_back(bytes.data(), bytes.size(),
                                            /*atEnd=*/!generator.oneIn(3));
  pointers.push_back(descriptors.emplace_back(array.data(), shape).get());
  packed.push_back(&pointers.back());
  return array;
}

bool Trial::run(const HostFloats &query, const HostFloats &key,
                const HostFloats &value) {
  memory.clear();
  packed.clear();
  arguments[0] = std::shared_ptr<const FloatArray>(query);
  arguments[1] = std::shared_ptr<const FloatArray>(key);
  arguments[2] = std::shared_ptr<const FloatArray>(value);
  FactEvaluator facts;
  for (auto [argument, host] :
       llvm::zip_equal(function.getArguments(), arguments))
    facts.bind(argument, host);
  AttentionOp op;
  function.walk([&](AttentionOp found) { op = found; });
  FailureOr<InterpretedAttention> result = interpretAttention(op, facts);
  if (failed(result))
    return false;
  expected = std::move(*result);

  auto addOutput = [&](size_t size, ArrayRef<int64_t> shape) {
    std::vector<char> nan(size * sizeof(float), -1);
    return ArrayRef(add(nan, shape).data<float>(), size);
  };
  for (auto [argument, host] :
       llvm::zip_equal(function.getArguments(), arguments)) {
    if (argument.getArgNumber() == 3) {
      output = addOutput(expected.output.size(), expected.shape);
    } else if (argument.getArgNumber() == 4) {
      logSumExp = addOutput(expected.logSumExp.size(),
                            ArrayRef(expected.shape).drop_back());
    } else if (auto *floats =
                   std::get_if<std::shared_ptr<const FloatArray>>(&host)) {
      add(pack(host, argument.getType()), (*floats)->shape).makeReadOnly();
    } else if (auto *integers =
                   std::get_if<std::shared_ptr<const IntegerArray>>(&host)) {
      add(pack(host, argument.getType()), (*integers)->shape).makeReadOnly();
    } else {
      numbers.push_back(pack(host, argument.getType()));
      packed.push_back(numbers.back().data());
    }
  }
  code(packed.data());
  bool intact = llvm::all_of(memory, std::mem_fn(&GuardedArray::isIntact));
  EXPECT_TRUE(intact) << "wrote beside an array";
  return intact;
}

/// Largest difference, relative to the largest value above 1: f32 is a relative
/// format. Infinite where one is not a number and the other is.
double getError(ArrayRef<float> computed, ArrayRef<double> expected) {
  double error = 0, largest = 1;
  for (auto [a, b] : llvm::zip_equal(computed, expected)) {
    if (std::isnan(b) ? std::isnan(a) : a == b)
      continue;
    if (!std::isfinite(a) || !std::isfinite(b))
      return std::numeric_limits<double>::infinity();
    error = std::max(error, std::abs(a - b));
    largest = std::max(largest, std::abs(b));
  }
  return error / largest;
}

class RandomAttention : public ::testing::Test {
protected:
  RandomAttention() : generator(getSeed()) {
    DialectRegistry registry;
    registerJitDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
  }

  void checkModule(unsigned first, unsigned count);
  void checkRuns(func::FuncOp function, const Form &form,
                 JitModule::Function code);
  bool checkRun(func::FuncOp function, const Sizes &sizes, const Form &form,
                JitModule::Function code);
  void poison(FloatArray &key, FloatArray &value, ArrayRef<double> mask,
              const Sizes &sizes);

  MLIRContext context;
  Generator generator;
  unsigned runs = 0;
  int64_t visible = 0, pairs = 0;
};

/// Keys that no query sees hold anything, and a value that only some see is
/// theirs alone.
void RandomAttention::poison(FloatArray &key, FloatArray &value,
                             ArrayRef<double> mask, const Sizes &sizes) {
  int64_t group = sizes.heads / sizes.keyHeads;
  const double kBad[] = {NAN, INFINITY, -INFINITY};
  for (int64_t b = 0; b < sizes.batch; ++b)
    for (int64_t g = 0; g < sizes.keyHeads; ++g)
      for (int64_t j = 0; j < sizes.keys; ++j) {
        bool seen = false;
        int64_t rows = group * sizes.queries;
        int64_t first = (b * sizes.heads + g * group) * sizes.queries;
        for (int64_t row = first; row < first + rows; ++row)
          seen |= mask[row * sizes.keys + j] > 0;
        int64_t at = (b * sizes.keyHeads + g) * sizes.keys + j;
        if (seen && !generator.oneIn(60))
          continue;
        for (int64_t d = 0; d < sizes.valueDim; ++d)
          if (!seen || generator.oneIn(2))
            value.values[at * sizes.valueDim + d] =
                seen ? NAN : kBad[generator.between(0, 2)];
        for (int64_t d = 0; !seen && d < sizes.dim; ++d)
          key.values[at * sizes.dim + d] = kBad[generator.between(0, 2)];
      }
}

bool RandomAttention::checkRun(func::FuncOp function, const Sizes &sizes,
                               const Form &form, JitModule::Function code) {
  std::vector<HostValue> arguments(5);
  for (auto [i, name] : llvm::enumerate(form.arguments))
    arguments.push_back(generator.makeValue(
        name, function.getArgument(i + 5).getType(), sizes));
  Trial trial(function, code, std::move(arguments), generator);

  ::testing::ScopedTrace trace(__FILE__, __LINE__, trial.describe());

  // The mask.
  const Sizes &s = sizes;
  auto query = FloatArray::zeros({s.batch, s.heads, s.queries, s.dim}),
       key = FloatArray::zeros({s.batch, s.keyHeads, s.keys, s.dim}),
       value = FloatArray::zeros(
           {s.batch, s.keyHeads, s.keys, std::max<int64_t>(s.keys, 1)});
  for (int64_t i = 0; i < s.batch * s.keyHeads * s.keys; ++i)
    value->values[i * s.keys + i % s.keys] = 1;
  if (!trial.run(query, key, value))
    return false;
  std::vector<double> mask = trial.expected.output;
  for (size_t i = 0; i < mask.size(); ++i) {
    float computed = trial.output[i];
    if (std::isfinite(computed) && (computed > 0) == (mask[i] > 0)) {
      visible += mask[i] > 0;
      continue;
    }
    int64_t columns = trial.expected.shape.back(), row = i / columns;
    ADD_FAILURE() << "mask [" << row / s.queries / s.heads << ", "
                  << row / s.queries % s.heads << ", " << row % s.queries
                  << ", " << i % columns << "] is " << computed << ", expected "
                  << mask[i];
    return false;
  }
  pairs += mask.size();
  auto isClose = [](const char *what, ArrayRef<float> computed,
                    ArrayRef<double> expected) {
    double error = getError(computed, expected);
    EXPECT_LE(error, kTolerance) << what;
    return error <= kTolerance;
  };
  if (!isClose("log-sum-exp of the mask", trial.logSumExp,
               trial.expected.logSumExp))
    return false;

  // Random data.
  query = generator.makeData(query->shape);
  key = generator.makeData(key->shape);
  value = generator.makeData({s.batch, s.keyHeads, s.keys, s.valueDim});
  poison(*key, *value, mask, sizes);
  if (!trial.run(query, key, value))
    return false;
  if (!isClose("output", trial.output, trial.expected.output) ||
      !isClose("log-sum-exp", trial.logSumExp, trial.expected.logSumExp))
    return false;
  ++runs;
  return true;
}

void RandomAttention::checkRuns(func::FuncOp function, const Form &form,
                                JitModule::Function code) {
  llvm::PrettyStackTraceString trace(form.text.c_str());
  for (unsigned i = 0; i < (form.sizes ? 2 : kRuns); ++i) {
    Sizes sizes = form.sizes ? *form.sizes : generator.makeSizes(form);
    if (!checkRun(function, sizes, form, code)) {
      std::string text;
      llvm::raw_string_ostream(text) << function;
      ADD_FAILURE() << "batch " << sizes.batch << ", heads " << sizes.heads
                    << " of " << sizes.keyHeads << ", queries " << sizes.queries
                    << ", keys " << sizes.keys << ", dim " << sizes.dim << ", "
                    << sizes.valueDim << "\n"
                    << text;
      return;
    }
  }
}

void RandomAttention::checkModule(unsigned first, unsigned count) {
  std::vector<Form> forms;
  std::string text;
  for (unsigned i = first; i < first + count; ++i) {
    forms.push_back(generator.makeForm("f" + std::to_string(i)));
    text += forms.back().text;
  }
  auto module = parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(module) << text;
  for (const Form &form : forms)
    generator.retype(module->lookupSymbol<func::FuncOp>(form.name), form);
  ASSERT_TRUE(succeeded(verify(*module)));
  OwningOpRef<ModuleOp> lowered(cast<ModuleOp>((*module)->clone()));
  // What is in question is rather our code than LLVM's.
  JitOptions options;
  options.optimize = first / kPerModule % 4 == 3;
  auto code = JitModule::compile(*lowered, "random", options);
  ASSERT_TRUE(succeeded(code)) << text;
  for (const Form &form : forms) {
    auto function = (*code)->lookup(form.name);
    if (!function)
      FAIL() << llvm::toString(function.takeError());
    checkRuns(module->lookupSymbol<func::FuncOp>(form.name), form, *function);
  }
}

TEST_F(RandomAttention, Compiled) {
  llvm::EnablePrettyStackTrace();
  const unsigned count = getCount(12);
  for (unsigned first = 0; first < count && !HasFailure(); first += kPerModule)
    checkModule(first, std::min(kPerModule, count - first));
  std::printf("%u attentions, %u runs, %lld of %lld pairs visible\n", count,
              runs, static_cast<long long>(visible),
              static_cast<long long>(pairs));
}

} // namespace
