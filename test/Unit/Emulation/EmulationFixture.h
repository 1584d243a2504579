//===- EmulationFixture.h - kernels compiled and launched -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_EMULATION_EMULATIONFIXTURE_H
#define MASK_TEST_UNIT_EMULATION_EMULATIONFIXTURE_H

#include "Mask/Execution/EmulatedModule.h"
#include "Mask/InitAll.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/SourceMgr.h"

#include "gtest/gtest.h"

#include <deque>

namespace mlir::mask::test {

/// `Base` is a test, with parameters or without.
template <typename Base>
class EmulationFixture : public Base {
protected:
  EmulationFixture() {
    DialectRegistry registry;
    registerJitDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    static bool registered =
        (mlir::registerAllPasses(), mask::registerAllPasses(), true);
    (void)registered;
  }

  /// Compiles a module that diagnostics call "kernel.mlir". Loops over
  /// fragments are unrolled, those over tiles lowered.
  std::unique_ptr<EmulatedModule> compile(StringRef source,
                                          bool checkAccesses = true) {
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(source, "kernel.mlir");
    llvm::SourceMgr manager;
    manager.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
    OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(manager, &context);
    if (!module) {
      ADD_FAILURE() << "cannot parse";
      return nullptr;
    }
    PassManager pm(&context);
    if (failed(parsePassPipeline(
            "gpu.module(gpu.func(affine-loop-unroll{unroll-factor=-1 "
            "unroll-full-threshold=8},convert-mask-to-scf))",
            pm)) ||
        failed(pm.run(*module))) {
      ADD_FAILURE() << "cannot lower";
      return nullptr;
    }
    auto compiled =
        EmulatedModule::compile(*module, "test", JitOptions(), checkAccesses);
    if (failed(compiled)) {
      ADD_FAILURE() << "cannot compile";
      return nullptr;
    }
    return std::move(*compiled);
  }

  /// The message of a failed launch, or nothing.
  static std::string messageOf(llvm::Error error) {
    return error ? llvm::toString(std::move(error)) : "";
  }

  /// Every schedule that a test should hold under.
  static std::vector<EmulationOptions> getSchedules() {
    std::vector<EmulationOptions> all;
    for (WarpOrder order : {WarpOrder::Forward, WarpOrder::Reversed,
                            WarpOrder::Random, WarpOrder::Skewed})
      for (CopyTime copies :
           {CopyTime::Late, CopyTime::Early, CopyTime::Random}) {
        EmulationOptions options;
        options.order = order;
        options.copies = copies;
        options.seed = all.size();
        all.push_back(options);
      }
    return all;
  }

  static std::string print(const EmulationOptions &options) {
    return llvm::formatv("order {0}, copies {1}, seed {2}", int(options.order),
                         int(options.copies), options.seed);
  }

  MLIRContext context;
};

using EmulationTest = EmulationFixture<testing::Test>;

/// Fails unless some part of the message, over lines, matches.
inline void expectMatch(StringRef message, StringRef regex) {
  EXPECT_TRUE(llvm::Regex(regex).match(message))
      << message.str() << "\ndoes not match " << regex.str();
}

/// Arguments of one call.
class Arguments {
public:
  template <typename Element>
  Arguments &add(const std::vector<Element> &data, ArrayRef<int64_t> shape) {
    return add(data.data(), shape);
  }
  template <typename Element>
  Arguments &add(const Element *data, ArrayRef<int64_t> shape) {
    descriptors.emplace_back(data, shape);
    memrefs.push_back(descriptors.back().get());
    pointers.push_back(&memrefs.back());
    return *this;
  }
  Arguments &add(int64_t number) {
    numbers.push_back(number);
    pointers.push_back(&numbers.back());
    return *this;
  }
  Arguments &add(float number) {
    floats.push_back(number);
    pointers.push_back(&floats.back());
    return *this;
  }
  ArrayRef<void *> get() const { return pointers; }

private:
  // Addresses must not change.
  std::deque<mask::MemRefDescriptor> descriptors;
  std::deque<void *> memrefs;
  std::deque<int64_t> numbers;
  std::deque<float> floats;
  SmallVector<void *> pointers;
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_EMULATION_EMULATIONFIXTURE_H
