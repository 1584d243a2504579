//===- Enumerations.h - all small values of facts and parameters -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_ANALYSIS_ENUMERATIONS_H
#define MASK_TEST_UNIT_ANALYSIS_ENUMERATIONS_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <vector>

namespace mlir::mask::test {

/// Calls `visit` on every vector of `size` numbers in `[least, greatest]`;
/// stops when it returns false.
inline bool
forEachVector(unsigned size, int64_t least, int64_t greatest,
              function_ref<bool(const std::vector<int64_t> &)> visit) {
  std::vector<int64_t> values(size, least);
  while (true) {
    if (!visit(values))
      return false;
    unsigned i = 0;
    for (; i < size && values[i] == greatest; ++i)
      values[i] = least;
    if (i == size)
      return true;
    ++values[i];
  }
}

/// Calls `visit` on every vector of `size` ids up to renaming: an id that is
/// new is the least that was not used (restricted growth strings). `least` is
/// -1 where "no id" is one of the values, else 0.
inline bool forEachIds(unsigned size, int64_t least,
                       function_ref<bool(const std::vector<int64_t> &)> visit) {
  std::vector<int64_t> ids;
  auto extend = [&](auto &self, int64_t fresh) -> bool {
    if (ids.size() == size)
      return visit(ids);
    for (int64_t id = least; id <= fresh; ++id) {
      ids.push_back(id);
      bool more = self(self, std::max(fresh, id + 1));
      ids.pop_back();
      if (!more)
        return false;
    }
    return true;
  };
  return extend(extend, 0);
}

/// Whether the tokens of each id that is not negative are neighbours.
inline bool areContiguous(const std::vector<int64_t> &ids) {
  for (size_t i = 1; i < ids.size(); ++i)
    for (size_t j = 0; j + 1 < i; ++j)
      if (ids[i] >= 0 && ids[j] == ids[i] && ids[i - 1] != ids[i])
        return false;
  return true;
}

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_ANALYSIS_ENUMERATIONS_H
