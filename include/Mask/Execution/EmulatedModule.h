//===- EmulatedModule.h - GPU kernels compiled to be emulated -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_EMULATEDMODULE_H
#define MASK_EXECUTION_EMULATEDMODULE_H

#include "Mask/Emulation/Emulation.h"
#include "Mask/Execution/Jit.h"

#include <array>

namespace mlir::mask {

/// One launch of a kernel.
struct KernelLaunch {
  /// "module::kernel".
  std::string kernel;
  /// Blocks of the grid and threads of a block, in x, y and z.
  std::array<int64_t, 3> grid = {1, 1, 1}, block = {1, 1, 1};
  /// Bytes of `gpu.dynamic_shared_memory`.
  int64_t dynamicBytes = 0;
  /// One pointer per argument, as for `JitModule::Function`: to a number, or to
  /// a pointer to a memref descriptor.
  SmallVector<void *> arguments;
};

/// A module with kernels in `gpu.module`s, and with functions that may launch
/// them by `gpu.launch_func`, compiled to run on this machine. There are
/// neither masks nor tensors in it.
class EmulatedModule {
public:
  /// Lowers `module` (by `convert-gpu-to-simt-emulation` and upstream's passes,
  /// in place) and compiles it; LLVM does not optimize it. Without
  /// `checkAccesses` neither indices nor races are checked. Errors are emitted.
  static FailureOr<std::unique_ptr<EmulatedModule>>
  compile(ModuleOp module, llvm::StringRef name, const JitOptions &options,
          bool checkAccesses = true);

  /// Launches a kernel. Fails with what a launch or a thread did wrong; the
  /// memory that it wrote to is then not what the kernel makes of it.
  llvm::Error launch(const KernelLaunch &launch,
                     const EmulationOptions &options);
  /// Calls a function that has `llvm.emit_c_interface`. Fails with the first
  /// launch that does.
  llvm::Error call(llvm::StringRef function, llvm::ArrayRef<void *> arguments,
                   const EmulationOptions &options);

private:
  explicit EmulatedModule(std::unique_ptr<JitModule> module)
      : module(std::move(module)) {}
  std::unique_ptr<JitModule> module;
};

} // namespace mlir::mask

#endif // MASK_EXECUTION_EMULATEDMODULE_H
