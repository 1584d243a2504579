//===- InterpreterTables.cpp - ids and index tables -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/IndexTables.h"
#include "Mask/IR/Mask.h"

#include "llvm/Support/raw_ostream.h"

#include <unordered_map>

using namespace mlir::mask;

namespace {
/// The rows of per-token data, whatever their rank.
struct Rows {
  explicit Rows(const IntegerArray &data)
      : values(data.values.data()), size(data.shape.back()),
        count(data.getRank() == 1 ? 1 : data.getSize(0)) {}
  const int64_t *operator[](int64_t row) const { return values + row * size; }

  const int64_t *values;
  int64_t size, count;
};
} // namespace

/// An array of the shape of `data`, whose last size is `size`, plus `extra`.
static std::shared_ptr<IntegerArray>
makeLike(const IntegerArray &data, int64_t size,
         llvm::ArrayRef<int64_t> extra = {}) {
  llvm::SmallVector<int64_t> shape(data.shape);
  shape.back() = size;
  shape.append(extra.begin(), extra.end());
  return IntegerArray::zeros(shape);
}

HostArray mlir::mask::buildIntervalTable(const IntegerArray &queryIds,
                                         const IntegerArray &keyIds,
                                         bool nonNegative) {
  struct Keys {
    int64_t first, last, count;
  };
  Rows queries(queryIds), keys(keyIds);
  auto table = makeLike(queryIds, queries.size, {4});
  int64_t *out = table->values.data();
  for (int64_t row = 0; row < queries.count; ++row) {
    std::unordered_map<int64_t, Keys> byId;
    for (int64_t k = 0; row < keys.count && k < keys.size; ++k) {
      auto [entry, isNew] = byId.try_emplace(keys[row][k], Keys{k, k, 1});
      if (isNew)
        continue;
      entry->second.last = k;
      ++entry->second.count;
    }
    for (int64_t q = 0; q < queries.size; ++q, out += 4) {
      out[0] = out[2] = kNoKey;
      out[1] = out[3] = -kNoKey;
      int64_t id = queries[row][q];
      auto found = byId.find(id);
      if (found == byId.end() || (nonNegative && id < 0))
        continue;
      Keys ofId = found->second;
      out[0] = ofId.first;
      out[1] = ofId.last + 1;
      if (ofId.count != ofId.last - ofId.first + 1)
        continue;
      out[2] = out[0];
      out[3] = out[1];
    }
  }
  return table;
}

HostArray mlir::mask::buildCountTable(const IntegerArray &valid) {
  Rows rows(valid);
  auto table = makeLike(valid, rows.size + 3);
  int64_t *out = table->values.data();
  for (int64_t row = 0; row < rows.count; ++row, out += rows.size + 3) {
    int64_t first = kNoKey, end = -kNoKey, count = 0;
    for (int64_t k = 0; k < rows.size; ++k) {
      out[k] = count;
      if (!rows[row][k])
        continue;
      ++count;
      first = std::min(first, k);
      end = k + 1;
    }
    out[rows.size] = count;
    out[rows.size + 1] = first;
    out[rows.size + 2] = end;
  }
  return table;
}

HostArray mlir::mask::buildMonotoneTable(const IntegerArray &positions) {
  Rows rows(positions);
  auto table = IntegerArray::zeros({rows.count});
  for (int64_t row = 0; row < rows.count; ++row)
    table->values[row] =
        std::is_sorted(rows[row], rows[row] + rows.size) ? 1 : 0;
  return table;
}

HostArray mlir::mask::buildRangeTable(const IntegerArray &data) {
  Rows rows(data);
  auto table = makeLike(data, rows.size, {4});
  for (int64_t row = 0; row < rows.count; ++row) {
    int64_t *out = table->values.data() + row * rows.size * 4;
    const int64_t *in = rows[row];
    for (int64_t i = rows.size - 1; i >= 0; --i) {
      bool last = i + 1 == rows.size || (i + 1) % kRangeBlock == 0;
      out[4 * i] = last ? in[i] : std::min(in[i], out[4 * (i + 1)]);
      out[4 * i + 1] = last ? in[i] : std::max(in[i], out[4 * (i + 1) + 1]);
    }
    for (int64_t i = 0; i < rows.size; ++i) {
      bool first = i % kRangeBlock == 0;
      out[4 * i + 2] = first ? in[i] : std::min(in[i], out[4 * (i - 1) + 2]);
      out[4 * i + 3] = first ? in[i] : std::max(in[i], out[4 * (i - 1) + 3]);
    }
  }
  return table;
}

HostArray mlir::mask::buildRuns(const IntegerArray &tokenTypes,
                                llvm::ArrayRef<int64_t> types) {
  Rows rows(tokenTypes);
  auto ids = makeLike(tokenTypes, rows.size);
  int64_t *out = ids->values.data();
  for (int64_t row = 0; row < rows.count; ++row) {
    int64_t run = -1;
    bool inside = false;
    for (int64_t i = 0; i < rows.size; ++i) {
      bool listed = llvm::is_contained(types, rows[row][i]);
      run += listed && !inside;
      *out++ = listed ? run : -1;
      inside = listed;
    }
  }
  return ids;
}

HostArray mlir::mask::buildItemIds(const IntegerArray &ranges, int64_t length,
                                   int64_t minLength, bool batched,
                                   std::string &error) {
  int64_t batch = ranges.getSize(0), items = ranges.getSize(1);
  auto ids = batched ? IntegerArray::zeros({batch, length})
                     : IntegerArray::zeros({length});
  std::fill(ids->values.begin(), ids->values.end(), -1);
  for (int64_t row = 0; row < batch; ++row) {
    for (int64_t item = 0; item < items; ++item) {
      const int64_t *range = &ranges.values[(row * items + item) * 2];
      if (range[1] - range[0] + 1 < minLength)
        continue;
      for (int64_t t = std::max<int64_t>(range[0], 0);
           t <= std::min(range[1], length - 1); ++t) {
        int64_t &id = ids->values[row * length + t];
        if (id >= 0) {
          llvm::raw_string_ostream(error)
              << "items " << id << " and " << item << " of batch row " << row
              << " overlap at token " << t;
          return nullptr;
        }
        id = item;
      }
    }
  }
  return ids;
}

HostArray mlir::mask::dropLongBlocks(const IntegerArray &ids, int64_t bound) {
  Rows rows(ids);
  auto kept = makeLike(ids, rows.size);
  int64_t *out = kept->values.data();
  for (int64_t row = 0; row < rows.count; ++row) {
    std::unordered_map<int64_t, int64_t> lengths;
    for (int64_t i = 0; i < rows.size; ++i)
      ++lengths[rows[row][i]];
    for (int64_t i = 0; i < rows.size; ++i)
      *out++ = lengths[rows[row][i]] > bound ? -1 : rows[row][i];
  }
  return kept;
}

HostArray mlir::mask::buildPositions(const IntegerArray &valid) {
  Rows rows(valid);
  auto positions = makeLike(valid, rows.size);
  int64_t *out = positions->values.data();
  for (int64_t row = 0; row < rows.count; ++row) {
    int64_t count = 0;
    for (int64_t i = 0; i < rows.size; ++i) {
      count += rows[row][i] != 0;
      *out++ = std::max<int64_t>(count - 1, 0);
    }
  }
  return positions;
}
