//===- InterpreterLeaves.cpp - leaves as functions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PredicateCompiler.h"
#include "ScalarRegion.h"

#include "Mask/IR/IntervalMap.h"

#include "mlir/IR/AffineMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

FailureOr<PredicateFunction> PredicateCompiler::compileOp(FullOp) {
  return constantly(true);
}

FailureOr<PredicateFunction> PredicateCompiler::compileOp(EmptyOp) {
  return constantly(false);
}

FailureOr<PredicateFunction> PredicateCompiler::compileOp(CausalOp) {
  return PredicateFunction(
      [](int64_t, int64_t, int64_t q, int64_t k) { return k <= q; });
}

/// An absent bound is unbounded.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(WindowOp op) {
  FailureOr<HostParameter> left = parameter(op, op.getLeftParameter());
  FailureOr<HostParameter> right = parameter(op, op.getRightParameter());
  if (failed(left) || failed(right))
    return failure();
  return PredicateFunction([left = *left, right = *right](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    if (left.given) {
      std::optional<int64_t> bound = left.at(b, h);
      if (!bound || k < q - *bound)
        return false;
    }
    if (right.given) {
      std::optional<int64_t> bound = right.at(b, h);
      if (!bound || k > q + *bound)
        return false;
    }
    return true;
  });
}

/// `block`: negative ids see nothing, and absent ids are no blocks. Otherwise
/// absent ids are one document.
FailureOr<PredicateFunction> PredicateCompiler::compileIds(Operation *op,
                                                           Value queryIds,
                                                           Value keyIds,
                                                           bool block) {
  FailureOr<Elements> queries = elements(queryIds), keys = elements(keyIds);
  if (failed(queries) || failed(keys))
    return failure();
  if (!queries->array || !keys->array)
    return constantly(!block);
  return PredicateFunction([queries = *queries, keys = *keys,
                            block](int64_t b, int64_t, int64_t q, int64_t k) {
    const int64_t *ofQuery = queries.at(b, q), *ofKey = keys.at(b, k);
    return ofQuery && ofKey && *ofQuery == *ofKey && (!block || *ofQuery >= 0);
  });
}

/// An absent size is one chunk, an absent offset zero.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(ChunkOp op) {
  FailureOr<HostParameter> size = parameter(op, op.getSizeParameter());
  FailureOr<HostParameter> offset = parameter(op, op.getOffsetParameter());
  if (failed(size) || failed(offset))
    return failure();
  if (!size->given)
    return constantly(true);
  return PredicateFunction([size = *size, offset = *offset](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    std::optional<int64_t> c = size.at(b, h), o = offset.at(b, h);
    return c && o &&
           llvm::divideFloorSigned(q - *o, *c) ==
               llvm::divideFloorSigned(k - *o, *c);
  });
}

/// A query or a key below a length.
FailureOr<PredicateFunction>
PredicateCompiler::compileLength(PredicateOpInterface op) {
  PredicateParameter entry = op.getParameters().front();
  FailureOr<HostParameter> length = parameter(op, entry.parameter);
  if (failed(length))
    return failure();
  if (!length->given)
    return constantly(*entry.neutral);
  return PredicateFunction([length = *length, ofQuery = op.readsQuery()](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    std::optional<int64_t> end = length.at(b, h);
    return end && (ofQuery ? q : k) < *end;
  });
}

FailureOr<PredicateFunction> PredicateCompiler::compileOp(KeyPaddingOp op) {
  FailureOr<Elements> valid = elements(op.getValid());
  if (failed(valid))
    return failure();
  if (!valid->array)
    return constantly(true);
  return PredicateFunction(
      [valid = *valid](int64_t b, int64_t, int64_t, int64_t k) {
        const int64_t *flag = valid.at(b, k);
        return flag && *flag;
      });
}

/// An absent stride hides nothing.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(DilatedOp op) {
  FailureOr<HostParameter> stride = parameter(op, op.getStrideParameter());
  if (failed(stride))
    return failure();
  if (!stride->given)
    return constantly(true);
  return PredicateFunction(
      [stride = *stride](int64_t b, int64_t h, int64_t q, int64_t k) {
        std::optional<int64_t> s = stride.at(b, h);
        return s && (q - k) % *s == 0;
      });
}

namespace {
/// A bound of `mask.interval` over the query.
using AffineFunction = std::function<int64_t(int64_t q)>;
} // namespace

static bool isDivision(AffineExprKind kind) {
  return kind == AffineExprKind::FloorDiv || kind == AffineExprKind::CeilDiv ||
         kind == AffineExprKind::Mod;
}

static AffineFunction combine(AffineExpr expr, const AffineFunction &a,
                              const AffineFunction &b) {
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return [=](int64_t q) { return a(q) + b(q); };
  case AffineExprKind::Mul:
    if (isSaturatingProduct(expr))
      return [=](int64_t q) { return saturatingProduct(a(q), b(q)); };
    return [=](int64_t q) { return a(q) * b(q); };
  case AffineExprKind::FloorDiv:
    return [=](int64_t q) { return llvm::divideFloorSigned(a(q), b(q)); };
  case AffineExprKind::CeilDiv:
    return [=](int64_t q) { return llvm::divideCeilSigned(a(q), b(q)); };
  case AffineExprKind::Mod:
    return [=](int64_t q) { return llvm::mod(a(q), b(q)); };
  default:
    llvm_unreachable("not a binary affine expression");
  }
}

