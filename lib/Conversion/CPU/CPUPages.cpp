//===- CPUPages.cpp - keys and values that lie in pages -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../Emit/EmitCheck.h"
#include "CPUEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::mask;

void CPUEmitter::takePlaces(int64_t keys) {
  if (op.isPaged())
    places = workspace->take({b.getIndexAttr(keys), b.getIndexAttr(2)},
                             b.getI64Type());
}

void CPUEmitter::findPages(const KeyTile &keys) {
  if (!places)
    return;
  int64_t room = cast<MemRefType>(places.getType()).getDimSize(0);
  findPages(keys, index(0), keys.size, /*areRead=*/true);
  if (room > keyTile) {
    Value left = b.createOrFold<arith::SubIOp>(emitNumKeys(b, op), keys.first);
    findPages(keys, keys.size,
              b.createOrFold<arith::MinSIOp>(left, index(room)),
              /*areRead=*/false);
  }
  key.pages = value.pages = PagedRows{keys.first, places};
}

/// The keys of a tile from `from` to `to`, counted from its first. What is read
/// has to be in the pool; what may not be read can be anywhere.
void CPUEmitter::findPages(const KeyTile &keys, Value from, Value to,
                           bool areRead) {
  Value numPages = key.getSize(b, 0);
  Value size = index(*op.getPageSize());
  auto store = [&](Value number, Value i, int64_t part) {
    memref::StoreOp::create(
        b, b.createOrFold<arith::IndexCastOp>(b.getI64Type(), number), places,
        ValueRange{i, index(part)});
  };
  forLoop(from, to, 1, [&](Value i) {
    Value at = add(keys.first, i);
    Value entry = memref::LoadOp::create(
        b, op.getKeyPages(),
        ValueRange{tile.batch, b.createOrFold<arith::DivUIOp>(at, size)});
    Value page = arith::IndexCastOp::create(b, b.getIndexType(), entry);
    // One comparison for both ends.
    Value exists =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, page, numPages);
    if (areRead)
      emitCheck(b, op, exists, "reads a page that is not in the pool");
    else
      page = arith::SelectOp::create(b, exists, page, index(0));
    store(page, i, 0);
    store(b.createOrFold<arith::RemUIOp>(at, size), i, 1);
  });
}
