//===- SpecializeLayers.cpp - one body per structure of predicate -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Canonicalization.h"
#include "Mask/IR/Packing.h"
#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/PredicateSlice.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/BitVector.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKSPECIALIZELAYERS
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// More bodies than any model has layers: calls that make ever new predicates
/// of their argument do not end.
static constexpr unsigned kMaxBodies = 4096;

static bool isPredicate(Value value) {
  return isa<PredicateType>(value.getType());
}

/// The more static value that `value` was cast from, or `value`.
static Value lookThroughCast(Value value) {
  auto cast = value.getDefiningOp<tensor::CastOp>();
  return cast && tensor::canFoldIntoConsumerOp(cast) ? cast.getSource() : value;
}

/// Lets attentions work on the types before their operands were cast.
static void foldCastsIntoAttention(RewriterBase &rewriter,
                                   AttentionOp attention) {
  rewriter.modifyOpInPlace(attention, [&] {
    for (OpOperand &operand : attention->getOpOperands())
      if (!isPredicate(operand.get()))
        operand.set(lookThroughCast(operand.get()));
  });
  rewriter.setInsertionPointAfter(attention);
  for (auto [result, output] :
       llvm::zip_equal(attention.getResults(), attention.getOutputs())) {
    Type type = result.getType();
    if (type == output.getType())
      continue;
    result.setType(cast<RankedTensorType>(output.getType()));
    auto back =
        tensor::CastOp::create(rewriter, attention.getLoc(), type, result);
    rewriter.replaceAllUsesExcept(result, back, back);
  }
}

/// Returns what is cast before it is returned, where all returns do.
static void refineResults(RewriterBase &rewriter, func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return;
  auto returnOp = cast<func::ReturnOp>(function.front().getTerminator());
  rewriter.modifyOpInPlace(returnOp, [&] {
    for (OpOperand &operand : returnOp->getOpOperands())
      operand.set(lookThroughCast(operand.get()));
  });
  function.setFunctionType(FunctionType::get(function.getContext(),
                                             function.getArgumentTypes(),
                                             returnOp.getOperandTypes()));
}

static void eraseDeadOps(RewriterBase &rewriter, Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      rewriter.eraseOp(&op);
}

namespace {
/// A call of a layer function, seen through casts.
struct LayerCall {
  func::CallOp op;
  func::FuncOp callee;
  SmallVector<Value> data;
  SmallVector<PredicateSlice> predicates;
};

/// A clone of a layer function with its predicates.
struct LayerBody {
  /// The first call that it was made for.
  LayerCall call;
  func::FuncOp function;
  /// Which captures of the predicates, one after the other, are arguments.
  llvm::BitVector keptCaptures;
  unsigned numLayers = 0;
};

class LayerSpecializer {
public:
  LayerSpecializer(RewriterBase &rewriter, ModuleOp module)
      : rewriter(rewriter), module(module), symbols(module) {}

  LogicalResult run() {
    nameCalls();
    if (failed(resolvePolicies(rewriter, module)))
      return failure();
    RewritePatternSet patterns(module.getContext());
    populateMaskCanonicalizationPatterns(patterns);
    (void)applyPatternsGreedily(module.getOperation(), std::move(patterns));

    SmallVector<func::FuncOp> callers;
    for (auto function : module.getOps<func::FuncOp>())
      if (llvm::none_of(function.getArgumentTypes(),
                        llvm::IsaPred<PredicateType>))
        callers.push_back(function);
    // Bodies may call layer functions themselves, and are appended.
    while (!callers.empty()) {
      func::FuncOp caller = callers.pop_back_val();
      SmallVector<func::CallOp> calls;
      caller.walk([&](func::CallOp call) {
        if (llvm::any_of(call.getOperands(), isPredicate))
          calls.push_back(call);
      });
      for (func::CallOp call : calls)
        if (failed(specialize(call, callers)))
          return failure();
      if (!calls.empty())
        touched.push_back(caller);
    }
    for (func::FuncOp caller : touched)
      for (Block &block : caller.getBody())
        eraseDeadOps(rewriter, block);
    report();
    eraseUnusedLayers();
    return success();
  }

private:
  /// Layer types are gone once policies are resolved.
  void nameCalls() {
    module.walk([&](func::CallOp call) {
      std::string name;
      for (Value operand : call.getOperands())
        if (auto layer = operand.getDefiningOp<OfLayerOp>())
          name += "_" + layer.getLayerType().str();
      if (!name.empty())
        names[call] = name;
    });
  }

