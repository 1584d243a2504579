//===- InterpreterGeneric.cpp - scalar regions as functions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InterpreterGeneric.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// The scalar values of one evaluation; `defined` falls when a value does not
/// exist.
struct Frame {
  int64_t *values;
  bool defined = true;

  int64_t undefined() {
    defined = false;
    return 0;
  }
};

using Step = std::function<void(Frame &)>;
using BinaryStep = int64_t (*)(int64_t a, int64_t b, Frame &frame);

/// Translates a region once, into steps over numbered slots.
class RegionCompiler {
public:
  RegionCompiler(GenericOp op, FactEvaluator &facts) : op(op), facts(facts) {}
  FailureOr<PredicateFunction> compile();

private:
  LogicalResult bindCaptures();
  LogicalResult compileOp(Operation *inner);
  LogicalResult compileExtract(tensor::ExtractOp extract);
  LogicalResult compileDim(tensor::DimOp dim);
  LogicalResult compileConstant(arith::ConstantOp constant);
  LogicalResult compileCompare(arith::CmpIOp op);
  LogicalResult compileSelect(arith::SelectOp select);
  LogicalResult compileBinary(Operation *inner, BinaryStep function,
                              bool isUnsigned = false);
  LogicalResult compileCast(Operation *inner, bool isUnsigned);

  unsigned slotOf(Value value) {
    return slots.try_emplace(value, slots.size()).first->second;
  }

  GenericOp op;
  FactEvaluator &facts;
  DenseMap<Value, unsigned> slots;
  DenseMap<Value, std::shared_ptr<const IntegerArray>> arrays;
  SmallVector<std::pair<unsigned, int64_t>> constants;
  std::vector<Step> steps;
};

} // namespace

/// Bits of an integer; an index has 64.
static unsigned widthOf(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

/// The host form of the low `width` bits: flags are 0 and 1, all other integers
/// signed.
static int64_t normalize(int64_t value, unsigned width) {
  if (width == 1)
    return value & 1;
  return width >= 64 ? value : llvm::SignExtend64(value, width);
}

static uint64_t toUnsigned(int64_t value, unsigned width) {
  return width >= 64
             ? value
             : uint64_t(value) & llvm::maskTrailingOnes<uint64_t>(width);
}

LogicalResult RegionCompiler::bindCaptures() {
  Block &body = op.getBody().front();
  for (auto [capture, argument] :
       llvm::zip_equal(op.getCaptures(), body.getArguments().drop_front(4))) {
    FailureOr<HostValue> value = facts.evaluate(capture);
    if (failed(value))
      return failure();
    if (auto *number = std::get_if<int64_t>(&*value))
      constants.push_back({slotOf(argument), *number});
    else if (auto *array =
                 std::get_if<std::shared_ptr<const IntegerArray>>(&*value))
      arrays[argument] = *array;
    else
      return op.emitOpError() << "captures an absent fact as argument "
                              << argument.getArgNumber();
  }
  return success();
}

LogicalResult RegionCompiler::compileExtract(tensor::ExtractOp extract) {
  auto source = arrays.find(extract.getTensor());
  if (source == arrays.end())
    return extract.emitOpError() << "reads a tensor that is not a capture";
  std::shared_ptr<const IntegerArray> array = source->second;
  SmallVector<unsigned> indices;
  for (Value index : extract.getIndices())
    indices.push_back(slotOf(index));
  unsigned result = slotOf(extract.getResult());
  steps.emplace_back([array, indices, result](Frame &frame) {
    int64_t position = 0;
    for (auto [dim, slot] : llvm::enumerate(indices)) {
      int64_t index = frame.values[slot];
      if (index < 0 || index >= array->getSize(dim)) {
        frame.values[result] = frame.undefined();
        return;
      }
      position = position * array->getSize(dim) + index;
    }
    frame.values[result] = array->values[position];
  });
  return success();
}

LogicalResult RegionCompiler::compileDim(tensor::DimOp dim) {
  auto source = arrays.find(dim.getSource());
  std::optional<int64_t> index = dim.getConstantIndex();
  if (source == arrays.end() || !index || *index < 0 ||
      *index >= source->second->getRank())
    return dim.emitOpError() << "needs a capture and a constant dimension";
  constants.push_back(
      {slotOf(dim.getResult()), source->second->getSize(*index)});
  return success();
}

LogicalResult RegionCompiler::compileConstant(arith::ConstantOp constant) {
  auto number = dyn_cast<IntegerAttr>(constant.getValue());
  if (!number)
    return constant.emitOpError() << "must be an integer to be interpreted";
  constants.push_back(
      {slotOf(constant.getResult()),
       normalize(number.getValue().getSExtValue(), widthOf(number.getType()))});
  return success();
}

static bool compare(arith::CmpIPredicate predicate, int64_t a, int64_t b,
                    unsigned width) {
  uint64_t ua = toUnsigned(a, width), ub = toUnsigned(b, width);
  // A signed flag is 0 or -1.
  int64_t sa = width == 1 ? -a : a, sb = width == 1 ? -b : b;
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return sa < sb;
  case arith::CmpIPredicate::sle:
    return sa <= sb;
  case arith::CmpIPredicate::sgt:
    return sa > sb;
  case arith::CmpIPredicate::sge:
    return sa >= sb;
  case arith::CmpIPredicate::ult:
    return ua < ub;
  case arith::CmpIPredicate::ule:
    return ua <= ub;
  case arith::CmpIPredicate::ugt:
    return ua > ub;
  case arith::CmpIPredicate::uge:
    return ua >= ub;
  }
  llvm_unreachable("all predicates are handled");
}

