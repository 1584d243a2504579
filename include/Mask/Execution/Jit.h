//===- Jit.h - code for this machine -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_JIT_H
#define MASK_EXECUTION_JIT_H

#include "Mask/Conversion/AttentionToGPU.h"
#include "Mask/Conversion/CPUSchedule.h"
#include "Mask/Emulation/Emulation.h"
#include "Mask/Execution/DataType.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
namespace orc {
class LLJIT;
} // namespace orc
} // namespace llvm

namespace mlir {
namespace mask {
class Device;
struct MaskToCPUOptions;

/// The OpenMP run-time library that compiled code can use; empty where there
/// was none when this project was configured.
llvm::StringRef getOpenMPLibrary();

/// Makes OpenMP code run on `threads` threads from now on. Loads the library.
llvm::Error setOpenMPThreads(int64_t threads);

/// Adds every dialect and translation that `JitModule` and the readers of
/// users' files need.
void registerJitDialects(DialectRegistry &registry);

/// How far kernels are lowered before they are emulated.
enum class KernelStage {
  /// To dialects that all GPUs share.
  GPU,
  /// To the NVVM dialect, as `mask-to-nvvm` does.
  NVVM
};

/// What multiplies bf16.
enum class BF16Products {
  /// What the processor has.
  Native,
  /// Code for processors that multiply pairs (AVX-512 BF16), or tiles as well
  /// (AMX), whose products are computed in f32, as they do it: for tests.
  EmulatedPairs,
  EmulatedTiles
};

/// How functions are compiled and run.
struct JitOptions {
  /// Share loops among OpenMP threads; needs `getOpenMPLibrary`.
  bool openmp = false;
  /// The processor that code is made for, by LLVM's name, or `native`: all that
  /// this machine has.
  std::string processor = "native";
  BF16Products bf16Products = BF16Products::Native;
  /// Let LLVM optimize: faster code, in twice the time. Kernels that are
  /// emulated never are. Without it no tiles are multiplied, which LLVM's
  /// quick code generation cannot do in loops.
  bool optimize = true;
  /// A directory that gets the intermediate forms as `NAME.*`, or empty.
  std::string saveTemps;
  /// A directory in which code is kept, and from which it is taken without any
  /// compilation if module, processor, options and the build of this program
  /// are the same; or empty. Not for kernels. See `FileCache`.
  std::string cacheDirectory;
  /// How attentions are cut into tiles; chosen where zero.
  CPUScheduleParts schedule;
  /// Whether few queries get code of their own, where only a call tells how
  /// many there are (see `convert-mask-to-tiles`).
  bool decode = false;
  /// Called by compiled code for every tile whose scores it computes; may be
  /// null. The arguments are those of `convert-mask-to-tiles`'s observer.
  using TileFunction = void (*)(int64_t batch, int64_t head, int64_t query,
                                int64_t key, int64_t queries, int64_t keys,
                                uint8_t masked);
  TileFunction observer = nullptr;
  /// Attention becomes kernels for GPUs, which run emulated, instead of loops.
  std::optional<EmulationOptions> emulation;
  KernelStage stage = KernelStage::GPU;
  /// Attention becomes kernels that run on this device, which has to outlive
  /// what is compiled; may be null. Not with `emulation`.
  Device *device = nullptr;
  /// Whether attention becomes kernels.
  bool makesKernels() const { return emulation || device; }
  /// What the code of such a kernel's tiles is made of.
  GPUEmitter emitter = GPUEmitter::Portable;
  /// Head dimensions of query and key, and of value, that attention is compiled
  /// for alone; any where zero.
  int64_t headDim = 0, valueDim = 0;
  /// How many keys a page has, where keys and values lie in pages; else zero.
  int64_t pageSize = 0;
  /// The elements of query, key, value and output in compiled code.
  DataType dataType = DataType::F32;
  /// Functions of this process that compiled code may call, by name.
  llvm::StringMap<void *> symbols;
  /// Adjusts the pass manager, for options such as `--mlir-print-ir-after-all`.
  std::function<LogicalResult(PassManager &)> configure;
};

/// What schedules are chosen from for the processor of `options` on this
/// machine, as far as `options` let its instructions be used. An error if the
/// name is unknown, or its code does not run here.
llvm::Expected<CPUTarget> describeProcessor(const JitOptions &options);

/// Writes one intermediate form to the file `file` of `saveTemps`, if that is
/// not empty.
llvm::Error saveTemp(const JitOptions &options, const llvm::Twine &file,
                     llvm::function_ref<void(llvm::raw_ostream &)> print);

/// Declares the function that compiled code reports its tiles to, unless it is
/// declared, and returns its name.
llvm::StringRef declareObserver(ModuleOp module);

/// Functions compiled for this machine.
class JitModule {
public:
  /// Lowers `module` (by `mask-to-cpu`, in place) and compiles it. `name` names
  /// the files of `saveTemps`. Errors are emitted.
  static FailureOr<std::unique_ptr<JitModule>>
  compile(ModuleOp module, llvm::StringRef name, const JitOptions &options);
  /// The same for a module with neither masks nor tensors, which is what
  /// pipelines for GPUs leave of hosts.
  static FailureOr<std::unique_ptr<JitModule>>
  compileLoops(ModuleOp module, llvm::StringRef name,
               const JitOptions &options);
  ~JitModule();

  /// A function with `llvm.emit_c_interface`. It takes one pointer per
  /// argument: to a number, or to a pointer to a memref descriptor.
  using Function = void (*)(void **);
  llvm::Expected<Function> lookup(llvm::StringRef name);

  /// Whether nothing was compiled: see `JitOptions::cacheDirectory`.
  bool isFromCache() const { return fromCache; }

private:
  using Pipeline = void (*)(OpPassManager &, const MaskToCPUOptions &);
  static FailureOr<std::unique_ptr<JitModule>>
  compile(ModuleOp module, llvm::StringRef name, const JitOptions &options,
          Pipeline pipeline);
  static FailureOr<std::string>
  makeObject(ModuleOp module, llvm::StringRef name, const JitOptions &options,
             llvm::TargetMachine &machine, Pipeline pipeline);
  JitModule(std::unique_ptr<llvm::orc::LLJIT> code, bool fromCache);
  std::unique_ptr<llvm::orc::LLJIT> code;
  bool fromCache;
};

/// The descriptor of a memref, as compiled code reads it: two pointers, an
/// offset, sizes and strides.
class MemRefDescriptor {
public:
  /// Data that outlive the calls they are passed to: row-major, or with
  /// `strides`, in elements.
  MemRefDescriptor(const void *data, llvm::ArrayRef<int64_t> shape,
                   llvm::ArrayRef<int64_t> strides = {});
  /// What compiled code takes a pointer to.
  void *get() { return words.data(); }

private:
  llvm::SmallVector<int64_t, 11> words;
};

} // namespace mask
} // namespace mlir

#endif // MASK_EXECUTION_JIT_H
