//===- ConfigImport.h - model configs to mask IR -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TARGET_HUGGINGFACE_CONFIGIMPORT_H
#define MASK_TARGET_HUGGINGFACE_CONFIGIMPORT_H

#include "Mask/IR/Mask.h"

#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::mask {

/// What a model's masks depend on besides the types of its layers.
enum class MaskMode {
  Causal,              ///< causal, sliding or chunked
  Gemma3Vision,        ///< images see themselves
  Gemma4Vision,        ///< images see themselves in sliding layers
  Gemma4UnifiedVision, ///< `gemma4_unified`
  Gemma3Bidirectional, ///< `use_bidirectional_attention` true
  Gemma4Bidirectional, ///< `use_bidirectional_attention` "all"
  Encoder,             ///< ModernBERT
};

/// One layer of a model.
struct LayerConfig {
  /// `full_attention`, `sliding_attention` or `chunked_attention`.
  std::string type;
  int64_t heads, kvHeads, headDim;
};

/// The part of a `config.json` that matters to attention.
struct ModelConfig {
  /// Of the outermost object.
  std::string modelType;
  /// Where the fields lie: empty or `text_config.`.
  std::string prefix;
  MaskMode mode = MaskMode::Causal;
  std::optional<int64_t> window, chunk;
  /// `c` of the scores `c * tanh(s / c)`.
  std::optional<double> softcap;
  /// The factor of the scores, where it is not `1 / sqrt(head_dim)`.
  std::optional<double> scale;
  /// Whether one logit per head joins the softmax denominator.
  bool sinks = false;
  std::vector<LayerConfig> layers;
  /// The element type of the weights, as the file has it: `bfloat16` and the
  /// like, or empty.
  std::string elementType;

  /// The layer types that occur, in order of appearance.
  SmallVector<StringRef> getLayerTypes() const;
};

/// Reads a Hugging Face `config.json`. An error at `loc` names the field and
/// its value. Model types that are not known are errors, unless they are to be
/// assumed causal decoders, which remarks say then.
FailureOr<ModelConfig> readModelConfig(Location loc, StringRef text,
                                       bool assumeCausal = false);

/// The policies that a config resolves to.
struct PolicyChoice {
  /// A policy for all layer types; empty where each type has its family.
  std::string policy;
  /// The family of sliding layers, where it is not that of the mode.
  std::string sliding;
  /// The rule for packed rows, where the system has one.
  std::optional<PackingRule> packing;
};

/// Resolves the name of a policy, `SYSTEM@VERSION`, or an empty string: the
/// newest rule of Transformers, said in a remark that names what differs.
FailureOr<PolicyChoice> choosePolicy(Location loc, const ModelConfig &config,
                                     StringRef request);

/// The policy of a single predicate for one layer type of the config, or an
/// error where the type has none.
FailureOr<StringRef> getFamily(Location loc, const ModelConfig &config,
                               const PolicyChoice &choice, StringRef layerType);

/// The element type of queries, keys, values and outputs: `f32`, `f16`, `bf16`,
/// or with `config` that of the file. Fails where that is none of the three.
/// Without a request it is that of the file, or else f32.
FailureOr<FloatType> chooseElementType(Location loc, const ModelConfig &config,
                                       StringRef request);

/// The policy, a layer function over any mask and shape, and a function
/// `@model` that calls it once per layer. Facts of the policy are its arguments
/// but for the `absent` ones.
FailureOr<OwningOpRef<ModuleOp>> importConfig(Location loc,
                                              const ModelConfig &config,
                                              const PolicyChoice &choice,
                                              FloatType elementType,
                                              ArrayRef<std::string> absent);

} // namespace mlir::mask

#endif // MASK_TARGET_HUGGINGFACE_CONFIGIMPORT_H
