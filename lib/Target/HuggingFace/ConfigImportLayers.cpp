//===- ConfigImportLayers.cpp - layer types of a config.json ----*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConfigFields.h"

using namespace mlir;
using namespace mlir::mask;
namespace json = llvm::json;

static constexpr int64_t kMaxLayers = 4096;
static constexpr int64_t kMaxSize = (int64_t(1) << 30) - 1;

static constexpr StringLiteral kFull = "full_attention";
static constexpr StringLiteral kSliding = "sliding_attention";
static constexpr StringLiteral kChunked = "chunked_attention";

static constexpr StringLiteral kGate = "use_sliding_window";
static constexpr StringLiteral kWindow = "sliding_window";
static constexpr StringLiteral kChunk = "attention_chunk_size";
static constexpr StringLiteral kWindowLayers = "max_window_layers";
static constexpr StringLiteral kNoRope = "no_rope_layers";
static constexpr StringLiteral kRopeInterval = "no_rope_layer_interval";
static constexpr StringLiteral kPatterns[] = {"sliding_window_pattern",
                                              "_sliding_window_pattern"};

namespace {
/// Finds out which layers are local, and how far these see.
class LayerTypeReader {
public:
  LayerTypeReader(FieldReader &text, const ModelType &model,
                  ModelConfig &config)
      : text(text), model(model), config(config) {}

  void read() {
    readWindow();
    readChunk();
    const json::Array *types = text.getArray("layer_types");
    readAttentionTypes();
    rejectUnknownFields(text, config.modelType,
                        /*hasLayerTypes=*/types != nullptr);
    if (types && types->size() != config.layers.size()) {
      text.fail("layer_types")
          << "has " << types->size()
          << " entries for num_hidden_layers = " << config.layers.size();
      types = nullptr;
    }
    // What follows from other fields counts where nothing is listed, and where
    // the models do not look at the list.
    if (!types || !readsList())
      deriveTypes();
    else
      skipPatterns();
    if (types)
      readList(*types);
    if (isGemma4())
      endInFull();
    checkTypes();
  }

private:
  bool isGemma4() const {
    return model.name == "gemma4_text" || model.name == "gemma4_unified_text";
  }
  bool isModernBert() const { return model.name.starts_with("modernbert"); }
  bool isAssumed() const { return model.rule == LayerRule::Assumed; }
  bool readsList() const {
    return model.rule != LayerRule::Full && model.rule != LayerRule::Uniform;
  }

  //===--------------------------------------------------------------------===//
  // Windows and chunks
  //===--------------------------------------------------------------------===//

  StringRef getWindowField() const {
    return isModernBert() ? StringRef("local_attention") : StringRef(kWindow);
  }

  void readWindow() {
    std::optional<bool> gate = text.getBool(kGate);
    isClosed = !gate.value_or(!model.has(GatedWindow));
    if (model.rule == LayerRule::Full || model.rule == LayerRule::Chunked) {
      // A window that a file says it does not use is none.
      const json::Value *window = text.lookup(kWindow);
      if (window && gate != false)
        failUnread(kWindow, *window);
      if (!window || gate == false)
        text.skip({kWindowLayers, kPatterns[0], kPatterns[1]});
      return;
    }
    // The local attention of ModernBERT counts both sides.
    StringRef field = getWindowField();
    if (isClosed && (model.has(GatedWindow) || isAssumed())) {
      text.skip({field});
      return;
    }
    config.window = text.getInteger(field, isModernBert() ? 2 : 1, kMaxSize);
    if (!text.has(field) && model.defaults.window) {
      config.window = model.defaults.window;
      isDefaultWindow = true;
    }
    if (!isModernBert())
      return;
    if (config.window)
      *config.window /= 2;
    // Its half under the usual name, as Transformers writes it.
    std::optional<int64_t> half = text.getInteger(kWindow, 1, kMaxSize);
    if (half && half != config.window)
      failUnread(kWindow, *text.lookup(kWindow));
  }

