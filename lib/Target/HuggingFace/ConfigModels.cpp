//===- ConfigModels.cpp - the model types of configs ------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConfigModels.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir::mask;
using llvm::StringLiteral;
using llvm::StringRef;
using Rule = LayerRule;

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

/// Name, rule, {layers, heads, key heads, hidden size, head size, window},
/// flags, period and its field.
static constexpr ModelType kModels[] = {
    {"apertus", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"apertus1p5_text", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"arcee", Rule::Full, {32, 32, 0, 2560, 0, 0}},
    {"aria_text", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"bailing_moe", Rule::Full, {0, 0, 0, 0, 0, 0}},
    {"biogpt", Rule::Full, {24, 16, -1, 1024, 0, 0}},
    {"bitnet", Rule::Full, {30, 20, 5, 2560, 0, 0}},
    {"chameleon", Rule::Full, {32, 32, 32, 4096, 0, 0}},
    {"codegen", Rule::Full, {28, 16, -1, 4096, 0, 0}, ShortNames},
    {"cohere", Rule::Full, {40, 64, 0, 8192, 0, 0}},
    {"ctrl", Rule::Full, {48, 16, -1, 1280, 0, 0}, ShortNames},
    {"deepseek", Rule::Full, {0, 0, 0, 0, 0, 0}},
    {"emu3_text_model", Rule::Full, {32, 32, 8, 4096, 0, 0}},
    {"ernie4_5", Rule::Full, {18, 16, 2, 1024, 128, 0}},
    {"ernie4_5_moe", Rule::Full, {28, 20, 4, 2560, 0, 0}},
    {"ernie4_5_vl_moe_text", Rule::Full, {28, 20, 4, 2560, 0, 0}},
    {"exaone", Rule::Full, {32, 32, 8, 4096, 0, 0}, NumLayers},
    {"falcon", Rule::Full, {32, 71, -1, 4544, 0, 0}, MultiQuery | FalconHeads},
    {"flex_olmo", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"gemma", Rule::Full, {28, 16, 16, 3072, 256, 0}},
    {"glm", Rule::Full, {40, 32, 2, 4096, 128, 0}},
    {"glm4", Rule::Full, {40, 32, 2, 4096, 128, 0}},
    {"glm4_moe", Rule::Full, {46, 96, 8, 4096, 0, 0}},
    {"glm4v_moe_text", Rule::Full, {46, 96, 8, 4096, 0, 0}},
    {"glm4v_text", Rule::Full, {40, 32, 2, 4096, 0, 0}},
    {"glm_ocr_text", Rule::Full, {16, 16, 8, 1024, 0, 0}},
    {"gpt-sw3", Rule::Full, {12, 12, -1, 768, 0, 0}, ShortNames},
    {"gpt2", Rule::Full, {12, 12, -1, 768, 0, 0}, ShortNames},
    {"gpt_bigcode",
     Rule::Full,
     {12, 12, -1, 768, 0, 0},
     ShortNames | MultiQuery},
    {"gpt_neox", Rule::Full, {44, 64, -1, 6144, 0, 0}},
    {"gpt_neox_japanese", Rule::Full, {32, 32, -1, 2560, 0, 0}},
    {"gptj", Rule::Full, {28, 16, -1, 4096, 0, 0}, ShortNames},
    {"granite", Rule::Full, {32, 32, 0, 4096, 0, 0}, MultipliesScores},
    {"granite4_vision_text",
     Rule::Full,
     {32, 32, 0, 4096, 0, 0},
     MultipliesScores},
    {"granitemoe", Rule::Full, {32, 32, 0, 4096, 0, 0}, MultipliesScores},
    {"granitemoeshared", Rule::Full, {32, 32, 0, 4096, 0, 0}, MultipliesScores},
    {"helium", Rule::Full, {24, 20, 20, 2560, 128, 0}},
    {"hunyuan_v1_dense", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"hunyuan_v1_moe", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"hunyuan_vl_text", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"hy_v3", Rule::Full, {80, 64, 8, 4096, 128, 0}},
    {"hyperclovax", Rule::Full, {32, 32, 0, 4096, 0, 0}, MayMultiplyScores},
    {"internlm2", Rule::Full, {0, 0, 0, 0, 0, 0}},
    {"internlm3", Rule::Full, {48, 32, 2, 4096, 128, 0}},
    {"iquestcoder", Rule::Full, {80, 40, 8, 5120, 128, 0}},
    {"jais2", Rule::Full, {32, 26, 0, 3328, 0, 0}},
    {"llama", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"minicpm", Rule::Full, {0, 0, 0, 0, 0, 0}},
    {"minimax_m2", Rule::Full, {62, 48, 8, 3072, 128, 0}},
    {"nanochat", Rule::Full, {12, 6, 0, 768, 0, 0}},
    {"nemotron", Rule::Full, {32, 48, 0, 6144, 0, 0}},
    {"olmo", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"olmo2", Rule::Full, {32, 32, 0, 4096, 0, 0}},
    {"olmoe", Rule::Full, {16, 16, 0, 2048, 0, 0}},
    {"openai-gpt", Rule::Full, {12, 12, -1, 768, 0, 0}, ShortNames},
    {"opt", Rule::Full, {12, 12, -1, 768, 0, 0}},
    {"paddleocr_vl_text", Rule::Full, {18, 16, 2, 1024, 128, 0}},
    {"persimmon", Rule::Full, {36, 64, -1, 4096, 0, 0}},
    {"phi", Rule::Full, {24, 32, 0, 2048, 0, 0}},
    {"qwen3_vl_moe_text", Rule::Full, {24, 16, 16, 2048, 0, 0}},
    {"qwen3_vl_text", Rule::Full, {32, 32, 32, 4096, 128, 0}},
    {"sarvam_moe", Rule::Full, {19, 64, 4, 4096, 64, 0}},
    {"seed_oss", Rule::Full, {64, 80, 8, 4096, 128, 0}},
    {"solar_open", Rule::Full, {48, 64, 8, 4096, 128, 0}},
    {"stablelm", Rule::Full, {32, 32, 32, 2560, 0, 0}},
    {"xglm", Rule::Full, {24, 16, -1, 1024, 0, 0}, NumLayers | EncoderNames},

    {"ministral3", Rule::Uniform, {34, 32, 8, 4096, 128, 0}},
    {"mistral", Rule::Uniform, {32, 32, 8, 4096, 0, 4096}},
    {"mixtral", Rule::Uniform, {32, 32, 8, 4096, 0, 0}},
    {"phi3", Rule::Uniform, {32, 32, 0, 3072, 0, 0}},
    {"phi4_multimodal", Rule::Uniform, {32, 32, 8, 3072, 0, 0}},
    {"phimoe", Rule::Uniform, {32, 32, 8, 4096, 0, 0}},
    {"qwen3_moe", Rule::Uniform, {24, 32, 4, 2048, 0, 4096}, GatedWindow},
    {"starcoder2", Rule::Uniform, {30, 24, 2, 3072, 0, 0}},
    {"ministral", Rule::ListedUniform, {32, 32, 8, 4096, 0, 4096}},

    {"dots1", Rule::WindowLayers, {62, 32, 32, 4608, 0, 4096}, 0, 62},
    {"mimo", Rule::WindowLayers, {32, 32, 32, 4096, 0, 4096}, GatedWindow, 28},
    {"qwen2", Rule::WindowLayers, {32, 32, 32, 4096, 0, 4096}, GatedWindow, 28},
    {"qwen2_5_vl_text",
     Rule::WindowLayers,
     {80, 64, 8, 8192, 0, 4096},
     GatedWindow,
     80},
    {"qwen2_vl_text",
     Rule::WindowLayers,
     {80, 64, 8, 8192, 0, 4096},
     GatedWindow,
     80},
    {"qwen3",
     Rule::WindowLayers,
     {32, 32, 32, 4096, 128, 4096},
     GatedWindow,
     28},
    {"qwen2_moe",
     Rule::AlternatingWindowLayers,
     {24, 16, 16, 2048, 0, 4096},
     GatedWindow,
     28},

    {"afmoe",
     Rule::LastOfPeriod,
     {32, 16, 0, 2048, 128, 1024},
     ReadsPeriod,
     4,
     "global_attn_every_n_layers"},
    {"cohere2", Rule::LastOfPeriod, {40, 64, 0, 8192, 0, 4096}, ReadsPeriod, 4},
    {"cohere2_moe",
     Rule::PrefixPeriod,
     {40, 64, 0, 8192, 128, 4096},
     ReadsPeriod,
     4},
    {"cwm", Rule::FirstOfPeriod, {64, 48, 8, 6144, 128, 8192}, 0, 4},
    {"exaone4",
     Rule::LastOfPeriod,
     {32, 32, 32, 4096, 0, 4096},
     ReadsPeriod | ReadsLetters,
     4},
    {"exaone_moe",
     Rule::LastOfPeriod,
     {32, 32, 32, 4096, 0, 4096},
     ReadsPeriod | ReadsLetters,
     4},
    {"gemma2",
     Rule::LastOfPeriod,
     {26, 8, 4, 2304, 256, 4096},
     CapsScores | ScalesQueries,
     2},
    {"gemma3_text",
     Rule::LastOfPeriod,
     {26, 8, 4, 2304, 256, 4096},
     MayCapScores | ScalesQueries | ReadsPeriod,
     6},
    {"gemma3n_text",
     Rule::LastOfPeriod,
     {35, 8, 2, 2048, 256, 512},
     NormalisesScores,
     5},
    {"gemma4_text",
     Rule::LastOfPeriod,
     {30, 8, 4, 2304, 256, 512},
     NormalisesScores,
     6},
    {"gemma4_unified_text",
     Rule::LastOfPeriod,
     {30, 8, 4, 2304, 256, 1024},
     NormalisesScores,
     6},
    {"gpt_oss", Rule::LastOfPeriod, {36, 64, 8, 2880, 64, 128}, HasSinks, 2},
    {"granite_swa",
     Rule::FirstOfPeriod,
     {24, 20, 4, 2560, 0, 128},
     HasSinks | MultipliesScores,
     4},
    {"granitemoe_swa",
     Rule::FirstOfPeriod,
     {32, 32, 0, 4096, 0, 128},
     HasSinks | MultipliesScores,
     4},
    {"kolibri1", Rule::LastOfPeriod, {50, 48, 4, 2560, 128, 513}, 0, 5},
    {"modernbert",
     Rule::FirstOfPeriod,
     {22, 12, -1, 768, 0, 128},
     ReadsPeriod,
     3,
     "global_attn_every_n_layers"},
    {"modernbert-decoder",
     Rule::FirstOfPeriod,
     {22, 12, -1, 768, 0, 128},
     ReadsPeriod,
     3,
     "global_attn_every_n_layers"},
    {"olmo3", Rule::LastOfPeriod, {32, 32, 0, 4096, 0, 4096}, 0, 4},
    {"vaultgemma",
     Rule::LastOfPeriod,
     {26, 8, 4, 2304, 256, 4096},
     CapsScores | ScalesQueries,
     2},

    {"laguna", Rule::Listed, {40, 48, 8, 2048, 128, 512}},
    {"mellum", Rule::Listed, {28, 32, 4, 2304, 128, 1024}},
    {"llama4_text", Rule::Chunked, {48, 40, 8, 5120, 128, 8192}},
    {"smollm3", Rule::NoRope, {36, 16, 4, 2048, 0, 0}, GatedWindow},
};

