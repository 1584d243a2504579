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

#include "Mask/Conversion/TilesToSCF.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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
// What can be asked for
//===----------------------------------------------------------------------===//

/// The options of one op.
struct Form {
  size_t intervals = 1;
  int64_t step = 1, ahead = 0;
  /// 0: not given.
  int64_t align = 0;
  bool merged = false, whole = false, part = false, visit = false;
  /// Bounds lie in memory.
  bool memory = false;
  /// Whether the body carries a value, and asks for the ordinal.
  bool carries = true, counts = true;

  size_t getNumBounds() const { return memory ? 0 : 4 * intervals; }
};

/// `hull_lower`, `core_lower`, `core_upper`, `hull_upper`.
using Bounds = std::array<int64_t, 4>;

/// One run of an op.
struct Case {
  std::vector<Bounds> intervals;
  /// One past the last key of the array.
  int64_t end = 0;
  int64_t part = 0, parts = 1;
  /// Of the tile that starts at a key, whether it is visited, outside of cores.
  uint64_t visits = 0;
};

/// The op in `@f`, which takes its bounds, the end of the array, the part and
/// how many there are; its regions call functions that observe.
std::string writeForm(const Form &form) {
  std::string arguments, bounds, options;
  for (size_t i = 0; i < form.getNumBounds(); ++i) {
    std::string name = "%a" + std::to_string(i);
    arguments += name + ": index, ";
    bounds += (i ? ", " : "") + name;
  }
  if (form.memory)
    arguments += "%m: memref<?x4xindex>, ";
  bounds = form.memory ? "in %m : memref<?x4xindex>" : "[" + bounds + "]";
  if (form.whole)
    options += " whole %end";
  if (form.align)
    options += " align " + std::to_string(form.align);
  if (form.part)
    options += " part %part of %parts";
  if (form.ahead)
    options += " ahead " + std::to_string(form.ahead);
  if (form.merged)
    options += " merged";
  if (form.carries)
    options += " init(%seven : index)";

  std::string block = "%key: index, %size: index, %n: index, "
                      "%lower: i1, %upper: i1",
              values = form.counts ? "%key, %size, %n" : "%key, %size, %seven",
              types = "index, index, index, i1, i1";
  values += ", %lower, %upper";
  if (form.ahead) {
    block += ", %more: i1, %next: index, %next_size: index";
    values += ", %more, %next, %next_size";
    types += ", i1, index, index";
  }
  if (form.carries) {
    block += ", %x: index";
    values += ", %x";
    types += ", index";
  }
  std::string result = form.carries ? " -> index" : "",
              resultTypes = form.carries ? "index" : "()";
  std::string text =
      "func.func private @body(" + types + ")" + result +
      "\nfunc.func private @visit(index, index) -> i1"
      "\nfunc.func private @load(index, index, index)"
      "\nfunc.func @f(" +
      arguments +
      "%end: index, %part: index, %parts: index) -> index {\n"
      "  %seven = arith.constant 7 : index\n  " +
      (form.carries ? "%r = " : "") + "mask.tile_for " + bounds + " step " +
      std::to_string(form.step) + options + " {\n  ^bb0(" + block + "):\n    " +
      (form.carries ? "%y = " : "") + "func.call @body(" + values + ") : (" +
      types + ") -> " + resultTypes + "\n    mask.yield" +
      (form.carries ? " %y : index" : "") + "\n  }";
  if (form.visit)
    text += " visit {\n  ^bb0(%key: index, %size: index):\n"
            "    %v = func.call @visit(%key, %size) : (index, index) -> i1\n"
            "    mask.yield %v : i1\n  }";
  if (form.ahead)
    text += " load {\n  ^bb0(%key: index, %size: index, %n: index):\n"
            "    func.call @load(%key, %size, %n) : (index, index, index) -> ()"
            "\n    mask.yield\n  }";
  return text + result + "\n  return " + (form.carries ? "%r" : "%seven") +
         " : index\n}\n";
}

std::string describe(const Form &form, const Case &trial) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const Bounds &bounds : trial.intervals) {
    llvm::interleaveComma(bounds, os << "[");
    os << "] ";
  }
  os << "step " << form.step << " end " << trial.end << " part " << trial.part
     << " of " << trial.parts << " visits " << (trial.visits & 0xffff) << "\n"
     << writeForm(form);
  return text;
}

