//===- Fiber.h - a stack to switch to -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_EMULATION_FIBER_H
#define MASK_LIB_EMULATION_FIBER_H

#include <cstddef>

// The switch by hand is four times as fast as `ucontext`, which is there where
// nobody wrote one.
#if defined(__x86_64__) && defined(__ELF__)
#define MASK_FIBER_BY_HAND 1
#else
#define MASK_FIBER_BY_HAND 0
#include <ucontext.h>
#endif

namespace mlir::mask::simt {

/// Code that was left and can be returned to: a fibre, or what a thread of this
/// machine ran before it switched to one.
class Context {
public:
  /// Leaves this one, which runs, for `next`. Returns when somebody switches
  /// back.
  void switchTo(Context &next);

protected:
#if MASK_FIBER_BY_HAND
  void *stackPointer = nullptr;
#else
  ucontext_t context;
#endif
};

/// A context with a stack of its own. It may be left for good at any time;
/// nothing on its stack is destroyed.
class Fiber : public Context {
public:
  Fiber();
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;
  ~Fiber();

  /// Makes the next switch to this fibre call `function`, which must not
  /// return.
  void reset(void (*function)());

  /// Whether the bytes lie on its stack.
  bool owns(const void *address, size_t bytes) const {
    const auto *begin = static_cast<const char *>(address);
    return begin >= memory && begin + bytes <= memory + size;
  }

private:
  /// An inaccessible page, then the stack.
  char *memory;
  size_t size;
};

} // namespace mlir::mask::simt

#endif // MASK_LIB_EMULATION_FIBER_H