static constexpr ModelType kAssumed = {
    "", Rule::Assumed, {0, 0, 0, 0, 0, 0}, MayCapScores | MayMultiplyScores};

template <typename T, size_t N>
static const T *lookup(const T (&types)[N], StringRef name) {
  const T *found =
      llvm::find_if(types, [&](const T &type) { return type.name == name; });
  return found == std::end(types) ? nullptr : found;
}

const ModelType *mlir::mask::lookupModelType(StringRef name) {
  return lookup(kModels, name);
}

const ModelType &mlir::mask::getAssumedType() { return kAssumed; }

//===----------------------------------------------------------------------===//
// Wrappers
//===----------------------------------------------------------------------===//

static constexpr WrapperType kWrappers[] = {
    {"apertus1p5", "apertus1p5_text"},
    {"aria", "aria_text"},
    {"audioflamingo3", "qwen2"},
    {"aya_vision", "cohere2"},
    {"cohere2_vision", "cohere2"},
    {"deepseek_vl", "llama"},
    {"emu3", "emu3_text_model"},
    {"ernie4_5_vl_moe", "ernie4_5_vl_moe_text"},
    {"exaone4_5", "exaone4"},
    {"fast_vlm", "qwen2"},
    {"fuyu", "persimmon", true},
    {"gemma3", "gemma3_text"},
    {"gemma3n", "gemma3n_text"},
    {"gemma4", "gemma4_text"},
    {"gemma4_unified", "gemma4_unified_text"},
    {"glm46v", "glm4v_text"},
    {"glm4v", "glm4v_text"},
    {"glm4v_moe", "glm4v_moe_text"},
    {"glm_ocr", "glm_ocr_text"},
    {"glmasr", "llama", true},
    {"got_ocr2", "qwen2", true},
    {"granite4_vision", "granite4_vision_text"},
    {"granite_speech", "granite"},
    {"hunyuan_vl", "hunyuan_vl_text"},
    {"hyperclovax_vision_v2", "hyperclovax"},
    {"idefics2", "mistral", true},
    {"idefics3", "llama"},
    {"internvl", "qwen2"},
    {"janus", "llama"},
    {"llama4", "llama4_text"},
    {"llava", "llama"},
    {"llava_next", "llama"},
    {"llava_next_video", "llama"},
    {"llava_onevision", "qwen2"},
    {"mistral3", "mistral", true},
    {"ovis2", "qwen2"},
    {"paddleocr_vl", "paddleocr_vl_text"},
    {"perception_lm", "llama"},
    {"qwen2_5_vl", "qwen2_5_vl_text"},
    {"qwen2_audio", "qwen2"},
    {"qwen2_vl", "qwen2_vl_text"},
    {"qwen3_vl", "qwen3_vl_text"},
    {"qwen3_vl_moe", "qwen3_vl_moe_text"},
    {"shieldgemma2", "gemma3_text"},
    {"smolvlm", "llama"},
    {"video_llama_3", "qwen2"},
    {"video_llava", "llama"},
    {"vipllava", "llama"},
    {"voxtral", "llama", true},
};

