//===- ConfigImportFields.cpp - reads a config.json -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Tools/ConfigImport.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <cmath>

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
/// Reads the fields of one object. After an error reading goes on, so that all
/// errors of a file are said at once.
class FieldReader {
public:
  FieldReader(Location loc, const json::Object &object, std::string prefix,
              bool &valid)
      : loc(loc), object(object), prefix(std::move(prefix)), valid(valid) {}

  InFlightDiagnostic fail(StringRef field) {
    valid = false;
    return emitError(loc) << prefix << field << ": ";
  }

  /// The value, or null where the field is missing or null.
  const json::Value *lookup(StringRef field) const {
    const json::Value *value = object.get(field);
    return value && value->kind() != json::Value::Null ? value : nullptr;
  }

  std::optional<int64_t> getInteger(StringRef field, int64_t least,
                                    int64_t greatest) {
    const json::Value *value = lookup(field);
    if (!value)
      return std::nullopt;
    std::optional<int64_t> integer = value->getAsInteger();
    if (integer && *integer >= least && *integer <= greatest)
      return integer;
    fail(field) << print(*value) << " is not an integer from " << least
                << " to " << greatest;
    return std::nullopt;
  }

  int64_t requireInteger(StringRef field, int64_t least, int64_t greatest) {
    if (!lookup(field))
      fail(field) << "missing";
    return getInteger(field, least, greatest).value_or(least);
  }

  /// A finite number above zero.
  std::optional<double> getPositive(StringRef field) {
    const json::Value *value = lookup(field);
    if (!value)
      return std::nullopt;
    std::optional<double> number = value->getAsNumber();
    if (number && std::isfinite(*number) && *number > 0)
      return number;
    fail(field) << print(*value) << " is not a number above zero";
    return std::nullopt;
  }

  std::optional<bool> getBool(StringRef field) {
    const json::Value *value = lookup(field);
    if (!value)
      return std::nullopt;
    if (std::optional<bool> flag = value->getAsBoolean())
      return flag;
    fail(field) << print(*value) << " is neither true nor false";
    return std::nullopt;
  }

  std::string getString(StringRef field) {
    const json::Value *value = lookup(field);
    if (!value)
      return {};
    if (std::optional<StringRef> text = value->getAsString())
      return text->str();
    fail(field) << print(*value) << " is not a string";
    return {};
  }

  const json::Array *getArray(StringRef field) {
    const json::Value *value = lookup(field);
    if (value && !value->getAsArray())
      fail(field) << print(*value) << " is not a list";
    return value ? value->getAsArray() : nullptr;
  }

  const json::Object *getObject(StringRef field) {
    const json::Value *value = lookup(field);
    if (value && !value->getAsObject())
      fail(field) << print(*value) << " is not an object";
    return value ? value->getAsObject() : nullptr;
  }

  FieldReader nest(StringRef field, const json::Object &inner) {
    return {loc, inner, prefix + field.str() + ".", valid};
  }

  StringRef getPrefix() const { return prefix; }
  const json::Object &getObject() const { return object; }

