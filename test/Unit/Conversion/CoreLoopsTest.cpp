//===- CoreLoopsTest.cpp - what the loops over keys do -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every layer type of every policy, lowered to loops. The plan of its predicate
// says which loops over keys there are and which ends of the rows each has to
// look at; the loops are found by what they read, and their ops are walked.
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/TilePlan.h"
#include "Mask/Conversion/Passes.h"
#include "Mask/Execution/Jit.h"
#include "Mask/Pipelines/MaskToCPU.h"
#include "Mask/Request/PolicyLibrary.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

/// Queries fill more than a vector: tiles of fewer rows have one loop.
constexpr int64_t kQueryTile = 32, kKeyTile = 64;
/// What parameters are where they are constants: more than two tiles, so that
/// no tile is cut by both ends of a row.
constexpr int64_t kParameter = 1024;

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// Which facts are given.
enum class Given {
  All,
  Plain,    ///< but those that place padding and sequences
  Constants ///< these, and parameters are numbers
};

/// Query, key, value and output come first.
constexpr unsigned kDataArguments = 4, kKeyArgument = 1;

/// An attention under one layer type of `policy`.
std::string writeAttention(PolicyOp policy, StringRef layerType, Given given,
                           StringRef name) {
  std::string arguments, constants, facts, types;
  llvm::raw_string_ostream argumentsOS(arguments), constantsOS(constants),
      factsOS(facts), typesOS(types);
  for (auto [fact, optional, type] : llvm::zip_equal(
           policy.getFactNames().getAsValueRange<StringAttr>(),
           policy.getFactOptional(), policy.getFunctionType().getInputs())) {
    bool places = fact == "key_valid" || fact == "sequence_ids" ||
                  fact == "positions" || fact == "left_padding";
    if (given != Given::All && optional && places)
      constantsOS << "  %" << fact << " = mask.absent : " << type << "\n";
    else if (given == Given::Constants && type.isIndex())
      constantsOS << "  %" << fact << " = arith.constant " << kParameter
                  << " : index\n";
    else
      argumentsOS << ", %" << fact << ": " << type;
    StringRef comma = facts.empty() ? "" : ", ";
    factsOS << comma << "%" << fact;
    typesOS << comma << type;
  }
  std::string data = "tensor<?x?x?x?xf32>";
  return "func.func @\"" + name.str() + "\"(%q: " + data + ", %k: " + data +
         ", %v: " + data + ", %o: memref<?x?x?x?xf32>" + arguments + ") {\n" +
         constants + "  %m = mask.of_layer @\"" + policy.getSymName().str() +
         "\" \"" + layerType.str() + "\"(" + facts + ")" +
         (types.empty() ? "" : " : ") + types +
         "\n  %ot = bufferization.to_tensor %o restrict writable : "
         "memref<?x?x?x?xf32> to " +
         data + "\n  %r = mask.attention ins(%q, %k, %v : " + data + ", " +
         data + ", " + data + ") outs(%ot : " + data + ") mask(%m) -> " + data +
         "\n  bufferization.materialize_in_destination %r in restrict writable "
         "%o : (" +
         data + ", memref<?x?x?x?xf32>) -> ()\n  return\n}\n";
}

//===----------------------------------------------------------------------===//
// What is planned
//===----------------------------------------------------------------------===//

/// One loop over keys.
struct ExpectedLoop {
  bool isCore = false;
  /// By end of the plan, in its order: whether the loop has to look at it.
  SmallVector<bool> ends;
};

struct ExpectedLoops {
  SmallVector<ExpectedLoop> loops;
  /// Of each end of a row that is looked at somewhere, whether it is the lower.
  SmallVector<bool> isLower;
  /// Whether no more than the ends of rows decide.
  bool byRows = false;
  /// Whether some end is not looked at where the other may fail.
  bool isOneSided = false;
};

ExpectedLoops planLoops(AttentionOp op) {
  TermContext context;
  TilePlanOptions options;
  options.buildTables = false;
  options.queries = kQueryTile;
  options.keys = kKeyTile;
  TilePlan plan = planTiles(context, op.getPredicateValue(), options);
  ExpectedLoops expected;
  expected.byRows = plan.isByRows();
  auto add = [&](bool lowerFails, bool upperFails) {
    ExpectedLoop loop;
    loop.isCore = !lowerFails && !upperFails;
    for (const TilePart &part : plan.parts)
      if (part.kind != TilePart::Condition)
        loop.ends.push_back(((lowerFails && part.whereLowerFails) ||
                             (upperFails && part.whereUpperFails)) &&
                            !(part.onlyWhereLowerHolds && lowerFails));
    expected.loops.push_back(loop);
  };
  for (const TileInterval &interval : plan.intervals) {
    if (!(interval.hullLower == interval.coreLower))
      add(/*lowerFails=*/true, /*upperFails=*/true);
    add(false, false);
    add(false, true);
  }
  for (const TilePart &part : plan.parts) {
    if (part.kind != TilePart::Condition)
      expected.isLower.push_back(part.kind == TilePart::LowerEnd);
    expected.isOneSided |= part.onlyWhereLowerHolds;
  }
  return expected;
}

