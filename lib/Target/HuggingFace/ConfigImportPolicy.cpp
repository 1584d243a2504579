//===- ConfigImportPolicy.cpp - the rules of a system's version -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Request/PolicyLibrary.h"
#include "Mask/Target/HuggingFace/ConfigImport.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
/// The policy of some versions of a system.
struct Rule {
  StringLiteral system, first, last;
  MaskMode mode;
  /// Empty where each layer type has its family.
  StringLiteral policy;
  /// When it differs from the newest rule of Transformers; empty if never.
  StringLiteral differs;
  /// The family of sliding layers, where it is not that of Transformers.
  StringLiteral sliding = "";
  /// How the types of its models begin; empty if all have it.
  StringLiteral models = "";
};
} // namespace

/// The newest version of a system comes last. Systems without versions have an
/// empty first one.
static constexpr Rule kRules[] = {
    {"transformers", "5.0", "5.24", MaskMode::Causal, "", ""},
    {"vllm", "0.20", "0.33", MaskMode::Causal, "", ""},
    {"gemma", "3.2", "4.0.1", MaskMode::Causal, "gemma-jax-gemma3",
     "padding holes", "", "gemma3"},
    {"gemma", "4.0.0", "4.0.1", MaskMode::Causal, "gemma-jax-gemma4",
     "padding holes", "", "gemma4"},
    {"keras-hub", "0.32", "0.32", MaskMode::Causal, "", ""},
    {"llamacpp", "", "", MaskMode::Causal, "", ""},
    {"transformers", "5.0", "5.24", MaskMode::Encoder, "", ""},

    {"transformers", "5.0", "5.12", MaskMode::Gemma4Vision, "transformers-5.12",
     "full layers; images longer than the window"},
    {"transformers", "5.13", "5.24", MaskMode::Gemma4Vision,
     "transformers-5.13-gemma4", ""},
    {"vllm", "0.20", "0.24", MaskMode::Gemma4Vision, "vllm-0.20",
     "images longer than the window; touching images"},
    {"vllm", "0.25", "0.33", MaskMode::Gemma4Vision, "vllm-0.25-triton",
     "touching images"},
    {"gemma", "2026-05", "2026-05", MaskMode::Gemma4Vision,
     "gemma-jax-gemma4-2026-05",
     "sliding layers of prompts with images, longer than the window"},
    {"gemma", "4.0.0", "4.0.1", MaskMode::Gemma4Vision, "gemma-jax-gemma4",
     "images longer than the window; padding holes"},
    {"keras-hub", "0.32", "0.32", MaskMode::Gemma4Vision, "kerashub-gemma4",
     "images longer than the window"},

    {"transformers", "5.0", "5.24", MaskMode::Gemma4UnifiedVision,
     "transformers-5.12", ""},

    {"transformers", "5.0", "5.12", MaskMode::Gemma3Vision,
     "transformers-5.12-gemma3", "images longer than the window"},
    {"transformers", "5.13", "5.24", MaskMode::Gemma3Vision,
     "transformers-5.13-gemma3", ""},
    {"vllm", "0.20", "0.33", MaskMode::Gemma3Vision, "vllm-gemma3",
     "images longer than the window; touching images"},
    {"gemma", "3.2", "4.0.1", MaskMode::Gemma3Vision, "gemma-jax-gemma3",
     "images longer than the window; padding holes"},
    {"keras-hub", "0.32", "0.32", MaskMode::Gemma3Vision, "kerashub-gemma3",
     "images longer than the window"},
    {"llamacpp", "", "", MaskMode::Gemma3Vision, "llamacpp-gemma3",
     "touching images"},

    {"transformers", "5.0", "5.24", MaskMode::Gemma4Bidirectional, "", ""},
    {"transformers", "5.0", "5.24", MaskMode::Gemma3Bidirectional, "", ""},
    {"keras-hub", "0.32", "0.32", MaskMode::Gemma3Bidirectional, "",
     "the last key in the past of sliding layers, if the window is even",
     "kerashub-bidirectional"},
};

//===----------------------------------------------------------------------===//
// Versions
//===----------------------------------------------------------------------===//

/// The numbers of `5.12.1` or `2026-05`.
static std::optional<SmallVector<unsigned>> parseVersion(StringRef text) {
  SmallVector<unsigned> numbers;
  for (StringRef part : llvm::split(text, '.'))
    for (StringRef number : llvm::split(part, '-'))
      if (number.getAsInteger(10, numbers.emplace_back()))
        return std::nullopt;
  return numbers;
}