  void readChunk() {
    if (model.rule != LayerRule::Chunked && !isAssumed())
      return;
    config.chunk = text.getInteger(kChunk, 1, kMaxSize);
    if (!text.has(kChunk) && model.defaults.window) {
      config.chunk = model.defaults.window;
      remarkDefault(kChunk, *config.chunk);
    }
  }

  //===--------------------------------------------------------------------===//
  // Lists
  //===--------------------------------------------------------------------===//

  void readList(const json::Array &types) {
    for (auto [i, value] : llvm::enumerate(types)) {
      StringRef type = value.getAsString().value_or("");
      std::string field = ("layer_types[" + Twine(i) + "]").str();
      std::string &layer = config.layers[i].type;
      if (type != kFull && type != kSliding && type != kChunked)
        text.fail(field) << FieldReader::print(value)
                         << " is not known; known are " << kFull << ", "
                         << kSliding << ", " << kChunked;
      else if (!readsList() && type != layer)
        text.fail(field) << FieldReader::print(value)
                         << " is not read by models of type \"" << model.name
                         << "\", whose layers are all " << layer;
      else if (!isAssumed() &&
               type == (model.rule == LayerRule::Chunked ? kSliding : kChunked))
        failUnread(field, value);
      layer = type.str();
    }
  }

  /// MiniMax: 1 for each layer of softmax attention.
  void readAttentionTypes() {
    constexpr StringLiteral field = "attn_type_list";
    if (model.name != "minimax_m2")
      return;
    const json::Array *types = text.getArray(field);
    if (types && (types->size() != config.layers.size() ||
                  !llvm::all_of(*types, [](const json::Value &type) {
                    return type.getAsInteger() == 1;
                  })))
      text.fail(field) << FieldReader::print(*text.lookup(field))
                       << " is not 1, softmax attention, for each of "
                       << config.layers.size() << " layers";
  }

  void endInFull() {
    LayerConfig &last = config.layers.back();
    if (last.type == kSliding && text.lookup("layer_types"))
      text.remark("layer_types") << "the last layer of Gemma 4 is " << kFull
                                 << ", whatever the list says";
    if (last.type == kSliding)
      last.type = kFull.str();
  }

  //===--------------------------------------------------------------------===//
  // Rules
  //===--------------------------------------------------------------------===//

  /// Sets the local layers, those for which `isLocal` holds.
  void setTypes(StringRef local, llvm::function_ref<bool(int64_t)> isLocal) {
    for (auto [i, layer] : llvm::enumerate(config.layers))
      layer.type = (isLocal(i) ? local : StringRef(kFull)).str();
  }

  void deriveTypes() {
    bool slides = config.window.has_value();
    switch (model.rule) {
    case LayerRule::Full:
    case LayerRule::Listed:
      return setTypes(kFull, [](int64_t) { return false; });
    case LayerRule::Uniform:
    case LayerRule::ListedUniform:
      return deriveUniform(slides);
    case LayerRule::WindowLayers: {
      int64_t first = readWindowLayers();
      return setTypes(kSliding,
                      [&](int64_t i) { return slides && i >= first; });
    }
    case LayerRule::AlternatingWindowLayers: {
      int64_t first = readWindowLayers();
      return setTypes(kSliding, [&](int64_t i) {
        return slides && i < first && i % 2 == 0;
      });
    }
    case LayerRule::LastOfPeriod:
    case LayerRule::FirstOfPeriod:
      return derivePeriods();
    case LayerRule::PrefixPeriod:
      return derivePrefix();
    case LayerRule::NoRope: {
      SmallVector<bool> rope = readRope();
      return setTypes(kSliding, [&](int64_t i) { return slides && !rope[i]; });
    }
    case LayerRule::Chunked: {
      SmallVector<bool> rope = readRope();
      return setTypes(kChunked,
                      [&](int64_t i) { return config.chunk && rope[i]; });
    }
    case LayerRule::Assumed:
      return deriveAssumed();
    }
  }

