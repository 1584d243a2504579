//===- ScalarRegion.h - scalar code as functions on host data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_ANALYSIS_SCALARREGION_H
#define MASK_LIB_ANALYSIS_SCALARREGION_H

#include "Mask/Analysis/HostValue.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/bit.h"

#include <functional>

namespace mlir::mask {

/// A number of scalar code: an integer in host form (flags 0 and 1, the rest
/// signed), or the bits of a float64.
using ScalarBits = int64_t;
inline ScalarBits toBits(double number) {
  return llvm::bit_cast<ScalarBits>(number);
}
inline double toFloat(ScalarBits bits) { return llvm::bit_cast<double>(bits); }

/// The numbers of one evaluation, by slot.
struct ScalarFrame {
  ScalarBits *values;
  /// Falls when a value does not exist: an element outside of its array, a
  /// quotient by zero. Such a value is zero.
  bool defined = true;

  ScalarBits undefined() {
    defined = false;
    return 0;
  }
  double getFloat(unsigned slot) const { return toFloat(values[slot]); }
  void setFloat(unsigned slot, double number) { values[slot] = toBits(number); }
};

using ScalarStep = std::function<void(ScalarFrame &)>;

/// The body of a `mask.generic`, or a score region, as a function. Integers
/// wrap at their width; floats of every width are computed in float64.
class ScalarRegion {
public:
  struct Result {
    ScalarBits value;
    bool defined;
  };

  /// The last arguments of `region`, which belongs to `op`, have the values
  /// `captures`; the ones before get a value at each call. Errors are emitted
  /// at the op that cannot be interpreted.
  static FailureOr<ScalarRegion> compile(Operation *op, Region &region,
                                         ArrayRef<HostValue> captures);
  Result operator()(ArrayRef<ScalarBits> arguments) const;

private:
  friend class ScalarCompiler;
  std::vector<ScalarBits> initial;
  std::vector<ScalarStep> steps;
  unsigned result = 0;
};

} // namespace mlir::mask

#endif // MASK_LIB_ANALYSIS_SCALARREGION_H
