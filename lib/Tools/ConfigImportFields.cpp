//===- ConfigImportFields.cpp - reads a config.json -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConfigFields.h"
#include "Mask/Tools/ConfigImport.h"
#include "StrictJson.h"

#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace mlir::mask;
namespace json = llvm::json;

static constexpr int64_t kMaxLayers = 4096;
static constexpr int64_t kMaxHeads = 65536;
static constexpr int64_t kMaxHeadDim = 65536;
static constexpr int64_t kMaxSize = (int64_t(1) << 30) - 1;

static constexpr StringLiteral kFull = "full_attention";
static constexpr StringLiteral kSliding = "sliding_attention";
static constexpr StringLiteral kChunked = "chunked_attention";

SmallVector<StringRef> ModelConfig::getLayerTypes() const {
  SmallVector<StringRef> types;
  for (const LayerConfig &layer : layers)
    if (!llvm::is_contained(types, layer.type))
      types.push_back(layer.type);
  return types;
}

namespace {
/// How full layers recur in the models whose files need not list them.
struct LayerPattern {
  StringLiteral model;
  /// The field with the period, if it is not `sliding_window_pattern`.
  StringLiteral field;
  int64_t period;
  /// Whether the first layer of a period is full, or its last.
  bool isFirstFull;
};
} // namespace

/// As in the configuration classes of Transformers.
static constexpr LayerPattern kPatterns[] = {
    {"afmoe", "global_attn_every_n_layers", 4, false},
    {"cohere2", "", 4, false},
    {"cwm", "", 4, true},
    {"gemma2", "", 2, false},
    {"gemma3", "", 6, false},
    {"gemma3n", "", 5, false},
    {"gemma4", "", 6, false},
    {"gemma4_unified", "", 6, false},
    {"gpt_oss", "", 2, false},
    {"modernbert", "global_attn_every_n_layers", 3, true},
    {"modernbert-decoder", "global_attn_every_n_layers", 3, true},
    {"olmo3", "", 4, false},
    {"vaultgemma", "", 2, false},
};

namespace {
/// Collects a ModelConfig from the object that has the layers.
class ConfigReader {
public:
  ConfigReader(FieldReader root, FieldReader text, ModelConfig &config)
      : root(std::move(root)), text(std::move(text)), config(config) {}

  void read() {
    textType = text.getString("model_type");
    config.modelType = root.getString("model_type");
    if (config.modelType.empty())
      root.fail("model_type") << "missing";
    config.prefix = text.getPrefix().str();
    rejectOtherMasks();
    readMode();
    readWindows();
    readLayers();
    readScores();
  }

private:
  bool isType(StringRef type) const {
    return config.modelType == type || textType == type;
  }
  /// The type itself or that of its text part alone.
  bool isModel(StringRef type) const {
    return isType(type) || isType((type + "_text").str());
  }
  bool isGemma4() const {
    return isModel("gemma4") || isModel("gemma4_unified");
  }
  bool isGemma3() const {
    return config.modelType == "gemma3" || config.modelType == "gemma3_text";
  }
  bool isModernBert() const {
    return isType("modernbert") || isType("modernbert-decoder");
  }

  /// Models and flags whose masks are none of those that are known here.
  void rejectOtherMasks() {
    bool isWhole = &root.getObject() != &text.getObject();
    if (hasOtherMasks(config.modelType, isWhole) && !isModernBert())
      root.fail("model_type")
          << "\"" << config.modelType << "\" has masks that are not known here";
    for (FieldReader *reader : {&root, &text}) {
      if (reader->getBool("is_encoder_decoder").value_or(false))
        reader->fail("is_encoder_decoder")
            << "true: encoders with decoders are not known here";
      for (StringRef field : {"is_causal", "causal"})
        if (!reader->getBool(field).value_or(true) && !isModernBert())
          reader->fail(field) << "false is not known for model type \""
                              << config.modelType << "\"";
      if (!isWhole)
        break;
    }
  }