LogicalResult RegionCompiler::compileCompare(arith::CmpIOp op) {
  unsigned a = slotOf(op.getLhs()), b = slotOf(op.getRhs());
  unsigned result = slotOf(op.getResult()),
           width = widthOf(op.getLhs().getType());
  arith::CmpIPredicate predicate = op.getPredicate();
  steps.emplace_back([=](Frame &frame) {
    frame.values[result] =
        compare(predicate, frame.values[a], frame.values[b], width);
  });
  return success();
}

LogicalResult RegionCompiler::compileSelect(arith::SelectOp select) {
  unsigned condition = slotOf(select.getCondition());
  unsigned a = slotOf(select.getTrueValue()),
           b = slotOf(select.getFalseValue());
  unsigned result = slotOf(select.getResult());
  steps.emplace_back([=](Frame &frame) {
    frame.values[result] = frame.values[frame.values[condition] ? a : b];
  });
  return success();
}

/// Operands reach `function` sign-extended, or zero-extended if `isUnsigned`.
LogicalResult RegionCompiler::compileBinary(Operation *inner,
                                            BinaryStep function,
                                            bool isUnsigned) {
  unsigned a = slotOf(inner->getOperand(0)), b = slotOf(inner->getOperand(1));
  unsigned result = slotOf(inner->getResult(0));
  unsigned width = widthOf(inner->getResult(0).getType());
  steps.emplace_back([=](Frame &frame) {
    int64_t x = frame.values[a], y = frame.values[b];
    if (isUnsigned) {
      x = toUnsigned(x, width);
      y = toUnsigned(y, width);
    }
    frame.values[result] = normalize(function(x, y, frame), width);
  });
  return success();
}

LogicalResult RegionCompiler::compileCast(Operation *inner, bool isUnsigned) {
  unsigned source = slotOf(inner->getOperand(0));
  unsigned result = slotOf(inner->getResult(0));
  unsigned from = widthOf(inner->getOperand(0).getType());
  unsigned to = widthOf(inner->getResult(0).getType());
  steps.emplace_back([=](Frame &frame) {
    int64_t value = frame.values[source];
    if (isUnsigned)
      value = toUnsigned(value, from);
    else if (from == 1)
      value = -value;
    frame.values[result] = normalize(value, to);
  });
  return success();
}

static bool divides(int64_t a, int64_t b) {
  return b != 0 && (b != -1 || a != std::numeric_limits<int64_t>::min());
}