  /// Fields that say which layers slide mean nothing beside a list, and nothing
  /// where none does.
  void skipPatterns() {
    text.skip({kWindowLayers, kPatterns[0], kPatterns[1], kNoRope,
               kRopeInterval, "prefix_dense_sliding_window_pattern",
               "layer_switch", "order_of_interleaved_layers"});
    if (!model.periodField.empty())
      text.skip({model.periodField});
  }

  void deriveUniform(bool slides) {
    setTypes(kSliding, [&](int64_t) { return slides; });
    for (StringRef field : kPatterns)
      if (const json::Value *value = text.lookup(field); value && slides)
        failUnread(field, *value);
    // Earlier releases kept the layers before this one full.
    const json::Value *first = text.lookup(kWindowLayers);
    if (first && slides && first->getAsInteger() != 0)
      failUnread(kWindowLayers, *first);
  }

  int64_t readWindowLayers() {
    std::optional<int64_t> first =
        text.getInteger(kWindowLayers, 0, kMaxLayers);
    if (!first && config.window)
      remarkDefault(kWindowLayers, model.period);
    return first.value_or(model.period);
  }

  /// Cohere: other words for the period, where all of them agree.
  void skipSwitch(int64_t period) {
    if (!model.name.starts_with("cohere2"))
      return;
    const json::Value *order =
        text.getObject().get("order_of_interleaved_layers");
    if (order && order->getAsString() == StringRef("local_attn_first"))
      text.skip({"order_of_interleaved_layers"});
    const json::Value *length = text.getObject().get("layer_switch");
    if (length && length->getAsInteger() == period)
      text.skip({"layer_switch"});
  }

  void derivePeriods() {
    bool isFirst = model.rule == LayerRule::FirstOfPeriod;
    if (model.has(ReadsLetters) && !config.window) {
      skipPatterns();
      return setTypes(kSliding, [](int64_t) { return false; });
    }
    if (model.has(ReadsLetters) && text.lookup(kPatterns[0]) &&
        text.lookup(kPatterns[0])->getAsString())
      return readLetters(*text.lookup(kPatterns[0])->getAsString());
    int64_t period = readPeriod();
    skipSwitch(period);
    setTypes(kSliding, [&](int64_t i) {
      return i % period != (isFirst ? 0 : period - 1);
    });
  }

  int64_t readPeriod() {
    int64_t period = model.period;
    if (!model.periodField.empty())
      period =
          text.getInteger(model.periodField, 1, kMaxLayers).value_or(period);
    bool isRead = model.has(ReadsPeriod) && model.periodField.empty();
    for (StringRef field : kPatterns) {
      std::optional<int64_t> number = text.getInteger(field, 1, kMaxLayers);
      if (!number)
        continue;
      if (!isRead && *number != period)
        text.fail(field) << *number << " is not read by models of type \""
                         << model.name << "\", whose period is " << period;
      return *number;
    }
    return period;
  }

  /// EXAONE: a letter per layer, repeated; the last layer is full in any case.
  void readLetters(StringRef letters) {
    if (letters.empty() || letters.find_first_not_of("LG") != StringRef::npos) {
      text.fail(kPatterns[0])
          << '"' << letters << "\" is not made of L (local) and G (global)";
      letters = "G";
    }
    int64_t last = config.layers.size() - 1;
    setTypes(kSliding, [&](int64_t i) {
      return i != last && letters[i % letters.size()] == 'L';
    });
  }

  /// Cohere: the first dense layers, and then the rest, counted anew.
  void derivePrefix() {
    int64_t dense =
        text.getInteger("first_k_dense_replace", 0, kMaxLayers).value_or(0);
    int64_t densePeriod =
        text.getInteger("prefix_dense_sliding_window_pattern", 1, kMaxLayers)
            .value_or(1);
    int64_t period = readPeriod();
    setTypes(kSliding, [&](int64_t i) {
      return i < dense ? (i + 1) % densePeriod != 0
                       : (i - dense + 1) % period != 0;
    });
  }

