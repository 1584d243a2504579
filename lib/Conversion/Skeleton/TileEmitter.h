//===- TileEmitter.h - the code of one tile, for one target -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_CONVERSION_SKELETON_TILEEMITTER_H
#define MASK_LIB_CONVERSION_SKELETON_TILEEMITTER_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::mask {

/// Which part of the arrays one iteration of the outer loops works on. The rows
/// of a tile are a box of heads, which share their keys, and queries: row r is
/// head `head + r mod heads` and query `row + r floordiv heads`.
struct QueryTile {
  /// Indices into the arrays; `head` and `row` are the first head and query.
  Value batch, head, keyHead, row;
  /// The number of heads, and that of queries that exist, at most the
  /// schedule's.
  int64_t heads = 1;
  Value rows;
  /// Absolute coordinates: of the first head, of the first and last query, and
  /// of row 0 of the keys.
  Value absoluteBatch, absoluteHead, firstQuery, lastQuery, firstKey;
  /// The key that the first visited tile begins with, if there is one, as an
  /// index into the array; null where no tile is visited.
  Value firstVisited = {};
};

/// Where rows end, on one side: the handle of `mapRows` on indices into the
/// array of keys, which is null if they do not end, and whether that hides
/// something of the tile at hand, an `i1`. Keys beyond the end of a row will be
/// hidden, whatever their scores are.
struct RowEnds {
  Value rows, hides;
};

/// One tile of keys: indices into the array of keys, which of the visited tiles
/// it is, and the first keys of rows, and those after the last. In a slice of
/// the tile, `first` and `size` are the slice's.
struct KeyTile {
  Value first, size, ordinal;
  /// How many keys of the tile precede the slice; null where there are none.
  Value offset = {};
  RowEnds lower = {}, upper = {};
  /// Whether it is not of the core, for its lower end or its upper; an `i1`, or
  /// null of slices that are loaded.
  Value lowerFails = {}, upperFails = {};
};

/// The tile that is to be loaded next, if `exists`, an `i1`, holds.
struct NextTile {
  Value exists;
  KeyTile tile;
};

/// Which of `count` parts of the visited tiles of keys are walked.
struct KeyPart {
  Value index, count;
};

/// Which elements a vector of scores holds: `over` maps the indices of an
/// element, and `symbols`, to its head, its query, both counted from the tile's
/// first, and its key, an index into the array of keys.
struct ScoreLayout {
  AffineMap over;
  SmallVector<Value> symbols;
};

/// Emits what one target does with a tile of queries: the steps of softmax
/// attention between which the skeleton puts masks. An emitter knows the
/// layout of its data and nothing of predicates; the skeleton knows predicates
/// and no layout. The state of the softmax lives in scratch memory, or in
/// values that the loop over key tiles carries.
class TileEmitter {
public:
  /// Rewrites a vector of scores.
  using ScoreFunction =
      function_ref<FailureOr<Value>(Value scores, const ScoreLayout &layout)>;
  /// Computes an i32 for the row of a head and a query, absolute both.
  using RowFunction = function_ref<FailureOr<Value>(Value head, Value query)>;
  /// Emits the code at one position of a grid.
  using PositionFunction = function_ref<LogicalResult(ValueRange position)>;

  virtual ~TileEmitter() = default;

  /// Emits `body` once, to run at every position of a grid: along each
  /// dimension from zero, by `steps`, below `extents`. All that work together
  /// on a tile (the threads of a workgroup) run it; positions are independent.
  /// Everything below is called in such a body.
  virtual LogicalResult forEachTile(ValueRange extents, ArrayRef<int64_t> steps,
                                    PositionFunction body) = 0;
  /// The same for work so small that one thread does it alone.
  virtual LogicalResult forEachPoint(ValueRange extents,
                                     ArrayRef<int64_t> steps,
                                     PositionFunction body) = 0;
  /// Emits `body` so that it runs once per tile, not once per thread.
  virtual void once(function_ref<void()> body) = 0;

  /// The part of the keys that the position of `forEachTile` is for; none if it
  /// is for all of them.
  virtual std::optional<KeyPart> getKeyPart() const { return std::nullopt; }

  /// How many visited tiles ahead of its use a tile is loaded; zero if it is
  /// read where it lies.
  virtual int64_t getTilesAhead() const { return 0; }
  /// Emits what starts to load a tile, before the loop: the first ones.
  virtual void fetch(const KeyTile &tile) {}
  /// Emits what makes a tile whose loading was started ready for use, and
  /// starts to load the tile that is `getTilesAhead()` further, `next`.
  virtual void receive(const KeyTile &tile, const NextTile &next) {}

  /// Whether one copy of the steps is for all tiles of keys, masked or not,
  /// whole or not.
  virtual bool mergesTiles() const { return false; }

  /// Emits what comes before the loop. Returns the carried values, if any.
  virtual SmallVector<Value> begin(const QueryTile &tile) = 0;
  /// Whether all tiles of keys are worked on as those outside of the core are,
  /// an `i1` that is asked for after `begin`; null where they are not.
  virtual Value leavesCore() { return Value(); }

  /// Evaluates `function` once for every row that is held (rows that do not
  /// exist repeat the last one), and keeps the results. The handle is for
  /// `getRows`.
  virtual FailureOr<Value> mapRows(RowFunction function) = 0;
  /// What was kept for the rows of a vector of scores: one i32 per element of
  /// the dimensions on which rows depend.
  virtual Value getRows(Value handle, const ScoreLayout &layout) = 0;

  /// How many slices a tile of keys is cut into. The steps below, up to
  /// `update`, are emitted for one slice, in a loop over all: so fewer scores
  /// are kept at a time. A slice may lie behind the last key: its size, then,
  /// is not positive.
  virtual int64_t getSlices() const { return 1; }
  /// Emits the scores of a tile of keys. Returns them, unless they are in
  /// scratch memory.
  virtual SmallVector<Value> scores(const KeyTile &tile) = 0;
  /// Whether vectors of scores hold keys of a tile that do not exist. The
  /// skeleton hides them.
  virtual bool hasMissingKeys() const { return false; }
  /// Applies `function` to all scores of the tile.
  virtual LogicalResult mapScores(const KeyTile &tile,
                                  SmallVectorImpl<Value> &scores,
                                  ScoreFunction function) = 0;

  /// Emits a step of the online softmax and adds the weighted values of the
  /// tile to the output. A hidden score is minus infinity and weighs zero.
  /// `hidden`, an `i1`, says whether the tile may hold such a score; null if it
  /// cannot. Zero times a value that is not finite is NaN: values of keys that
  /// a row does not see must not reach it. `visible` turns a vector of ones to
  /// zeros where they are hidden. `state` holds the carried values.
  virtual LogicalResult update(const KeyTile &tile, ArrayRef<Value> scores,
                               Value hidden, ScoreFunction visible,
                               SmallVectorImpl<Value> &state) = 0;

  /// Emits what comes after the loop: the output and the log-sum-exp. A sink
  /// joins here.
  virtual void finish(ValueRange state) = 0;
};

} // namespace mlir::mask

#endif // MASK_LIB_CONVERSION_SKELETON_TILEEMITTER_H