  void readMode() {
    constexpr StringLiteral field = "use_bidirectional_attention";
    const json::Value *value = text.lookup(field);
    if (isType("modernbert"))
      config.mode = MaskMode::Encoder;
    else if (config.modelType == "gemma3" || config.modelType == "shieldgemma2")
      config.mode = MaskMode::Gemma3Vision;
    if (!value || value->getAsBoolean() == false)
      return;
    std::optional<StringRef> name = value->getAsString();
    if (isGemma4() && name == "vision")
      config.mode = config.modelType == "gemma4_unified"
                        ? MaskMode::Gemma4UnifiedVision
                        : MaskMode::Gemma4Vision;
    else if (isGemma4() && name == "all")
      config.mode = MaskMode::Gemma4Bidirectional;
    else if (isGemma3() && value->getAsBoolean() == true)
      config.mode = MaskMode::Gemma3Bidirectional;
    else
      text.fail(field) << FieldReader::print(*value)
                       << " is not known for model type \"" << config.modelType
                       << "\"";
  }

  void readWindows() {
    config.chunk = text.getInteger("attention_chunk_size", 1, kMaxSize);
    if (isModernBert()) {
      // The local attention counts both sides.
      if (auto local = text.getInteger("local_attention", 2, kMaxSize))
        config.window = *local / 2;
      return;
    }
    // Files of Qwen keep the window that they do not use.
    bool isQwen = StringRef(config.modelType).starts_with("qwen");
    if (text.getBool("use_sliding_window").value_or(!isQwen))
      config.window = text.getInteger("sliding_window", 1, kMaxSize);
  }

  /// Reads after the layers, whose head size gives the factor otherwise.
  void readScores() {
    config.softcap = text.getPositive("attn_logit_softcapping");
    std::optional<double> scalar = text.getPositive("query_pre_attn_scalar");
    if (scalar && !llvm::all_of(config.layers, [&](const LayerConfig &layer) {
          return layer.headDim == *scalar;
        }))
      config.scale = 1 / std::sqrt(*scalar);
    if (std::optional<double> factor = text.getPositive("attention_multiplier"))
      config.scale = factor;
    // These normalise queries and keys instead.
    if (isGemma4() || isModel("gemma3n"))
      config.scale = 1;
    config.sinks = isType("gpt_oss");
  }

  //===--------------------------------------------------------------------===//
  // Layers
  //===--------------------------------------------------------------------===//

  void readLayers() {
    int64_t count = text.requireInteger("num_hidden_layers", 1, kMaxLayers);
    LayerConfig layer;
    layer.heads = text.requireInteger("num_attention_heads", 1, kMaxHeads);
    layer.kvHeads = hasHeadPerKey() ? layer.heads
                                    : text.requireInteger("num_key_value_heads",
                                                          1, kMaxHeads);
    layer.headDim = readHeadDim(layer.heads);
    config.layers.assign(count, layer);
    readTypes();
    readGlobalShapes();
    readPerLayer();
    checkLayers();
  }

  /// Whether keys have as many heads as queries: a model without groups, or
  /// null, which is not the same as a missing field.
  bool hasHeadPerKey() const {
    const json::Value *value = text.getObject().get("num_key_value_heads");
    return isModernBert() || (value && value->kind() == json::Value::Null);
  }

  int64_t readHeadDim(int64_t heads) {
    if (text.lookup("head_dim"))
      return text.requireInteger("head_dim", 1, kMaxHeadDim);
    if (!text.lookup("hidden_size")) {
      text.fail("head_dim") << "missing, and so is hidden_size";
      return 1;
    }
    int64_t hidden = text.requireInteger("hidden_size", 1, kMaxSize);
    if (hidden % heads == 0)
      return hidden / heads;
    text.fail("hidden_size") << hidden << " is not a multiple of "
                             << "num_attention_heads = " << heads;
    return 1;
  }

  void readTypes() {
    const json::Array *types = text.getArray("layer_types");
    rejectUnknownFields(text, /*hasLayerTypes=*/types != nullptr);
    if (!types) {
      deriveTypes();
      return;
    }
    if (types->size() != config.layers.size()) {
      text.fail("layer_types")
          << "has " << types->size()
          << " entries for num_hidden_layers = " << config.layers.size();
      return;
    }
    for (auto [i, value] : llvm::enumerate(*types)) {
      StringRef type = value.getAsString().value_or("");
      if (type != kFull && type != kSliding && type != kChunked)
        text.fail(("layer_types[" + Twine(i) + "]").str())
            << FieldReader::print(value) << " is not known; known are " << kFull
            << ", " << kSliding << ", " << kChunked;
      config.layers[i].type = type.str();
    }
    LayerConfig &last = config.layers.back();
    if (isGemma4() && last.type == kSliding) {
      last.type = kFull;
      text.remark("layer_types") << "the last layer of Gemma 4 is " << kFull
                                 << ", whatever the list says";
    }
  }

