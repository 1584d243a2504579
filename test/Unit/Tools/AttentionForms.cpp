//===- AttentionForms.cpp - random functions with an attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionForms.h"

#include "../Compositions.h"

#include "Mask/IR/Mask.h"
#include "Mask/IR/Range.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

//===----------------------------------------------------------------------===//
// What can be drawn
//===----------------------------------------------------------------------===//

constexpr Schedule kSchedules[] = {
    {8, 4, 4, 2},   {4, 8, 4, 4},    {16, 16, 8, 4},  {6, 5, 3, 5},
    {7, 9, 7, 3},   {8, 8, 8, 1},    {1, 1, 1, 1},    {12, 6, 2, 3},
    {3, 10, 1, 2},  {16, 12, 16, 6}, {2, 16, 2, 1},   {4, 4, 4, 4},
    {32, 8, 8, 4},  {8, 32, 8, 2},   {64, 64, 16, 4}, {16, 16, 8, 6},
    {32, 23, 8, 8}, {24, 40, 4, 9},  {64, 64, 16, 8}, {5, 3, 4, 12}};
/// Of few rows, with columns in lanes.
constexpr Schedule kColumnSchedules[] = {
    {1, 16, 16, 8}, {2, 8, 16, 2}, {3, 12, 16, 4}, {16, 9, 16, 3}, {4, 7, 4, 1},
    {1, 4, 4, 1},   {2, 8, 8, 4},  {4, 12, 8, 3},  {1, 64, 8, 8}};

/// For products of tiles: rows that fill one vector, two, and three of four.
constexpr Schedule kAMXSchedules[] = {
    {8, 32, 16, 8}, {16, 64, 16, 1}, {7, 96, 16, 3}, {64, 64, 16, 8}};

/// Around tiles, and such that divide none.
constexpr int64_t kPages[] = {1, 2, 3, 4, 7, 8, 16, 21, 64};

constexpr int64_t kTileHeads[] = {1, 1, 2, 2, 3, 4};

/// Up to which number calls may have code of their own.
constexpr int64_t kFewQueries = 3;