//===----------------------------------------------------------------------===//
// What the loops do
//===----------------------------------------------------------------------===//

/// The memory that `memref` is a view of: an array in the workspace of a tile
/// is one of its own.
Value getMemory(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>()) {
    if (isa<memref::ViewOp>(view))
      break;
    memref = view.getViewSource();
  }
  return memref;
}

bool reads(Operation *loop, Value memory) {
  return loop
      ->walk([&](Operation *op) {
        // What is asked for is not read yet.
        if (isa<memref::PrefetchOp>(op))
          return WalkResult::advance();
        for (Value operand : op->getOperands())
          if (isa<MemRefType>(operand.getType()) &&
              getMemory(operand) == memory)
            return WalkResult::interrupt();
        return WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether an op chooses the greater of two floats, as the softmax does.
bool isMaximum(arith::SelectOp select) {
  auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
  return compare && compare.getPredicate() == arith::CmpFPredicate::OGT &&
         compare.getLhs() == select.getTrueValue() &&
         compare.getRhs() == select.getFalseValue();
}

/// Whether the op is a branch on what vectors of data hold, not on the mask:
/// maxima that moved, values that are not finite.
bool asksData(scf::IfOp branch) {
  return branch.getCondition().getDefiningOp<vector::ReductionOp>() != nullptr;
}

/// What of a mask a loop has.
struct MaskCode {
  /// Comparisons of integers and selections that are no maximum.
  SmallVector<Operation *> choices;
  /// Buffers of row ends, in the order in which they are read.
  llvm::SetVector<Value> ends;
  /// What is read that is neither data nor the kernel's own.
  SmallVector<Operation *> facts;
};

/// The loops over keys of one function.
class KeyLoops {
public:
  explicit KeyLoops(func::FuncOp function) : function(function) { find(); }

  SmallVector<scf::ForOp> loops;
  /// Buffers with an end for each row of a tile of queries.
  SmallVector<Value> rowEnds;

  /// The loops over tiles of keys: those of merged edges are in one that runs
  /// twice.
  SmallVector<scf::ForOp> getInnermost();
  /// What all tiles of `loop` do.
  MaskCode getMaskCode(scf::ForOp loop);

private:
  void find();
  bool isData(Value memory);

  func::FuncOp function;
  scf::ParallelOp tiles;
};

/// The tiles of queries are where keys are read.
void KeyLoops::find() {
  Value key = function.getArgument(kKeyArgument);
  function.walk([&](scf::ParallelOp loop) {
    if (reads(loop, key))
      tiles = loop;
  });
  if (!tiles)
    return;
  for (Operation &op : *tiles.getBody()) {
    if (auto loop = dyn_cast<scf::ForOp>(op); loop && reads(loop, key))
      loops.push_back(loop);
    if (auto buffer = dyn_cast<memref::ViewOp>(op);
        buffer && buffer.getType().getElementType().isInteger(32))
      rowEnds.push_back(buffer);
  }
}

SmallVector<scf::ForOp> KeyLoops::getInnermost() {
  SmallVector<scf::ForOp> innermost;
  for (scf::ForOp loop : loops) {
    bool isRound = getConstantIntValue(loop.getLowerBound()) == 0 &&
                   getConstantIntValue(loop.getUpperBound()) == 2;
    if (isRound)
      llvm::append_range(innermost, loop.getBody()->getOps<scf::ForOp>());
    else
      innermost.push_back(loop);
  }
  return innermost;
}

/// Operands, results and the kernel's own numbers.
bool KeyLoops::isData(Value memory) {
  if (auto argument = dyn_cast<BlockArgument>(memory))
    return argument.getOwner() == &function.front() &&
           argument.getArgNumber() < kDataArguments;
  return isa<Float32Type>(cast<MemRefType>(memory.getType()).getElementType());
}

MaskCode KeyLoops::getMaskCode(scf::ForOp loop) {
  MaskCode code;
  loop.getBody()->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto branch = dyn_cast<scf::IfOp>(op); branch && asksData(branch))
      return WalkResult::skip();
    auto select = dyn_cast<arith::SelectOp>(op);
    // The bits of floats are compared with a constant.
    auto compare = dyn_cast<arith::CmpIOp>(op);
    bool isOfBits =
        compare && compare.getPredicate() == arith::CmpIPredicate::uge;
    if ((compare && !isOfBits) || (select && !isMaximum(select)))
      code.choices.push_back(op);
    for (Value operand : op->getOperands()) {
      if (!isa<MemRefType>(operand.getType()))
        continue;
      Value memory = getMemory(operand);
      if (llvm::is_contained(rowEnds, memory))
        code.ends.insert(memory);
      else if (!isData(memory))
        code.facts.push_back(op);
    }
    return WalkResult::advance();
  });
  return code;
}