LogicalResult RegionCompiler::compileOp(Operation *inner) {
  bool scalar = llvm::all_of(inner->getResultTypes(), [](Type type) {
    return type.isIndex() ||
           (type.isInteger() && type.getIntOrFloatBitWidth() <= 64);
  });
  if (!scalar)
    return inner->emitOpError()
           << "cannot be interpreted in mask.generic: its result is "
           << inner->getResultTypes();
  return TypeSwitch<Operation *, LogicalResult>(inner)
      .Case([&](tensor::ExtractOp op) { return compileExtract(op); })
      .Case([&](tensor::DimOp op) { return compileDim(op); })
      .Case([&](arith::ConstantOp op) { return compileConstant(op); })
      .Case([&](arith::CmpIOp op) { return compileCompare(op); })
      .Case([&](arith::SelectOp op) { return compileSelect(op); })
      .Case<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>(
          [&](Operation *op) { return compileCast(op, false); })
      .Case<arith::IndexCastUIOp, arith::ExtUIOp>(
          [&](Operation *op) { return compileCast(op, true); })
      .Case([&](arith::AddIOp op) {
        return compileBinary(op, [](int64_t a, int64_t b, Frame &) {
          return int64_t(uint64_t(a) + uint64_t(b));
        });
      })
      .Case([&](arith::SubIOp op) {
        return compileBinary(op, [](int64_t a, int64_t b, Frame &) {
          return int64_t(uint64_t(a) - uint64_t(b));
        });
      })
      .Case([&](arith::MulIOp op) {
        return compileBinary(op, [](int64_t a, int64_t b, Frame &) {
          return int64_t(uint64_t(a) * uint64_t(b));
        });
      })
      .Case([&](arith::DivSIOp op) {
        return compileBinary(op, [](int64_t a, int64_t b, Frame &frame) {
          return divides(a, b) ? a / b : frame.undefined();
        });
      })
      .Case([&](arith::RemSIOp op) {
        return compileBinary(op, [](int64_t a, int64_t b, Frame &frame) {
          return divides(a, b) ? a % b : frame.undefined();
        });
      })
      .Case([&](arith::FloorDivSIOp op) {
        return compileBinary(op, [](int64_t a, int64_t b, Frame &frame) {
          return divides(a, b) ? llvm::divideFloorSigned(a, b)
                               : frame.undefined();
        });
      })
      .Case([&](arith::CeilDivSIOp op) {
        return compileBinary(op, [](int64_t a, int64_t b, Frame &frame) {
          return divides(a, b) ? llvm::divideCeilSigned(a, b)
                               : frame.undefined();
        });
      })
      .Case([&](arith::DivUIOp op) {
        return compileBinary(
            op,
            [](int64_t a, int64_t b, Frame &frame) {
              return b ? int64_t(uint64_t(a) / uint64_t(b)) : frame.undefined();
            },
            /*isUnsigned=*/true);
      })
      .Case([&](arith::RemUIOp op) {
        return compileBinary(
            op,
            [](int64_t a, int64_t b, Frame &frame) {
              return b ? int64_t(uint64_t(a) % uint64_t(b)) : frame.undefined();
            },
            /*isUnsigned=*/true);
      })
      .Case([&](arith::MaxSIOp op) {
        return compileBinary(
            op, [](int64_t a, int64_t b, Frame &) { return std::max(a, b); });
      })
      .Case([&](arith::MinSIOp op) {
        return compileBinary(
            op, [](int64_t a, int64_t b, Frame &) { return std::min(a, b); });
      })
      .Case([&](arith::MaxUIOp op) {
        return compileBinary(
            op,
            [](int64_t a, int64_t b, Frame &) {
              return uint64_t(a) > uint64_t(b) ? a : b;
            },
            /*isUnsigned=*/true);
      })
      .Case([&](arith::MinUIOp op) {
        return compileBinary(
            op,
            [](int64_t a, int64_t b, Frame &) {
              return uint64_t(a) < uint64_t(b) ? a : b;
            },
            /*isUnsigned=*/true);
      })
      .Case([&](arith::AndIOp op) {
        return compileBinary(
            op, [](int64_t a, int64_t b, Frame &) { return a & b; });
      })
      .Case([&](arith::OrIOp op) {
        return compileBinary(
            op, [](int64_t a, int64_t b, Frame &) { return a | b; });
      })
      .Case([&](arith::XOrIOp op) {
        return compileBinary(
            op, [](int64_t a, int64_t b, Frame &) { return a ^ b; });
      })
      .Default([](Operation *op) {
        return op->emitOpError() << "cannot be interpreted in mask.generic";
      });
}

FailureOr<PredicateFunction> RegionCompiler::compile() {
  Block &body = op.getBody().front();
  for (BlockArgument coordinate : body.getArguments().take_front(4))
    slotOf(coordinate);
  if (failed(bindCaptures()))
    return failure();
  for (Operation &inner : body.without_terminator())
    if (failed(compileOp(&inner)))
      return failure();
  unsigned result = slotOf(body.getTerminator()->getOperand(0));
  std::vector<int64_t> initial(slots.size());
  for (auto [slot, value] : constants)
    initial[slot] = value;
  return PredicateFunction([initial, steps = std::move(steps), result](
                               int64_t b, int64_t h, int64_t q, int64_t k) {
    SmallVector<int64_t, 32> values(initial.begin(), initial.end());
    values[0] = b;
    values[1] = h;
    values[2] = q;
    values[3] = k;
    Frame frame{values.data()};
    for (const Step &step : steps)
      step(frame);
    return frame.defined && values[result] != 0;
  });
}

FailureOr<PredicateFunction>
mlir::mask::interpretGeneric(GenericOp op, FactEvaluator &facts) {
  return RegionCompiler(op, facts).compile();
}
