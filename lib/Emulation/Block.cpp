//===- Block.cpp - the threads of a block, one fibre each -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"

#include <cstring>

using namespace mlir::mask;
using namespace mlir::mask::simt;

static thread_local Block *running = nullptr;

Block &Block::get() { return *running; }

Block::Block(const Launch &launch)
    : launch(launch), memory(launch.buffers), threads(count(launch.block)),
      warps((threads.size() + getWarpSize() - 1) / getWarpSize()) {}

//===----------------------------------------------------------------------===//
// Which thread runs
//===----------------------------------------------------------------------===//

std::string Block::run(int64_t index) {
  blockIndex = index;
  blockId = delinearize(index, launch.grid);
  random.seed(launch.options.seed * 0x9e3779b9 + index + 1);
  for (auto [i, thread] : llvm::enumerate(threads)) {
    thread.fiber.reset(runThread);
    thread.id = delinearize(i, launch.block);
    // Copies that the block before did not wait for.
    for (const Copy &copy : thread.copies)
      memory.finishCopy(copy.to, copy.bytes);
    thread.copies.clear();
    thread.groups.clear();
    thread.ungrouped = 0;
  }
  for (Warp &warp : warps)
    warp.arrived = 0;
  atBarrier = returned = barriers = 0;
  memory.poison();
  copyBanks.reset();
  storeBanks.reset();
  readyAll();
  running = this;
  current = takeReady();
  outside.switchTo(threads[current].fiber);
  running = nullptr;
  if (failure.kind == Failure::None)
    if (std::optional<unsigned> buffer = memory.findBrokenRedZone()) {
      failure.kind = Failure::RedZone;
      failure.number = *buffer;
    }
  return failure.kind == Failure::None ? "" : describe(failure);
}

void Block::runThread() {
  Block &block = get();
  block.launch.thread(block.launch.arguments);
  block.threads[block.current].state = Thread::Returned;
  ++block.returned;
  block.switchAway();
}

void Block::readyAll() {
  unsigned size = threads.size();
  // The warp that runs ahead is another one after each barrier.
  unsigned first =
      launch.options.order == WarpOrder::Skewed
          ? (launch.options.seed + barriers) % warps.size() * getWarpSize()
          : 0;
  ready.clear();
  for (unsigned i = 0; i < size; ++i) {
    unsigned thread = (first + i) % size;
    threads[thread].state = Thread::Ready;
    if (launch.options.order == WarpOrder::Reversed)
      ready.push_front(thread);
    else
      ready.push_back(thread);
  }
}

unsigned Block::takeReady() {
  if (launch.options.order == WarpOrder::Random)
    std::swap(ready.front(), ready[random() % ready.size()]);
  unsigned thread = ready.front();
  ready.pop_front();
  return thread;
}

void Block::switchAway() {
  Thread &from = threads[current];
  if (ready.empty()) {
    if (returned != threads.size())
      fail({Failure::Stuck});
    from.fiber.switchTo(outside);
  }
  current = takeReady();
  if (&threads[current] != &from)
    from.fiber.switchTo(threads[current].fiber);
}

void Block::fail(const Failure &failure) {
  this->failure = failure;
  threads[current].fiber.switchTo(outside);
  llvm_unreachable("a failed block does not go on");
}

//===----------------------------------------------------------------------===//
// Waiting for each other
//===----------------------------------------------------------------------===//

void Block::barrier(uint32_t site) {
  threads[current].state = Thread::AtBarrier;
  threads[current].site = site;
  if (++atBarrier == threads.size()) {
    for (const Thread &thread : threads)
      if (thread.site != site)
        fail({Failure::Diverged});
    atBarrier = 0;
    ++barriers;
    memory.passBarrier();
    readyAll();
  }
  switchAway();
}

unsigned Block::getLanes() const {
  unsigned first = current / getWarpSize() * getWarpSize();
  return std::min<unsigned>(getWarpSize(), threads.size() - first);
}

