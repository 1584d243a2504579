//===- ConfigImportUnknown.cpp - what is not imported -----------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConfigFields.h"

using namespace mlir;
using namespace mlir::mask;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

bool mlir::mask::hasOtherMasks(StringRef type, bool isWhole) {
  // Parts of models, none of which is a causal decoder.
  if (!isWhole)
    for (StringRef part : {"_encoder", "_vision", "_audio", "_assistant"})
      if (type.ends_with(part))
        return true;
  // Encoders. ModernBERT's two masks are known.
  if (type.starts_with("t5") ||
      (type.contains("bert") && !type.starts_with("modernbert")))
    return true;
  // A prefix, images or blocks that see themselves both ways, layers that look
  // at other tokens than their own, keys that depend on scores.
  static constexpr StringLiteral others[] = {"deepseek_ocr2",
                                             "diffusion_gemma",
                                             "doge",
                                             "electra",
                                             "esm",
                                             "esmc",
                                             "git",
                                             "hrm_text",
                                             "longt5",
                                             "mllama",
                                             "molmo2",
                                             "mt5",
                                             "paligemma",
                                             "pi0",
                                             "umt5",
                                             "embedding_gemma2",
                                             "openai_privacy_filter",
                                             "unlimited_ocr"};
  return llvm::is_contained(others, type) ||
         (type.consume_back("_text") && llvm::is_contained(others, type));
}

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

/// Which keys a query sees, in ways that are not known here.
static constexpr StringLiteral kMaskFields[] = {
    "attention_types",
    "attention_window",
    "attention_window_size",
    "attn_config",
    "block_types",
    "cross_attention_layers",
    "index_topk",
    "index_topk_blocks",
    "indexer_types",
    "interleaved_sliding_window",
    "keep_window_size",
    "local_attention_window_len",
    "prefix_lm",
    "sliding_window_size",
    "sliding_windows",
    "sparse_attention_config",
    "window_size",
};

/// Which layers are local, or no attention at all.
static constexpr StringLiteral kPatternFields[] = {
    "attn_layer_indices",
    "attn_layer_period",
    "attn_type_list",
    "conv_L_cache",
    "full_attention_interval",
    "full_attn_idxs",
    "hybrid_layer_pattern",
    "hybrid_override_pattern",
    "layer_group_size",
    "layers_block_type",
    "linear_attn_config",
    "linear_conv_kernel_dim",
    "lru_width",
    "prefix_dense_sliding_window_pattern",
};

/// Scores, and heads that are not those of all layers.
static constexpr StringLiteral kHeadFields[] = {
    "alibi",
    "attention_head_dim",
    "attention_other_setting",
    "num_attention_heads_per_layer",
    "num_key_value_heads_per_layer",
    "num_sliding_attention_heads",
    "qk_nope_head_dim",
    "swa_head_dim",
    "swa_num_attention_heads",
    "swa_num_key_value_heads",
    "use_alibi",
};

/// Whether a value says that a feature is not used.
static bool isOff(const json::Value &value) {
  if (const json::Array *array = value.getAsArray())
    return array->empty();
  if (const json::Object *object = value.getAsObject())
    return object->empty();
  return value.getAsBoolean() == false || value.getAsInteger() == 0;
}

void mlir::mask::rejectUnknownFields(FieldReader &reader, bool hasLayerTypes) {
  auto reject = [&](ArrayRef<StringLiteral> fields, StringRef what) {
    for (StringRef field : fields)
      if (const json::Value *value = reader.lookup(field);
          value && !isOff(*value))
        reader.fail(field) << FieldReader::print(*value)
                           << " is not known here, and would change " << what;
  };
  reject(kMaskFields, "the mask");
  reject(kHeadFields, "scores or heads");
  if (!hasLayerTypes)
    reject(kPatternFields, "the masks of layers");
  const json::Value *embedding = reader.lookup("position_embedding_type");
  if (embedding && embedding->getAsString() == StringRef("alibi"))
    reader.fail("position_embedding_type")
        << "\"alibi\" is not known here, and would change scores";
}
