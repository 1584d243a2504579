//===- ConfigImportFields.cpp - reads a config.json -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConfigFields.h"
#include "Mask/Support/StrictJson.h"
#include "Mask/Target/HuggingFace/ConfigImport.h"

#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace mlir::mask;
namespace json = llvm::json;

static constexpr int64_t kMaxLayers = 4096;
static constexpr int64_t kMaxHeads = 65536;
static constexpr int64_t kMaxHeadDim = 65536;
static constexpr int64_t kMaxSize = (int64_t(1) << 30) - 1;

static constexpr StringLiteral kFull = "full_attention";

SmallVector<StringRef> ModelConfig::getLayerTypes() const {
  SmallVector<StringRef> types;
  for (const LayerConfig &layer : layers)
    if (!llvm::is_contained(types, layer.type))
      types.push_back(layer.type);
  return types;
}

namespace {
/// Collects a ModelConfig from the object that has the layers.
class ConfigReader {
public:
  ConfigReader(FieldReader root, FieldReader text, ModelConfig &config,
               bool assumeCausal)
      : root(std::move(root)), text(std::move(text)), config(config),
        assumeCausal(assumeCausal) {}

  void read() {
    config.modelType = root.getString("model_type");
    config.prefix = text.getPrefix().str();
    findModel();
    rejectOtherMasks();
    readMode();
    readLayers();
    readScores();
    readElementType();
    if (isKnown)
      rejectUnreadFields();
  }

private:
  /// Whether the layers lie in an object of their own.
  bool isWhole() const { return &root.getObject() != &text.getObject(); }
  bool isGemma4() const {
    return model->name == "gemma4_text" || model->name == "gemma4_unified_text";
  }
  bool isModernBert() const { return model->name.starts_with("modernbert"); }

  //===--------------------------------------------------------------------===//
  // Models
  //===--------------------------------------------------------------------===//

  /// The decoder that the layers are those of.
  void findModel() {
    model = &getAssumedType();
    std::string textType =
        isWhole() ? text.getString("model_type") : config.modelType;
    if (config.modelType.empty()) {
      failNameless(root);
      isKnown = false;
      return;
    }
    const WrapperType *wrapper = lookupWrapperType(config.modelType);
    if (wrapper && (!isWhole() || textType.empty()))
      textType = wrapper->text.str();
    if (isWhole() && !wrapper)
      refuse(root, config.modelType);
    if (const ModelType *known = lookupModelType(textType))
      model = known;
    else if (!isWhole())
      refuse(root, config.modelType);
    else if (textType.empty())
      failNameless(text);
    else
      refuse(text, textType);
    hasDefaults = !wrapper || !wrapper->hasOwnDefaults;
  }

  /// No type where one has to be. What is no string was refused when it was
  /// read.
  void failNameless(FieldReader &reader) {
    const llvm::json::Value *value = reader.lookup("model_type");
    if (!value || value->getAsString())
      reader.fail("model_type") << "missing";
  }

  /// A type that is not known, or known not to be what is imported.
  void refuse(FieldReader &reader, StringRef type) {
    constexpr StringLiteral field = "model_type";
    if (const Refusal *refusal = getRefusal(type)) {
      reader.fail(field) << '"' << type << "\" has "
                         << (refusal->isCausal ? "attention that is"
                                               : "masks that are")
                         << " not known here: it is " << refusal->reason;
      isKnown = false;
    } else if (assumeCausal) {
      isRootAssumed |= &reader == &root;
      reader.remark(field) << '"' << type
                           << "\" is not known here, and is assumed to be a "
                              "causal decoder, as --assume-causal says";
    } else {
      reader.fail(field) << '"' << type
                         << "\" is not known here; --assume-causal imports it "
                            "as a causal decoder";
      isKnown = false;
    }
  }

  /// Flags that make something else of a model than its type says.
  void rejectOtherMasks() {
    for (FieldReader *reader : {&root, &text}) {
      if (reader->getBool("is_encoder_decoder").value_or(false))
        reader->fail("is_encoder_decoder")
            << "true: encoders with decoders are not known here";
      for (StringRef field : {"is_causal", "causal"})
        if (!reader->getBool(field).value_or(true) &&
            model->name != "modernbert")
          reader->fail(field) << "false is not known for model type \""
                              << config.modelType << "\"";
      if (model->name != "modernbert")
        rejectArchitectures(*reader);
      if (!isWhole())
        break;
    }
  }

