//===- Describe.cpp - messages of failed launches -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"

#include "llvm/Support/FormatVariadic.h"

#include <map>

using namespace mlir::mask;
using namespace mlir::mask::simt;

std::string simt::format(const Dim3 &dim, llvm::StringRef separator) {
  return llvm::formatv("{0}{3}{1}{3}{2}", dim[0], dim[1], dim[2], separator);
}

llvm::StringRef simt::getSite(llvm::StringRef sites, uint32_t site) {
  llvm::StringRef line, rest = sites;
  for (uint32_t i = 0; i <= site; ++i)
    std::tie(line, rest) = rest.split('\n');
  return line;
}

std::string Block::name(unsigned thread) const {
  return llvm::formatv("thread ({0})", format(threads[thread].id, ", "));
}

/// One line per place where threads are: how many, and which is the first.
std::string Block::describeWaiting() const {
  std::map<std::string, llvm::SmallVector<unsigned>> places;
  for (auto [i, thread] : llvm::enumerate(threads)) {
    std::string place;
    if (thread.state == Thread::Returned)
      place = "returned";
    else if (thread.state == Thread::Ready)
      place = "can go on";
    else
      place = "wait at " + launch.getSite(thread.site).str();
    places[place].push_back(i);
  }
  std::string text;
  for (const auto &[place, members] : places)
    text += llvm::formatv("\n  {0} of {1} threads {2}, the first is {3}",
                          members.size(), threads.size(), place,
                          name(members.front()));
  return text;
}

llvm::StringRef Block::getWaitingSite() const {
  for (const Thread &thread : threads)
    if (thread.state == Thread::AtBarrier ||
        thread.state == Thread::InCollective)
      return launch.getSite(thread.site);
  llvm_unreachable("nobody waits");
}

/// Where an address is, by the array next to it.
std::string Block::describeNearest(const Failure &failure) const {
  llvm::ArrayRef<DeviceArray> arrays = *launch.arrays;
  if (failure.size < 0)
    return "of which there are none";
  return llvm::formatv("{0} from the start of array {1}, which has {2}",
                       failure.offset, failure.size,
                       arrays[failure.size].bytes);
}

std::string Block::describe(const Failure &failure) const {
  std::string where = llvm::formatv("\n  in block ({0}) of kernel '{1}'",
                                    format(blockId, ", "), launch.kernel);
  std::string site = launch.getSite(failure.site).str();
  std::string other = launch.getSite(failure.otherSite).str();
  std::string who = name(failure.thread);
  switch (failure.kind) {
  case Failure::None:
    return "";
  case Failure::Race:
    return llvm::formatv("{0}: {1} races on byte {2} of workgroup memory with "
                         "{3}: {4}; no barrier is between them{5}",
                         site, who, failure.offset, other,
                         name(failure.otherThread), where);
  case Failure::UnfinishedCopy:
    return llvm::formatv("{0}: {1} touches byte {2} of workgroup memory while "
                         "a copy is under way to it, {3}: {4}{5}",
                         site, who, failure.offset, other,
                         name(failure.otherThread), where);
  case Failure::Unwritten:
    return llvm::formatv("{0}: {1} reads byte {2} of workgroup memory, which "
                         "no thread has written{3}",
                         site, who, failure.offset, where);
  case Failure::OutOfBounds:
    return llvm::formatv("{0}: {1} is out of bounds: {2} element(s) at index "
                         "{3} of dimension {4}, which has {5}{6}",
                         site, who, failure.number, failure.offset, failure.dim,
                         failure.size, where);
  case Failure::OutsideOfBuffers:
    return llvm::formatv("{0}: {1} touches {2} bytes outside of the workgroup "
                         "buffers, {3} from the start of the first{4}",
                         site, who, failure.number, failure.offset, where);
  case Failure::OutsideOfArrays:
    return llvm::formatv("{0}: {1} touches {2} bytes outside of the arrays "
                         "that the launch passes, {3}{4}",
                         site, who, failure.number, describeNearest(failure),
                         where);
  case Failure::Rewritten:
    return llvm::formatv(
        "{0}: {1} writes {2} again; in this launch it was written at {3}: "
        "{4} of block ({5}){6}",
        site, who,
        launch.options.outputs->describe(failure.size, failure.offset), other,
        name(failure.otherThread),
        format(delinearize(failure.number, launch.grid), ", "), where);
  case Failure::Misaligned:
    return llvm::formatv("{0}: {1} uses an address that is no multiple of {2} "
                         "bytes{3}",
                         site, who, failure.number, where);
  case Failure::CopySize:
    return llvm::formatv("{0}: {1} copies {2} bytes to {3}; 4, 8 and 16 can be "
                         "written at once, and no more read{4}",
                         site, who, failure.size, failure.number, where);
  case Failure::MissingLanes:
    return llvm::formatv("{0}: {1} needs {2} threads of its warp, which has "
                         "{3}{4}",
                         site, who, failure.number, failure.size, where);
  case Failure::BankConflict:
    return llvm::formatv("{0}: {1} and those next to it move what shares "
                         "banks of workgroup memory, in {2} steps, more than "
                         "{3}{4}",
                         site, who, failure.number, failure.size, where);
  case Failure::Stuck:
    return getWaitingSite().str() + ": no thread can go on" + where +
           describeWaiting();
  case Failure::Diverged:
    return getWaitingSite().str() + ": threads meet at different ops" + where +
           describeWaiting();
  case Failure::RedZone:
    return llvm::formatv("bytes behind workgroup buffer {0} were written{1}",
                         failure.number, where);
  }
  llvm_unreachable("unknown failure");
}
