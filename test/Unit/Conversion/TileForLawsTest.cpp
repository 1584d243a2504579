//===- TileForLawsTest.cpp - what mask.tile_for visits -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The laws of `mask.tile_for`, lowered, against a list of tiles that is made
// from the op's description alone. Bounds are all that a small grid holds, as
// values, as constants and as one value for two bounds: what is known decides
// which loops there are.
//
//===----------------------------------------------------------------------===//

#include "../TestOptions.h"
#include "LoopInterpreter.h"
#include "TileForModel.h"

#include "Mask/Conversion/TilesToSCF.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <memory>
#include <random>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::test;

namespace {

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

constexpr int64_t kLargest = 6;

/// Whether these are an interval: a core that is not empty lies in the hull,
/// which lies in the array.
bool isInterval(const Bounds &bounds) {
  auto [hullLower, coreLower, coreUpper, hullUpper] = bounds;
  if (hullLower < 0)
    return false;
  return coreLower >= coreUpper ||
         (hullLower <= coreLower && coreUpper <= hullUpper);
}

/// Every interval with bounds of -1 to 6; empty cores may lie anywhere and end
/// before they begin, and so may hulls.
std::vector<Bounds> listIntervals() {
  std::vector<Bounds> intervals;
  constexpr int64_t n = kLargest + 2;
  for (int64_t i = 0; i < n * n * n * n; ++i) {
    Bounds bounds = {i / n / n / n - 1, i / n / n % n - 1, i / n % n - 1,
                     i % n - 1};
    if (isInterval(bounds))
      intervals.push_back(bounds);
  }
  return intervals;
}

//===----------------------------------------------------------------------===//
// Checking
//===----------------------------------------------------------------------===//

/// What the body yields.
int64_t carry(int64_t value, int64_t key) {
  return (value * 31 + key + 1) & 0xffffffff;
}

/// What is known of a bound when the op is lowered: a number, that it is
/// another bound, or nothing.
struct Known {
  std::optional<int64_t> constant;
  std::optional<size_t> bound;
};

class TileForLaws : public ::testing::Test {
protected:
  TileForLaws() : intervals(listIntervals()), random(getSeed()) {
    context.loadDialect<MaskDialect, affine::AffineDialect, arith::ArithDialect,
                        cf::ControlFlowDialect, func::FuncDialect,
                        memref::MemRefDialect, scf::SCFDialect>();
    context.disableMultithreading();
  }
  ~TileForLaws() override {
    std::printf("%lld functions, %lld runs\n",
                static_cast<long long>(functions),
                static_cast<long long>(runs));
  }

  void parse(const Form &newForm) {
    form = newForm;
    source = parseSourceString<ModuleOp>(writeForm(form), &context);
    ASSERT_TRUE(source) << writeForm(form);
  }
  void lower(ArrayRef<Known> known = {});
  void checkCopies(unsigned copiedIntervals);
  bool check(const Case &newCase);
  bool checkOthers(std::vector<Bounds> bounds);
  bool checkParts(Case whole);
  bool checkCoverage();
  int64_t call(StringRef callee, ArrayRef<int64_t> values);

  std::vector<Form> listForms();
  Case drawCase();
  int64_t between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random() % (most - least + 1));
  }
  bool oneIn(unsigned n) { return random() % n == 0; }

  MLIRContext context;
  const std::vector<Bounds> intervals;
  std::mt19937 random;

  Form form;
  OwningOpRef<ModuleOp> source, lowered;
  LoopInterpreter::Memory memory;
  std::unique_ptr<LoopInterpreter> code;

  // Of the run at hand.
  Case trial;
  std::vector<Tile> tiles;
  std::vector<Event> events;
  int64_t carried = 0;
  std::string complaint;
  int64_t functions = 0, runs = 0;
};