  void readMode() {
    constexpr StringLiteral field = "use_bidirectional_attention";
    const json::Value *value = text.lookup(field);
    if (model->name == "modernbert")
      config.mode = MaskMode::Encoder;
    else if (config.modelType == "gemma3" || config.modelType == "shieldgemma2")
      config.mode = MaskMode::Gemma3Vision;
    // This type alone sees images both ways unless its file says otherwise.
    if (config.modelType == "gemma4_unified" && !text.has(field))
      config.mode = MaskMode::Gemma4UnifiedVision;
    if (!value || value->getAsBoolean() == false)
      return;
    std::optional<StringRef> name = value->getAsString();
    bool isGemma3 =
        model->name == "gemma3_text" && config.modelType != "shieldgemma2";
    if (isGemma4() && name == "vision")
      config.mode = config.modelType == "gemma4_unified"
                        ? MaskMode::Gemma4UnifiedVision
                        : MaskMode::Gemma4Vision;
    else if (isGemma4() && name == "all")
      config.mode = MaskMode::Gemma4Bidirectional;
    else if (isGemma3 && value->getAsBoolean() == true)
      config.mode = MaskMode::Gemma3Bidirectional;
    else
      text.fail(field) << FieldReader::print(*value)
                       << " is not known for model type \"" << config.modelType
                       << "\"";
  }

  //===--------------------------------------------------------------------===//
  // Scores
  //===--------------------------------------------------------------------===//

  /// Reads after the layers, whose head size gives the factor otherwise.
  void readScores() {
    readSoftCap();
    // Gemma 3n keeps the field that it does not use.
    if (model->has(NormalisesScores))
      text.skip({"query_pre_attn_scalar"});
    if (model->has(ScalesQueries) || isAssumed())
      readQueryScalar();
    if (model->has(MultipliesScores) || model->has(MayMultiplyScores))
      readMultiplier();
    if (model->has(NormalisesScores))
      config.scale = 1;
    config.sinks = model->has(HasSinks);
    // Files of GPT-2 and its like may say that scores are not divided.
    if (!text.getBool("scale_attn_weights").value_or(true))
      text.fail("scale_attn_weights") << "false is not known here, and would "
                                         "change scores or heads";
  }

  void readSoftCap() {
    constexpr StringLiteral field = "attn_logit_softcapping";
    config.softcap = text.getPositive(field);
    if (config.softcap && !model->has(CapsScores) && !model->has(MayCapScores))
      text.fail(field) << FieldReader::print(*text.lookup(field))
                       << " is not read by models of type \"" << model->name
                       << '"';
    if (model->has(CapsScores) && !text.has(field)) {
      config.softcap = 50;
      remarkDefault(field, "50");
    }
  }

  void readQueryScalar() {
    constexpr StringLiteral field = "query_pre_attn_scalar";
    std::optional<double> scalar = text.getPositive(field);
    if (model->has(ScalesQueries) && !text.has(field)) {
      scalar = 256;
      remarkDefault(field, "256");
    }
    if (scalar && !llvm::all_of(config.layers, [&](const LayerConfig &layer) {
          return layer.headDim == *scalar;
        }))
      config.scale = 1 / std::sqrt(*scalar);
  }

  void readMultiplier() {
    constexpr StringLiteral field = "attention_multiplier";
    if (std::optional<double> factor = text.getPositive(field))
      config.scale = factor;
    if (model->has(MultipliesScores) && !text.has(field)) {
      config.scale = 1;
      remarkDefault(field, "1");
    }
  }

  //===--------------------------------------------------------------------===//
  // Layers
  //===--------------------------------------------------------------------===//

  bool isAssumed() const { return model->rule == LayerRule::Assumed; }

  void remarkDefault(StringRef field, const Twine &value) {
    text.remark(field) << "missing; " << value
                       << ", the default of model type \"" << model->name
                       << '"';
  }

  /// A number that the models of some types have a default for.
  int64_t readNumber(StringRef field, int64_t otherwise, int64_t greatest) {
    if (text.has(field) || otherwise <= 0 || !hasDefaults)
      return text.requireInteger(field, 1, greatest);
    remarkDefault(field, Twine(otherwise));
    return otherwise;
  }

  /// The name that a file uses for a field: that of its model type, if there.
  StringRef getName(ModelFlag flag, StringRef own, StringRef name) {
    return model->has(flag) && text.has(own) ? own : name;
  }

