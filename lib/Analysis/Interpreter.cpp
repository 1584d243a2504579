//===- Interpreter.cpp - predicates as functions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/Interpreter.h"
#include "Mask/IR/Range.h"

#include "ScalarRegion.h"

#include "Mask/IR/IntervalMap.h"

#include "mlir/IR/AffineMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

using HostArray = std::shared_ptr<const IntegerArray>;

//===----------------------------------------------------------------------===//
// Facts and parameters, ready to be read per element
//===----------------------------------------------------------------------===//

namespace {

/// Data of rank 1 to 4 whose last dimensions are read; a missing leading
/// dimension serves every batch row (and head).
struct Elements {
  HostArray array;

  /// Null outside of the extent (law 1).
  const int64_t *at(int64_t row, int64_t i) const {
    if (array->getRank() == 1)
      row = 0;
    else if (row < 0 || row >= array->getSize(0))
      return nullptr;
    int64_t size = array->shape.back();
    if (i < 0 || i >= size)
      return nullptr;
    return &array->values[row * size + i];
  }
};

/// A scalar parameter: not given, one number, or one per batch row or head.
struct HostParameter {
  bool given = false;
  int64_t number = 0;
  HostArray array;
  ParameterAxis axis = ParameterAxis::Batch;

  /// None outside of the extent (law 1).
  std::optional<int64_t> at(int64_t b, int64_t h) const {
    if (!array)
      return clampParameter(number);
    int64_t index = axis == ParameterAxis::Batch ? b : h;
    if (index < 0 || index >= array->getSize(0))
      return std::nullopt;
    return clampParameter(array->values[index]);
  }
  /// Calls `check` on every value.
  LogicalResult forEach(function_ref<LogicalResult(int64_t)> check) const {
    if (!given)
      return success();
    if (!array)
      return check(number);
    for (int64_t value : array->values)
      if (failed(check(value)))
        return failure();
    return success();
  }
};

/// Translates predicates to functions, once per op.
class PredicateCompiler {
public:
  PredicateCompiler(FactEvaluator &facts, PackingRule rule)
      : facts(facts), rule(rule) {}

  FailureOr<PredicateFunction> compile(Value predicate);

private:
  using Result = FailureOr<PredicateFunction>;

  Result compileOp(WindowOp op);
  Result compileIds(Operation *op, Value queryIds, Value keyIds, bool block);
  Result compileOp(ChunkOp op);
  Result compileLength(PredicateOpInterface op);
  Result compileOp(KeyPaddingOp op);
  Result compileOp(DilatedOp op);
  Result compileOp(IntervalOp op);
  Result compileOp(RowRangeOp op);
  Result compileOp(DenseOp op);
  Result compileVariadic(OperandRange inputs, bool isAnd);
  Result compileOp(NotOp op);
  Result compileOp(ShiftOp op);
  Result compileOp(AtPositionsOp op);
  Result compileRestriction(Value value, ArrayRef<int64_t> members,
                            ParameterAxis axis);
  Result compileOp(PackedOp op);
  Result compileOp(OfLayerOp op);

  /// Null elements mean that the fact is absent.
  FailureOr<Elements> elements(Value fact);
  FailureOr<HostParameter> parameter(Operation *op, Parameter parameter);
  /// Checks the run-time values of parameters against their least numbers.
  LogicalResult checkParameters(Operation *op);

  FactEvaluator &facts;
  PackingRule rule;
  DenseMap<Value, PredicateFunction> compiled;
};

} // namespace

FailureOr<Elements> PredicateCompiler::elements(Value fact) {
  FailureOr<HostValue> value = facts.evaluate(fact);
  if (failed(value))
    return failure();
  if (std::holds_alternative<AbsentValue>(*value))
    return Elements();
  FailureOr<HostArray> array = facts.evaluateArray(fact);
  if (failed(array))
    return failure();
  int64_t rank = cast<ShapedType>(fact.getType()).getRank();
  if ((*array)->getRank() != rank) {
    emitError(fact.getLoc()) << "expected a fact of rank " << rank
                             << ", got rank " << (*array)->getRank();
    return failure();
  }
  return Elements{*array};
}

FailureOr<HostParameter> PredicateCompiler::parameter(Operation *op,
                                                      Parameter parameter) {
  HostParameter result;
  result.given = parameter.isGiven();
  if (std::optional<int64_t> constant = parameter.getConstant())
    result.number = *constant;
  if (!parameter.value)
    return result;
  FailureOr<HostValue> value = facts.evaluate(parameter.value);
  if (failed(value))
    return failure();
  if (std::holds_alternative<AbsentValue>(*value)) {
    result.given = false;
    return result;
  }
  if (!parameter.axis) {
    FailureOr<int64_t> number = facts.evaluateNumber(parameter.value);
    if (failed(number))
      return failure();
    result.number = *number;
    return result;
  }
  FailureOr<HostArray> array = facts.evaluateArray(parameter.value);
  if (failed(array))
    return failure();
  result.array = *array;
  result.axis = *parameter.axis;
  return result;
}