void replaceAll(std::string &text, StringRef from, StringRef to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

enum class Kind { Open, Closed, OnMemRefs };

/// Writes one form.
class FormWriter {
public:
  FormWriter(RandomSource &random, std::string name,
             const ElementChoice &choice)
      : random(random) {
    form.name = std::move(name);
    form.elements = random.pick(choice.types);
    bool columns = random.oneIn(3);
    form.schedule =
        columns ? random.pick(kColumnSchedules) : random.pick(kSchedules);
    hasSchedule = !choice.chosenKeyTile || !random.oneIn(3);
    if (!hasSchedule)
      form.schedule = {kFewQueries, choice.chosenKeyTile, 16, 4};
    else
      form.schedule.heads = random.pick(kTileHeads);
    form.schedule.parts = random.oneIn(3) ? random.between(2, 40) : 1;
    form.schedule.columns =
        columns && hasSchedule &&
        form.schedule.queryTile * form.schedule.heads <= form.schedule.lanes;
    form.schedule.pairs = choice.hasPairs && form.elements == "bf16" &&
                          llvm::is_contained({4, 8, 16}, form.schedule.lanes) &&
                          !(hasSchedule && random.oneIn(4));
    bool isTiled = choice.hasAMX && form.elements == "bf16";
    if (isTiled && hasSchedule && !form.schedule.columns) {
      Schedule before = form.schedule;
      form.schedule = random.pick(kAMXSchedules);
      form.schedule.heads = before.heads;
      form.schedule.parts = before.parts;
      form.schedule.pairs = form.schedule.amx = true;
    }
    // What the compiler chooses rounds as these do.
    if (isTiled && !hasSchedule && choice.chosenKeyTile % 32 == 0)
      form.schedule.pairs = true;
    if (choice.hasPages && random.oneIn(4))
      form.page = random.pick(kPages);
    kind = random.oneIn(2)   ? Kind::Open
           : random.oneIn(3) ? Kind::OnMemRefs
                             : Kind::Closed;
  }

  Form write();

private:
  void drawStaticSizes();
  std::string dataType(ArrayRef<int64_t> shape, const std::string &element);
  void writeFacts();
  void addArgument(const std::string &name, const std::string &type);
  void addClause(unsigned chance, const std::string &clause,
                 const std::string &name, const std::string &type);
  void writeOffset(const std::string &name);
  void writeClauses();
  void writeScore();
  void writeRegion();
  void writeAttention();

  RandomSource &random;
  Form form;
  Kind kind;
  /// Whether the attention carries a schedule.
  bool hasSchedule;
  /// Whether every size that is fixed is told by all types.
  bool tellsAll = false;
  RandomPredicate predicate;
  /// Arguments after the data, and what the function computes in front of the
  /// attention.
  std::string arguments, before;
  /// All that the predicate may read.
  std::vector<FactName> visible;
  std::string clauses, regions, attention;
};

constexpr int64_t kDynamic = ShapedType::kDynamic;

void FormWriter::drawStaticSizes() {
  Sizes &s = form.sizes;
  std::array<int64_t, 4> origin = s.origin;
  s = {kDynamic, kDynamic, kDynamic, kDynamic,
       kDynamic, kDynamic, kDynamic, origin};
  if (random.oneIn(2))
    return;
  tellsAll = random.oneIn(2);
  auto isFixed = [&] { return tellsAll || random.oneIn(2); };
  Sizes fixed = drawSizes(random, form);
  if (isFixed())
    s.batch = fixed.batch;
  if (isFixed())
    std::tie(s.heads, s.keyHeads) = std::pair(fixed.heads, fixed.keyHeads);
  if (isFixed())
    s.queries = fixed.queries;
  if (isFixed())
    s.dim = fixed.dim;
  // Where the values are one-hot, there are as many columns as keys.
  if (isFixed())
    s.keys = s.valueDim =
        std::max<int64_t>(fixed.keys, std::max<int64_t>(form.page, 1));
}

std::string FormWriter::dataType(ArrayRef<int64_t> shape,
                                 const std::string &element) {
  std::string text = "tensor<";
  for (int64_t size : shape) {
    bool isTold =
        !ShapedType::isDynamic(size) && (tellsAll || !random.oneIn(3));
    text += (isTold ? std::to_string(size) : "?") + "x";
  }
  return text + element + ">";
}

void FormWriter::addArgument(const std::string &name, const std::string &type) {
  form.arguments.push_back(name);
  arguments += ", %" + name + ": " + type;
}

/// Facts are arguments, or absent, or constants.
void FormWriter::writeFacts() {
  // Some meet others in one op and have to be of one rank; a region has no
  // neutral element for what it reads.
  const llvm::StringSet<> isNeeded = {"ids", "docs", "lower", "near", "deep",
                                      "lo",  "hi",   "t",     "longs"},
                          isComputed = {"types", "flags"};
  for (const FactName &fact : listFacts()) {
    visible.push_back(fact);
    std::string value = "  %" + fact.name + " = ";
    if (fact.type == "index") {
      int64_t least = fact.name == "n" ? 1 : fact.name == "w" ? 0 : INT64_MIN;
      int64_t number =
          random.oneIn(6) ? random.pickExtreme() : random.between(-5, 40);
      if (random.oneIn(4)) {
        before += value + "arith.constant " +
                  std::to_string(std::max(number, least)) + " : index\n";
        continue;
      }
    } else if (fact.name == "deep" && kind != Kind::OnMemRefs &&
               random.oneIn(4)) {
      before += "  %two = arith.constant dense<[" +
                std::to_string(random.between(-3, 20)) + ", " +
                std::to_string(random.pickExtreme()) + "]> : tensor<2xi64>\n" +
                value + "tensor.cast %two : tensor<2xi64> to tensor<?xi64>\n";
      continue;
    } else if (!isNeeded.contains(fact.name) && kind != Kind::OnMemRefs &&
               (kind == Kind::Open || !isComputed.contains(fact.name)) &&
               random.oneIn(40)) {
      // The region says so itself: what is absent cannot be captured.
      (kind == Kind::Open ? before : predicate.code)
          .insert(0, value + "mask.absent : " + fact.type + "\n");
      visible.pop_back();
      continue;
    }
    addArgument(fact.name, fact.type);
  }
  if (kind == Kind::OnMemRefs)
    return;
  for (StringRef op : kComputedFacts) {
    before += "  " + op.str() + "\n";
    visible.push_back(
        {op.drop_front().take_until(llvm::isSpace).str(), "tensor<?x?xi32>"});
  }
}

void FormWriter::addClause(unsigned chance, const std::string &clause,
                           const std::string &name, const std::string &type) {
  if (!random.oneIn(chance))
    return;
  clauses += clause;
  addArgument(name, type);
}

void FormWriter::writeOffset(const std::string &name) {
  switch (random.between(0, 5)) {
  case 0:
    clauses +=
        " " + name + " " + std::to_string(form.base + random.between(-4, 20));
    form.hasConstantOffset = true;
    return;
  case 1:
    return addClause(1, " " + name + " %" + name, name, "index");
  case 2:
    return addClause(1,
                     " " + name + " %" + name + "_b per batch : tensor<?xi32>",
                     name + "_b", "tensor<?xi32>");
  case 3:
    // It would keep the heads of a tile apart.
    if (form.schedule.heads > 1)
      return;
    return addClause(1,
                     " " + name + " %" + name + "_h per head : tensor<?xi64>",
                     name + "_h", "tensor<?xi64>");
  default:
    return;
  }
}

void FormWriter::writeClauses() {
  if (random.oneIn(6))
    form.base = clampTo(random.pickExtreme(), kMaxPosition - 400);
  writeOffset("query_offset");
  writeOffset("key_offset");
  addClause(3, " scale(%scale)", "scale", "f32");
  if (form.page) {
    std::string type = random.oneIn(2) ? "tensor<?x?xi32>" : "tensor<?x?xi64>";
    addClause(
        1, " key_pages %pages page " + std::to_string(form.page) + " : " + type,
        "pages", type);
  }
  addClause(6, " sinks(%sinks : tensor<?xf32>)", "sinks", "tensor<?xf32>");
  if (random.oneIn(6))
    clauses += " soft_cap 3.0";
  if (random.oneIn(5)) {
    clauses += " origin(%ob, %oh, %oq, %ok)";
    form.hasConstantOrigin = random.oneIn(3);
    form.sizes.origin = drawOrigin(random, form);
    const char *const kAxes[] = {"ob", "oh", "oq", "ok"};
    for (auto [axis, number] : llvm::zip_equal(kAxes, form.sizes.origin))
      if (form.hasConstantOrigin)
        before += std::string("  %") + axis + " = arith.constant " +
                  std::to_string(number) + " : index\n";
      else
        addArgument(axis, "index");
  }
}

/// A bias for each distance that its table has.
void FormWriter::writeScore() {
  if (!random.oneIn(8))
    return;
  addArgument("bias", "tensor<?xf32>");
  clauses += " score_captures(%bias : tensor<?xf32>)";
  regions += R"( score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %g: tensor<?xf32>):
      %d = arith.subi %i, %j : index
      %e = tensor.extract %g[%d] : tensor<?xf32>
      %y = arith.addf %s, %e : f32
      mask.yield %y : f32
    })";
}

