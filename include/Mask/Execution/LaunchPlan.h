//===- LaunchPlan.h - the launches of one call -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_LAUNCHPLAN_H
#define MASK_EXECUTION_LAUNCHPLAN_H

#include "Mask/IR/MaskAttrs.h"

#include "llvm/Support/Error.h"

#include <string>

namespace mlir::mask {

/// What a call hands over for one argument of a recorded function.
struct CallArgument {
  /// The extents of an array.
  SmallVector<int64_t, 4> extents;
  /// A number; of a floating-point number the bits.
  int64_t number = 0;
};

/// A record of launches (`#mask.launch_record`) with the numbers of one call.
struct LaunchPlan {
  /// An array that the call allocates.
  struct Workspace {
    MemRefType type;
    SmallVector<int64_t, 4> extents;
    int64_t bytes;
  };
  /// What a step is given: an argument of the function or a workspace, by its
  /// position, or a number.
  struct Operand {
    enum class Kind { Argument, Workspace, Number };
    Kind kind;
    int64_t value;
    /// As the `gpu.func` or the function of the host takes it.
    Type type;
  };
  /// The launch of a kernel or, where `isLaunch` is false, a call of a function
  /// of the host, which has no workgroups.
  struct Step {
    bool isLaunch;
    /// Without the module of the kernels.
    std::string name;
    int64_t blocks = 0, threads = 0, sharedBytes = 0;
    SmallVector<Operand> operands;
  };
  SmallVector<Workspace> workspaces;
  SmallVector<Step> steps;

  /// Computes the numbers for a call with `arguments`. Fails with the message
  /// of the first check that does, and where a size is negative or more than
  /// there can be. Where an array must start is left to the caller, who knows
  /// its address (`alignments` of the record). Launches without workgroups are
  /// left out.
  static llvm::Expected<LaunchPlan> create(LaunchRecordAttr record,
                                           ArrayRef<CallArgument> arguments);
};

/// The bytes of `extents` elements of `type`; an index has 8. Fails where they
/// are negative or more than 2^63 - 1.
llvm::Expected<int64_t> getArrayBytes(Type type, ArrayRef<int64_t> extents);

} // namespace mlir::mask

#endif // MASK_EXECUTION_LAUNCHPLAN_H