static bool isBefore(ArrayRef<unsigned> a, ArrayRef<unsigned> b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

/// Patch releases of the last version belong to it.
static bool covers(const Rule &rule, ArrayRef<unsigned> version) {
  if (rule.first.empty())
    return version.empty();
  SmallVector<unsigned> last = *parseVersion(rule.last);
  return !isBefore(version, *parseVersion(rule.first)) &&
         !isBefore(last, version.take_front(last.size()));
}

static std::string describe(const Rule &rule) {
  std::string text = rule.system.str();
  if (!rule.first.empty())
    text += "@" + rule.first.str();
  if (rule.first != rule.last)
    text += " to " + rule.last.str();
  return text;
}

static PackingRule getPackingRule(ArrayRef<unsigned> version) {
  if (isBefore(version, {5, 23}))
    return PackingRule::V5_12;
  return isBefore(version, {5, 24}) ? PackingRule::V5_23 : PackingRule::V5_24;
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

static bool isSystem(StringRef name) {
  return llvm::any_of(kRules,
                      [&](const Rule &rule) { return rule.system == name; });
}

static bool isFor(const Rule &rule, const ModelConfig &config) {
  return rule.mode == config.mode &&
         StringRef(config.modelType).starts_with(rule.models);
}

static PolicyChoice choose(const Rule &rule, ArrayRef<unsigned> version) {
  PolicyChoice choice{rule.policy.str(), rule.sliding.str(), std::nullopt};
  if (rule.system == "transformers")
    choice.packing = getPackingRule(version);
  return choice;
}

static FailureOr<PolicyChoice> chooseSystem(Location loc,
                                            const ModelConfig &config,
                                            StringRef system, StringRef text) {
  if (!isSystem(system))
    return emitError(loc) << "--policy: unknown system '" << system
                          << "'; known are transformers, vllm, gemma, "
                             "keras-hub, llamacpp";
  SmallVector<unsigned> version;
  if (!text.empty()) {
    std::optional<SmallVector<unsigned>> parsed = parseVersion(text);
    if (!parsed)
      return emitError(loc) << "--policy: '" << text << "' is not a version";
    version = *parsed;
  }
  SmallVector<std::string> known;
  for (const Rule &rule : kRules) {
    if (rule.system != system || !isFor(rule, config))
      continue;
    if (covers(rule, version))
      return choose(rule, version);
    known.push_back(describe(rule));
  }
  InFlightDiagnostic error = emitError(loc)
                             << "--policy: no rule of '" << system
                             << (text.empty() ? "" : "@") << text
                             << "' is known for model type \""
                             << config.modelType << "\"";
  if (!known.empty())
    error << "; known are " << llvm::join(known, ", ");
  return error;
}

/// Which earlier rules for packed rows differ from the newest. Causal and
/// sliding layers are the same under all of them.
static void notePacking(InFlightDiagnostic &note, const ModelConfig &config) {
  bool crosses = config.mode == MaskMode::Gemma3Vision ||
                 config.mode == MaskMode::Gemma4UnifiedVision;
  bool restarts =
      config.mode == MaskMode::Gemma4Vision ||
      llvm::is_contained(config.getLayerTypes(), "chunked_attention");
  if (crosses || restarts)
    note.attachNote() << "transformers@5.0 to 5.22 (packing 5.12) differs: "
                         "packed sequences";
  if (crosses)
    note.attachNote() << "transformers@5.23 (packing 5.23) differs: packed "
                         "sequences that share an image";
}

/// The newest rule of Transformers, and what else there is.
static PolicyChoice chooseNewest(Location loc, const ModelConfig &config) {
  const Rule *newest = nullptr;
  for (const Rule &rule : kRules)
    if (rule.system == "transformers" && rule.mode == config.mode)
      newest = &rule;
  {
    InFlightDiagnostic note = emitRemark(loc);
    note << "masks as in Transformers " << newest->last;
    if (!newest->policy.empty())
      note << " (" << newest->policy << ")";
    note << ", as no --policy was given";
    for (const Rule &rule : kRules)
      if (isFor(rule, config) && !rule.differs.empty())
        note.attachNote() << describe(rule) << " ("
                          << (rule.policy.empty() ? rule.sliding : rule.policy)
                          << ") differs: " << rule.differs;
    notePacking(note, config);
  }
  return choose(*newest, *parseVersion(newest->last));
}

FailureOr<PolicyChoice> mlir::mask::choosePolicy(Location loc,
                                                 const ModelConfig &config,
                                                 StringRef request) {
  if (request.empty())
    return chooseNewest(loc, config);
  if (lookupPolicy(request))
    return PolicyChoice{request.str(), "", std::nullopt};
  auto [system, version] = request.split('@');
  if (request.contains('@') || isSystem(system))
    return chooseSystem(loc, config, system, version);
  return emitError(loc) << "--policy: unknown policy '" << request
                        << "'; mask-explain --list-policies lists the known "
                           "ones";
}

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

/// The family of sliding layers.
static StringRef getSlidingFamily(MaskMode mode) {
  switch (mode) {
  case MaskMode::Gemma3Bidirectional:
    return "gemma3-bidirectional";
  case MaskMode::Gemma4Bidirectional:
    return "gemma4-all";
  case MaskMode::Encoder:
    return "bidirectional-sliding";
  default:
    return "causal-sliding";
  }
}

FailureOr<StringRef> mlir::mask::getFamily(Location loc,
                                           const ModelConfig &config,
                                           const PolicyChoice &choice,
                                           StringRef layerType) {
  bool isCausal = config.mode == MaskMode::Causal;
  if (layerType == "full_attention")
    return StringRef(isCausal ? "causal" : "bidirectional");
  if (layerType == "sliding_attention")
    return choice.sliding.empty() ? getSlidingFamily(config.mode)
                                  : StringRef(choice.sliding);
  if (isCausal)
    return StringRef("chunked-causal");
  return emitError(loc) << config.prefix << "layer_types: \"" << layerType
                        << "\" is not known for bidirectional models";
}