void Block::collective(uint32_t site, unsigned lanes, void *request,
                       Compute compute) {
  if (lanes > getLanes()) {
    Failure missing{Failure::MissingLanes, site};
    missing.thread = current;
    missing.number = lanes;
    missing.size = getLanes();
    fail(missing);
  }
  Warp &warp = warps[current / getWarpSize()];
  unsigned first = current / getWarpSize() * getWarpSize();
  warp.requests[current - first] = request;
  threads[current].state = Thread::InCollective;
  threads[current].site = site;
  if (warp.arrived && (warp.site != site || warp.lanes != lanes))
    fail({Failure::Diverged});
  warp.site = site;
  warp.lanes = lanes;
  if (++warp.arrived < lanes)
    return switchAway();
  warp.arrived = 0;
  compute(*this, first, llvm::ArrayRef(warp.requests).take_front(lanes));
  bool ahead = launch.options.order == WarpOrder::Skewed;
  for (unsigned i = 0; i < lanes; ++i) {
    unsigned thread = first + (ahead ? lanes - 1 - i : i);
    threads[thread].state = Thread::Ready;
    if (ahead)
      ready.push_front(thread);
    else
      ready.push_back(thread);
  }
  switchAway();
}

int64_t Block::getId(IdKind kind, unsigned dim) const {
  switch (kind) {
  case IdKind::ThreadId:
    return threads[current].id[dim];
  case IdKind::BlockId:
    return blockId[dim];
  case IdKind::BlockDim:
    return launch.block[dim];
  case IdKind::GridDim:
    return launch.grid[dim];
  case IdKind::LaneId:
    return current % getWarpSize();
  case IdKind::SubgroupId:
    return current / getWarpSize();
  case IdKind::SubgroupCount:
    return warps.size();
  case IdKind::SubgroupSize:
    return getWarpSize();
  }
  llvm_unreachable("unknown id");
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void Block::access(uint32_t site, AccessKind kind, const void *address,
                   int64_t bytes, unsigned thread) {
  Failure bad;
  bad.site = site;
  bad.thread = thread;
  if (!memory.contains(address, bytes)) {
    bad.kind = Failure::OutsideOfBuffers;
    bad.number = bytes;
    bad.offset = memory.getOffset(address);
    fail(bad);
  }
  std::optional<Access> earlier =
      memory.note(kind, address, bytes, thread, site);
  if (!earlier)
    return;
  bad.kind = earlier->unfinished              ? Failure::UnfinishedCopy
             : memory.isOfThisBlock(*earlier) ? Failure::Race
                                              : Failure::Unwritten;
  bad.otherSite = earlier->site;
  bad.otherThread = earlier->thread;
  bad.offset = memory.getOffset(address);
  fail(bad);
}

void Block::access(uint32_t site, AccessKind kind, const void *address,
                   int64_t bytes) {
  access(site, kind, address, bytes, current);
  unsigned allowed = launch.options.storeBankSteps;
  if (allowed && kind == AccessKind::Write && bytes <= kWords.bytes)
    checkBanks(site, current,
               storeBanks.note(site, current, memory.getOffset(address)),
               allowed);
}

/// The array that is next to an address; -1 if there is none.
static int64_t findNearest(llvm::ArrayRef<DeviceArray> arrays,
                           const char *address) {
  int64_t nearest = -1, least = 0;
  for (auto [i, array] : llvm::enumerate(arrays)) {
    int64_t distance = address < array.address
                           ? array.address - address
                           : address - (array.address + array.bytes);
    if (nearest < 0 || distance < least) {
      nearest = static_cast<int64_t>(i);
      least = distance;
    }
  }
  return nearest;
}

void Block::deviceAccess(uint32_t site, AccessKind kind, const void *address,
                         int64_t bytes) {
  if (threads[current].fiber.owns(address, bytes))
    return;
  if (launch.arrays) {
    const auto *begin = static_cast<const char *>(address);
    bool isInside = llvm::any_of(*launch.arrays, [&](const DeviceArray &array) {
      return begin >= array.address &&
             begin + bytes <= array.address + array.bytes;
    });
    if (!isInside) {
      Failure bad;
      bad.kind = Failure::OutsideOfArrays;
      bad.site = site;
      bad.thread = current;
      bad.number = bytes;
      bad.size = findNearest(*launch.arrays, begin);
      if (bad.size >= 0)
        bad.offset = begin - (*launch.arrays)[bad.size].address;
      fail(bad);
    }
  }
  if (kind != AccessKind::Read)
    deviceWrite(site, address, bytes);
}

void Block::deviceWrite(uint32_t site, const void *address, int64_t bytes) {
  OutputWatch *outputs = launch.options.outputs;
  if (!outputs)
    return;
  std::optional<OutputWatch::Rewrite> rewrite =
      outputs->note(address, bytes, {launch.number, site, current, blockIndex});
  if (!rewrite)
    return;
  Failure bad;
  bad.kind = Failure::Rewritten;
  bad.site = site;
  bad.thread = current;
  bad.otherSite = rewrite->first.site;
  bad.otherThread = rewrite->first.thread;
  bad.number = rewrite->first.block;
  bad.offset = rewrite->element;
  bad.size = static_cast<int64_t>(rewrite->array);
  fail(bad);
}

void Copy::perform() {
  if (done)
    return;
  done = true;
  memcpy(to, from, fromBytes);
  memset(to + fromBytes, 0, bytes - fromBytes);
}

void Block::checkBanks(uint32_t site, unsigned thread, unsigned steps,
                       unsigned allowed) {
  if (!allowed || steps <= allowed)
    return;
  Failure bad;
  bad.kind = Failure::BankConflict;
  bad.site = site;
  bad.thread = thread;
  bad.number = steps;
  bad.size = allowed;
  fail(bad);
}

void Block::beginCopy(uint32_t site, Copy copy) {
  Failure bad;
  bad.site = site;
  bad.thread = current;
  bad.number = copy.bytes;
  if ((copy.bytes != 4 && copy.bytes != 8 && copy.bytes != 16) ||
      copy.fromBytes < 0 || copy.fromBytes > copy.bytes) {
    bad.kind = Failure::CopySize;
    bad.size = copy.fromBytes;
    fail(bad);
  }
  auto isAligned = [&](const char *address) {
    return reinterpret_cast<uintptr_t>(address) % copy.bytes == 0;
  };
  if (!isAligned(copy.to) || !isAligned(copy.from)) {
    bad.kind = Failure::Misaligned;
    fail(bad);
  }
  if (copy.fromBytes > 0)
    deviceAccess(site, AccessKind::Read, copy.from, copy.fromBytes);
  access(site, AccessKind::Write, copy.to, copy.bytes, current);
  if (unsigned allowed = launch.options.copyBankSteps;
      allowed && copy.bytes == 16)
    checkBanks(site, current,
               copyBanks.note(site, current, memory.getOffset(copy.to)),
               allowed);
  memory.beginCopy(copy.to, copy.bytes);
  CopyTime time = launch.options.copies;
  if (time == CopyTime::Early || (time == CopyTime::Random && random() % 2))
    copy.perform();
  Thread &thread = threads[current];
  thread.copies.push_back(copy);
  ++thread.ungrouped;
}

void Block::endGroup() {
  Thread &thread = threads[current];
  thread.groups.push_back(thread.ungrouped);
  thread.ungrouped = 0;
}

void Block::waitForGroups(size_t left) {
  Thread &thread = threads[current];
  for (; thread.groups.size() > left; thread.groups.pop_front())
    for (size_t i = 0; i < thread.groups.front(); ++i) {
      thread.copies.front().perform();
      memory.finishCopy(thread.copies.front().to, thread.copies.front().bytes);
      thread.copies.pop_front();
    }
}