//===----------------------------------------------------------------------===//
// What is promised
//===----------------------------------------------------------------------===//

struct Tile {
  int64_t key, size;
  bool inCore, lowerFails, upperFails;
};

/// Every tile there is, from the op's description.
std::vector<Tile> listTiles(const Form &form, const Case &trial) {
  std::vector<Tile> tiles;
  std::optional<int64_t> visited;
  for (auto [hullLower, coreLower, coreUpper, hullUpper] : trial.intervals) {
    if (hullLower >= hullUpper)
      continue;
    int64_t key = hullLower;
    while (form.align && key % form.align != 0)
      --key;
    if (visited)
      key = std::max(key, *visited);
    for (; key < hullUpper; key += form.step) {
      int64_t size =
          std::min(form.step, (form.whole ? trial.end : hullUpper) - key);
      bool lowerFails = key<coreLower, upperFails = key + size> coreUpper;
      bool inCore = !lowerFails && key + form.step <= coreUpper;
      if (!form.merged)
        upperFails = !inCore;
      tiles.push_back({key, size, inCore, lowerFails, upperFails});
      visited = form.whole ? key + form.step : hullUpper;
    }
  }
  return tiles;
}

bool isVisited(const Tile &tile, const Case &trial) {
  return tile.inCore || (trial.visits >> tile.key & 1);
}

/// What the body or the load region is called with.
struct Event {
  bool isLoad = false;
  int64_t key = 0, size = 0, ordinal = 0;
  bool lowerFails = false, upperFails = false;
  /// Of the tile ahead, zero if there is none.
  bool more = false;
  int64_t next = 0, nextSize = 0;

  bool operator==(const Event &other) const {
    return std::tie(isLoad, key, size, ordinal, lowerFails, upperFails, more,
                    next, nextSize) ==
           std::tie(other.isLoad, other.key, other.size, other.ordinal,
                    other.lowerFails, other.upperFails, other.more, other.next,
                    other.nextSize);
  }
};

std::string print(ArrayRef<Event> events) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const Event &event : events)
    os << (event.isLoad ? "  load " : "  body ") << event.key << " size "
       << event.size << " n " << event.ordinal << " fails " << event.lowerFails
       << event.upperFails << " ahead " << event.more << " " << event.next
       << " size " << event.nextSize << "\n";
  return text;
}

/// The part's tiles, with what is loaded before each.
std::vector<Event> listEvents(const Form &form, const Case &trial) {
  std::vector<Tile> tiles = listTiles(form, trial);
  if (form.visit)
    llvm::erase_if(tiles, [&](const Tile &t) { return !isVisited(t, trial); });
  if (form.part) {
    int64_t count = tiles.size(), first = count * trial.part / trial.parts,
            last = count * (trial.part + 1) / trial.parts;
    tiles = std::vector<Tile>(tiles.begin() + first, tiles.begin() + last);
  }
  std::vector<Event> events;
  int64_t count = tiles.size();
  auto load = [&](int64_t i) {
    if (i < count)
      events.push_back({true, tiles[i].key, tiles[i].size, i});
  };
  for (int64_t i = 0; i < form.ahead; ++i)
    load(i);
  for (int64_t i = 0; i < count; ++i) {
    Event event{false, tiles[i].key,        tiles[i].size,
                i,     tiles[i].lowerFails, tiles[i].upperFails};
    if (int64_t ahead = i + form.ahead; form.ahead && ahead < count) {
      load(ahead);
      event.more = true;
      event.next = tiles[ahead].key;
      event.nextSize = tiles[ahead].size;
    }
    if (!form.counts)
      event.ordinal = 7;
    events.push_back(event);
  }
  return events;
}

int64_t carry(int64_t value, int64_t key) {
  return (value * 31 + key + 1) & 0xffffffff;
}

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
                        func::FuncDialect, memref::MemRefDialect,
                        scf::SCFDialect>();
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
  void checkCopies(unsigned expected);
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
  ASSERT_TRUE(succeeded(lowerTileFor(rewriter, loop)));
  code = std::make_unique<LoopInterpreter>(
      function,
      [this](StringRef callee, ArrayRef<int64_t> values) {
        return call(callee, values);
      },
      memory);
}

