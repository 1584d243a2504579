//===- Explain.cpp - the work of mask-explain -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Explain.h"

#include "ExplainDetail.h"
#include "Mask/Support/OutputFile.h"
#include "Mask/Target/BlockMask/BlockMask.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::explain;

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

LogicalResult mlir::mask::writeOutput(Location loc, StringRef path,
                                      function_ref<void(raw_ostream &)> write) {
  if (llvm::Error error = writeFile(path, write))
    return emitError(loc) << llvm::toString(std::move(error));
  return success();
}

LogicalResult mlir::mask::makeDirectory(Location loc, StringRef path) {
  if (std::error_code code = llvm::sys::fs::create_directories(path))
    return emitError(loc) << "cannot make directory '" << path
                          << "': " << code.message();
  return success();
}

/// Keeps all files, or none of them.
static LogicalResult keepFiles(Location loc, OutputFiles &files) {
  if (llvm::Error error = files.keep())
    return emitError(loc) << llvm::toString(std::move(error));
  return success();
}

static std::string joinPath(StringRef directory, const Twine &name) {
  llvm::SmallString<128> path(directory);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

/// The name of a layer type as a file name.
static std::string getFileName(StringRef layerType) {
  if (layerType == "*")
    return "mask";
  std::string name = layerType.str();
  for (char &c : name)
    if (!llvm::isAlnum(c) && c != '_' && c != '-' && c != '.')
      c = '_';
  return name;
}

/// Whether `path` names a file of the given kind rather than a directory.
static bool isFilePath(StringRef path, StringRef extension) {
  return path == "-" ||
         (path.ends_with(extension) && !llvm::sys::fs::is_directory(path));
}

//===----------------------------------------------------------------------===//
// Instances and views
//===----------------------------------------------------------------------===//

static SmallVector<std::string> getLayerTypes(PolicyOp policy,
                                              const ExplainOptions &options) {
  if (!options.layerType.empty())
    return {options.layerType};
  SmallVector<std::string> types;
  for (StringRef type : policy.getLayerTypes())
    types.push_back(type.str());
  return types;
}

FailureOr<int64_t> explain::chooseHeads(MaskInstance &instance,
                                        const ExplainOptions &options) {
  FailureOr<DistinctCount> told =
      countDistinct(instance.simplified, instance.facts, ParameterAxis::Head);
  if (failed(told))
    return failure();
  if (!options.heads)
    return told->distinct;
  if (dependsOnHead(instance.simplified) && *options.heads < told->named)
    return emitError(UnknownLoc::get(instance.simplified.getContext()))
           << "the mask of policy '" << instance.policy << "' speaks of "
           << told->named << " heads, more than the " << *options.heads
           << " of --heads";
  return *options.heads;
}

FailureOr<MaskView> explain::makeView(MaskInstance &instance,
                                      const Request &request, int64_t heads,
                                      const ExplainOptions &options) {
  Location loc = instance.written.getLoc();
  FailureOr<MaskView> view = buildMaskView(
      loc, instance.simplified, instance.facts,
      getExtents(request, request.batch), heads, instance.written);
  if (failed(view))
    return failure();
  if (options.verifyView) {
    // What --at explains: neither the normal form nor the bounds have a say.
    FailureOr<PredicateFunction> visible =
        interpretPredicate(instance.written, instance.facts);
    if (failed(visible) || failed(verifyMaskView(loc, *view, *visible)))
      return failure();
  }
  view->policy = instance.policy;
  view->layerType = instance.layerType;
  return view;
}

RenderContext explain::makeContext(const Request &request,
                                   ArrayRef<const MaskInstance *> instances) {
  RenderContext context;
  context.facts = describeParameters(request, instances);
  context.tokens = getTokenSegments(request);
  return context;
}

//===----------------------------------------------------------------------===//
// One policy
//===----------------------------------------------------------------------===//

/// The masks, if there are facts, and why they are bounded as they are.
static LogicalResult writeText(Location loc, Instances instances,
                               ArrayRef<MaskView> views, const Request *request,
                               const ExplainOptions &options) {
  return writeOutput(loc, options.output, [&](raw_ostream &os) {
    for (size_t i = 0; i < instances.size(); ++i) {
      const MaskInstance &instance = *instances[i];
      const MaskView *view = views.empty() ? nullptr : &views[i];
      if (i)
        os << "\n";
      if (view)
        renderText(os, *view, options.tile, makeContext(*request, &instance));
      else
        os << instance.policy << ": " << instance.layerType << "\n";
      if (view && options.why)
        os << "\n";
      if (options.why)
        renderWhy(os, instance.simplified, instance.names, view);
    }
  });
}

/// One file for all views, or one per view below a directory.
static LogicalResult writeFiles(
    Location loc, ArrayRef<const MaskView *> views, StringRef extension,
    bool severalInOneFile, const ExplainOptions &options,
    function_ref<void(raw_ostream &, ArrayRef<const MaskView *>)> write) {
  if (isFilePath(options.output, extension)) {
    if (views.size() > 1 && !severalInOneFile)
      return emitError(loc)
             << views.size() << " layer types do not go into one file '"
             << options.output
             << "': give a directory, or one of them with --layer-type";
    return writeOutput(loc, options.output,
                       [&](raw_ostream &os) { write(os, views); });
  }
  if (views.size() == 1 && !llvm::sys::fs::is_directory(options.output))
    return writeOutput(loc, options.output,
                       [&](raw_ostream &os) { write(os, views); });
  if (failed(makeDirectory(loc, options.output)))
    return failure();
  OutputFiles files;
  for (const MaskView *view : views) {
    std::string path =
        joinPath(options.output, getFileName(view->layerType) + extension);
    if (llvm::Error error =
            files.add(path, [&](raw_ostream &os) { write(os, view); }))
      return emitError(loc) << llvm::toString(std::move(error));
  }
  return keepFiles(loc, files);
}

static LogicalResult writeBlockMasks(Location loc, Instances instances,
                                     ArrayRef<MaskView> views,
                                     const ExplainOptions &options) {
  if (options.output == "-")
    return emitError(loc) << "a block mask is several files: give a directory "
                             "with -o";
  // Everything is made before anything is written.
  SmallVector<BlockMaskFiles> files;
  for (size_t i = 0; i < instances.size(); ++i) {
    FailureOr<BlockMaskFiles> made =
        makeBlockMask(views[i], instances[i]->simplified, instances[i]->facts,
                      instances[i]->names, options.tile);
    if (failed(made))
      return failure();
    files.push_back(std::move(*made));
  }
  OutputFiles outputs;
  for (size_t i = 0; i < files.size(); ++i) {
    std::string directory = options.output;
    if (files.size() > 1)
      directory = joinPath(directory, getFileName(instances[i]->layerType));
    if (failed(makeDirectory(loc, directory)))
      return failure();
    for (const auto &[name, contents] : files[i])
      if (llvm::Error error = outputs.add(
              joinPath(directory, name),
              [&, &text = contents](raw_ostream &os) { os << text; }))
        return emitError(loc) << llvm::toString(std::move(error));
  }
  return keepFiles(loc, outputs);
}

LogicalResult mlir::mask::explainFacts(MLIRContext *context, PolicyOp policy,
                                       const Request &request,
                                       const ExplainOptions &options) {
  if (policy &&
      failed(PolicyMasks::create(policy, getLayerTypes(policy, options),
                                 options.packing, request)))
    return failure();
  return writeOutput(UnknownLoc::get(context), options.output,
                     [&](raw_ostream &os) { printRequest(os, request); });
}

/// How masks are bounded, whatever the facts.
static LogicalResult explainBounds(Location loc, PolicyOp policy,
                                   const ExplainOptions &options) {
  std::vector<std::unique_ptr<MaskInstance>> instances;
  for (const std::string &layerType : getLayerTypes(policy, options)) {
    FailureOr<std::unique_ptr<MaskInstance>> instance = instantiateMask(
        policy, layerType, options.packing, /*request=*/nullptr);
    if (failed(instance))
      return failure();
    instances.push_back(std::move(*instance));
  }
  return writeText(loc, instances, {}, /*request=*/nullptr, options);
}

LogicalResult mlir::mask::explainPolicy(PolicyOp policy, const Request *given,
                                        const ExplainOptions &options) {
  // What goes wrong here is in the command, not in the policy.
  Location loc = UnknownLoc::get(policy.getContext());
  if (!given)
    return explainBounds(loc, policy, options);
  FailureOr<PolicyMasks> masks = PolicyMasks::create(
      policy, getLayerTypes(policy, options), options.packing, *given);
  if (failed(masks) || failed(placeBatch(&*masks)))
    return failure();
  reportUnread(&*masks);
  const Request &request = masks->getRequest();
  Instances instances = masks->getInstances();
  if (options.at)
    return explainPoint(loc, instances, request, options);

  std::vector<MaskView> views;
  for (const std::unique_ptr<MaskInstance> &instance : instances) {
    FailureOr<int64_t> heads = chooseHeads(*instance, options);
    if (failed(heads))
      return failure();
    FailureOr<MaskView> view = makeView(*instance, request, *heads, options);
    if (failed(view))
      return failure();
    views.push_back(std::move(*view));
  }
  SmallVector<const MaskView *> pointers;
  for (const MaskView &view : views)
    pointers.push_back(&view);
  switch (options.format) {
  case ExplainFormat::Text:
    return writeText(loc, instances, views, &request, options);
  case ExplainFormat::Json:
    return writeOutput(loc, options.output, [&](raw_ostream &os) {
      renderJson(os, pointers, options.tile);
    });
  case ExplainFormat::Svg: {
    SmallVector<const MaskInstance *> shown;
    for (const std::unique_ptr<MaskInstance> &instance : instances)
      shown.push_back(instance.get());
    RenderContext context = makeContext(request, shown);
    return writeFiles(loc, pointers, ".svg", /*severalInOneFile=*/true, options,
                      [&](raw_ostream &os, ArrayRef<const MaskView *> shown) {
                        renderSvg(os, shown, options.tile, context);
                      });
  }
  case ExplainFormat::Npy:
    return writeFiles(loc, pointers, ".npy", /*severalInOneFile=*/false,
                      options,
                      [&](raw_ostream &os, ArrayRef<const MaskView *> shown) {
                        renderNpy(os, *shown.front());
                      });
  case ExplainFormat::BlockMask:
    return writeBlockMasks(loc, instances, views, options);
  }
  llvm_unreachable("every format is handled");
}
