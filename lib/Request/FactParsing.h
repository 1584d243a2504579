//===- FactParsing.h - values of a request ----------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_REQUEST_FACTPARSING_H
#define MASK_LIB_REQUEST_FACTPARSING_H

#include "Mask/Request/Facts.h"

#include "llvm/Support/JSON.h"

namespace mlir::mask::facts {

/// A batch row of a fact, flat.
using Row = std::vector<int64_t>;

/// Where a value stands, for errors: the key, then the batch row.
struct Place {
  const FactInfo &fact;
  std::optional<size_t> row = std::nullopt;

  llvm::Error error(const llvm::Twine &message) const {
    std::string where = ("'" + fact.name + "'").str();
    if (row)
      where += " of batch row " + std::to_string(*row);
    return llvm::createStringError(where + ": " + message);
  }
};

/// An integer in the range of the fact.
llvm::Expected<int64_t> parseNumber(const llvm::json::Value &value,
                                    const Place &place);

/// A row of run-length `[[value, count], ...]`, of at most `most` elements.
llvm::Error parseRuns(const llvm::json::Array &runs, const Place &place,
                      int64_t most, Row &row);

/// A row of at most `most` plain elements.
llvm::Error parseList(const llvm::json::Array &list, const Place &place,
                      int64_t most, Row &row);

/// A row of item ranges: within `length` tokens, neither reversed nor
/// overlapping.
llvm::Error parseRanges(const llvm::json::Array &ranges, const Place &place,
                        int64_t length, Row &row);

} // namespace mlir::mask::facts

#endif // MASK_LIB_REQUEST_FACTPARSING_H