/// Makes `code` of the source, with what is known put into it.
void TileForLaws::lower(ArrayRef<Known> known) {
  ++functions;
  code.reset();
  lowered = OwningOpRef<ModuleOp>(cast<ModuleOp>((*source)->clone()));
  auto function = lowered->lookupSymbol<func::FuncOp>("f");
  IRRewriter rewriter(&context);
  rewriter.setInsertionPointToStart(&function.getBody().front());
  for (auto [i, bound] : llvm::enumerate(known)) {
    Value argument = function.getArgument(i);
    if (bound.constant)
      argument.replaceAllUsesWith(arith::ConstantIndexOp::create(
          rewriter, function.getLoc(), *bound.constant));
    else if (bound.bound)
      argument.replaceAllUsesWith(function.getArgument(*bound.bound));
  }
  TileForOp loop;
  function.walk([&](TileForOp op) { loop = op; });
  // Loops of both kinds, in turns.
  lowerTileFor(rewriter, loop, {functions % 2 ? 32u : 64u, form.mergesEdges});
  code = std::make_unique<LoopInterpreter>(
      function,
      [this](StringRef callee, ArrayRef<int64_t> values) {
        return call(callee, values);
      },
      memory);
}

/// Of code whose bounds are not known: each phase has a copy of the body, with
/// flags that are constants, if it is not merged with another. The two edges
/// differ in one flag.
void TileForLaws::checkCopies(unsigned copiedIntervals) {
  ASSERT_TRUE(succeeded(verify(*lowered)));
  unsigned copies = 0, constants = 0;
  lowered->walk([&](func::CallOp op) {
    if (op.getCallee() != "body")
      return;
    ++copies;
    for (Value flag : op.getOperands().slice(3, 2))
      constants += flag.getDefiningOp<arith::ConstantOp>() != nullptr;
  });
  auto [expected, known] = form.merged        ? std::pair(1, 0)
                           : form.mergesEdges ? std::pair(2, 3)
                                              : std::pair(3, 6);
  EXPECT_EQ(copies, copiedIntervals * expected) << writeForm(form);
  EXPECT_EQ(constants, copiedIntervals * known) << writeForm(form);
}

int64_t TileForLaws::call(StringRef callee, ArrayRef<int64_t> values) {
  auto complain = [&](const char *text) {
    if (complaint.empty())
      complaint = text + (" at key " + std::to_string(values[0]));
    return 0;
  };
  if (callee == "visit") {
    auto tile = llvm::find_if(tiles, [&](const Tile &tile) {
      return tile.key == values[0] && tile.size == values[1];
    });
    if (tile == tiles.end())
      return complain("asks for a tile that is none");
    if (tile->inCore && !form.merged && !form.ahead && !form.part)
      return complain("asks for a tile of the core");
    return isVisited(*tile, trial);
  }
  if (events.size() > 1000)
    llvm::report_fatal_error("does not end");
  Event event{callee == "load", values[0], values[1], values[2]};
  if (event.isLoad) {
    events.push_back(event);
    return 0;
  }
  event.lowerFails = values[3];
  event.upperFails = values[4];
  if (form.ahead && values[5]) {
    event.more = true;
    event.next = values[6];
    event.nextSize = values[7];
  }
  events.push_back(event);
  if (!form.carries)
    return 0;
  if (values.back() != carried)
    complain("was not given what the body before has yielded");
  return carried = carry(carried, event.key);
}

/// No key twice, and where all tiles are visited each of a hull once.
bool TileForLaws::checkCoverage() {
  bool all = !form.visit && !form.part;
  std::vector<int> visits(trial.end);
  for (const Event &event : events)
    for (int64_t i = event.isLoad ? event.size : 0; i < event.size; ++i)
      ++visits.at(event.key + i);
  for (int64_t key = 0; key < trial.end; ++key) {
    bool inHull = llvm::any_of(trial.intervals, [&](const Bounds &bounds) {
      return bounds[0] <= key && key < bounds[3];
    });
    if (visits[key] > 1 || (all && inHull && visits[key] == 0) ||
        (!inHull && !form.whole && visits[key] != 0))
      return false;
  }
  return true;
}

bool TileForLaws::check(const Case &newCase) {
  ++runs;
  trial = newCase;
  tiles = listTiles(form, trial);
  events.clear();
  complaint.clear();
  carried = 7;
  std::vector<int64_t> arguments;
  if (form.memory) {
    memory = trial.intervals;
    arguments.push_back(0);
  } else {
    for (const Bounds &bounds : trial.intervals)
      llvm::append_range(arguments, bounds);
  }
  for (int64_t value : {trial.end, trial.part, trial.parts, form.step})
    arguments.push_back(value);
  int64_t result = code->run(arguments)[0];
  std::vector<Event> expected = listEvents(form, trial);
  if (complaint.empty() && events != expected)
    complaint = "visits\n" + print(events) + "instead of\n" + print(expected);
  if (complaint.empty() && result != carried)
    complaint = "returns another value than the last body has yielded";
  if (complaint.empty() && !checkCoverage())
    complaint = "does not visit each key once";
  if (complaint.empty())
    return true;
  std::string text;
  llvm::raw_string_ostream(text) << *lowered;
  ADD_FAILURE() << describe(form, trial) << complaint << "\n" << text;
  return false;
}