LogicalResult PredicateCompiler::checkParameters(Operation *op) {
  auto predicate = dyn_cast<PredicateOpInterface>(op);
  if (!predicate)
    return success();
  for (const PredicateParameter &entry : predicate.getParameters()) {
    // Static numbers are the verifier's, which allows for other ones.
    if (!entry.least || !entry.parameter.value)
      continue;
    FailureOr<HostParameter> values = parameter(op, entry.parameter);
    if (failed(values))
      return failure();
    auto check = [&](int64_t number) -> LogicalResult {
      if (number >= *entry.least)
        return success();
      return op->emitOpError() << "'" << entry.name << "' must be at least "
                               << *entry.least << ", got " << number;
    };
    if (failed(values->forEach(check)))
      return failure();
  }
  return success();
}

static PredicateFunction constantly(bool visible) {
  return [visible](int64_t, int64_t, int64_t, int64_t) { return visible; };
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

static bool isCausal(int64_t, int64_t, int64_t q, int64_t k) { return k <= q; }

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

//===----------------------------------------------------------------------===//
// Connectives and changes of coordinates
//===----------------------------------------------------------------------===//

FailureOr<PredicateFunction>
PredicateCompiler::compileVariadic(OperandRange inputs, bool isAnd) {
  SmallVector<PredicateFunction, 4> functions;
  for (Value input : inputs) {
    Result function = compile(input);
    if (failed(function))
      return failure();
    functions.push_back(std::move(*function));
  }
  return PredicateFunction(
      [functions, isAnd](int64_t b, int64_t h, int64_t q, int64_t k) {
        for (const PredicateFunction &function : functions)
          if (function(b, h, q, k) != isAnd)
            return !isAnd;
        return isAnd;
      });
}

FailureOr<PredicateFunction> PredicateCompiler::compileOp(NotOp op) {
  Result input = compile(op.getInput());
  if (failed(input))
    return failure();
  return PredicateFunction(
      [input = *input](int64_t b, int64_t h, int64_t q, int64_t k) {
        return !input(b, h, q, k);
      });
}

/// An absent shift is zero.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(ShiftOp op) {
  Result input = compile(op.getInput());
  FailureOr<HostParameter> query = parameter(op, op.getQueryParameter());
  FailureOr<HostParameter> key = parameter(op, op.getKeyParameter());
  if (failed(input) || failed(query) || failed(key))
    return failure();
  return PredicateFunction([input = *input, query = *query, key = *key](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    std::optional<int64_t> dq = query.at(b, h), dk = key.at(b, h);
    return dq && dk && input(b, h, q + *dq, k + *dk);
  });
}

static PredicateFunction askAtPositions(const PredicateFunction &input,
                                        const Elements &queries,
                                        const Elements &keys) {
  return [input, queries, keys](int64_t b, int64_t h, int64_t q, int64_t k) {
    const int64_t *ofQuery = queries.at(b, q), *ofKey = keys.at(b, k);
    return ofQuery && ofKey &&
           input(b, h, clampParameter(*ofQuery), clampParameter(*ofKey));
  };
}

FailureOr<PredicateFunction> PredicateCompiler::compileOp(AtPositionsOp op) {
  Result input = compile(op.getInput());
  FailureOr<Elements> queries = elements(op.getQueryPositions());
  FailureOr<Elements> keys = elements(op.getKeyPositions());
  if (failed(input) || failed(queries) || failed(keys))
    return failure();
  if (!queries->array || !keys->array)
    return *input;
  return askAtPositions(*input, *queries, *keys);
}

FailureOr<PredicateFunction>
PredicateCompiler::compileRestriction(Value value, ArrayRef<int64_t> members,
                                      ParameterAxis axis) {
  Result input = compile(value);
  if (failed(input))
    return failure();
  return PredicateFunction([input = *input,
                            members = SmallVector<int64_t>(members),
                            byBatch = axis == ParameterAxis::Batch](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    return llvm::is_contained(members, byBatch ? b : h) && input(b, h, q, k);
  });
}

/// The table of the op's documentation, line by line.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(PackedOp op) {
  Result core = compile(op.getCore()), overlay = compile(op.getOverlay());
  if (failed(core) || failed(overlay))
    return failure();
  FailureOr<Elements> sequences = Elements(), positions = Elements();
  if (op.getSequenceIds())
    sequences = elements(op.getSequenceIds());
  if (op.getPositions())
    positions = elements(op.getPositions());
  if (failed(sequences) || failed(positions))
    return failure();
  if (!sequences->array)
    return PredicateFunction([core = *core, overlay = *overlay](
                                 int64_t b, int64_t h, int64_t q, int64_t k) {
      return core(b, h, q, k) || overlay(b, h, q, k);
    });

  PackingRule effective =
      op.getRule() == PackingRule::Request ? rule : op.getRule();
  bool atPositions = effective != PackingRule::V5_12 && positions->array;
  PredicateFunction inner =
      atPositions ? askAtPositions(*core, *positions, *positions) : *core;
  auto same = [ids = *sequences](int64_t b, int64_t q, int64_t k) {
    const int64_t *ofQuery = ids.at(b, q), *ofKey = ids.at(b, k);
    return ofQuery && ofKey && *ofQuery == *ofKey;
  };
  if (effective == PackingRule::V5_24)
    return PredicateFunction([inner, same, overlay = *overlay](
                                 int64_t b, int64_t h, int64_t q, int64_t k) {
      return same(b, q, k) && (inner(b, h, q, k) || overlay(b, h, q, k));
    });
  return PredicateFunction([inner, same, overlay = *overlay](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    return (same(b, q, k) && inner(b, h, q, k)) || overlay(b, h, q, k);
  });
}

