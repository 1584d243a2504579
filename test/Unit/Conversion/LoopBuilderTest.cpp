//===- LoopBuilderTest.cpp - blocks of rows -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops that `forBlocks` emits, of every size of blocks that registers have
// room for, run over every range up to a few blocks.
//
//===----------------------------------------------------------------------===//

#include "LoopInterpreter.h"

#include "../../../lib/Conversion/CPU/LoopBuilder.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

struct Rows {
  int64_t size, first;
};

/// Calls `rows(size, first)` for each block of a range, in blocks of one size.
class BlockLoops {
public:
  explicit BlockLoops(int64_t size) {
    context.loadDialect<affine::AffineDialect, arith::ArithDialect,
                        func::FuncDialect, scf::SCFDialect>();
    ImplicitLocOpBuilder b(UnknownLoc::get(&context), &context);
    module = ModuleOp::create(b.getLoc());
    b.setInsertionPointToStart(module->getBody());
    Type index = b.getIndexType();
    auto callee = func::FuncOp::create(
        b, "rows", b.getFunctionType({index, index}, TypeRange()));
    callee.setPrivate();
    function = func::FuncOp::create(
        b, "run", b.getFunctionType({index, index}, TypeRange()));
    Block *entry = function.addEntryBlock();
    b.setInsertionPointToStart(entry);
    LoopBuilder loops(b);
    loops.forBlocks(entry->getArgument(0), entry->getArgument(1), size,
                    [&](int64_t block, Value row) {
                      func::CallOp::create(b, callee,
                                           ValueRange{loops.index(block), row});
                    });
    func::ReturnOp::create(b);
    if (failed(verify(*module)))
      return;
    code.emplace(
        function,
        [this](StringRef, ArrayRef<int64_t> block) {
          blocks.push_back({block[0], block[1]});
          return 0;
        },
        memory);
  }

  bool isValid() const { return code.has_value(); }

  ArrayRef<Rows> run(int64_t lower, int64_t upper) {
    blocks.clear();
    code->run({lower, upper});
    return blocks;
  }

private:
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  test::LoopInterpreter::Memory memory;
  std::vector<Rows> blocks;
  std::optional<test::LoopInterpreter> code;
};

/// The sizes of blocks that `count` rows need: as many whole ones as leave a
/// rest that the smaller ones divide, and no more blocks of one than have to
/// be.
std::vector<int64_t> getExpectedSizes(int64_t count, int64_t size) {
  int64_t part = size % 3 == 0 ? size / 3 * 2 : size / 2;
  std::vector<int64_t> best;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (int64_t whole = count / size; whole >= 0; --whole) {
    int64_t rest = count - whole * size, parts = part > 1 ? rest / part : 0,
            ones = rest - parts * part;
    // More than two smaller blocks in place of whole ones gain nothing.
    if (ones >= least || parts > 2)
      continue;
    least = ones;
    best.assign(whole, size);
    best.insert(best.end(), parts, part);
    best.insert(best.end(), ones, 1);
  }
  return best;
}

TEST(LoopBuilderTest, BlocksCoverEveryRowOnceWithTheFewestSingleRows) {
  for (int64_t size : {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 18, 24, 64}) {
    BlockLoops loops(size);
    ASSERT_TRUE(loops.isValid());
    for (int64_t lower : {0, 1, 5, 64})
      for (int64_t count = -2; count <= 5 * size + 1; ++count) {
        ArrayRef<Rows> blocks = loops.run(lower, lower + count);
        std::vector<int64_t> sizes;
        int64_t next = lower;
        for (Rows block : blocks) {
          ASSERT_EQ(block.first, next) << size << ", " << count;
          next += block.size;
          sizes.push_back(block.size);
        }
        ASSERT_EQ(next, lower + std::max<int64_t>(count, 0)) << size;
        ASSERT_EQ(sizes, getExpectedSizes(std::max<int64_t>(count, 0), size))
            << "blocks of " << size << ", " << count << " rows from " << lower;
      }
  }
}

} // namespace
