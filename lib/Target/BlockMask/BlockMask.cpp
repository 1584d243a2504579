//===- BlockMask.cpp - FlexAttention block masks -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Target/BlockMask/BlockMask.h"

#include "Mask/Support/Npy.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

/// 1 GiB of lists.
static constexpr int64_t kMostTiles = int64_t(1) << 27;

/// Appends the columns for which `test` holds, then the others; returns how
/// many hold.
template <typename Test>
static int32_t appendOrdered(int64_t columns, Test test,
                             std::vector<int32_t> &indices) {
  int32_t count = 0;
  for (int64_t column = 0; column < columns; ++column)
    if (test(column)) {
      indices.push_back(column);
      ++count;
    }
  for (int64_t column = 0; column < columns; ++column)
    if (!test(column))
      indices.push_back(column);
  return count;
}

BlockLists mlir::mask::makeBlockLists(const MaskView &view, TileShape shape) {
  BlockLists lists;
  lists.batch = view.batch;
  lists.heads = view.heads;
  for (const MaskPlane &plane : view.planes) {
    TileMap map = classifyTiles(plane, view.queries, view.keys, shape,
                                /*raggedIsEdge=*/true);
    lists.rows = map.rows;
    lists.columns = map.columns;
    std::vector<TileKind> kinds(map.columns);
    for (const std::vector<TileRun> &runs : map.runs) {
      for (TileRun run : runs)
        std::fill(kinds.begin() + run.begin, kinds.begin() + run.end, run.kind);
      auto is = [&](TileKind kind) {
        return [&, kind](int64_t column) { return kinds[column] == kind; };
      };
      lists.partialCounts.push_back(
          appendOrdered(map.columns, is(TileKind::Edge), lists.partialIndices));
      lists.fullCounts.push_back(
          appendOrdered(map.columns, is(TileKind::Core), lists.fullIndices));
    }
  }
  return lists;
}

static std::string makeNpy(ArrayRef<int32_t> values, ArrayRef<int64_t> shape) {
  NpyArray array = NpyArray::zeros(NpyType::Int32, shape);
  llvm::copy(values, array.getMutableData<int32_t>().begin());
  return serializeNpy(array);
}

static std::string makeNpy(const IntegerArray &values) {
  NpyArray array = NpyArray::zeros(NpyType::Int64, values.shape);
  llvm::copy(values.values, array.getMutableData<int64_t>().begin());
  return serializeNpy(array);
}

/// `load.py`: a torch BlockMask from the files beside it.
static std::string makeLoader(const MaskView &view, const PythonMask &mask,
                              TileShape shape) {
  std::string text = R"(# Loads this directory as a torch BlockMask:
#   from load import load; block_mask = load(device="cuda")
import os

import numpy
import torch
from torch.nn.attention.flex_attention import BlockMask

import mask_mod as mask

HERE = os.path.dirname(os.path.abspath(__file__))


def load(device="cpu"):
    def read(name):
        array = numpy.load(os.path.join(HERE, name + ".npy"))
        return torch.from_numpy(array).to(device)

    for name in mask.FACTS:
        setattr(mask, name, read(name))
    return BlockMask.from_kv_blocks(
        read("kv_num_blocks"),
        read("kv_indices"),
        read("full_kv_num_blocks"),
        read("full_kv_indices"),
)";
  text += "        BLOCK_SIZE=(" + std::to_string(shape.query) + ", " +
          std::to_string(shape.key) + "),\n" +
          "        mask_mod=mask.mask_mod,\n        seq_lengths=(" +
          std::to_string(view.queries) + ", " + std::to_string(view.keys) +
          "),\n    )\n";
  return text;
}

FailureOr<BlockMaskFiles> mlir::mask::makeBlockMask(const MaskView &view,
                                                    Value predicate,
                                                    FactEvaluator &facts,
                                                    const ValueNames &names,
                                                    TileShape shape) {
  // Lists have full width, so they grow with the tiles that there are.
  int64_t rows = llvm::divideCeil(view.queries, shape.query);
  int64_t columns = llvm::divideCeil(view.keys, shape.key);
  int64_t planes = view.planes.size();
  if (rows * planes > kMostTiles / std::max<int64_t>(columns, 1))
    return emitError(predicate.getLoc())
           << "the lists of " << planes << " x " << rows << " x " << columns
           << " tiles are too large: at most " << kMostTiles
           << " are supported; take larger tiles";
  FailureOr<PythonMask> python = makePythonMask(view, predicate, facts, names);
  if (failed(python))
    return failure();
  BlockLists lists = makeBlockLists(view, shape);
  int64_t counts[] = {lists.batch, lists.heads, lists.rows};
  int64_t indices[] = {lists.batch, lists.heads, lists.rows, lists.columns};
  BlockMaskFiles files;
  files["kv_num_blocks.npy"] = makeNpy(lists.partialCounts, counts);
  files["kv_indices.npy"] = makeNpy(lists.partialIndices, indices);
  files["full_kv_num_blocks.npy"] = makeNpy(lists.fullCounts, counts);
  files["full_kv_indices.npy"] = makeNpy(lists.fullIndices, indices);
  for (const auto &[name, array] : python->arrays)
    files[name + ".npy"] = makeNpy(*array);
  files["mask_mod.py"] = python->source;
  files["load.py"] = makeLoader(view, *python, shape);
  return files;
}