  /// The types in files that do not list them.
  void deriveTypes() {
    bool slides = config.window || isModernBert();
    StringRef local = slides ? kSliding : config.chunk ? kChunked : kFull;
    SmallVector<bool> full(config.layers.size());
    if (slides)
      readSlidingPattern(full);
    else if (config.chunk)
      readChunkPattern(full);
    for (auto [layer, isFull] : llvm::zip_equal(config.layers, full))
      layer.type = (isFull ? StringRef(kFull) : local).str();
    if (isGemma4())
      config.layers.back().type = kFull.str();
  }

  /// One layer of `period` is full: the first of them, or the last.
  static void markFull(MutableArrayRef<bool> full, int64_t period,
                       bool isFirst) {
    for (auto [i, isFull] : llvm::enumerate(full))
      isFull = int64_t(i) % period == (isFirst ? 0 : period - 1);
  }

  int64_t readPeriod(StringRef field, int64_t otherwise) {
    return text.getInteger(field, 1, kMaxLayers).value_or(otherwise);
  }

  void readSlidingPattern(MutableArrayRef<bool> full) {
    const LayerPattern *known = llvm::find_if(
        kPatterns, [&](const LayerPattern &p) { return isModel(p.model); });
    StringRef field = "sliding_window_pattern";
    if (!text.lookup(field))
      field = "_sliding_window_pattern";
    if (known != std::end(kPatterns)) {
      int64_t period = readPeriod(field, known->period);
      if (!known->field.empty())
        period = readPeriod(known->field, period);
      return markFull(full, period, known->isFirstFull);
    }
    if (text.lookup(field))
      return markFull(full, readPeriod(field, 1), /*isFirst=*/false);
    if (text.lookup("max_window_layers"))
      return readWindowLayers(full);
    rejectPattern("global_attn_every_n_layers");
    rejectPattern("no_rope_layers");
    text.remark("layer_types") << "missing; every layer is " << kSliding
                               << " as sliding_window is set";
  }

  /// Qwen: the layers before `max_window_layers` are full, but in Qwen2 MoE
  /// every second one of them slides and no other.
  void readWindowLayers(MutableArrayRef<bool> full) {
    int64_t first = text.requireInteger("max_window_layers", 0, kMaxLayers);
    bool alternates = isType("qwen2_moe");
    for (auto [i, isFull] : llvm::enumerate(full)) {
      bool isBefore = int64_t(i) < first;
      isFull = alternates ? i % 2 != 0 || !isBefore : isBefore;
    }
  }

  /// In Llama 4 the layers without rotary embedding are full.
  void readChunkPattern(MutableArrayRef<bool> full) {
    if (!isModel("llama4")) {
      rejectPattern("no_rope_layers");
      text.remark("layer_types") << "missing; every layer is " << kChunked
                                 << " as attention_chunk_size is set";
      return;
    }
    const json::Array *rope = text.getArray("no_rope_layers");
    if (!rope || rope->empty())
      return markFull(full, readPeriod("no_rope_layer_interval", 4),
                      /*isFirst=*/false);
    bool isValid = rope->size() == full.size();
    for (size_t i = 0; isValid && i < full.size(); ++i) {
      std::optional<int64_t> flag = (*rope)[i].getAsInteger();
      isValid = flag && (*flag == 0 || *flag == 1);
      full[i] = isValid && *flag == 0;
    }
    if (!isValid)
      text.fail("no_rope_layers")
          << "has no 0 or 1 for each of " << full.size() << " layers";
  }

  /// A field that says which layers are local in some model, but not in this.
  void rejectPattern(StringRef field) {
    if (const json::Value *value = text.lookup(field))
      text.fail(field) << FieldReader::print(*value)
                       << " is not known for model type \"" << config.modelType
                       << "\" without layer_types";
  }

