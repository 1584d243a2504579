//===- GuardedCall.h - one call of a compiled attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_TOOLS_GUARDEDCALL_H
#define MASK_TEST_UNIT_TOOLS_GUARDEDCALL_H

#include "AttentionForms.h"
#include "GuardedArray.h"

#include "Mask/Analysis/Interpreter.h"
#include "Mask/Execution/Jit.h"

#include <deque>
#include <functional>

namespace mlir::mask::test {

using HostFloats = std::shared_ptr<FloatArray>;

/// Runs a compiled function on pointers to its arguments.
using CompiledFunction = std::function<llvm::Error(ArrayRef<void *>)>;

/// One function, compiled, on one set of arguments. All arrays lie next to
/// pages that must not be touched.
class GuardedCall {
public:
  /// `arguments` are those after the data.
  GuardedCall(func::FuncOp function, CompiledFunction code,
              ArrayRef<HostValue> arguments, RandomSource &random);

  /// Interprets, runs, and checks what was written where. Keys and values are
  /// laid out in pages, if the attention reads them so.
  bool run(const HostFloats &query, const HostFloats &key,
           const HostFloats &value);

  /// The arguments after the data and the outputs, one a line.
  std::string describe() const;

  InterpretedAttention expected;
  /// Of each element of the output `sum_k p_k |v_k|`, what it is made of.
  std::vector<double> magnitudes;
  std::vector<double> output, logSumExp;

private:
  AttentionOp getAttention();
  HostFloats layInPages(const HostFloats &rows);
  FailureOr<InterpretedAttention> interpret();
  bool computeExpected(const HostFloats &value);
  std::vector<double> readFloats(unsigned argument);
  void layOut();
  GuardedArray &add(const std::vector<char> &bytes, ArrayRef<int64_t> shape,
                    ArrayRef<int64_t> strides = {});
  /// Where elements lie, if the argument's type leaves that open: heads inside
  /// of rows, and perhaps gaps between elements. Else nothing.
  SmallVector<int64_t> drawStrides(unsigned argument, ArrayRef<int64_t> shape);

  func::FuncOp function;
  CompiledFunction code;
  std::vector<HostValue> arguments;
  RandomSource &random;
  /// The place of the output and the log-sum-exp.
  const GuardedArray *outputs[2];
  SmallVector<int64_t> outputStrides;
  std::deque<GuardedArray> memory;
  std::deque<MemRefDescriptor> descriptors;
  std::deque<void *> pointers;
  std::deque<std::vector<char>> numbers;
  SmallVector<void *> packed;
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_TOOLS_GUARDEDCALL_H
