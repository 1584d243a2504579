//===- ExpandPacked.cpp - the three orders of packed rows -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Absence.h"
#include "Mask/IR/Packing.h"

using namespace mlir;
using namespace mlir::mask;

static bool isGiven(Value fact) { return fact && !isAbsent(fact); }

void mlir::mask::expandPacked(RewriterBase &rewriter, PackedOp packed) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(packed);
  Location loc = packed.getLoc();
  Value core = packed.getCore(), overlay = packed.getOverlay();
  Value sequences = packed.getSequenceIds(), positions = packed.getPositions();
  auto both = [&](Value a, Value b) -> Value {
    return AndOp::create(rewriter, loc, ValueRange{a, b});
  };
  auto either = [&](Value a, Value b) -> Value {
    return OrOp::create(rewriter, loc, ValueRange{a, b});
  };
  if (!isGiven(sequences))
    return rewriter.replaceOp(packed, either(core, overlay));

  Value same = DocumentOp::create(rewriter, loc, sequences, /*key_ids=*/Value(),
                                  /*table=*/Value());
  bool asksPositions = packed.getRule() == PackingRule::V5_23 ||
                       packed.getRule() == PackingRule::V5_24;
  if (asksPositions && isGiven(positions))
    core = AtPositionsOp::create(rewriter, loc, core, positions, positions,
                                 /*table=*/Value(), /*range=*/Value());
  Value joined = packed.getRule() == PackingRule::V5_24
                     ? both(either(core, overlay), same)
                     : either(both(core, same), overlay);
  rewriter.replaceOp(packed, joined);
}