  void readLayers() {
    const ModelDefaults &defaults = model->defaults;
    StringRef name = getName(NumLayers, "num_layers", "num_hidden_layers");
    name = getName(ShortNames, "n_layer", name);
    int64_t count = readNumber(name, defaults.layers, kMaxLayers);
    name = getName(EncoderNames, "attention_heads", "num_attention_heads");
    name = getName(ShortNames, "n_head", name);
    LayerConfig layer;
    layer.heads = readNumber(name, defaults.heads, kMaxHeads);
    layer.kvHeads = readKeyHeads(layer.heads);
    layer.headDim = readHeadDim(layer.heads);
    config.layers.assign(count, layer);
    readHeadsPerLayer(count, layer.heads);
    readLayerTypes(text, *model, config);
    readGlobalShapes();
    readPerLayer();
    checkLayers();
  }

  /// A list that says of every layer what is said of all.
  void readHeadsPerLayer(int64_t count, int64_t heads) {
    constexpr StringLiteral field = "num_attention_heads_per_layer";
    const json::Value *value = text.getObject().get(field);
    const json::Array *list = value ? value->getAsArray() : nullptr;
    if (list && list->size() == size_t(count) &&
        llvm::all_of(*list, [&](const json::Value &number) {
          return number.getAsInteger() == heads;
        }))
      text.skip({field});
  }

  int64_t readKeyHeads(int64_t heads) {
    constexpr StringLiteral field = "num_key_value_heads";
    int64_t otherwise = model->defaults.kvHeads;
    if (otherwise < 0)
      return checkKeyHeads(deriveKeyHeads(heads));
    // Null is a head per query head in every model, and not a missing field.
    bool isNull = text.has(field) && !text.lookup(field);
    bool isLlama = !text.has(field) && otherwise == 0 && !isAssumed();
    if (isNull || isLlama)
      return heads;
    return readNumber(field, otherwise, kMaxHeads);
  }

  /// The key heads of a type without a field for them.
  int64_t deriveKeyHeads(int64_t heads) {
    bool isMulti =
        model->has(MultiQuery) && text.getBool("multi_query").value_or(true);
    if (!model->has(FalconHeads))
      return isMulti ? 1 : heads;
    std::optional<int64_t> groups =
        text.getInteger("num_kv_heads", 1, kMaxHeads);
    if (text.getBool("new_decoder_architecture").value_or(false))
      return groups.value_or(heads);
    return isMulti ? 1 : heads;
  }

  int64_t checkKeyHeads(int64_t derived) {
    constexpr StringLiteral field = "num_key_value_heads";
    if (isModernBert()) {
      text.skip({field});
      return derived;
    }
    std::optional<int64_t> given = text.getInteger(field, 1, kMaxHeads);
    if (given && *given != derived)
      text.fail(field) << *given << " is not the number of key heads, "
                       << derived << ", of model type \"" << model->name << '"';
    return derived;
  }

  int64_t readHeadDim(int64_t heads) {
    constexpr StringLiteral field = "head_dim";
    // Null asks for the usual size, and a missing field for the type's.
    bool isMissing = !text.has(field) && hasDefaults && model->defaults.headDim;
    int64_t dim = 1;
    if (text.lookup(field))
      dim = text.requireInteger(field, 1, kMaxHeadDim);
    else if (isMissing)
      dim = readNumber(field, model->defaults.headDim, kMaxHeadDim);
    else
      dim = divideHidden(heads);
    // Another name of some files, beside the first.
    std::optional<int64_t> other =
        text.getInteger("attention_head_dim", 1, kMaxHeadDim);
    if (other && *other != dim)
      text.fail("attention_head_dim")
          << *other << " is not the head size " << dim
          << " of queries and keys, and would change scores or heads";
    return dim;
  }

  int64_t divideHidden(int64_t heads) {
    StringRef name = getName(EncoderNames, "d_model", "hidden_size");
    name = getName(ShortNames, "n_embd", name);
    bool hasDefault = hasDefaults && model->defaults.hidden;
    if (!text.lookup(name) && !hasDefault) {
      text.fail("head_dim") << "missing, and so is hidden_size";
      return 1;
    }
    int64_t hidden = readNumber(name, model->defaults.hidden, kMaxSize);
    if (hidden % heads == 0)
      return hidden / heads;
    text.fail(name) << hidden << " is not a multiple of "
                    << "num_attention_heads = " << heads;
    return 1;
  }

