//===- OutputWatch.cpp - who writes the elements of outputs -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Emulation/OutputWatch.h"

#include "Kernel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir::mask;

void OutputWatch::add(std::string name, const void *address,
                      llvm::ArrayRef<int64_t> extents, int64_t elementBytes) {
  int64_t elements = 1;
  for (int64_t extent : extents)
    elements *= extent;
  arrays.push_back({std::move(name), static_cast<const char *>(address),
                    llvm::SmallVector<int64_t, 4>(extents), elementBytes,
                    std::vector<Writer>(elements)});
}

uint32_t OutputWatch::beginLaunch(llvm::StringRef kernel,
                                  llvm::StringRef sites) {
  launches.push_back({kernel.str(), sites});
  return launches.size();
}

std::optional<OutputWatch::Rewrite>
OutputWatch::note(const void *address, int64_t bytes, const Writer &writer) {
  const char *begin = static_cast<const char *>(address), *end = begin + bytes;
  std::optional<Rewrite> rewrite;
  std::lock_guard<std::mutex> lock(mutex);
  for (auto [i, array] : llvm::enumerate(arrays)) {
    int64_t size = array.writers.size() * array.elementBytes;
    if (end <= array.address || begin >= array.address + size)
      continue;
    int64_t first = std::max<int64_t>(begin - array.address, 0),
            last = std::min<int64_t>(end - array.address, size) - 1;
    for (int64_t element = first / array.elementBytes;
         element <= last / array.elementBytes; ++element) {
      Writer &known = array.writers[element];
      if (known.launch != writer.launch)
        known = writer;
      else if (!rewrite)
        rewrite = Rewrite{i, element, known};
    }
  }
  return rewrite;
}

std::string OutputWatch::describe(size_t array, int64_t element) const {
  const Array &a = arrays[array];
  llvm::SmallVector<int64_t, 4> position(a.extents.size());
  for (size_t dim = a.extents.size(); dim-- > 0;) {
    position[dim] = element % a.extents[dim];
    element /= a.extents[dim];
  }
  return llvm::formatv("element ({0:$[, ]}) of the {1}",
                       llvm::make_range(position.begin(), position.end()),
                       a.name);
}

llvm::Error OutputWatch::finish() const {
  auto isUnwritten = [](const Writer &writer) { return writer.launch == 0; };
  for (auto [i, array] : llvm::enumerate(arrays)) {
    auto missing = llvm::find_if(array.writers, isUnwritten);
    if (missing == array.writers.end())
      continue;
    auto other = llvm::find_if_not(array.writers, isUnwritten);
    std::string others;
    if (other == array.writers.end()) {
      others = "none of its elements has been";
    } else {
      const Launch &launch = launches[other->launch - 1];
      others = llvm::formatv("{0} of its {1} elements have been, the first of "
                             "them at {2} of kernel '{3}'",
                             llvm::count_if(array.writers,
                                            [&](const Writer &writer) {
                                              return !isUnwritten(writer);
                                            }),
                             array.writers.size(),
                             simt::getSite(launch.sites, other->site),
                             launch.kernel);
    }
    return llvm::createStringError(
        describe(i, missing - array.writers.begin()) +
        " has not been written by any launch; " + others);
  }
  return llvm::Error::success();
}