/// Of code whose bounds are not known: a copy of the body for each phase, in
/// which flags are constants, or one.
void TileForLaws::checkCopies(unsigned expected) {
  ASSERT_TRUE(succeeded(verify(*lowered)));
  unsigned copies = 0;
  lowered->walk([&](func::CallOp op) {
    if (op.getCallee() != "body")
      return;
    ++copies;
    for (Value flag : op.getOperands().slice(3, 2))
      EXPECT_EQ(flag.getDefiningOp<arith::ConstantOp>() != nullptr,
                !form.merged);
  });
  EXPECT_EQ(copies, expected) << writeForm(form);
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
    if (tile->inCore && !form.merged && !form.ahead)
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

/// No key twice, and each of a hull once.
bool TileForLaws::checkCoverage() {
  std::vector<int> visits(trial.end);
  for (const Event &event : events)
    for (int64_t i = event.isLoad ? event.size : 0; i < event.size; ++i)
      ++visits.at(event.key + i);
  for (int64_t key = 0; key < trial.end; ++key) {
    bool inHull = llvm::any_of(trial.intervals, [&](const Bounds &bounds) {
      return bounds[0] <= key && key < bounds[3];
    });
    if (visits[key] > 1 || (inHull && visits[key] == 0) ||
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
  for (int64_t value : {trial.end, trial.part, trial.parts})
    arguments.push_back(value);
  int64_t result = code->run(arguments)[0];
  std::vector<Event> expected = listEvents(form, trial);
  if (complaint.empty() && events != expected)
    complaint = "visits\n" + print(events) + "instead of\n" + print(expected);
  if (complaint.empty() && result != carried)
    complaint = "returns another value than the last body has yielded";
  if (complaint.empty() && !form.visit && !form.part && !checkCoverage())
    complaint = "does not visit each key once";
  if (complaint.empty())
    return true;
  std::string text;
  llvm::raw_string_ostream(text) << *lowered;
  ADD_FAILURE() << describe(form, trial) << complaint << "\n" << text;
  return false;
}

/// All parts: together they are all tiles, and of a size.
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
  bool same = llvm::equal(keys, tiles, [](int64_t key, const Tile &tile) {
    return key == tile.key;
  });
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

/// All combinations that have a lowering.
std::vector<Form> TileForLaws::listForms() {
  std::vector<Form> forms;
  Form next;
  for (next.step = 1; next.step <= 4; ++next.step)
    for (next.ahead = 0; next.ahead <= 3; ++next.ahead)
      for (int64_t align = -1; align <= next.step; ++align)
        for (unsigned bits = 0; bits < 8; ++bits) {
          next.whole = align >= 0;
          next.align = std::max<int64_t>(align, 0);
          if (next.align && next.step % next.align != 0)
            continue;
          next.merged = bits & 1;
          next.part = bits & 2;
          next.visit = bits & 4;
          if (next.part && next.visit)
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
    checkCopies(form.merged ? 1 : 3);
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
    ASSERT_NO_FATAL_FAILURE(lower(known));
    if (!checkOthers(drawn.intervals))
      return;
  }
}

/// Several intervals of values, drawn: what overlaps is visited once.
TEST_F(TileForLaws, SeveralIntervals) {
  const unsigned count = isExhaustive() ? 20000 : 300;
  for (Form next : listForms())
    for (next.intervals = 2; next.intervals <= 3; ++next.intervals) {
      ASSERT_NO_FATAL_FAILURE(parse(next));
      ASSERT_NO_FATAL_FAILURE(lower());
      checkCopies(form.intervals * (form.merged ? 1 : 3));
      for (unsigned i = 0; i < count; ++i)
        if (!checkOthers(drawCase().intervals))
          return;
    }
}

/// Bounds in memory, of any number of intervals.
TEST_F(TileForLaws, Memory) {
  for (Form next : listForms()) {
    if (next.ahead || next.part)
      continue;
    next.memory = true;
    ASSERT_NO_FATAL_FAILURE(parse(next));
    ASSERT_NO_FATAL_FAILURE(lower());
    checkCopies(form.merged ? 1 : 3);
    for (const Bounds &bounds : intervals)
      if (!checkOthers({bounds}))
        return;
    for (unsigned i = 0, count = isExhaustive() ? 20000 : 1000; i < count;
         ++i) {
      form.intervals = i % 5;
      if (!checkOthers(drawCase().intervals))
        return;
    }
  }
}

} // namespace