/// The sides from which keys are compared with the ends in `buffer`.
SmallVector<arith::CmpIPredicate> getSides(scf::ForOp loop, Value buffer) {
  SmallVector<arith::CmpIPredicate> sides;
  loop.walk([&](arith::CmpIOp compare) {
    auto load = compare.getRhs().getDefiningOp<vector::LoadOp>();
    if (load && load.getBase() == buffer)
      sides.push_back(compare.getPredicate());
  });
  return sides;
}

//===----------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------===//

class CoreLoops : public ::testing::Test {
protected:
  CoreLoops() {
    DialectRegistry registry;
    registerJitDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
  }

  void addPolicies(Given given);
  void lower(bool mergeEdges);
  /// Lowers all policies; `mergeEdges` as the CPU's pipeline does.
  void lowerAll(Given given, bool mergeEdges);
  void checkAll(Given given);
  void check(func::FuncOp function, const ExpectedLoops &expected);
  void checkLoop(KeyLoops &loops, scf::ForOp loop,
                 const ExpectedLoop &expectedLoop,
                 const ExpectedLoops &expected);

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  /// By function.
  /// By the name of the function that the attention is in: others hold loops
  /// over tables.
  std::vector<std::pair<std::string, ExpectedLoops>> plans;
  unsigned cores = 0, edges = 0;
};

/// Policies are looked up when an op is verified, so all is parsed together.
void CoreLoops::addPolicies(Given given) {
  std::string text;
  OwningOpRef<ModuleOp> policies = ModuleOp::create(UnknownLoc::get(&context));
  for (const PolicyEntry &entry : getPolicies()) {
    FailureOr<PolicyOp> policy = loadPolicy(entry.name, *policies);
    ASSERT_TRUE(succeeded(policy));
    text += entry.source;
    for (StringRef layerType : policy->getLayerTypes())
      text += writeAttention(*policy, layerType, given,
                             (entry.name + " " + layerType).str());
  }
  module = parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(module);
}

/// To loops, with the plan that is made on the way.
void CoreLoops::lower(bool mergeEdges) {
  PassManager toBuffers(&context), toLoops(&context);
  buildMaskToBuffersPipeline(toBuffers);
  ConvertMaskToTilesOptions tiles;
  tiles.queryTile = kQueryTile;
  tiles.heads = 1;
  tiles.keyTile = kKeyTile;
  tiles.rows = 1;
  toLoops.addNestedPass<func::FuncOp>(createConvertMaskToTiles(tiles));
  toLoops.addPass(createCanonicalizerPass());
  toLoops.addPass(createCSEPass());
  ConvertMaskToSCFOptions loops;
  loops.mergeEdges = mergeEdges;
  toLoops.addNestedPass<func::FuncOp>(createConvertMaskToSCF(loops));
  toLoops.addPass(createCanonicalizerPass());
  toLoops.addPass(createCSEPass());
  toLoops.addPass(createLoopInvariantCodeMotionPass());
  ASSERT_TRUE(succeeded(toBuffers.run(*module)));
  module->walk([&](AttentionOp op) {
    auto function = op->getParentOfType<func::FuncOp>();
    plans.emplace_back(function.getName().str(), planLoops(op));
  });
  ASSERT_TRUE(succeeded(toLoops.run(*module)));
}

