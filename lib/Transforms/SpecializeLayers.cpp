//===- SpecializeLayers.cpp - one body per structure of predicate -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AgreedArguments.h"
#include "LayerBody.h"
#include "Mask/IR/Absence.h"
#include "Mask/IR/AttentionCasts.h"
#include "Mask/IR/Canonicalization.h"
#include "Mask/IR/Packing.h"
#include "Mask/IR/WindowBounds.h"
#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKSPECIALIZELAYERS
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// Bodies made for calls of bodies made for calls, and so on. Layers that make
/// ever new predicates of their argument, and call themselves with them, do not
/// end; no model nests layers this deep.
static constexpr unsigned kMaxDepth = 64;

namespace {
/// A copy of a layer function with its predicates.
struct LayerBody {
  /// The first call that it was made for.
  LayerCall call;
  FunctionOpInterface function;
  /// All calls of it.
  SmallVector<CallOpInterface> calls;
  /// How many of its arguments are data of the layer; captures come after them.
  unsigned numData = 0;
  /// What was appended to the layer's name.
  std::string suffix;
  /// How many bodies lie between this one and the model.
  unsigned depth = 0;
};

class LayerSpecializer {
public:
  LayerSpecializer(RewriterBase &rewriter, ModuleOp module)
      : rewriter(rewriter), module(module) {}

  /// Layer types are gone once policies are resolved.
  void nameCalls();
  LogicalResult run();

private:
  /// A function whose calls are to be redirected, and the body that it is.
  struct Caller {
    FunctionOpInterface function;
    LayerBody *body = nullptr;
  };

  FailureOr<LayerCall> inspect(CallOpInterface op);
  FailureOr<PredicateSlice> prepare(CallOpInterface call, Value predicate);
  LogicalResult specialize(CallOpInterface op, LayerBody *caller);
  LayerBody *lookup(LayerCall &call);
  FailureOr<LayerBody *> create(LayerCall &call, LayerBody *caller);
  void redirect(LayerCall &call, LayerBody &body);
  LogicalResult finishBodies();
  SmallVector<LayerBody *> getCallersFirst();
  void collectCalls();
  bool eraseArguments(LayerBody &body, const llvm::BitVector &unused);
  void dropUnusedCaptures();
  void report();
  void eraseUnusedLayers();

  static constexpr StringLiteral category = "mask-specialize-layers";

  RewriterBase &rewriter;
  ModuleOp module;
  /// Made once policies are resolved and gone.
  std::optional<SymbolTable> symbols;
  /// What to append to the name of a body: `_sliding_attention`.
  DenseMap<Operation *, std::string> names;
  SmallVector<std::unique_ptr<LayerBody>> bodies;
  SmallVector<Caller> callers;
};
} // namespace

static void canonicalizePredicates(Operation *root) {
  RewritePatternSet patterns(root->getContext());
  populateMaskCanonicalizationPatterns(patterns);
  (void)applyPatternsGreedily(root, std::move(patterns));
}

void LayerSpecializer::nameCalls() {
  for (auto function : module.getOps<FunctionOpInterface>())
    function->walk([&](CallOpInterface call) {
      std::string name;
      for (Value operand : call.getArgOperands())
        if (auto layer = operand.getDefiningOp<OfLayerOp>())
          name += "_" + layer.getLayerType().str();
      if (!name.empty())
        names[call] = name;
    });
}

LogicalResult LayerSpecializer::run() {
  symbols.emplace(module);
  for (auto function : module.getOps<FunctionOpInterface>())
    if (llvm::none_of(function.getArgumentTypes(),
                      llvm::IsaPred<PredicateType>))
      callers.push_back({function});
  SmallVector<FunctionOpInterface> touched;
  // Bodies may call layer functions themselves, and are appended.
  while (!callers.empty()) {
    Caller caller = callers.pop_back_val();
    SmallVector<CallOpInterface> calls;
    caller.function->walk([&](CallOpInterface call) {
      if (llvm::any_of(call.getArgOperands(), isPredicate) &&
          isa<SymbolRefAttr>(call.getCallableForCallee()))
        calls.push_back(call);
    });
    for (CallOpInterface call : calls)
      if (failed(specialize(call, caller.body)))
        return failure();
    if (!calls.empty())
      touched.push_back(caller.function);
  }
  for (FunctionOpInterface function : touched)
    eraseDeadOps(rewriter, function.getFunctionBody());
  if (failed(finishBodies()))
    return failure();
  for (FunctionOpInterface function : touched)
    eraseDeadOps(rewriter, function.getFunctionBody());
  report();
  eraseUnusedLayers();
  return success();
}

