//===- ConfigFields.h - fields of a JSON object -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TARGET_HUGGINGFACE_CONFIGFIELDS_H
#define MASK_LIB_TARGET_HUGGINGFACE_CONFIGFIELDS_H

#include "ConfigModels.h"
#include "Mask/Support/StrictJson.h"
#include "Mask/Target/HuggingFace/ConfigImport.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>
#include <memory>

namespace mlir::mask {

/// Reads the fields of one object, and remembers which. After an error reading
/// goes on, so that all errors of a file are said at once.
class FieldReader {
public:
  FieldReader(Location loc, const llvm::json::Object &object,
              std::string prefix, bool &valid)
      : loc(loc), object(object), prefix(std::move(prefix)), valid(valid) {}

  InFlightDiagnostic fail(StringRef field) {
    valid = false;
    return emitError(loc) << prefix << field << ": ";
  }

  /// Something about a field that a user should know.
  InFlightDiagnostic remark(StringRef field) {
    return emitRemark(loc) << prefix << field << ": ";
  }

  /// The value, or null where the field is missing or null.
  const llvm::json::Value *lookup(StringRef field) const {
    read->insert(field);
    const llvm::json::Value *value = object.get(field);
    return value && value->kind() != llvm::json::Value::Null ? value : nullptr;
  }

  /// Whether the field is there. Null is a value where a missing field is not.
  bool has(StringRef field) const { return object.get(field); }

  /// Whether the field was looked at.
  bool isRead(StringRef field) const { return read->contains(field); }

  /// The fields that were not looked at and are not null, in order.
  SmallVector<StringRef> getUnread() const {
    SmallVector<StringRef> unread;
    for (const auto &[key, value] : object)
      if (!isRead(key) && value.kind() != llvm::json::Value::Null)
        unread.push_back(key);
    llvm::sort(unread);
    return unread;
  }

  /// Takes fields for read that mean nothing, given the others.
  void skip(ArrayRef<StringRef> fields) const {
    for (StringRef field : fields)
      read->insert(field);
  }

  std::optional<int64_t> getInteger(StringRef field, int64_t least,
                                    int64_t greatest) {
    const llvm::json::Value *value = lookup(field);
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
    const llvm::json::Value *value = lookup(field);
    if (!value)
      return std::nullopt;
    std::optional<double> number = value->getAsNumber();
    if (number && std::isfinite(*number) && *number > 0)
      return number;
    fail(field) << print(*value) << " is not a number above zero";
    return std::nullopt;
  }

  std::optional<bool> getBool(StringRef field) {
    const llvm::json::Value *value = lookup(field);
    if (!value)
      return std::nullopt;
    if (std::optional<bool> flag = value->getAsBoolean())
      return flag;
    fail(field) << print(*value) << " is neither true nor false";
    return std::nullopt;
  }

  std::string getString(StringRef field) {
    const llvm::json::Value *value = lookup(field);
    if (!value)
      return {};
    if (std::optional<StringRef> text = value->getAsString())
      return text->str();
    fail(field) << print(*value) << " is not a string";
    return {};
  }

  const llvm::json::Array *getArray(StringRef field) {
    const llvm::json::Value *value = lookup(field);
    if (value && !value->getAsArray())
      fail(field) << print(*value) << " is not a list";
    return value ? value->getAsArray() : nullptr;
  }

  const llvm::json::Object *getObject(StringRef field) {
    const llvm::json::Value *value = lookup(field);
    if (value && !value->getAsObject())
      fail(field) << print(*value) << " is not an object";
    return value ? value->getAsObject() : nullptr;
  }

  FieldReader nest(StringRef field, const llvm::json::Object &inner) {
    return {loc, inner, prefix + field.str() + ".", valid};
  }

  StringRef getPrefix() const { return prefix; }
  const llvm::json::Object &getObject() const { return object; }

  /// A value as the file has it, cut where it is long.
  static std::string print(const llvm::json::Value &value) {
    return printJson(value);
  }

private:
  Location loc;
  const llvm::json::Object &object;
  std::string prefix;
  bool &valid;
  /// The names of the fields that were looked at; one set for all copies.
  std::shared_ptr<llvm::StringSet<>> read =
      std::make_shared<llvm::StringSet<>>();
};

/// Finds the types of the layers, the window and the chunk size.
void readLayerTypes(FieldReader &text, const ModelType &model,
                    ModelConfig &config);

/// Fails for each field that would change who sees whom, the scores, or the
/// heads of single layers, and that is not understood. Fields that say which
/// layers are local count only where no `layer_types` do.
void rejectUnknownFields(FieldReader &reader, StringRef modelType,
                         bool hasLayerTypes);

/// Whether a field is known to have no say in masks, scores and heads, whatever
/// its value.
bool isHarmlessField(StringRef field);

/// Whether the name of a field that is not known may speak of masks.
bool mayTellOfMasks(StringRef field);

/// Fails for `architectures` that name a model which sees both ways.
void rejectArchitectures(FieldReader &reader);

} // namespace mlir::mask

#endif // MASK_LIB_TARGET_HUGGINGFACE_CONFIGFIELDS_H