/// All parts: together they are all visited tiles, and of a size.
bool TileForLaws::checkParts(Case whole) {
  std::vector<int64_t> keys;
  size_t least = SIZE_MAX, most = 0;
  for (whole.part = 0; whole.part < whole.parts; ++whole.part) {
    if (!check(whole))
      return false;
    size_t before = keys.size();
    for (const Event &event : events)
      if (!event.isLoad)
        keys.push_back(event.key);
    least = std::min(least, keys.size() - before);
    most = std::max(most, keys.size() - before);
  }
  std::vector<int64_t> visited;
  for (const Tile &tile : tiles)
    if (!form.visit || isVisited(tile, whole))
      visited.push_back(tile.key);
  bool same = keys == visited;
  EXPECT_TRUE(same && most - least <= 1) << describe(form, whole);
  return same && most - least <= 1;
}

/// The intervals, with what the form takes beside them.
bool TileForLaws::checkOthers(std::vector<Bounds> bounds) {
  Case next;
  next.intervals = std::move(bounds);
  next.end = between(kLargest, kLargest + 3);
  next.visits = random();
  if (!form.part)
    return check(next);
  next.parts = between(1, 4);
  return checkParts(next);
}

/// All combinations; of what is drawn where they are not to take minutes,
/// some.
std::vector<Form> TileForLaws::listForms() {
  std::vector<Form> forms;
  Form next;
  for (next.step = 1; next.step <= 4; ++next.step)
    for (next.ahead = 0; next.ahead <= 3; ++next.ahead)
      for (int64_t align = -1; align <= next.step; ++align)
        for (unsigned bits = 0; bits < 64; ++bits) {
          next.whole = align >= 0;
          next.align = std::max<int64_t>(align, 0);
          if (next.align && next.step % next.align != 0)
            continue;
          next.merged = bits & 1;
          next.part = bits & 2;
          next.visit = bits & 4;
          next.dynamic = bits & 8;
          next.loadFirst = next.ahead && bits & 16;
          if (bits & 16 && !next.ahead)
            continue;
          next.mergesEdges = bits & 32;
          if (next.merged && next.mergesEdges)
            continue;
          if (!isExhaustive() && !oneIn(6))
            continue;
          next.carries = !oneIn(3);
          next.counts = !oneIn(3);
          forms.push_back(next);
        }
  return forms;
}

/// A form's intervals, drawn: where neither hull is empty, the later one does
/// not begin before the earlier one.
Case TileForLaws::drawCase() {
  Case drawn;
  std::optional<int64_t> begin;
  while (drawn.intervals.size() < form.intervals) {
    Bounds next = intervals[random() % intervals.size()];
    bool empty = next[0] >= next[3];
    if (empty ? !oneIn(4) : begin && next[0] < *begin)
      continue;
    if (!empty)
      begin = next[0];
    drawn.intervals.push_back(next);
  }
  return drawn;
}

/// One interval of values: all of the grid. A form meets every interval with
/// one end, one pattern of visits and one number of parts, which vary.
TEST_F(TileForLaws, Values) {
  for (const Form &next : listForms()) {
    ASSERT_NO_FATAL_FAILURE(parse(next));
    ASSERT_NO_FATAL_FAILURE(lower());
    checkCopies(1);
    for (const Bounds &bounds : intervals)
      if (!checkOthers({bounds}))
        return;
  }
}

/// Bounds of which some are one value.
TEST_F(TileForLaws, SharedValues) {
  const std::vector<std::pair<size_t, size_t>> kShared[] = {
      {{1, 0}}, {{3, 2}}, {{1, 0}, {3, 2}},
      {{2, 1}}, {{3, 0}}, {{2, 0}, {3, 1}}};
  for (const Form &next : listForms()) {
    if (!oneIn(isExhaustive() ? 1 : 3))
      continue;
    ASSERT_NO_FATAL_FAILURE(parse(next));
    for (const auto &shared : kShared) {
      std::vector<Known> known(4);
      for (auto [bound, other] : shared)
        known[bound].bound = other;
      ASSERT_NO_FATAL_FAILURE(lower(known));
      for (const Bounds &bounds : intervals)
        if (llvm::all_of(shared, [&](auto pair) {
              return bounds[pair.first] == bounds[pair.second];
            }))
          if (!checkOthers({bounds}))
            return;
    }
  }
}

