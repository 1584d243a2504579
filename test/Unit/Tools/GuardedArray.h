//===- GuardedArray.h - memory that notices its neighbours -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_TOOLS_GUARDEDARRAY_H
#define MASK_TEST_UNIT_TOOLS_GUARDEDARRAY_H

#include "llvm/Support/ErrorHandling.h"

#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace mlir::mask::test {

/// Bytes that begin, or end, where an inaccessible page does: code that reads
/// or writes one element too far on that side ends there. The rest of the pages
/// on the other side holds ones: NaN, -1, true.
class GuardedArray {
public:
  GuardedArray(const void *bytes, size_t size, bool atEnd) : size(size) {
    size_t page = sysconf(_SC_PAGESIZE);
    capacity = (size + page - 1) / page * page;
    mapped = capacity + 2 * page;
    void *memory =
        mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      llvm::report_fatal_error("cannot map guarded memory");
    base = static_cast<char *>(memory);
    inside = base + page;
    if (capacity && mprotect(inside, capacity, PROT_READ | PROT_WRITE) != 0)
      llvm::report_fatal_error("cannot open guarded memory");
    start = atEnd ? inside + capacity - size : inside;
    memset(inside, kRest, capacity);
    if (size)
      memcpy(start, bytes, size);
  }
  GuardedArray(const GuardedArray &) = delete;
  GuardedArray &operator=(const GuardedArray &) = delete;
  ~GuardedArray() { munmap(base, mapped); }

  template <typename Element = char>
  Element *data() const {
    return reinterpret_cast<Element *>(start);
  }
  /// Nothing may change inputs.
  void makeReadOnly() { mprotect(inside, capacity, PROT_READ); }
  /// Whether what lies beside the array is untouched.
  bool isIntact() const {
    auto rests = [](const char *first, const char *last) {
      for (; first != last; ++first)
        if (*first != kRest)
          return false;
      return true;
    };
    return rests(inside, start) && rests(start + size, inside + capacity);
  }

private:
  static constexpr char kRest = -1;
  char *base, *inside, *start;
  size_t size, capacity, mapped;
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_TOOLS_GUARDEDARRAY_H