//===----------------------------------------------------------------------===//
// Policies
//===----------------------------------------------------------------------===//

/// The policy's body with its facts bound; its values are its own.
FailureOr<PredicateFunction> PredicateCompiler::compileOp(OfLayerOp op) {
  auto policy =
      SymbolTable::lookupNearestSymbolFrom<PolicyOp>(op, op.getPolicyAttr());
  if (!policy)
    return op.emitOpError()
           << "'" << op.getPolicy() << "' is not a mask.policy";
  LayerTypeOp layer = policy.lookupLayerType(op.getLayerType());
  if (!layer)
    return op.emitOpError()
           << "policy '" << op.getPolicy() << "' has no layer type \""
           << op.getLayerType() << "\"";
  FactEvaluator inner;
  for (auto [fact, argument, name, optional] :
       llvm::zip_equal(op.getFacts(), policy.getBody().getArguments(),
                       policy.getFactNames().getAsValueRange<StringAttr>(),
                       policy.getFactOptional())) {
    FailureOr<HostValue> value = facts.evaluate(fact);
    if (failed(value))
      return failure();
    if (!optional && std::holds_alternative<AbsentValue>(*value))
      return op.emitOpError()
             << "fact \"" << name << "\" is not optional, but absent";
    inner.bind(argument, std::move(*value));
  }
  PackingRule packing = op.getPacking().value_or(PackingRule::V5_12);
  return PredicateCompiler(inner, packing).compile(layer.getPredicate());
}

//===----------------------------------------------------------------------===//
// Dispatch
//===----------------------------------------------------------------------===//

FailureOr<PredicateFunction> PredicateCompiler::compile(Value predicate) {
  if (auto known = compiled.find(predicate); known != compiled.end())
    return known->second;
  Operation *definition = predicate.getDefiningOp();
  if (!definition) {
    emitError(predicate.getLoc())
        << "cannot interpret a predicate that is an argument";
    return failure();
  }
  if (failed(checkParameters(definition)))
    return failure();
  Result result =
      TypeSwitch<Operation *, Result>(definition)
          .Case([](FullOp) { return constantly(true); })
          .Case([](EmptyOp) { return constantly(false); })
          .Case([](CausalOp) { return PredicateFunction(isCausal); })
          .Case([&](BlockBidirectionalOp op) {
            return compileIds(op, op.getQueryIds(), op.getEffectiveKeyIds(),
                              /*block=*/true);
          })
          .Case([&](DocumentOp op) {
            return compileIds(op, op.getQueryIds(), op.getEffectiveKeyIds(),
                              /*block=*/false);
          })
          .Case<PrefixOp, KeyLengthOp, QueryLengthOp>(
              [&](auto op) { return compileLength(op); })
          .Case([&](GenericOp op) { return interpretGeneric(op, facts); })
          .Case([&](AndOp op) { return compileVariadic(op.getInputs(), true); })
          .Case([&](OrOp op) { return compileVariadic(op.getInputs(), false); })
          .Case([&](HeadsOp op) {
            return compileRestriction(op.getInput(), op.getMembers(),
                                      ParameterAxis::Head);
          })
          .Case([&](BatchesOp op) {
            return compileRestriction(op.getInput(), op.getMembers(),
                                      ParameterAxis::Batch);
          })
          .Case<WindowOp, ChunkOp, KeyPaddingOp, DilatedOp, IntervalOp,
                RowRangeOp, DenseOp, NotOp, ShiftOp, AtPositionsOp, PackedOp,
                OfLayerOp>([&](auto op) { return compileOp(op); })
          .Default([](Operation *op) -> Result {
            return op->emitOpError() << "cannot be interpreted as a predicate";
          });
  if (failed(result))
    return failure();
  // Users share the function: copies of copies would grow like the number of
  // paths.
  auto shared = std::make_shared<const PredicateFunction>(std::move(*result));
  PredicateFunction handle = [shared](int64_t b, int64_t h, int64_t q,
                                      int64_t k) {
    return (*shared)(b, h, q, k);
  };
  compiled[predicate] = handle;
  return handle;
}

FailureOr<PredicateFunction>
mlir::mask::interpretPredicate(Value predicate, FactEvaluator &facts) {
  return PredicateCompiler(facts, PackingRule::V5_12).compile(predicate);
}
