//===- IdSlots.h - small numbers in place of ids -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ids are arbitrary integers. What is known of an id lives in an array, at the
// slot of the id.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_IDSLOTS_H
#define MASK_LIB_TRANSFORMS_IDSLOTS_H

#include "LowerFacts.h"

namespace mlir::mask {

/// Emits the numbering of the ids of one row of tokens, or of two rows at once:
/// equal ids have equal slots, other ids other slots. The cost is linear in the
/// number of tokens, whatever the ids. Slot 0 is nobody's.
class IdSlots {
public:
  /// Some tokens, the first `size` of a row.
  struct Tokens {
    TokenRow ids;
    Value size;
  };
  /// One may ask for the slots of this many tokens more than there are; they
  /// are 0 at the end of the last row.
  static constexpr int64_t kSlotsAhead = 32;

  IdSlots(ImplicitLocOpBuilder &builder, ArrayRef<Tokens> given);

  /// The number of slots, an index.
  Value getNumSlots() const { return numSlots; }
  /// The slot, an index, of token `i` of `rows[row]`.
  Value get(unsigned row, Value i) const;

private:
  void emitDistances() const;
  void emitRanks(Value tokens) const;
  Value emitRanksOfRuns(Value tokens) const;
  Value getPosition(unsigned row, Value i) const;

  ImplicitLocOpBuilder &builder;
  SmallVector<Tokens> rows;
  /// The least id, and the greatest less the least (unsigned).
  Value least, range;
  /// The slots of the tokens of all rows, a memref.
  Value slots;
  Value numSlots;
};

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_IDSLOTS_H