  FailureOr<LayerCall> inspect(func::CallOp op) {
    LayerCall call{op, symbols.lookup<func::FuncOp>(op.getCallee()), {}, {}};
    if (!call.callee)
      return op.emitOpError() << "calls '" << op.getCallee()
                              << "' with a predicate, which is not a function "
                                 "of this module";
    if (call.callee.isExternal()) {
      InFlightDiagnostic error = op.emitOpError()
                                 << "gives a predicate to '" << op.getCallee()
                                 << "', which has no body to specialise";
      error.attachNote(call.callee.getLoc()) << "function declared here";
      return error;
    }
    for (Value operand : op.getOperands()) {
      if (!isPredicate(operand)) {
        call.data.push_back(lookThroughCast(operand));
        continue;
      }
      FailureOr<PredicateSlice> slice = prepare(op, operand);
      if (failed(slice))
        return failure();
      call.predicates.push_back(*slice);
    }
    return call;
  }

  /// The slice of a predicate whose leaves have their tables.
  FailureOr<PredicateSlice> prepare(func::CallOp call, Value predicate) {
    unsigned index = 0;
    for (OpOperand &operand : call->getOpOperands())
      if (operand.get() == predicate)
        index = operand.getOperandNumber();
    for (Operation *op : getPredicateSlice(predicate).ops)
      if (auto packed = dyn_cast<PackedOp>(op))
        expandPacked(rewriter, packed);
    PredicateSlice slice = getPredicateSlice(call.getOperand(index));
    for (Value capture : slice.captures)
      if (isPredicate(capture)) {
        InFlightDiagnostic error =
            call.emitOpError()
            << "takes a predicate that is not built from ops of the mask "
               "dialect, so that no body can be specialised for it";
        error.attachNote(capture.getLoc()) << "predicate comes from here";
        return error;
      }
    buildTables(rewriter, slice);
    return getPredicateSlice(call.getOperand(index));
  }

  LogicalResult specialize(func::CallOp op,
                           SmallVectorImpl<func::FuncOp> &callers) {
    FailureOr<LayerCall> call = inspect(op);
    if (failed(call))
      return failure();
    LayerBody *body = lookup(*call);
    if (!body) {
      if (bodies.size() == kMaxBodies)
        return op.emitOpError()
               << "needs more than " << kMaxBodies
               << " bodies: the predicate grows with every call";
      FailureOr<LayerBody *> created = create(*call);
      if (failed(created))
        return failure();
      body = *created;
      callers.push_back(body->function);
    }
    ++body->numLayers;
    redirect(*call, *body);
    return success();
  }

  LayerBody *lookup(LayerCall &call) {
    for (std::unique_ptr<LayerBody> &body : bodies) {
      LayerCall &other = body->call;
      if (other.callee == call.callee &&
          TypeRange(ValueRange(other.data)) ==
              TypeRange(ValueRange(call.data)) &&
          std::equal(other.predicates.begin(), other.predicates.end(),
                     call.predicates.begin(), call.predicates.end(),
                     haveSameStructure))
        return body.get();
    }
    return nullptr;
  }

  FailureOr<LayerBody *> create(LayerCall &call) {
    OpBuilder::InsertionGuard guard(rewriter);
    func::FuncOp function = call.callee.clone();
    std::string suffix = names.lookup(call.op);
    function.setSymName(
        (call.callee.getSymName() + (suffix.empty() ? "_specialized" : suffix))
            .str());
    function.setPrivate();
    symbols.insert(function, std::next(call.callee->getIterator()));

    sinkPredicates(call, function);
    specializeShapes(call, function);
    SmallVector<AttentionOp> attentions;
    function.walk(
        [&](AttentionOp attention) { attentions.push_back(attention); });
    SimplifyOptions options;
    options.category = category;
    for (AttentionOp attention : attentions) {
      foldCastsIntoAttention(rewriter, attention);
      if (failed(closePredicate(rewriter, attention)))
        return failure();
      simplifyPredicate(rewriter, attention, options);
    }
    refineResults(rewriter, function);
    for (Block &block : function.getBody())
      eraseDeadOps(rewriter, block);

    auto body = std::make_unique<LayerBody>();
    body->call = call;
    body->function = function;
    dropUnusedCaptures(*body);
    bodies.push_back(std::move(body));
    return bodies.back().get();
  }

