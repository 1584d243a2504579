//===- PythonWriter.h - predicates as Python statements ---------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TARGET_BLOCKMASK_PYTHONWRITER_H
#define MASK_LIB_TARGET_BLOCKMASK_PYTHONWRITER_H

#include "Mask/Target/BlockMask/BlockMask.h"

namespace mlir::mask::python {

using Array = std::shared_ptr<const IntegerArray>;
using Expression = FailureOr<std::string>;

/// The Python expressions of a query and a key, and what they range over.
struct Coordinates {
  std::string query, key;
  /// Whether they are the element's own, so that facts which cover the mask
  /// need no guard.
  bool isOwn;
};

/// Writes one statement per sub-predicate.
class PythonWriter {
public:
  PythonWriter(const MaskView &view, FactEvaluator &facts,
               const ValueNames &names)
      : view(view), facts(facts), names(names) {}

  FailureOr<PythonMask> write(Value predicate);

private:
  friend class RegionWriter;

  /// The name of the variable that holds the predicate at `at`.
  Expression visit(Value predicate, const Coordinates &at);
  Expression writeOp(Operation *op, const Coordinates &at);
  Expression writeConnective(Operation *op, StringRef symbol, StringRef none,
                             const Coordinates &at);
  /// By the op's formula.
  Expression writeFormula(PredicateOpInterface op, const Coordinates &at);
  Expression writeWindow(WindowOp op, const Coordinates &at);
  Expression writeIds(Value queryIds, Value keyIds, bool negativeIsNone,
                      const Coordinates &at);
  Expression writeChunk(ChunkOp op, const Coordinates &at);
  Expression writePadding(KeyPaddingOp op, const Coordinates &at);
  Expression writeInterval(IntervalOp op, const Coordinates &at);
  Expression writeRowRange(RowRangeOp op, const Coordinates &at);
  Expression writeDense(DenseOp op, const Coordinates &at);
  Expression writeGeneric(GenericOp op, const Coordinates &at);
  Expression writeShift(ShiftOp op, const Coordinates &at);
  Expression writeMoved(Value input, Value queryPositions, Value keyPositions,
                        const Coordinates &at);
  Expression writePacked(PackedOp op, const Coordinates &at);
  Expression writeMembers(StringRef coordinate, ArrayRef<int64_t> members);
  Expression writeAffine(Location loc, AffineExpr expr, StringRef query,
                         ArrayRef<std::string> symbols);

  /// A number, or an element of per-row data; empty where not given.
  Expression writeParameter(Parameter parameter, Location loc);
  /// The variable of an array; empty where the fact is absent.
  Expression addArray(Value data, StringRef hint);
  /// Whether all queries (or keys) lie in `[0, extent)`.
  bool isInside(bool isQuery, int64_t extent, const Coordinates &at) const;
  /// An element of `data` at the last index `index`. `guards` gets a condition
  /// where the index may lie outside: no fact is read there (law 1).
  Expression load(Value data, StringRef index, bool isQuery,
                  const Coordinates &at, SmallVectorImpl<std::string> &guards);
  /// A new variable for `expression`.
  std::string assign(StringRef hint, StringRef expression);
  static std::string guarded(ArrayRef<std::string> guards,
                             const std::string &expression);

  const MaskView &view;
  FactEvaluator &facts;
  const ValueNames &names;
  std::string body;
  std::map<std::string, Array> arrays;
  DenseMap<Value, std::string> arrayNames;
  std::map<std::string, unsigned> used;
  std::map<std::tuple<void *, std::string, std::string>, std::string> done;
};

} // namespace mlir::mask::python

#endif // MASK_LIB_TARGET_BLOCKMASK_PYTHONWRITER_H