  /// Full layers of Gemma 4 may have shapes of their own.
  void readGlobalShapes() {
    if (!isGemma4() && !isAssumed())
      return;
    std::optional<int64_t> dim =
        text.getInteger("global_head_dim", 1, kMaxHeadDim);
    std::optional<int64_t> kvHeads =
        text.getInteger("num_global_key_value_heads", 1, kMaxHeads);
    if (isGemma4() && !text.has("global_head_dim") &&
        !text.has("per_layer_config")) {
      dim = 512;
      remarkDefault("global_head_dim", "512");
    }
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

  void readLayer(FieldReader reader, LayerConfig &layer) {
    rejectUnknownFields(reader, config.modelType, /*hasLayerTypes=*/false);
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
    rejectUnread(reader, /*other=*/nullptr);
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
    // Layers hand their result on as queries, so that values are as wide as
    // keys.
    std::optional<int64_t> dim = text.getInteger("v_head_dim", 1, kMaxHeadDim);
    for (const LayerConfig &layer : config.layers)
      if (dim && *dim != layer.headDim) {
        text.fail("v_head_dim") << *dim << " is not the head size "
                                << layer.headDim << " of queries and keys";
        break;
      }
  }

  //===--------------------------------------------------------------------===//
  // What is left
  //===--------------------------------------------------------------------===//

  /// The decoder's own type counts before that of the whole model. What is not
  /// a name says nothing of the decoder.
  void readElementType() {
    for (FieldReader *reader : {&text, &root})
      for (StringRef field : {"dtype", "torch_dtype"}) {
        const json::Value *value = reader->lookup(field);
        std::optional<StringRef> name =
            value ? value->getAsString() : std::nullopt;
        if (!name || !config.elementType.empty())
          continue;
        name->consume_front("torch.");
        config.elementType = name->str();
      }
  }

  /// Every field is understood, harmless, or refused; where not even its name
  /// speaks of masks, it is only said.
  void rejectUnreadFields() {
    // The window of a projector of sounds.
    if (config.modelType == "granite_speech")
      root.skip({"window_size"});
    if (isWhole())
      rejectUnread(root, &text);
    rejectUnread(text, /*other=*/nullptr);
    for (FieldReader *reader : {&root, &text}) {
      if (reader->lookup("auto_map"))
        reader->remark("auto_map")
            << "names code that is not looked at; masks are those of model "
               "type \""
            << (isAssumed() ? StringRef(config.modelType)
                            : StringRef(model->name))
            << '"';
      if (!isWhole())
        break;
    }
  }

  /// Fields of a whole model may repeat those of its decoder, `other`.
  void rejectUnread(FieldReader &reader, const FieldReader *other) {
    SmallVector<StringRef> silent;
    for (StringRef field : reader.getUnread()) {
      const json::Value &value = *reader.lookup(field);
      if (isHarmlessField(field) || (other && field == "text_config"))
        continue;
      const json::Value *same = other ? other->lookup(field) : nullptr;
      if (same && *same == value)
        continue;
      bool assumes = other ? isRootAssumed : isAssumed();
      if (assumes || !mayTellOfMasks(field))
        silent.push_back(field);
      else
        reader.fail(field) << FieldReader::print(value)
                           << " is not known for model type \""
                           << config.modelType << "\", and may change the mask";
    }
    if (silent.empty())
      return;
    InFlightDiagnostic remark = reader.remark(silent.front());
    remark << "not known here, and assumed to change no mask";
    if (silent.size() > 1) {
      remark << "; so are ";
      llvm::interleaveComma(ArrayRef(silent).drop_front(), remark);
    }
  }

  FieldReader root, text;
  ModelConfig &config;
  bool assumeCausal;
  const ModelType *model = nullptr;
  /// Whether the type is known, or assumed to be.
  bool isKnown = true;
  /// Whether the type of the whole model is one that is not known.
  bool isRootAssumed = false;
  /// Whether missing fields have the defaults of the type.
  bool hasDefaults = true;
};
} // namespace

FailureOr<ModelConfig> mlir::mask::readModelConfig(Location loc, StringRef text,
                                                   bool assumeCausal) {
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
    ConfigReader(root, inner ? root.nest("text_config", *inner) : root, config,
                 assumeCausal)
        .read();
  if (!valid)
    return failure();
  return config;
}