  /// Replaces the predicates among the arguments by copies of the slices, and
  /// appends their captures to the arguments.
  void sinkPredicates(LayerCall &call, func::FuncOp function) {
    Block &entry = function.front();
    unsigned numOriginal = entry.getNumArguments();
    rewriter.setInsertionPointToStart(&entry);
    const PredicateSlice *slice = call.predicates.begin();
    llvm::BitVector sunk(numOriginal);
    for (unsigned i = 0; i < numOriginal; ++i) {
      BlockArgument argument = entry.getArgument(i);
      if (!isPredicate(argument))
        continue;
      SmallVector<Value> captures;
      for (Value capture : slice->captures)
        captures.push_back(
            entry.addArgument(capture.getType(), argument.getLoc()));
      rewriter.replaceAllUsesWith(argument,
                                  cloneSlice(rewriter, *slice, captures));
      sunk.set(i);
      ++slice;
    }
    // Attributes of arguments go with them.
    SmallVector<Attribute> attributes;
    if (ArrayAttr all = function.getAllArgAttrs()) {
      for (auto [i, attribute] : llvm::enumerate(all))
        if (!sunk.test(i))
          attributes.push_back(attribute);
      attributes.resize(entry.getNumArguments() - sunk.count(),
                        DictionaryAttr::get(function.getContext()));
    }
    sunk.resize(entry.getNumArguments());
    entry.eraseArguments(sunk);
    updateType(function);
    if (!attributes.empty())
      function.setAllArgAttrs(attributes);
  }

  static void updateType(func::FuncOp function) {
    function.setFunctionType(FunctionType::get(
        function.getContext(), function.front().getArgumentTypes(),
        function.getResultTypes()));
  }

  /// Gives the data the types they have before they are cast for the call.
  void specializeShapes(LayerCall &call, func::FuncOp function) {
    Block &entry = function.front();
    rewriter.setInsertionPointToStart(&entry);
    for (auto [i, value] : llvm::enumerate(call.data)) {
      BlockArgument argument = entry.getArgument(i);
      Type general = argument.getType();
      if (value.getType() == general)
        continue;
      argument.setType(value.getType());
      auto cast = tensor::CastOp::create(rewriter, argument.getLoc(), general,
                                         argument);
      rewriter.replaceAllUsesExcept(argument, cast, cast);
    }
    updateType(function);
  }

  /// What simplification made superfluous is not passed.
  void dropUnusedCaptures(LayerBody &body) {
    Block &entry = body.function.front();
    unsigned numData = body.call.data.size();
    unsigned numCaptures = entry.getNumArguments() - numData;
    body.keptCaptures.resize(numCaptures, true);
    llvm::BitVector erased(entry.getNumArguments());
    for (unsigned i = 0; i < numCaptures; ++i)
      if (entry.getArgument(numData + i).use_empty()) {
        body.keptCaptures.reset(i);
        erased.set(numData + i);
      }
    if (erased.any())
      (void)body.function.eraseArguments(erased);
  }

  void redirect(LayerCall &call, LayerBody &body) {
    SmallVector<Value> operands(call.data);
    unsigned index = 0;
    for (const PredicateSlice &slice : call.predicates)
      for (Value capture : slice.captures)
        if (body.keptCaptures.test(index++))
          operands.push_back(capture);
    rewriter.setInsertionPoint(call.op);
    auto redirected = func::CallOp::create(rewriter, call.op.getLoc(),
                                           body.function, operands);
    SmallVector<Value> results;
    for (auto [result, original] :
         llvm::zip_equal(redirected.getResults(), call.op.getResults())) {
      Value value = result;
      if (value.getType() != original.getType())
        value = tensor::CastOp::create(rewriter, call.op.getLoc(),
                                       original.getType(), value);
      results.push_back(value);
    }
    names.erase(call.op);
    rewriter.replaceOp(call.op, results);
  }

  void report() {
    for (std::unique_ptr<LayerBody> &body : bodies)
      remark::passed(body->call.callee.getLoc(),
                     remark::RemarkOpts::name("LayerBody")
                         .category(category)
                         .function(body->function.getSymName()))
          << (Twine(body->numLayers) +
              (body->numLayers == 1 ? " layer uses @" : " layers share @") +
              body->function.getSymName())
                 .str();
  }

  void eraseUnusedLayers() {
    llvm::SmallSetVector<func::FuncOp, 4> layers;
    for (std::unique_ptr<LayerBody> &body : bodies)
      layers.insert(body->call.callee);
    for (func::FuncOp layer : layers)
      if (layer.isPrivate() &&
          SymbolTable::symbolKnownUseEmpty(layer, module.getOperation()))
        symbols.erase(layer);
  }

  static constexpr StringLiteral category = "mask-specialize-layers";

  RewriterBase &rewriter;
  ModuleOp module;
  SymbolTable symbols;
  /// What to append to the name of a body: `_sliding_attention`.
  DenseMap<Operation *, std::string> names;
  SmallVector<std::unique_ptr<LayerBody>> bodies;
  SmallVector<func::FuncOp> touched;
};
} // namespace

LogicalResult mlir::mask::specializeLayers(RewriterBase &rewriter,
                                           ModuleOp module) {
  return LayerSpecializer(rewriter, module).run();
}

namespace {
struct SpecializeLayersPass
    : public mask::impl::MaskSpecializeLayersBase<SpecializeLayersPass> {
  using Base::Base;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    if (failed(specializeLayers(rewriter, getOperation())))
      signalPassFailure();
  }
};
} // namespace
