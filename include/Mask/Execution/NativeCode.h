//===- NativeCode.h - machine code of masked attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_NATIVECODE_H
#define MASK_EXECUTION_NATIVECODE_H

#include "Mask/Conversion/CPUSchedule.h"

#include "mlir/IR/BuiltinOps.h"

#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir::mask {

/// A target machine for `processor`, by LLVM's name, of this machine's
/// architecture; for everything that this processor has if it is `native`. An
/// unknown name is an error.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(llvm::StringRef processor, llvm::CodeGenOptLevel level);

/// An error that says what the code for `machine` may use and this processor
/// does not have; no error if it can run here.
llvm::Error checkHost(const llvm::TargetMachine &machine);

/// Asks the operating system to let this process use the tile registers of AMX,
/// as Linux wants of each that does. Whether it may.
bool requestTileRegisters();

/// Whether the processor multiplies bf16 in pairs, however fast.
bool hasPairProducts(const llvm::TargetMachine &machine);

/// What schedules are chosen from, for one core: what is of use in the
/// processor, whether or not a process may use it. Pairs are not, where f32 is
/// multiplied faster.
CPUTarget describeTarget(const llvm::TargetMachine &machine);

/// The processors of this machine that may be used.
int64_t countCores();

/// Leaves loop strength reduction out of all code generation of this process,
/// where LLVM has it: of attention it makes no faster code, and it takes a
/// fifth of a compilation. LLVM has a flag for it only, so that is for programs
/// that compile nothing else.
void skipLoopStrengthReduction();

/// Optimizes what `mask-to-cpu` made of attention, in place.
void optimize(llvm::Module &module, llvm::TargetMachine &machine);

/// What machine code is written as.
enum class NativeCode { Object, Assembly, LLVM };

/// `module`, which is in the LLVM dialect, as code for `machine`: the contents
/// of a file. Its LLVM IR is what `transform` makes of it, or else `optimize`.
/// Errors are emitted.
FailureOr<std::string>
emitNativeCode(ModuleOp module, llvm::TargetMachine &machine, NativeCode kind,
               llvm::function_ref<llvm::Error(llvm::Module &)> transform = {});

} // namespace mlir::mask

#endif // MASK_EXECUTION_NATIVECODE_H
