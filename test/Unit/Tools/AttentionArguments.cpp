//===- AttentionArguments.cpp - random values of arguments -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionArguments.h"

#include "../Compositions.h"
#include "FloatBits.h"

#include "Mask/IR/Range.h"

#include <numeric>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

std::shared_ptr<FloatArray>
mlir::mask::test::drawFloats(RandomSource &random, ArrayRef<int64_t> shape,
                             FloatType type) {
  auto data = FloatArray::zeros(shape);
  std::normal_distribution<double> normal;
  for (double &element : data->values)
    element = fromBits(toBits(normal(random.engine), type), type);
  return data;
}

namespace {

class ArgumentDrawer {
public:
  ArgumentDrawer(RandomSource &random, const Form &form, const Sizes &sizes)
      : random(random), sizes(sizes), page(form.page) {
    hasExtremes = random.oneIn(4);
    base = form.base;
    // A constant offset is in one place with the others.
    if (!form.hasConstantOffset && random.oneIn(2))
      base = 0;
    ends.seed(random.engine());
  }

  HostValue draw(StringRef name, Type type);

private:
  HostValue drawNumber(StringRef name);
  HostValue drawOffsets(StringRef name, unsigned width);
  HostValue drawPages();
  HostValue drawParameters(StringRef name, unsigned width);
  HostValue drawDense(RankedTensorType type);
  HostValue drawTokens(StringRef name, RankedTensorType type);
  std::vector<int64_t> drawRow(StringRef name, int64_t count);
  std::vector<int64_t> drawEnds(bool lower, int64_t count, unsigned width);
  int64_t drawParameter(int64_t least, int64_t most);
  int64_t drawOffset() { return base + random.between(-4, 20); }

  /// The number of the signed type that is nearest.
  static int64_t fit(int64_t number, unsigned width) {
    int64_t most = int64_t(~uint64_t(0) >> (65 - width));
    return std::clamp(number, -most - 1, most);
  }

  RandomSource &random;
  const Sizes &sizes;
  int64_t page;
  /// Whether numbers may lie far out; where all offsets lie.
  bool hasExtremes;
  int64_t base;
  /// Draws the ends of one row, the same for both tables.
  std::minstd_rand ends;
};

int64_t ArgumentDrawer::drawParameter(int64_t least, int64_t most) {
  if (hasExtremes && random.oneIn(2))
    return std::max(random.pickExtreme(), least);
  return random.oneIn(4) ? random.between(10, 60)
                         : random.between(std::max<int64_t>(least, -9), most);
}

HostValue ArgumentDrawer::drawNumber(StringRef name) {
  StringRef axes[] = {"ob", "oh", "oq", "ok"};
  for (auto [axis, origin] : llvm::zip_equal(axes, sizes.origin))
    if (name == axis)
      return origin;
  if (name.contains("_offset"))
    return hasExtremes && random.oneIn(4) ? random.pickExtreme() : drawOffset();
  return name == "w"   ? drawParameter(0, 12)
         : name == "n" ? drawParameter(1, 9)
                       : drawParameter(std::numeric_limits<int64_t>::min(), 20);
}

HostValue ArgumentDrawer::drawOffsets(StringRef name, unsigned width) {
  bool perBatch = name.ends_with("_b");
  std::vector<int64_t> values(perBatch ? sizes.batch + sizes.origin[0]
                                       : sizes.heads + sizes.origin[1]);
  for (int64_t &value : values)
    value = fit(drawOffset(), width);
  return array({static_cast<int64_t>(values.size())}, values);
}

/// A page for each key, of a pool that has more.
HostValue ArgumentDrawer::drawPages() {
  int64_t columns = sizes.keys / page, count = sizes.batch * columns;
  std::vector<int64_t> pages(count + random.between(0, 3));
  std::iota(pages.begin(), pages.end(), 0);
  std::shuffle(pages.begin(), pages.end(), random.engine);
  pages.resize(count);
  return array({sizes.batch, columns}, std::move(pages));
}

/// Rows and heads past their end see nothing.
HostValue ArgumentDrawer::drawParameters(StringRef name, unsigned width) {
  std::vector<int64_t> values(random.between(name == "deep" ? 2 : 1, 6));
  int64_t least = name == "t" ? 1 : std::numeric_limits<int64_t>::min();
  for (int64_t &value : values)
    value = fit(drawParameter(least, 12), width);
  return array({static_cast<int64_t>(values.size())}, values);
}

HostValue ArgumentDrawer::drawDense(RankedTensorType type) {
  SmallVector<int64_t> shape;
  int64_t count = 1;
  for (int64_t i = type.getRank(); i > 0; --i) {
    shape.push_back(i > 2 ? random.between(1, 3) : random.between(1, 60));
    count *= shape.back();
  }
  std::vector<int64_t> values(count);
  for (int64_t &value : values)
    value = random.between(0, 1);
  return array(shape, std::move(values));
}

/// Ends of rows: around the token, or of an empty row.
std::vector<int64_t> ArgumentDrawer::drawEnds(bool lower, int64_t count,
                                              unsigned width) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max(),
                    kLeast = std::numeric_limits<int64_t>::min();
  constexpr std::pair<int64_t, int64_t> kEmpty[] = {
      {kMost, kLeast}, {kMost, -kMost}, {kMost, 0},       {0, kLeast},
      {0, 0},          {-1, -1},        {5, 2},           {0, -1},
      {7, 7},          {kMost, kMost},  {kLeast, kLeast}, {kMost, -1},
      {-1, 0}};
  bool rises = ends() % 2;
  unsigned rareness = ends() % 2 ? 4 : 50;
  std::vector<int64_t> row;
  for (int64_t i = 0; i < count; ++i) {
    unsigned convention = ends() % std::size(kEmpty), back = ends() % 30,
             ahead = ends() % 20, what = ends() % rareness;
    std::pair<int64_t, int64_t> range = kEmpty[convention];
    if (what > 1)
      range = {i - (rises ? 12 : back), i + (rises ? 9 : ahead)};
    else if (what == 1 && convention < 4)
      range = {convention % 2 ? kLeast : i - 3, convention / 2 ? kMost : i + 2};
    row.push_back(fit(lower ? range.first : range.second, width));
  }
  return row;
}

