//===- ConfigFields.h - fields of a JSON object -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TOOLS_CONFIGFIELDS_H
#define MASK_LIB_TOOLS_CONFIGFIELDS_H

#include "StrictJson.h"

#include "mlir/IR/Diagnostics.h"

#include <cmath>

namespace mlir::mask {

/// Reads the fields of one object. After an error reading goes on, so that all
/// errors of a file are said at once.
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
    const llvm::json::Value *value = object.get(field);
    return value && value->kind() != llvm::json::Value::Null ? value : nullptr;
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
};

/// Whether the masks of a model type are none of those that are known here,
/// though its fields may look as usual. A whole model, with a `text_config`,
/// may be named after one of its parts.
bool hasOtherMasks(StringRef modelType, bool isWhole);

/// Fails for each field that would change who sees whom, the scores, or the
/// heads of single layers, and that is not understood. Fields that say which
/// layers are local count only where no `layer_types` do.
void rejectUnknownFields(FieldReader &reader, bool hasLayerTypes);

} // namespace mlir::mask

#endif // MASK_LIB_TOOLS_CONFIGFIELDS_H