/// `text` with `in_` in front of the names of `facts`.
std::string rename(StringRef text, ArrayRef<FactName> facts) {
  std::string result;
  while (true) {
    auto [before, after] = text.split('%');
    result += before;
    if (before.size() == text.size())
      return result;
    StringRef name = after.take_while(llvm::isAlnum);
    bool isFact = llvm::any_of(
        facts, [&](const FactName &fact) { return fact.name == name; });
    result += isFact ? "%in_" : "%";
    text = after;
  }
}

/// The predicate, in front of the attention or in its region.
void FormWriter::writeRegion() {
  if (kind == Kind::Open) {
    before += predicate.code;
    clauses = " mask(" + predicate.value + ")" + clauses;
    return;
  }
  std::string code = rename(predicate.code, visible), names, types, block;
  bool keepsAll = random.oneIn(4);
  for (const FactName &fact : visible) {
    if (!keepsAll && !StringRef(code).contains("%in_" + fact.name))
      continue;
    StringRef comma = names.empty() ? "" : ", ";
    names += comma.str() + "%" + fact.name;
    types += comma.str() + fact.type;
    block += comma.str() + "%in_" + fact.name + ": " + fact.type;
  }
  if (!names.empty())
    clauses += " captures(" + names + " : " + types + ")";
  regions += " predicate {\n" +
             (block.empty() ? "" : "  ^bb0(" + block + "):\n") + code +
             "  mask.yield " + predicate.value + " : !mask.predicate\n  }";
}