const WrapperType *mlir::mask::lookupWrapperType(StringRef name) {
  return lookup(kWrappers, name);
}

//===----------------------------------------------------------------------===//
// What is refused
//===----------------------------------------------------------------------===//

static constexpr StringLiteral kDiffusion[] = {
    "Dream",          "Fast_dLLM_Qwen", "LLaDA",       "a2d-llama",
    "a2d-qwen2",      "a2d-qwen3",      "bd3lm",       "diffusion_gemma",
    "diffucoder",     "dream",          "dream_coder", "fast_dllm",
    "fast_dllm_qwen", "fast_dllm_v2",   "llada",       "llada2",
    "llada2_moe",     "llada_moe",      "mdlm",        "open-dcoder",
    "radd",           "rnd1",           "sdar",        "sdar_moe",
    "sedd",           "smdm",           "trado",       "tess2",
};
static constexpr StringLiteral kBidirectional[] = {
    "NVEmbed",
    "embedding_gemma2",
    "gritlm",
    "jina_embeddings_v3",
    "latent_attention",
    "llama_bidirec",
    "llama_nemoretriever",
    "llama_nemotron_vl",
    "mistral_bidirec",
    "nvembed",
    "openai_privacy_filter",
    "qwen2_bidirec",
    "qwen3_bidirec",
};
static constexpr StringLiteral kPrefix[] = {
    "chatglm",  "cpmant",        "deepseek_ocr2",      "git",       "glpn",
    "hrm_text", "molmo2",        "molmo2_text",        "paligemma", "pi0",
    "prefixlm", "unlimited_ocr", "unlimited_ocr_text", "xlnet",
};
static constexpr StringLiteral kEncoders[] = {
    "albert",   "canine",     "electra",    "ernie",         "ernie_m",
    "esm",      "esmc",       "fnet",       "funnel",        "ibert",
    "layoutlm", "layoutlmv2", "layoutlmv3", "longformer",    "luke",
    "mpnet",    "mra",        "nezha",      "nystromformer", "perceiver",
    "roformer", "splinter",   "xlm",        "xlm-roberta",   "xlm-roberta-xl",
    "xmod",     "yoso",       "clip",       "siglip",        "siglip2",
    "vit",      "dinov2",     "beit",       "deit",          "swin",
    "wav2vec2", "hubert",     "wavlm",      "big_bird",      "data2vec-text",
    "deberta",  "deberta-v2",
};
static constexpr StringLiteral kEncoderDecoders[] = {
    "bart",
    "bigbird_pegasus",
    "blenderbot",
    "blenderbot-small",
    "encoder-decoder",
    "florence2",
    "fsmt",
    "led",
    "longt5",
    "m2m_100",
    "marian",
    "mbart",
    "mllama",
    "mllama_text_model",
    "moonshine",
    "mt5",
    "mvp",
    "nllb-moe",
    "pegasus",
    "pegasus_x",
    "plbart",
    "prophetnet",
    "seamless_m4t",
    "seamless_m4t_v2",
    "speech_to_text",
    "switch_transformers",
    "trocr",
    "udop",
    "umt5",
    "whisper",
};
static constexpr StringLiteral kHybrids[] = {
    "bailing_hybrid",
    "bamba",
    "falcon_h1",
    "falcon_mamba",
    "granitemoehybrid",
    "jamba",
    "kimi_linear",
    "lara_mini",
    "lfm2",
    "lfm2_moe",
    "lfm3",
    "mamba",
    "mamba2",
    "minimax",
    "minimax_text_01",
    "nemotron_h",
    "olmo_hybrid",
    "qwen3_5",
    "qwen3_5_moe",
    "qwen3_5_moe_text",
    "qwen3_5_text",
    "qwen3_next",
    "qwen4_exp",
    "qwen4_exp_text",
    "recurrent_gemma",
    "rwkv",
    "rwkv7",
    "xlstm",
    "zamba",
    "zamba2",
    "zaya",
    "plamo2",
    "phi4flash",
    "hgrn2",
    "retnet",
    "gla",
};
static constexpr StringLiteral kSparse[] = {
    "axk2",      "blt",        "deepseek_v32",    "deepseek_v4",
    "doge",      "dots3_note", "dots3_note_text", "glm_moe_dsa",
    "gpt_neo",   "hy_v4",      "minimax_m3_vl",   "minimax_m3_vl_text",
    "phi3small", "reformer",
};
static constexpr StringLiteral kLatent[] = {
    "axk1",       "deepseek_v2", "deepseek_v3",   "glm4_moe_lite",
    "kimi_k2",    "kimi_k25",    "longcat_flash", "minicpm3",
    "sarvam_mla", "youtu",       "mimo_v2_flash",
};
static constexpr StringLiteral kAlibi[] = {"bloom", "mpt", "RefinedWebModel",
                                           "jais"};
