//===- LoopInterpreter.h - runs scf loops on integers -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_CONVERSION_LOOPINTERPRETER_H
#define MASK_TEST_UNIT_CONVERSION_LOOPINTERPRETER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Support/LLVM.h"

#include "llvm/ADT/DenseMap.h"

#include <array>
#include <deque>
#include <functional>
#include <vector>

namespace mlir::mask::test {

/// A function of one block, of index arithmetic, `scf` loops and branches, and
/// calls, prepared to be run many times without a compiler.
class LoopInterpreter {
public:
  /// What a call of `callee` returns; ignored if it returns nothing.
  using Call = std::function<int64_t(StringRef callee, ArrayRef<int64_t>)>;
  /// What all loads read: rows of four.
  using Memory = std::vector<std::array<int64_t, 4>>;

  LoopInterpreter(func::FuncOp function, Call call, const Memory &memory);
  LoopInterpreter(const LoopInterpreter &) = delete;
  LoopInterpreter &operator=(const LoopInterpreter &) = delete;

  /// The results. Arguments that are memrefs stand for the memory.
  std::vector<int64_t> run(ArrayRef<int64_t> arguments);

private:
  /// Where the value of a value lies.
  using Slot = int64_t *;
  using Slots = std::vector<Slot>;
  using Step = std::function<void()>;
  struct Code {
    std::vector<Step> steps;
    Slots arguments, yielded;
    void run() const {
      for (const Step &step : steps)
        step();
    }
  };

  Slot getSlot(Value value);
  Slots getSlots(ValueRange values);
  Code prepare(Block &block);
  Step prepare(Operation &op);
  Step prepareLoop(Operation &op);
  Step prepareCall(func::CallOp op);
  static void copy(const Slots &from, const Slots &to);

  Call call;
  const Memory &memory;
  std::deque<int64_t> storage;
  llvm::DenseMap<Value, Slot> slots;
  Code body;
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_CONVERSION_LOOPINTERPRETER_H