void FormWriter::writeAttention() {
  const Sizes &s = form.sizes;
  const std::string &type = form.elements;
  int64_t blocks = form.page ? kDynamic : s.batch,
          rows = form.page ? form.page : s.keys;
  std::string q = dataType({s.batch, s.heads, s.queries, s.dim}, type),
              k = dataType({blocks, s.keyHeads, rows, s.dim}, type),
              v = dataType({blocks, s.keyHeads, rows, s.valueDim}, type),
              o = dataType({s.batch, s.heads, s.queries, s.valueDim}, type),
              l = dataType({s.batch, s.heads, s.queries}, "f32");
  const Schedule &tiles = form.schedule;
  std::string schedule = " {schedule = #mask.cpu_schedule<query_tile = " +
                         std::to_string(tiles.queryTile) +
                         ", key_tile = " + std::to_string(tiles.keyTile) +
                         ", heads = " + std::to_string(tiles.heads) +
                         ", parts = " + std::to_string(tiles.parts) +
                         ", lanes = " + std::to_string(tiles.lanes) +
                         ", rows = " + std::to_string(tiles.rows) +
                         (tiles.pairs ? ", pairs = true" : "") +
                         (tiles.amx ? ", amx = true" : "") +
                         (tiles.columns ? ", columns = true" : "") + ">}";
  if (!hasSchedule)
    schedule.clear();
  bool onMemRefs = kind == Kind::OnMemRefs;
  if (onMemRefs && random.oneIn(2)) {
    // Columns side by side, or not.
    StringRef columns = random.oneIn(2) ? "1" : "?";
    for (std::string *data : {&q, &k, &v, &o})
      data->insert(data->size() - 1,
                   (", strided<[?, ?, ?, " + columns + "], offset: ?>").str());
  }
  std::string ins =
      "mask.attention ins(%q, %k, %v : " + q + ", " + k + ", " + v + ")";
  std::string buffers[] = {o, l};
  for (std::string &buffer : buffers)
    replaceAll(buffer, "tensor", "memref");
  form.text = "func.func @" + form.name + "(%q: " + q + ", %k: " + k +
              ", %v: " + v + ", %o: " + buffers[0] + ", %l: " + buffers[1] +
              arguments + ") attributes {llvm.emit_c_interface} {\n" + before;
  if (onMemRefs) {
    form.text += "  " + ins + " outs(%o, %l : " + o + ", " + l + ")" + clauses +
                 regions + schedule + "\n  return\n}\n";
    // On memrefs everything is.
    replaceAll(form.text, "tensor.extract", "memref.load");
    replaceAll(form.text, "tensor.dim", "memref.dim");
    replaceAll(form.text, "tensor<", "memref<");
    return;
  }
  auto store = [](const std::string &value, const std::string &tensor,
                  const std::string &buffer, const std::string &type) {
    return "  bufferization.materialize_in_destination " + value +
           " in restrict writable " + buffer + " : (" + tensor + ", " + type +
           ") -> ()\n";
  };
  form.text +=
      "  %ot = bufferization.to_tensor %o restrict writable : " + buffers[0] +
      " to " + o +
      "\n  %lt = bufferization.to_tensor %l restrict writable : " + buffers[1] +
      " to " + l + "\n  %r:2 = " + ins + " outs(%ot, %lt : " + o + ", " + l +
      ")" + clauses + regions + schedule + " -> " + o + ", " + l + "\n" +
      store("%r#0", o, "%o", buffers[0]) + store("%r#1", l, "%l", buffers[1]) +
      "  return\n}\n";
}

Form FormWriter::write() {
  predicate = drawPredicate(random, kind != Kind::OnMemRefs);
  writeFacts();
  writeClauses();
  // Its numbers come first, since it is the first region.
  writeRegion();
  writeScore();
  drawStaticSizes();
  writeAttention();
  return std::move(form);
}

} // namespace

bool Form::isStatic() const {
  const Sizes &s = sizes;
  return llvm::none_of(ArrayRef{s.batch, s.heads, s.queries, s.keys, s.dim},
                       ShapedType::isDynamic);
}

Form mlir::mask::test::drawForm(RandomSource &random, std::string name,
                                const ElementChoice &choice) {
  return FormWriter(random, std::move(name), choice).write();
}
