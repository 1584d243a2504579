//===- InterpreterAttention.cpp - attention in float64 -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/Interpreter.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::mask;

/// The offset of a batch row or head; one element serves all, none means 0.
static int64_t offsetOf(ArrayRef<int64_t> offsets, ParameterAxis axis,
                        int64_t b, int64_t h) {
  if (offsets.empty())
    return 0;
  if (offsets.size() == 1)
    return offsets.front();
  return offsets[axis == ParameterAxis::Batch ? b : h];
}

std::optional<int64_t> PageTable::lookup(int64_t b, int64_t key) const {
  int64_t page = table[b * columns + key / size];
  return page >= 0 && page < count ? std::optional<int64_t>(page)
                                   : std::nullopt;
}

/// Which row of all rows of the pool, or of the arrays, a key of a head is.
static std::optional<int64_t> findRow(const AttentionData &data, int64_t b,
                                      int64_t keyHead, int64_t key) {
  if (!data.pages)
    return (b * data.keyHeads + keyHead) * data.keys + key;
  std::optional<int64_t> page = data.pages->lookup(b, key);
  if (!page)
    return std::nullopt;
  int64_t size = data.pages->size;
  return (*page * data.keyHeads + keyHead) * size + key % size;
}

static constexpr double kMinusInfinity =
    -std::numeric_limits<double>::infinity();

namespace {
/// One row of scores and the weights made of them.
struct Row {
  /// Where the visible keys lie, counted in rows of `key`, and their scores.
  std::vector<int64_t> keys;
  std::vector<double> scores;
  double logSumExp = kMinusInfinity;

  void clear() {
    keys.clear();
    scores.clear();
    logSumExp = kMinusInfinity;
  }
};
} // namespace

static LogicalResult scoreRow(const AttentionData &data,
                              const PredicateFunction &visible, double scale,
                              int64_t b, int64_t h, int64_t row, Row &result,
                              function_ref<InFlightDiagnostic()> emitError) {
  int64_t group = h / (data.heads / data.keyHeads);
  auto [originB, originH, originQ, originK] = data.origin;
  int64_t absoluteB = b + originB, absoluteH = h + originH;
  int64_t q =
      row + originQ +
      offsetOf(data.queryOffset, data.queryOffsetAxis, absoluteB, absoluteH);
  int64_t firstKey = originK + offsetOf(data.keyOffset, data.keyOffsetAxis,
                                        absoluteB, absoluteH);
  const double *query =
      &data.query[((b * data.heads + h) * data.queries + row) * data.dim];
  result.clear();
  for (int64_t j = 0; j < data.keys; ++j) {
    int64_t k = j + firstKey;
    if (!visible(absoluteB, absoluteH, q, k))
      continue;
    std::optional<int64_t> at = findRow(data, b, group, j);
    if (!at) {
      const PageTable &pages = *data.pages;
      int64_t column = j / pages.size;
      return emitError() << "key_pages[" << b << ", " << column << "] is "
                         << pages.table[b * pages.columns + column]
                         << ", but key " << j << " is visible and the pool has "
                         << pages.count << " pages";
    }
    const double *key = &data.key[*at * data.dim];
    double s = 0;
    for (int64_t d = 0; d < data.dim; ++d)
      s += query[d] * key[d];
    s *= scale;
    result.keys.push_back(*at);
    result.scores.push_back(
        data.score ? data.score(s, absoluteB, absoluteH, q, k) : s);
  }
  return success();
}

/// Turns the scores into weights. A sink joins the denominator only, and
/// nothing where there is no visible key (law 3).
static void normalize(Row &row, std::optional<double> sink) {
  double maximum = kMinusInfinity;
  for (double s : row.scores)
    maximum = s > maximum || std::isnan(s) ? s : maximum;
  if (maximum == kMinusInfinity) {
    row.clear();
    return;
  }
  if (sink)
    maximum = std::max(maximum, *sink);
  double sum = sink ? std::exp(*sink - maximum) : 0;
  for (double &s : row.scores)
    sum += s = std::exp(s - maximum);
  for (double &s : row.scores)
    s /= sum;
  row.logSumExp = maximum + std::log(sum);
}

LogicalResult mlir::mask::interpretAttention(
    const AttentionData &data, const PredicateFunction &visible,
    MutableArrayRef<double> output, MutableArrayRef<double> logSumExp,
    function_ref<InFlightDiagnostic()> emitError) {
  double scale = data.scale.value_or(1 / std::sqrt(double(data.dim)));
  llvm::fill(output, 0.0);
  Row row;
  for (int64_t b = 0; b < data.batch; ++b)
    for (int64_t h = 0; h < data.heads; ++h)
      for (int64_t i = 0; i < data.queries; ++i) {
        if (failed(scoreRow(data, visible, scale, b, h, i, row, emitError)))
          return failure();
        normalize(row, data.sinks.empty()
                           ? std::nullopt
                           : std::optional<double>(data.sinks[h]));
        int64_t index = (b * data.heads + h) * data.queries + i;
        if (!logSumExp.empty())
          logSumExp[index] = row.logSumExp;
        for (auto [weight, key] : llvm::zip_equal(row.scores, row.keys)) {
          const double *value = data.value.data() + key * data.valueDim;
          for (int64_t d = 0; d < data.valueDim; ++d)
            output[index * data.valueDim + d] += weight * value[d];
        }
      }
  return success();
}