  /// Full layers of Gemma 4 may have shapes of their own.
  void readGlobalShapes() {
    std::optional<int64_t> dim =
        text.getInteger("global_head_dim", 1, kMaxHeadDim);
    std::optional<int64_t> kvHeads =
        text.getInteger("num_global_key_value_heads", 1, kMaxHeads);
    // Gemma 4 has fewer key heads only where values are keys.
    if (!text.getBool("attention_k_eq_v").value_or(true))
      kvHeads = std::nullopt;
    for (LayerConfig &layer : config.layers) {
      if (layer.type != kFull)
        continue;
      layer.headDim = dim.value_or(layer.headDim);
      layer.kvHeads = kvHeads.value_or(layer.kvHeads);
    }
  }

  void readPerLayer() {
    const json::Object *object = text.getObject("per_layer_config");
    if (!object)
      return;
    FieldReader reader = text.nest("per_layer_config", *object);
    llvm::SmallSet<int64_t, 16> seen;
    for (const auto &[key, value] : *object) {
      int64_t index;
      if (StringRef(key).getAsInteger(10, index) || index < 0 ||
          index >= static_cast<int64_t>(config.layers.size()))
        reader.fail(key) << "is not a layer from 0 to "
                         << config.layers.size() - 1;
      else if (!seen.insert(index).second)
        reader.fail(key) << "layer " << index << " occurs twice";
      else if (const json::Object *layer = reader.getObject(key))
        readLayer(reader.nest(key, *layer), config.layers[index]);
    }
  }

  static void readLayer(FieldReader reader, LayerConfig &layer) {
    rejectUnknownFields(reader, /*hasLayerTypes=*/false);
    for (StringRef field :
         {"sliding_window", "attention_chunk_size", "layer_type", "layer_types",
          "use_bidirectional_attention", "attn_logit_softcapping"})
      if (const json::Value *value = reader.lookup(field))
        reader.fail(field) << FieldReader::print(*value)
                           << " is not known for a single layer";
    auto update = [&](int64_t &number, StringRef field, int64_t greatest) {
      number = reader.getInteger(field, 1, greatest).value_or(number);
    };
    update(layer.heads, "num_attention_heads", kMaxHeads);
    update(layer.kvHeads, "num_key_value_heads", kMaxHeads);
    update(layer.headDim, "head_dim", kMaxHeadDim);
  }

  void checkLayers() {
    for (const LayerConfig &layer : config.layers)
      if (layer.heads % layer.kvHeads != 0) {
        text.fail("num_key_value_heads")
            << layer.kvHeads
            << " does not divide num_attention_heads = " << layer.heads
            << " in the layers of type " << layer.type;
        break;
      }
    checkValueSize();
    SmallVector<StringRef> types = config.getLayerTypes();
    if (!config.window && llvm::is_contained(types, kSliding)) {
      bool isUnused = text.lookup("sliding_window") && !isModernBert();
      text.fail(isUnused         ? "use_sliding_window"
                : isModernBert() ? "local_attention"
                                 : "sliding_window")
          << (isUnused ? "not true" : "missing")
          << ", but there are layers of type " << kSliding;
    }
    if (!config.chunk && llvm::is_contained(types, kChunked))
      text.fail("attention_chunk_size")
          << "missing, but there are layers of type " << kChunked;
  }

  /// Layers hand their result on as queries, so that values are as wide as
  /// keys.
  void checkValueSize() {
    std::optional<int64_t> dim = text.getInteger("v_head_dim", 1, kMaxHeadDim);
    for (const LayerConfig &layer : config.layers)
      if (dim && *dim != layer.headDim) {
        text.fail("v_head_dim") << *dim << " is not the head size "
                                << layer.headDim << " of queries and keys";
        break;
      }
  }

  FieldReader root, text;
  ModelConfig &config;
  std::string textType;
};
} // namespace

FailureOr<ModelConfig> mlir::mask::readModelConfig(Location loc,
                                                   StringRef text) {
  if (llvm::Error error = checkJsonStructure(text))
    return emitError(loc) << llvm::toString(std::move(error));
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return emitError(loc) << "is not JSON: "
                          << llvm::toString(value.takeError());
  const json::Object *object = value->getAsObject();
  if (!object)
    return emitError(loc) << "is not a JSON object";
  bool valid = true;
  FieldReader root(loc, *object, "", valid);
  const json::Object *inner = root.getObject("text_config");
  ModelConfig config;
  if (valid)
    ConfigReader(root, inner ? root.nest("text_config", *inner) : root, config)
        .read();
  if (!valid)
    return failure();
  return config;
}