/// One interval of which any bounds are constants, all constants and values of
/// the grid.
TEST_F(TileForLaws, Constants) {
  for (int64_t step = 1; step <= 4; ++step) {
    Form next;
    next.step = step;
    ASSERT_NO_FATAL_FAILURE(parse(next));
    for (unsigned constants = 1; constants < 16; ++constants) {
      // Those that differ in what is not constant are neighbours.
      auto getKey = [&](const Bounds &bounds) {
        Bounds key{};
        for (size_t i = 0; i < 4; ++i)
          key[i] = constants >> i & 1 ? bounds[i] : 0;
        return key;
      };
      std::vector<Bounds> sorted(intervals);
      llvm::sort(sorted, [&](const Bounds &a, const Bounds &b) {
        return getKey(a) < getKey(b);
      });
      for (size_t i = 0; i < sorted.size(); ++i) {
        if (i == 0 || getKey(sorted[i]) != getKey(sorted[i - 1])) {
          std::vector<Known> known(4);
          for (size_t j = 0; j < 4; ++j)
            if (constants >> j & 1)
              known[j].constant = sorted[i][j];
          ASSERT_NO_FATAL_FAILURE(lower(known));
        }
        if (!checkOthers({sorted[i]}))
          return;
      }
    }
  }
}

/// Any form, of up to three intervals, of whose bounds any are constants or
/// another bound.
TEST_F(TileForLaws, RandomKnowledge) {
  std::vector<Form> forms = listForms();
  for (unsigned i = 0, count = getCount(4000); i < count; ++i) {
    Form next = forms[random() % forms.size()];
    next.intervals = between(1, 3);
    ASSERT_NO_FATAL_FAILURE(parse(next));
    Case drawn = drawCase();
    SmallVector<int64_t> bounds;
    for (const Bounds &interval : drawn.intervals)
      llvm::append_range(bounds, interval);
    unsigned constants = between(1, 3);
    std::vector<Known> known(bounds.size());
    for (size_t j = 0; j < bounds.size(); ++j) {
      if (oneIn(constants))
        known[j].constant = bounds[j];
      else if (size_t other = random() % bounds.size();
               other < j && bounds[other] == bounds[j] &&
               !known[other].constant && !known[other].bound)
        known[j].bound = other;
    }
    // Behind the end and the part comes the step.
    known.resize(bounds.size() + 4);
    if (oneIn(2))
      known.back().constant = next.step;
    ASSERT_NO_FATAL_FAILURE(lower(known));
    if (!checkOthers(drawn.intervals))
      return;
  }
}

/// Several intervals of values, drawn: what overlaps is visited once.
TEST_F(TileForLaws, SeveralIntervals) {
  const unsigned count = isExhaustive() ? 4000 : 150;
  for (Form next : listForms())
    for (next.intervals = 2; next.intervals <= 3; ++next.intervals) {
      ASSERT_NO_FATAL_FAILURE(parse(next));
      ASSERT_NO_FATAL_FAILURE(lower());
      checkCopies(form.intervals);
      for (unsigned i = 0; i < count; ++i)
        if (!checkOthers(drawCase().intervals))
          return;
    }
}

/// Bounds in memory, of any number of intervals.
TEST_F(TileForLaws, Memory) {
  for (Form next : listForms()) {
    next.memory = true;
    ASSERT_NO_FATAL_FAILURE(parse(next));
    ASSERT_NO_FATAL_FAILURE(lower());
    checkCopies(1);
    for (const Bounds &bounds : intervals)
      if ((isExhaustive() || oneIn(20)) && !checkOthers({bounds}))
        return;
    for (unsigned i = 0, count = isExhaustive() ? 4000 : 300; i < count; ++i) {
      form.intervals = i % 5;
      if (!checkOthers(drawCase().intervals))
        return;
    }
  }
}

} // namespace