static FailureOr<AffineFunction> compileAffine(IntervalOp op, AffineExpr expr,
                                               ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return AffineFunction(
        [value = constant.getValue()](int64_t) { return value; });
  if (isa<AffineDimExpr>(expr))
    return AffineFunction([](int64_t q) { return q; });
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return AffineFunction(
        [value = symbols[symbol.getPosition()]](int64_t) { return value; });
  auto binary = cast<AffineBinaryOpExpr>(expr);
  FailureOr<AffineFunction> a = compileAffine(op, binary.getLHS(), symbols);
  FailureOr<AffineFunction> b = compileAffine(op, binary.getRHS(), symbols);
  if (failed(a) || failed(b))
    return failure();
  // Divisors do not depend on the query.
  if (isDivision(expr.getKind()) && (*b)(0) < 1)
    return op.emitOpError() << "divisors must be at least 1, got " << (*b)(0);
  return combine(expr, *a, *b);
}

/// A bound that is not given, or depends on an absent symbol, is unbounded (a
/// null function).
FailureOr<PredicateFunction> PredicateCompiler::compileOp(IntervalOp op) {
  SmallVector<int64_t> symbols;
  SmallVector<bool> absent;
  for (Value symbol : op.getSymbols()) {
    FailureOr<HostValue> value = facts.evaluate(symbol);
    if (failed(value))
      return failure();
    auto *number = std::get_if<int64_t>(&*value);
    absent.push_back(!number);
    symbols.push_back(number ? clampParameter(*number) : 0);
  }
  auto bound = [&](std::optional<AffineMap> map) -> FailureOr<AffineFunction> {
    if (!map)
      return AffineFunction();
    for (unsigned i = 0; i < symbols.size(); ++i)
      if (absent[i] && map->isFunctionOfSymbol(i))
        return AffineFunction();
    return compileAffine(op, map->getResult(0), symbols);
  };
  FailureOr<AffineFunction> lower = bound(op.getLower());
  FailureOr<AffineFunction> upper = bound(op.getUpper());
  if (failed(lower) || failed(upper))
    return failure();
  return PredicateFunction(
      [lower = *lower, upper = *upper](int64_t, int64_t, int64_t q, int64_t k) {
        return (!lower || lower(q) <= k) && (!upper || k < upper(q));
      });
}

/// A side without a table, or with an absent one, is unbounded.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(RowRangeOp op) {
  auto side = [&](Value table) {
    return table ? elements(table) : FailureOr<Elements>(Elements());
  };
  FailureOr<Elements> lower = side(op.getLower());
  FailureOr<Elements> upper = side(op.getUpper());
  if (failed(lower) || failed(upper))
    return failure();
  return PredicateFunction([lower = *lower, upper = *upper](
                               int64_t b, int64_t, int64_t q, int64_t k) {
    if (lower.array) {
      const int64_t *first = lower.at(b, q);
      if (!first || k < clampParameter(*first))
        return false;
    }
    if (upper.array) {
      const int64_t *end = upper.at(b, q);
      if (!end || k >= clampParameter(*end))
        return false;
    }
    return true;
  });
}

FailureOr<PredicateFunction> PredicateCompiler::compileOp(DenseOp op) {
  FailureOr<Elements> mask = elements(op.getMask());
  if (failed(mask))
    return failure();
  if (!mask->array)
    return constantly(true);
  return PredicateFunction(
      [array = mask->array](int64_t b, int64_t h, int64_t q, int64_t k) {
        // The indices of the dimensions that exist, outermost first.
        int64_t rank = array->getRank();
        int64_t indices[] = {b, h, q, k};
        if (rank == 3)
          indices[1] = b;
        int64_t position = 0;
        for (int64_t dim = 0; dim < rank; ++dim) {
          int64_t index = indices[4 - rank + dim], size = array->getSize(dim);
          if (index < 0 || index >= size)
            return false;
          position = position * size + index;
        }
        return array->values[position] != 0;
      });
}

/// An element for which a value does not exist is invisible (law 1).
FailureOr<PredicateFunction> PredicateCompiler::compileOp(GenericOp op) {
  FailureOr<SmallVector<HostValue>> captures =
      facts.evaluateAll(op.getCaptures());
  if (failed(captures))
    return failure();
  FailureOr<ScalarRegion> code =
      ScalarRegion::compile(op, op.getBody(), *captures);
  if (failed(code))
    return failure();
  return PredicateFunction(
      [code = std::move(*code)](int64_t b, int64_t h, int64_t q, int64_t k) {
        ScalarRegion::Result result = code({b, h, q, k});
        return result.defined && result.value != 0;
      });
}