void CoreLoops::checkLoop(KeyLoops &loops, scf::ForOp loop,
                          const ExpectedLoop &expectedLoop,
                          const ExpectedLoops &expected) {
  auto print = [](Operation *op) {
    std::string text;
    llvm::raw_string_ostream(text) << *op;
    return text;
  };
  MaskCode code = loops.getMaskCode(loop);
  ++(expectedLoop.isCore ? cores : edges);
  if (expectedLoop.isCore || expected.byRows)
    for (Operation *fact : code.facts)
      ADD_FAILURE() << "reads a fact: " << print(fact);
  if (expectedLoop.isCore)
    for (Operation *choice : code.choices)
      ADD_FAILURE() << "masks: " << print(choice);
  for (auto [i, buffer] : llvm::enumerate(loops.rowEnds)) {
    EXPECT_EQ(code.ends.contains(buffer), expectedLoop.ends[i])
        << "end " << i << " of the rows";
    for (arith::CmpIPredicate side : getSides(loop, buffer))
      EXPECT_EQ(side, expected.isLower[i] ? arith::CmpIPredicate::sge
                                          : arith::CmpIPredicate::slt);
  }
  if (!expectedLoop.isCore)
    EXPECT_NE(code.choices.empty(),
              !expected.byRows || llvm::is_contained(expectedLoop.ends, true));
}

void CoreLoops::check(func::FuncOp function, const ExpectedLoops &expected) {
  KeyLoops loops(function);
  ASSERT_EQ(loops.loops.size(), expected.loops.size());
  ASSERT_EQ(loops.rowEnds.size(), expected.isLower.size());
  for (auto [i, loop] : llvm::enumerate(loops.loops)) {
    SCOPED_TRACE("loop " + std::to_string(i));
    checkLoop(loops, loop, expected.loops[i], expected);
  }
}

void CoreLoops::lowerAll(Given given, bool mergeEdges) {
  addPolicies(given);
  if (!HasFatalFailure())
    lower(mergeEdges);
}

void CoreLoops::checkAll(Given given) {
  lowerAll(given, /*mergeEdges=*/false);
  if (HasFatalFailure())
    return;
  for (const auto &[name, plan] : plans) {
    SCOPED_TRACE(name);
    auto function = module->lookupSymbol<func::FuncOp>(name);
    ASSERT_TRUE(function);
    check(function, plan);
  }
  unsigned count = plans.size();
  std::printf("%u functions, %u core loops, %u edge loops\n", count, cores,
              edges);
  EXPECT_GE(cores, count);
  EXPECT_GT(edges, 0u);
}

TEST_F(CoreLoops, AllFacts) { checkAll(Given::All); }

/// Whether documents and slots are intervals is known at run time: ids may come
/// back, positions may fall. All other rows are, and their ends decide.
TEST_F(CoreLoops, PlainRowsAreTheirEnds) {
  checkAll(Given::Plain);
  for (const auto &[function, plan] : plans) {
    StringRef name = function;
    bool isKnownAtRunTime = name.starts_with("document-causal") ||
                            name.starts_with("gemma-jax-slots");
    EXPECT_NE(plan.byRows, isKnownAtRunTime) << function;
  }
}

/// With one copy of the body for both edges there are as many core loops, and
/// they have no mask either.
TEST_F(CoreLoops, MergedEdges) {
  lowerAll(Given::Plain, /*mergeEdges=*/true);
  ASSERT_FALSE(HasFatalFailure());
  for (const auto &[name, plan] : plans) {
    SCOPED_TRACE(name);
    auto function = module->lookupSymbol<func::FuncOp>(name);
    ASSERT_TRUE(function);
    KeyLoops loops(function);
    size_t expectedCores = 0, expectedEdges = 0, coresFound = 0, edgesFound = 0;
    for (auto [i, loop] : llvm::enumerate(plan.loops)) {
      bool sharesNext =
          !loop.isCore && i + 1 < plan.loops.size() && plan.loops[i + 1].isCore;
      ++(loop.isCore ? expectedCores : expectedEdges);
      expectedEdges -= sharesNext;
    }
    for (scf::ForOp loop : loops.getInnermost()) {
      MaskCode code = loops.getMaskCode(loop);
      bool isCore = code.choices.empty() && code.facts.empty();
      ++(isCore ? coresFound : edgesFound);
    }
    // Nothing is hidden in the edge of a full mask.
    EXPECT_GE(coresFound, expectedCores);
    EXPECT_EQ(coresFound + edgesFound, expectedCores + expectedEdges);
  }
}

/// Under a window of more than two tiles each edge looks at one end.
TEST_F(CoreLoops, ConstantParameters) {
  checkAll(Given::Constants);
  EXPECT_TRUE(llvm::any_of(
      plans, [](const auto &plan) { return plan.second.isOneSided; }));
}

} // namespace