  /// A value as the file has it, cut where it is long.
  static std::string print(const json::Value &value) {
    std::string text = llvm::formatv("{0}", value).str();
    constexpr size_t kMaxLength = 60;
    return text.size() > kMaxLength ? text.substr(0, kMaxLength) + "..." : text;
  }

private:
  Location loc;
  const json::Object &object;
  std::string prefix;
  bool &valid;
};

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
  bool isGemma4() const {
    return StringRef(config.modelType).starts_with("gemma4");
  }
  bool isGemma3() const {
    return config.modelType == "gemma3" || config.modelType == "gemma3_text";
  }
  bool isModernBert() const {
    return StringRef(config.modelType).starts_with("modernbert");
  }
  bool isType(StringRef type) const {
    return config.modelType == type || textType == type;
  }

  /// Models and flags whose masks are none of those that are known here.
  void rejectOtherMasks() {
    static constexpr StringLiteral others[] = {
        "paligemma", "t5",         "t5gemma", "t5gemma2", "bert",
        "roberta",   "distilbert", "electra", "hrm_text", "diffusion_gemma"};
    if (llvm::is_contained(others, config.modelType))
      root.fail("model_type")
          << "\"" << config.modelType << "\" has masks that are not known here";
    for (FieldReader *reader : {&root, &text}) {
      if (reader->getBool("is_encoder_decoder").value_or(false))
        reader->fail("is_encoder_decoder")
            << "true: encoders with decoders are not known here";
      if (!reader->getBool("is_causal").value_or(true) && !isModernBert())
        reader->fail("is_causal") << "false is not known for model type \""
                                  << config.modelType << "\"";
      if (reader == &text || &root.getObject() == &text.getObject())
        break;
    }
  }

  void readMode() {
    constexpr StringLiteral field = "use_bidirectional_attention";
    const json::Value *value = text.lookup(field);
    if (isModernBert())
      config.mode = MaskMode::Encoder;
    else if (config.modelType == "gemma3")
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
    config.window = text.getInteger("sliding_window", 1, kMaxSize);
    config.chunk = text.getInteger("attention_chunk_size", 1, kMaxSize);
    // Files of Qwen2 keep the window that they do not use.
    if (!text.getBool("use_sliding_window").value_or(true))
      config.window = std::nullopt;
    if (!isModernBert())
      return;
    // The local attention counts both sides.
    if (auto local = text.getInteger("local_attention", 2, kMaxSize))
      config.window = *local / 2;
    else
      config.window = std::nullopt;
  }

  /// Reads after the layers, whose head size gives the factor otherwise.
  void readScores() {
    config.softcap = text.getPositive("attn_logit_softcapping");
    std::optional<double> scalar = text.getPositive("query_pre_attn_scalar");
    if (scalar && !llvm::all_of(config.layers, [&](const LayerConfig &layer) {
          return layer.headDim == *scalar;
        }))
      config.scale = 1 / std::sqrt(*scalar);
    // Gemma 4 normalises queries and keys instead.
    if (isGemma4())
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
    layer.kvHeads = isModernBert() ? layer.heads
                                   : text.requireInteger("num_key_value_heads",
                                                         1, kMaxHeads);
    layer.headDim = readHeadDim(layer.heads);
    config.layers.assign(count, layer);
    readTypes();
    readGlobalShapes();
    readPerLayer();
    checkLayers();
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
    if (!types) {
      for (auto [i, layer] : llvm::enumerate(config.layers))
        layer.type = deriveType(i).str();
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
  }

  /// The type of layer `i` in files that do not list them.
  StringRef deriveType(int64_t i) {
    if (isModernBert())
      return i % readPeriod("global_attn_every_n_layers", 3) ? kSliding : kFull;
    if (config.window) {
      if (int64_t period = getSlidingPeriod())
        return (i + 1) % period ? kSliding : kFull;
      return i >= readFirstSliding() ? kSliding : kFull;
    }
    if (config.chunk)
      return hasChunk(i) ? kChunked : kFull;
    return kFull;
  }

  int64_t readPeriod(StringRef field, int64_t otherwise) {
    return text.getInteger(field, 1, kMaxLayers).value_or(otherwise);
  }

  /// Every how many layers one is full, or 0 if all slide.
  int64_t getSlidingPeriod() {
    for (StringRef field :
         {"sliding_window_pattern", "_sliding_window_pattern"})
      if (text.lookup(field))
        return readPeriod(field, 1);
    if (isGemma3())
      return 6;
    return isType("gemma2") || isType("gpt_oss") ? 2 : 0;
  }

  /// In Qwen2 the layers before `max_window_layers` are full.
  int64_t readFirstSliding() {
    if (!text.lookup("use_sliding_window"))
      return 0;
    return text.getInteger("max_window_layers", 0, kMaxLayers).value_or(0);
  }

  /// In Llama 4 the layers without rotary embedding are full.
  bool hasChunk(int64_t i) {
    if (!isType("llama4") && !isType("llama4_text"))
      return true;
    const json::Array *rope = text.getArray("no_rope_layers");
    if (!rope || rope->empty())
      return (i + 1) % readPeriod("no_rope_layer_interval", 4) != 0;
    std::optional<int64_t> flag;
    if (rope->size() == config.layers.size())
      flag = (*rope)[i].getAsInteger();
    if (!flag || *flag < 0 || *flag > 1) {
      text.fail("no_rope_layers")
          << "has no 0 or 1 for each of " << config.layers.size() << " layers";
      return false;
    }
    return *flag == 1;
  }

  /// Full layers of Gemma 4 may have shapes of their own.
  void readGlobalShapes() {
    std::optional<int64_t> dim =
        text.getInteger("global_head_dim", 1, kMaxHeadDim);
    std::optional<int64_t> kvHeads =
        text.getInteger("num_global_key_value_heads", 1, kMaxHeads);
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
    SmallVector<StringRef> types = config.getLayerTypes();
    if (!config.window && llvm::is_contained(types, kSliding))
      text.fail(isModernBert() ? "local_attention" : "sliding_window")
          << "missing, but there are layers of type " << kSliding;
    if (!config.chunk && llvm::is_contained(types, kChunked))
      text.fail("attention_chunk_size")
          << "missing, but there are layers of type " << kChunked;
  }

  FieldReader root, text;
  ModelConfig &config;
  std::string textType;
};
} // namespace

FailureOr<ModelConfig> mlir::mask::readModelConfig(Location loc,
                                                   StringRef text) {
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
