//===- Fiber.cpp - a stack to switch to -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fiber.h"

#include "llvm/Support/ErrorHandling.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace mlir::mask::simt;

// Room for the fragments of a kernel that was not optimized. Pages that are not
// touched cost nothing.
static constexpr size_t kStackSize = size_t(512) << 10;

#if MASK_FIBER_BY_HAND
// Saves what the calling convention says is the callee's, on the stack, and the
// stack pointer to *rdi; restores another's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" void mask_simt_switch(void **from, void *to);
asm(R"(
  .text
  .p2align 4
  .globl mask_simt_switch
  .hidden mask_simt_switch
  .type mask_simt_switch, @function
mask_simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size mask_simt_switch, .-mask_simt_switch
)");
#endif

void Context::switchTo(Context &next) {
#if MASK_FIBER_BY_HAND
  mask_simt_switch(&stackPointer, next.stackPointer);
#else
  swapcontext(&context, &next.context);
#endif
}

Fiber::Fiber() {
  size_t page = sysconf(_SC_PAGESIZE);
  size = kStackSize + page;
  void *mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    llvm::report_fatal_error("cannot map a stack for an emulated thread");
  memory = static_cast<char *>(mapped);
  mprotect(memory, page, PROT_NONE);
}

Fiber::~Fiber() { munmap(memory, size); }

void Fiber::reset(void (*function)()) {
#if MASK_FIBER_BY_HAND
  // What `mask_simt_switch` takes off: six registers and where to go; above it
  // the return address that a function expects, on a stack aligned to 16.
  auto *top = reinterpret_cast<void **>(memory + size);
  *--top = nullptr;
  *--top = reinterpret_cast<void *>(function);
  for (int saved = 0; saved < 6; ++saved)
    *--top = nullptr;
  stackPointer = top;
#else
  getcontext(&context);
  context.uc_stack.ss_sp = memory;
  context.uc_stack.ss_size = size;
  context.uc_link = nullptr;
  makecontext(&context, function, 0);
#endif
}
