//===- AttentionKernel.h - attention compiled for a policy -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_ATTENTIONKERNEL_H
#define MASK_EXECUTION_ATTENTIONKERNEL_H

#include "Mask/Analysis/Interpreter.h"
#include "Mask/Execution/AttentionForm.h"
#include "Mask/Execution/DeviceModule.h"
#include "Mask/Execution/EmulatedModule.h"
#include "Mask/Request/PolicyLibrary.h"

namespace mlir::mask {

/// One attention on real arrays in f32 (converted for code of other element
/// types), row-major: query `[B, H, Sq, D]`, key
/// `[B, G, Skv, D]`, value `[B, G, Skv, Dv]`, output `[B, H, Sq, Dv]`,
/// log-sum-exp `[B, H, Sq]`. Where there is a table of pages, key and value are
/// its pool, and the last page of a batch row may go on beyond its last key.
struct AttentionArrays {
  int64_t batch = 0, heads = 0, keyHeads = 0, queries = 0, keys = 0, dim = 0,
          valueDim = 0;
  const float *query = nullptr, *key = nullptr, *value = nullptr;
  float *output = nullptr, *logSumExp = nullptr;
  float scale = 1;
  std::optional<PageTable> pages = {};

  /// The shape of key or value, of rows of `columns`.
  SmallVector<int64_t, 4> getKeyShape(int64_t columns) const;
  /// The rows of key and value together.
  int64_t countKeyRows() const;
};

/// The same arrays in the elements that compiled code reads and writes.
class KernelArrays {
public:
  /// Query, key and value are converted, unless they are f32 in both.
  KernelArrays(const AttentionArrays &arrays, DataType type);
  KernelArrays(const KernelArrays &) = delete;
  /// Converts the output.
  void storeOutput() const;

private:
  friend class AttentionKernel;
  AttentionArrays arrays;
  DataType type;
  std::vector<char> converted[4];
  /// Query, key, value and output.
  const void *elements[4] = {};
};

/// Facts and offsets of one request, laid out as compiled code reads them.
class KernelFacts {
public:
  KernelFacts() = default;
  KernelFacts(KernelFacts &&) = default;

private:
  friend class AttentionKernel;
  /// Bytes of the arrays; their addresses are in the descriptors.
  std::vector<std::vector<char>> arrays;
  std::vector<MemRefDescriptor> descriptors;
  /// One per parameter: a descriptor's position, or a number.
  struct Parameter {
    bool isArray;
    int64_t value;
  };
  std::vector<Parameter> parameters;
};

/// Compiled attention of one layer type of a policy. Unless it is compiled for
/// some sizes alone, all are dynamic: one kernel serves every length, batch and
/// head count.
class AttentionKernel {
public:
  /// Compiles for the facts that `request` has; their values do not matter. The
  /// keys that exist are those of the request, wherever pages end.
  /// `policy` is copied, and so are soft cap and score region of `form`, if it
  /// is not null. With `sizes` the code is for these sizes alone, and for the
  /// offsets, parameters and extents of facts of `request`: all of them are
  /// constants in it. Errors are emitted.
  static FailureOr<std::unique_ptr<AttentionKernel>>
  compile(PolicyOp policy, StringRef layerType,
          std::optional<PackingRule> packing, const Request &request,
          const JitOptions &options, AttentionOp form = {},
          const AttentionArrays *sizes = nullptr);

  /// What the code depends on of a request: which of the facts that the policy
  /// reads it has, and which offsets are per batch row. Where it is compiled
  /// for `sizes`, these, and all numbers and extents.
  static std::string getSignature(PolicyOp policy, const Request &request,
                                  const AttentionArrays *sizes = nullptr);

  /// Lays the facts of a request out. It must have the kernel's signature.
  FailureOr<KernelFacts> bind(const Request &request) const;

  /// Writes the output and, unless it is null, the log-sum-exp. `facts` are
  /// those of `bind`, for the same extents. Fails with what an emulated kernel
  /// did wrong, and with errors of a device.
  llvm::Error run(const AttentionArrays &arrays, KernelFacts &facts) const;
  /// The same for arrays of the kernel's elements, whose output stays one.
  llvm::Error run(const KernelArrays &arrays, KernelFacts &facts) const;

  /// The element type of the arrays.
  DataType getDataType() const { return dataType; }

  /// Whether nothing was compiled: see `JitOptions::cacheDirectory`.
  bool isFromCache() const { return module && module->isFromCache(); }

  /// That of the policy.
  Location getLoc() const { return loc; }

private:
  explicit AttentionKernel(Location loc) : loc(loc) {}
  LogicalResult compile(ModuleOp source, StringRef name,
                        const JitOptions &options);
  LogicalResult compileForDevice(ModuleOp source, StringRef name,
                                 const JitOptions &options);
  llvm::Error call(ArrayRef<void *> arguments,
                   const KernelArrays &arrays) const;
  /// Fails also where the kernels write an element of a result twice in one
  /// launch, or never.
  llvm::Error emulate(ArrayRef<void *> arguments,
                      const KernelArrays &arrays) const;
  LogicalResult bindParameter(KernelFacts &facts, const Request &request,
                              StringRef name, Type type) const;

  Location loc;
  /// Arguments after the arrays and the scale.
  SmallVector<std::pair<std::string, Type>> parameters;
  DataType dataType = DataType::F32;
  /// Either code for this machine, or kernels and how they are emulated, or
  /// kernels on a device.
  std::unique_ptr<JitModule> module;
  JitModule::Function function = nullptr;
  std::unique_ptr<EmulatedModule> kernels;
  EmulationOptions emulation;
  std::unique_ptr<DeviceModule> onDevice;
};

/// Kernels, compiled on first use.
class KernelCache {
public:
  /// `isStatic`: each kernel is for the sizes that it is asked for, alone.
  explicit KernelCache(JitOptions options, bool isStatic = false)
      : options(std::move(options)), isStatic(isStatic) {}
  /// The kernel for the signature of `request`; errors are emitted.
  FailureOr<AttentionKernel *> get(PolicyOp policy, StringRef layerType,
                                   std::optional<PackingRule> packing,
                                   const Request &request,
                                   const AttentionArrays &sizes);
  const JitOptions &getOptions() const { return options; }
  /// How many there are, and how many of them were not compiled but taken from
  /// the disk.
  size_t size() const { return kernels.size(); }
  size_t countFromCache() const;

private:
  JitOptions options;
  bool isStatic;
  std::map<std::string, std::unique_ptr<AttentionKernel>> kernels;
};

} // namespace mlir::mask

#endif // MASK_EXECUTION_ATTENTIONKERNEL_H
