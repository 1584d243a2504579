//===- AttentionTypes.cpp - random types and sizes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionForms.h"

#include "Mask/IR/Mask.h"
#include "Mask/IR/Range.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

static constexpr int64_t kDynamic = ShapedType::kDynamic;

namespace {

/// Draws types of facts; those that meet in one op share their rank.
class TypeDrawer {
public:
  TypeDrawer(RandomSource &random, const Form &form)
      : random(random), flatIds(random.oneIn(3)),
        flatPositions(random.oneIn(3)), flatValid(random.oneIn(3)),
        flatEnds(random.oneIn(3)) {
    const Sizes &s = form.sizes;
    if (s.batch == kDynamic || s.queries == kDynamic || s.keys == kDynamic ||
        random.oneIn(2))
      return;
    rows = s.batch + random.between(0, 1);
    tokens = std::max<int64_t>(
        std::max(s.queries, s.keys) + random.between(-3, 9), 1);
  }

  /// Null if the type stays.
  Type draw(StringRef name, Builder &builder);

private:
  RandomSource &random;
  bool flatIds, flatPositions, flatValid, flatEnds;
  int64_t rows = kDynamic, tokens = kDynamic;
  Type idType, endType;
};

Type TypeDrawer::draw(StringRef name, Builder &builder) {
  auto integer = [&](ArrayRef<unsigned> widths) -> Type {
    return builder.getIntegerType(random.pick(widths));
  };
  auto perToken = [&](bool flat, Type element) {
    return flat ? RankedTensorType::get({tokens}, element)
                : RankedTensorType::get({rows, tokens}, element);
  };
  // Two tables of one op have one type.
  auto shared = [&](Type &type, bool flat) {
    if (!type)
      type = perToken(flat, integer({8, 16, 32, 64}));
    return type;
  };
  if (name == "ids" || name == "lower")
    return shared(idType, flatIds);
  if (name == "lo" || name == "hi")
    return shared(endType, flatEnds);
  if (name == "docs")
    return perToken(flatIds, integer({8, 16, 32, 64}));
  if (name == "pos")
    return perToken(flatPositions, integer({8, 16, 32, 64}));
  if (name == "valid")
    return perToken(flatValid, integer({1, 8}));
  if (name == "t" || name == "longs")
    return RankedTensorType::get({kDynamic}, integer({32, 64}));
  if (name == "dense")
    return RankedTensorType::get(
        SmallVector<int64_t>(random.between(2, 4), kDynamic), integer({1, 8}));
  return Type();
}

} // namespace

void mlir::mask::test::drawTypes(RandomSource &random, func::FuncOp function,
                                 const Form &form) {
  Builder builder(function.getContext());
  TypeDrawer types(random, form);
  for (auto [i, name] : llvm::enumerate(form.arguments)) {
    BlockArgument argument = function.getArgument(i + kDataArguments);
    Type type = types.draw(name, builder);
    if (!type)
      continue;
    if (auto memref = dyn_cast<MemRefType>(argument.getType()))
      type = MemRefType::get(cast<ShapedType>(type).getShape(),
                             cast<ShapedType>(type).getElementType());
    argument.setType(type);
  }
  function.setFunctionType(
      builder.getFunctionType(function.getBody().getArgumentTypes(), {}));
  // What stands for them in the region.
  function.walk([](AttentionOp op) {
    if (op.isClosed())
      for (auto [argument, capture] :
           llvm::zip_equal(op.getPredicate().getArguments(), op.getCaptures()))
        argument.setType(capture.getType());
  });
}

static int64_t drawLength(RandomSource &random, int64_t tile) {
  if (random.oneIn(6))
    return random.between(41, 110);
  int64_t lengths[] = {0,
                       1,
                       tile - 1,
                       tile,
                       tile + 1,
                       2 * tile,
                       3 * tile + 2,
                       random.between(0, 40),
                       random.between(0, 40),
                       random.between(0, 40),
                       random.between(0, 40)};
  return random.pick(lengths);
}

std::array<int64_t, 4> mlir::mask::test::drawOrigin(RandomSource &random,
                                                    const Form &form) {
  // Far out only if no offset is: positions have a range.
  int64_t base = form.base == 0 && random.oneIn(6)
                     ? clampTo(random.pickExtreme(), kMaxPosition / 2)
                     : 0;
  return {random.between(0, 1), random.between(0, 2),
          base + random.between(-9, 8), base + random.between(-9, 8)};
}

Sizes mlir::mask::test::drawSizes(RandomSource &random, const Form &form) {
  Sizes sizes;
  constexpr std::pair<int64_t, int64_t> kHeadCounts[] = {
      {1, 1}, {2, 1}, {2, 2}, {3, 1}, {4, 2}, {4, 4}, {8, 2}, {6, 1}};
  sizes.batch = random.oneIn(16) ? 0 : random.between(1, 3);
  do
    std::tie(sizes.heads, sizes.keyHeads) = random.pick(kHeadCounts);
  while (sizes.heads / sizes.keyHeads % form.schedule.heads != 0);
  sizes.queries = drawLength(random, form.schedule.queryTile);
  sizes.keys = drawLength(random, form.schedule.keyTile);
  if (random.oneIn(3))
    sizes.keys = sizes.queries;
  if (form.page)
    sizes.keys = llvm::alignTo(sizes.keys, form.page);
  sizes.dim = random.between(1, 10);
  sizes.valueDim = random.between(1, 20);
  auto fix = [](int64_t &size, int64_t fixed) {
    if (!ShapedType::isDynamic(fixed))
      size = fixed;
  };
  const Sizes &told = form.sizes;
  fix(sizes.batch, told.batch);
  fix(sizes.heads, told.heads);
  fix(sizes.keyHeads, told.keyHeads);
  fix(sizes.queries, told.queries);
  fix(sizes.keys, told.keys);
  fix(sizes.dim, told.dim);
  fix(sizes.valueDim, told.valueDim);
  sizes.origin =
      form.hasArgument("ob") ? drawOrigin(random, form) : form.sizes.origin;
  return sizes;
}