/// One row of the fact `name`.
std::vector<int64_t> ArgumentDrawer::drawRow(StringRef name, int64_t count) {
  std::vector<int64_t> row;
  auto size = [&] { return static_cast<int64_t>(row.size()); };
  bool flags = name == "valid" || name == "flags";
  int64_t kind = random.between(0, 3);
  // Positions that rise; ends of rows.
  if ((name == "pos" || name == "lower" || name == "near") && kind < 2) {
    int64_t next = random.between(-9, 4);
    for (; size() < count; next += random.between(0, kind ? 1 : 3))
      row.push_back(next);
    return row;
  }
  // Runs: contiguous ids, repeated ids, padding with holes.
  bool isFar = hasExtremes && !flags && name != "types" && random.oneIn(2);
  int64_t next = 0;
  while (size() < count) {
    int64_t id = flags                      ? !random.oneIn(4)
                 : name == "types"          ? random.between(0, 2)
                 : isFar && random.oneIn(4) ? random.pickExtreme()
                 : kind == 3                ? random.between(-2, 4)
                 : random.oneIn(4)          ? -1
                                            : next++;
    int64_t length = random.between(1, kind == 0 ? 3 : 14);
    bool counts = name == "pos" && std::abs(id) < 1000;
    for (int64_t i = 0; i < length && size() < count; ++i)
      row.push_back(counts ? i : id);
  }
  return row;
}

HostValue ArgumentDrawer::drawTokens(StringRef name, RankedTensorType type) {
  SmallVector<int64_t> shape(type.getShape());
  int64_t &tokens = shape.back();
  if (ShapedType::isDynamic(tokens))
    tokens = random.oneIn(12)
                 ? 0
                 : std::max(sizes.queries, sizes.keys) + random.between(0, 30);
  int64_t rows = 1;
  if (shape.size() == 2) {
    if (ShapedType::isDynamic(shape[0]))
      shape[0] = random.oneIn(8) ? 1 : sizes.batch + sizes.origin[0];
    rows = shape[0];
  }
  unsigned width = type.getElementTypeBitWidth();
  std::minstd_rand start = ends;
  std::vector<int64_t> values;
  for (int64_t i = 0; i < rows; ++i) {
    bool isEnd = name == "lo" || name == "hi";
    for (int64_t value :
         isEnd ? drawEnds(name == "lo", tokens, width) : drawRow(name, tokens))
      values.push_back(width == 1 ? value : fit(value, width));
  }
  // The other table of a pair is drawn alike.
  ends = start;
  return array(shape, std::move(values));
}

HostValue ArgumentDrawer::draw(StringRef name, Type type) {
  if (name == "scale")
    return double(static_cast<float>(0.125 * random.between(1, 8)));
  if (name == "sinks" || name == "bias") {
    int64_t size = name == "sinks" ? sizes.heads : random.between(0, 40);
    std::shared_ptr<const FloatArray> floats =
        drawFloats(random, {size}, Float32Type::get(type.getContext()));
    return floats;
  }
  if (type.isIndex())
    return drawNumber(name);
  auto shaped = cast<ShapedType>(type);
  auto tensor =
      RankedTensorType::get(shaped.getShape(), shaped.getElementType());
  unsigned width = tensor.getElementTypeBitWidth();
  if (name == "pages")
    return drawPages();
  if (name.contains("_offset"))
    return drawOffsets(name, width);
  if (name == "t" || name == "longs" || name == "deep")
    return drawParameters(name, width);
  return name == "dense" ? drawDense(tensor) : drawTokens(name, tensor);
}

} // namespace

std::vector<HostValue> mlir::mask::test::drawArguments(RandomSource &random,
                                                       func::FuncOp function,
                                                       const Form &form,
                                                       const Sizes &sizes) {
  ArgumentDrawer drawer(random, form, sizes);
  std::vector<HostValue> values;
  for (auto [i, name] : llvm::enumerate(form.arguments))
    values.push_back(
        drawer.draw(name, function.getArgument(i + kDataArguments).getType()));
  return values;
}
