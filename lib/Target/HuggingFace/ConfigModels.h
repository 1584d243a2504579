//===- ConfigModels.h - the model types of configs -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TARGET_HUGGINGFACE_CONFIGMODELS_H
#define MASK_LIB_TARGET_HUGGINGFACE_CONFIGMODELS_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace mlir::mask {

/// What a model type makes of its fields, layer by layer.
enum class LayerRule {
  /// Every layer is full, and no field says otherwise.
  Full,
  /// Every layer slides if there is a window, and no field says otherwise.
  Uniform,
  /// `layer_types`; without them like `Uniform`.
  ListedUniform,
  /// `layer_types`; without them every layer is full.
  Listed,
  /// Layers slide from `max_window_layers` on.
  WindowLayers,
  /// Every second layer before `max_window_layers` slides.
  AlternatingWindowLayers,
  /// The last layer of each period is full.
  LastOfPeriod,
  /// The first layer of each period is full.
  FirstOfPeriod,
  /// `LastOfPeriod` in two parts, the dense layers with a period of their own.
  PrefixPeriod,
  /// Layers without rotary embedding slide.
  NoRope,
  /// Layers with rotary embedding see chunks.
  Chunked,
  /// A model type that is not known: whatever the fields say in other models.
  Assumed,
};

/// What files of a model type need not say, as in the configuration classes of
/// Transformers 5.24. Zero is no default, but for `kvHeads` as many as query
/// heads, and -1 that there is no such field. The window of `Chunked` is the
/// size of a chunk.
struct ModelDefaults {
  int32_t layers, heads, kvHeads, hidden, headDim, window;
};

/// Which further fields the models of a type read.
enum ModelFlag : uint32_t {
  /// The window counts only if `use_sliding_window` is true.
  GatedWindow = 1 << 0,
  /// One more logit per head in the denominator.
  HasSinks = 1 << 1,
  /// `attn_logit_softcapping`, and 50 without it.
  CapsScores = 1 << 2,
  /// `attn_logit_softcapping`, and none without it.
  MayCapScores = 1 << 3,
  /// `query_pre_attn_scalar`, and 256 without it.
  ScalesQueries = 1 << 4,
  /// `attention_multiplier`, and 1 without it.
  MultipliesScores = 1 << 5,
  /// `attention_multiplier`, and the usual factor without it.
  MayMultiplyScores = 1 << 6,
  /// Scores have no factor: queries and keys are normalised.
  NormalisesScores = 1 << 7,
  /// One key head for all queries, unless `multi_query` is false.
  MultiQuery = 1 << 8,
  /// `new_decoder_architecture` and `num_kv_heads`.
  FalconHeads = 1 << 9,
  /// `n_layer`, `n_head`, `n_embd`.
  ShortNames = 1 << 10,
  /// `num_layers`.
  NumLayers = 1 << 11,
  /// `attention_heads`, `d_model`.
  EncoderNames = 1 << 12,
  /// The period is a field of the file.
  ReadsPeriod = 1 << 13,
  /// The period may be written as letters, `LLLG`.
  ReadsLetters = 1 << 14,
};

/// A type of decoder whose masks are known.
struct ModelType {
  llvm::StringLiteral name;
  LayerRule rule;
  ModelDefaults defaults;
  uint32_t flags = 0;
  /// Of the rules with periods; the default of `max_window_layers`.
  int32_t period = 0;
  /// The field with the period, if it is not `sliding_window_pattern`.
  llvm::StringLiteral periodField = "";

  bool has(ModelFlag flag) const { return flags & flag; }
};

/// The decoder of this name, or null.
const ModelType *lookupModelType(llvm::StringRef name);

/// What stands for types that are not known.
const ModelType &getAssumedType();

/// A model around a decoder, such as one that sees images, which leaves the
/// masks to the decoder.
struct WrapperType {
  llvm::StringLiteral name, text;
  /// Whether the decoder's defaults are not those of its own type.
  bool hasOwnDefaults = false;
};

/// The wrapper of this name, or null.
const WrapperType *lookupWrapperType(llvm::StringRef name);

/// What a model is whose type is not imported although its fields may look as
/// usual.
struct Refusal {
  llvm::StringRef reason;
  /// Whether its masks are as usual, but what it does with them is not.
  bool isCausal = false;
};

/// Why no model of this type is imported, or null.
const Refusal *getRefusal(llvm::StringRef name);

} // namespace mlir::mask

#endif // MASK_LIB_TARGET_HUGGINGFACE_CONFIGMODELS_H