FailureOr<LayerCall> LayerSpecializer::inspect(CallOpInterface op) {
  StringRef name =
      cast<SymbolRefAttr>(op.getCallableForCallee()).getLeafReference();
  LayerCall call{op, {}, {}, {}};
  if (StringAttr local = getCalleeName(op))
    call.callee = symbols->lookup<FunctionOpInterface>(local);
  if (!call.callee)
    return op->emitOpError() << "calls '" << name
                             << "' with a predicate, which is not a function "
                                "of this module";
  if (call.callee.isExternal()) {
    InFlightDiagnostic error = op->emitOpError()
                               << "gives a predicate to '" << name
                               << "', which has no body to specialise";
    error.attachNote(call.callee->getLoc()) << "function declared here";
    return error;
  }
  for (Value operand : op.getArgOperands()) {
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
FailureOr<PredicateSlice> LayerSpecializer::prepare(CallOpInterface call,
                                                    Value predicate) {
  unsigned index = 0;
  for (OpOperand &operand : call->getOpOperands())
    if (operand.get() == predicate)
      index = operand.getOperandNumber();
  for (Operation *op : getPredicateSlice(predicate).ops)
    if (auto packed = dyn_cast<PackedOp>(op))
      expandPacked(rewriter, packed);
  PredicateSlice slice = getPredicateSlice(call->getOperand(index));
  for (Value capture : slice.captures)
    if (isPredicate(capture)) {
      InFlightDiagnostic error =
          call->emitOpError()
          << "takes a predicate that is not built from ops of the mask "
             "dialect, so that no body can be specialised for it";
      error.attachNote(capture.getLoc()) << "predicate comes from here";
      return error;
    }
  buildTables(rewriter, slice);
  return getPredicateSlice(call->getOperand(index));
}

LogicalResult LayerSpecializer::specialize(CallOpInterface op,
                                           LayerBody *caller) {
  FailureOr<LayerCall> call = inspect(op);
  if (failed(call))
    return failure();
  LayerBody *body = lookup(*call);
  if (!body) {
    FailureOr<LayerBody *> created = create(*call, caller);
    if (failed(created))
      return failure();
    body = *created;
  }
  redirect(*call, *body);
  return success();
}

LayerBody *LayerSpecializer::lookup(LayerCall &call) {
  for (std::unique_ptr<LayerBody> &body : bodies) {
    LayerCall &other = body->call;
    if (other.callee == call.callee &&
        TypeRange(ValueRange(other.data)) == TypeRange(ValueRange(call.data)) &&
        llvm::equal(llvm::map_range(other.data, isAbsent),
                    llvm::map_range(call.data, isAbsent)) &&
        llvm::equal(other.predicates, call.predicates, haveSameStructure))
      return body.get();
  }
  return nullptr;
}

FailureOr<LayerBody *> LayerSpecializer::create(LayerCall &call,
                                                LayerBody *caller) {
  auto body = std::make_unique<LayerBody>();
  if (caller) {
    body->depth = caller->depth + 1;
    body->suffix = caller->suffix;
  }
  if (body->depth > kMaxDepth)
    return call.op->emitOpError()
           << "needs more than " << kMaxDepth
           << " bodies, each for a call of the one before: the predicate grows "
              "with every call";
  if (std::string name = names.lookup(call.op); !name.empty())
    body->suffix = name;
  if (body->suffix.empty())
    body->suffix = "_specialized";

  IRMapping copies;
  auto function = cast<FunctionOpInterface>(call.callee->clone(copies));
  call.callee->walk([&](CallOpInterface inner) {
    if (std::string name = names.lookup(inner); !name.empty())
      names[copies.lookup(inner.getOperation())] = name;
  });
  function.setName((call.callee.getName() + body->suffix).str());
  function.setPrivate();
  symbols->insert(function, std::next(call.callee->getIterator()));
  body->call = call;
  body->function = function;
  body->numData = call.data.size();
  specializeBody(rewriter, call, function);
  // What is made of facts that are not given is not given to inner layers.
  if (llvm::any_of(call.data, isAbsent))
    canonicalizePredicates(function);
  callers.push_back({function, body.get()});
  bodies.push_back(std::move(body));
  return bodies.back().get();
}

void LayerSpecializer::redirect(LayerCall &call, LayerBody &body) {
  SmallVector<Value> operands(call.data);
  for (const PredicateSlice &slice : call.predicates)
    llvm::append_range(operands, slice.captures);
  rewriter.modifyOpInPlace(call.op, [&] {
    call.op.setCalleeFromCallable(SymbolRefAttr::get(body.function));
    call.op.getArgOperandsMutable().assign(operands);
    // Those of predicates have no argument any more.
    call.op.removeArgAttrsAttr();
  });
  rewriter.setInsertionPointAfter(call.op);
  for (auto [result, type] :
       llvm::zip_equal(call.op->getResults(), body.function.getResultTypes())) {
    Type general = result.getType();
    if (type == general)
      continue;
    result.setType(type);
    auto cast =
        tensor::CastOp::create(rewriter, call.op.getLoc(), general, result);
    rewriter.replaceAllUsesExcept(result, cast, cast);
  }
  names.erase(call.op);
  body.calls.push_back(call.op);
}

/// The bodies, callers before what they call: what is known in the one may be
/// handed to the other.
SmallVector<LayerBody *> LayerSpecializer::getCallersFirst() {
  DenseMap<Operation *, LayerBody *> bodyOf;
  for (std::unique_ptr<LayerBody> &body : bodies)
    bodyOf[body->function] = body.get();
  llvm::SmallSetVector<LayerBody *, 8> sorted;
  llvm::SmallPtrSet<LayerBody *, 8> seen;
  auto visit = [&](auto &visit, LayerBody *body) -> void {
    if (!body || !seen.insert(body).second)
      return;
    for (CallOpInterface call : body->calls)
      visit(visit, bodyOf.lookup(call->getParentOfType<FunctionOpInterface>()));
    sorted.insert(body);
  };
  for (std::unique_ptr<LayerBody> &body : bodies)
    visit(visit, body.get());
  return sorted.takeVector();
}

/// Finds the calls of the bodies again: folds may have taken some away.
void LayerSpecializer::collectCalls() {
  DenseMap<StringAttr, LayerBody *> byName;
  for (std::unique_ptr<LayerBody> &body : bodies) {
    byName[body->function.getNameAttr()] = body.get();
    body->calls.clear();
  }
  for (auto function : module.getOps<FunctionOpInterface>())
    function->walk([&](CallOpInterface call) {
      if (LayerBody *body = byName.lookup(getCalleeName(call)))
        body->calls.push_back(call);
    });
}

/// Gives the bodies what all their calls agree on, and simplifies their masks.
LogicalResult LayerSpecializer::finishBodies() {
  SmallVector<LayerBody *> sorted = getCallersFirst();
  for (LayerBody *body : sorted)
    if (eraseArguments(*body, sinkAgreedArguments(rewriter, body->function,
                                                  body->calls, category))) {
      canonicalizePredicates(body->function);
      collectCalls();
    }
  SmallVector<Operation *> assumptions;
  for (LayerBody *body : sorted)
    llvm::append_range(
        assumptions,
        assumeDroppedBlocks(rewriter, body->function, body->calls, category));
  for (std::unique_ptr<LayerBody> &body : bodies)
    if (failed(closeBody(rewriter, body->function, category)))
      return failure();
  for (Operation *assumption : assumptions)
    rewriter.replaceOp(assumption, assumption->getOperand(0));
  dropUnusedCaptures();
  return success();
}

/// Erases arguments that the body does not read, and what is handed over for
/// them; returns whether there were any.
bool LayerSpecializer::eraseArguments(LayerBody &body,
                                      const llvm::BitVector &unused) {
  if (unused.none() || failed(body.function.eraseArguments(unused)))
    return false;
  for (CallOpInterface call : body.calls) {
    SmallVector<Value> kept;
    for (auto [i, operand] : llvm::enumerate(call.getArgOperands()))
      if (!unused.test(i))
        kept.push_back(operand);
    call.getArgOperandsMutable().assign(kept);
  }
  body.numData -= llvm::count_if(unused.set_bits(), [&](unsigned number) {
    return number < body.numData;
  });
  return true;
}

/// What simplification made superfluous is not passed. A body that no longer
/// passes something on may itself not need it.
void LayerSpecializer::dropUnusedCaptures() {
  auto dropFrom = [&](LayerBody &body) {
    Block &entry = body.function.front();
    llvm::BitVector unused(entry.getNumArguments());
    for (unsigned i = body.numData; i < entry.getNumArguments(); ++i)
      if (entry.getArgument(i).use_empty())
        unused.set(i);
    return eraseArguments(body, unused);
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (std::unique_ptr<LayerBody> &body : llvm::reverse(bodies)) {
      eraseDeadOps(rewriter, body->function.getFunctionBody());
      changed |= dropFrom(*body);
    }
  }
}

void LayerSpecializer::report() {
  for (std::unique_ptr<LayerBody> &body : bodies)
    remark::passed(body->call.callee->getLoc(),
                   remark::RemarkOpts::name("LayerBody")
                       .category(category)
                       .function(body->function.getName()))
        << (Twine(body->calls.size()) +
            (body->calls.size() == 1 ? " layer uses @" : " layers share @") +
            body->function.getName())
               .str();
}

/// Erases the private layer functions that nothing refers to but one another,
/// and says of the others why they stay.
void LayerSpecializer::eraseUnusedLayers() {
  llvm::SmallSetVector<FunctionOpInterface, 4> layers;
  for (std::unique_ptr<LayerBody> &body : bodies)
    layers.insert(body->call.callee);
  auto keep = [&](FunctionOpInterface layer, StringRef why) {
    remark::missed(layer->getLoc(), remark::RemarkOpts::name("LayerKept")
                                        .category(category)
                                        .function(layer.getName()))
        << ("@" + layer.getName() + " stays: " + why).str();
  };
  llvm::SmallSetVector<FunctionOpInterface, 4> unused;
  for (FunctionOpInterface layer : layers) {
    if (layer.isPrivate())
      unused.insert(layer);
    else
      keep(layer, "it is public");
  }
  auto isUsed = [&](FunctionOpInterface layer) {
    auto uses = SymbolTable::getSymbolUses(layer, module.getOperation());
    return !uses || llvm::any_of(*uses, [&](SymbolTable::SymbolUse use) {
      return !unused.contains(
          use.getUser()->getParentOfType<FunctionOpInterface>());
    });
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (FunctionOpInterface layer : llvm::to_vector(unused))
      if (isUsed(layer)) {
        keep(layer, "it is used other than by calls with a known predicate");
        unused.remove(layer);
        changed = true;
      }
  }
  for (FunctionOpInterface layer : unused)
    symbols->erase(layer);
}

LogicalResult mlir::mask::specializeLayers(RewriterBase &rewriter,
                                           ModuleOp module) {
  // Calls refer to functions of their own module: each has its own bodies.
  SmallVector<std::unique_ptr<LayerSpecializer>> specializers;
  module.walk([&](ModuleOp nested) {
    specializers.push_back(
        std::make_unique<LayerSpecializer>(rewriter, nested));
    specializers.back()->nameCalls();
  });
  if (failed(resolvePolicies(rewriter, module)))
    return failure();
  canonicalizePredicates(module);
  for (std::unique_ptr<LayerSpecializer> &specializer : specializers)
    if (failed(specializer->run()))
      return failure();
  return success();
}

namespace {
struct SpecializeLayersPass
    : public mask::impl::MaskSpecializeLayersBase<SpecializeLayersPass> {
  using Base::Base;

  void runOnOperation() override {
    warnOfEmptyWindows(getOperation());
    IRRewriter rewriter(&getContext());
    if (failed(specializeLayers(rewriter, getOperation())))
      signalPassFailure();
  }
};
} // namespace