  /// Which layers have rotary embedding: those that the file says, or all but
  /// the last of each interval.
  SmallVector<bool> readRope() {
    SmallVector<bool> rope(config.layers.size());
    const json::Array *flags = text.getArray(kNoRope);
    int64_t interval =
        text.getInteger(kRopeInterval, 1, kMaxLayers).value_or(4);
    if (!flags || flags->empty()) {
      for (auto [i, isRotary] : llvm::enumerate(rope))
        isRotary = int64_t(i) % interval != interval - 1;
      return rope;
    }
    bool isValid = flags->size() == rope.size();
    for (size_t i = 0; isValid && i < rope.size(); ++i) {
      std::optional<int64_t> flag = (*flags)[i].getAsInteger();
      isValid = flag && (*flag == 0 || *flag == 1);
      rope[i] = isValid && *flag == 1;
    }
    if (!isValid)
      text.fail(kNoRope) << "has no 0 or 1 for each of " << rope.size()
                         << " layers";
    return rope;
  }

  /// Types of a model that is not known, said where nothing in the file does.
  void deriveAssumed() {
    StringRef local = config.window  ? kSliding
                      : config.chunk ? kChunked
                                     : kFull;
    StringRef field = config.window ? kWindow : kChunk;
    if (local == kFull) {
      text.skip({kWindowLayers, kPatterns[0], kPatterns[1]});
      return setTypes(kFull, [](int64_t) { return false; });
    }
    if (config.window &&
        (text.lookup(kPatterns[0]) || text.lookup(kPatterns[1]))) {
      StringRef pattern =
          text.lookup(kPatterns[0]) ? kPatterns[0] : kPatterns[1];
      int64_t period = text.getInteger(pattern, 1, kMaxLayers).value_or(1);
      return setTypes(local,
                      [&](int64_t i) { return i % period != period - 1; });
    }
    if (config.window && text.lookup(kWindowLayers)) {
      int64_t first = text.requireInteger(kWindowLayers, 0, kMaxLayers);
      return setTypes(local, [&](int64_t i) { return i >= first; });
    }
    for (StringRef pattern :
         {StringRef("global_attn_every_n_layers"), StringRef(kNoRope)})
      if (const json::Value *value = text.lookup(pattern))
        text.fail(pattern) << FieldReader::print(*value)
                           << " is not known for model type \""
                           << config.modelType << "\" without layer_types";
    text.remark("layer_types")
        << "missing; every layer is " << local << " as " << field << " is set";
    setTypes(local, [](int64_t) { return true; });
  }

  //===--------------------------------------------------------------------===//
  // Checks
  //===--------------------------------------------------------------------===//

  void checkTypes() {
    SmallVector<StringRef> types = config.getLayerTypes();
    bool slides = llvm::is_contained(types, kSliding);
    if (slides && isClosed && text.lookup(kWindow))
      text.fail(kGate) << "not true, but there are layers of type " << kSliding;
    else if (slides && !config.window)
      text.fail(getWindowField())
          << "missing, but there are layers of type " << kSliding;
    else if (slides && isDefaultWindow)
      remarkDefault(getWindowField(), model.defaults.window);
    if (!config.chunk && llvm::is_contained(types, kChunked))
      text.fail(kChunk) << "missing, but there are layers of type " << kChunked;
  }

  void remarkDefault(StringRef field, int64_t value) {
    text.remark(field) << "missing; " << value
                       << ", the default of model type \"" << model.name << '"';
  }

  void failUnread(StringRef field, const json::Value &value) {
    text.fail(field) << FieldReader::print(value)
                     << " is not read by models of type \"" << model.name
                     << '"';
  }

  FieldReader &text;
  const ModelType &model;
  ModelConfig &config;
  /// Whether the file says that windows are not used.
  bool isClosed = false;
  bool isDefaultWindow = false;
};
} // namespace

void mlir::mask::readLayerTypes(FieldReader &text, const ModelType &model,
                                ModelConfig &config) {
  LayerTypeReader(text, model, config).read();
}
