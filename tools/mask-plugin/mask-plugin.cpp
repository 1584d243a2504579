//===- mask-plugin.cpp - the dialect and passes for a stock mlir-opt -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One shared object serves both options:
//   mlir-opt --load-dialect-plugin=MaskPlugin.so
//   --load-pass-plugin=MaskPlugin.so
//
//===----------------------------------------------------------------------===//

#include "Mask/InitAll.h"

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Compiler.h"

using namespace mlir;

/// Either option makes the passes known, in whatever order they come; a
/// pipeline must not be registered twice.
static void registerPassesOnce() {
  static const bool registered = [] {
    mask::registerAllPasses();
    return true;
  }();
  (void)registered;
}

extern "C" LLVM_ATTRIBUTE_WEAK DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Mask", LLVM_VERSION_STRING,
          [](DialectRegistry *registry) {
            mask::registerAllDialects(*registry);
            registerPassesOnce();
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Mask", LLVM_VERSION_STRING,
          [] { registerPassesOnce(); }};
}