static constexpr StringLiteral kDifferential[] = {"diffllama"};

namespace {
/// Types that are known not to be what is imported, by reason.
struct RefusedTypes {
  Refusal refusal;
  llvm::ArrayRef<StringLiteral> names;
};
} // namespace

static constexpr Refusal kPart = {"the part of a model that encodes its input"};
static constexpr Refusal kDrafter = {"a drafter, which sees its model's keys"};
static constexpr Refusal kEncoder = {"an encoder"};
static constexpr Refusal kEncoderDecoder = {
    "a model that also looks at the keys of an encoder"};

static const RefusedTypes kRefused[] = {
    {{"a diffusion model, whose blocks see themselves both ways"}, kDiffusion},
    {{"a decoder turned into an encoder, which sees both ways"},
     kBidirectional},
    {{"a model with prefixes or items that see themselves both ways"}, kPrefix},
    {kEncoder, kEncoders},
    {kEncoderDecoder, kEncoderDecoders},
    {{"a model in which not every layer is softmax attention"}, kHybrids},
    {{"a model with sparse attention"}, kSparse},
    {{"a model whose values have another size than its keys", true}, kLatent},
    {{"a model that adds ALiBi to its scores", true}, kAlibi},
    {{"a model that subtracts one attention from another", true},
     kDifferential},
};

const Refusal *mlir::mask::getRefusal(StringRef name) {
  for (StringRef part : {"_encoder", "_vision", "_vision_model", "_audio"})
    if (name.ends_with(part))
      return &kPart;
  if (name.ends_with("_assistant"))
    return &kDrafter;
  if (name.starts_with("t5"))
    return &kEncoderDecoder;
  if (name.contains("bert") && !name.starts_with("modernbert"))
    return &kEncoder;
  for (const RefusedTypes &types : kRefused)
    if (llvm::is_contained(types.names, name))
      return &types.refusal;
  return nullptr;
}
