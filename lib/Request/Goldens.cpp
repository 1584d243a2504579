//===- Goldens.cpp - masks of real systems as test cases -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Request/Goldens.h"

#include "Mask/Support/Npy.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::mask;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

static std::string join(StringRef path, StringRef name) {
  SmallString<128> result(path);
  llvm::sys::path::append(result, name);
  return result.str().str();
}

/// The folders that a file lists, one a line, relative to the file's folder.
static Expected<std::vector<std::string>> readCaseList(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  std::vector<std::string> cases;
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines)
    cases.push_back(join(llvm::sys::path::parent_path(path), line.trim()));
  return cases;
}

Expected<std::vector<std::string>> mlir::mask::findGoldenCases(StringRef dir) {
  std::vector<std::string> cases;
  std::error_code error;
  if (llvm::sys::fs::is_regular_file(dir))
    return readCaseList(dir);
  if (!llvm::sys::fs::is_directory(dir))
    return createStringError(dir + ": not a directory");
  for (llvm::sys::fs::recursive_directory_iterator file(dir, error), end;
       file != end && !error; file.increment(error))
    if (llvm::sys::path::filename(file->path()) == "case.json")
      cases.push_back(llvm::sys::path::parent_path(file->path()).str());
  if (error)
    return createStringError(dir + ": " + error.message());
  if (cases.empty())
    return createStringError(dir + ": no case.json below it");
  llvm::sort(cases);
  return cases;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// The mask as 0 and 1. `packed`: bits along the last axis, most significant
/// first.
static Error readMask(StringRef path, ArrayRef<int64_t> shape, bool packed,
                      std::vector<uint8_t> &mask) {
  Expected<NpyArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  SmallVector<int64_t> stored(shape);
  if (packed)
    stored.back() = (stored.back() + 7) / 8;
  bool isByte = array->type == NpyType::UInt8 || array->type == NpyType::Bool;
  if (!isByte || ArrayRef<int64_t>(array->shape) != ArrayRef(stored))
    return createStringError(path + ": does not hold a mask of the shape that "
                                    "case.json gives");
  ArrayRef<uint8_t> bytes = array->getData<uint8_t>();
  if (!packed) {
    mask.assign(bytes.begin(), bytes.end());
    return Error::success();
  }
  int64_t rowBytes = stored.back(), keys = shape.back();
  int64_t rows = rowBytes ? bytes.size() / rowBytes : 0;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t k = 0; k < keys; ++k)
      mask.push_back(bytes[row * rowBytes + k / 8] >> (7 - k % 8) & 1);
  return Error::success();
}

namespace {

class CaseReader {
public:
  explicit CaseReader(StringRef path) : file(join(path, "case.json")) {
    golden.path = path.str();
  }
  Expected<GoldenCase> read();

private:
  Error error(const Twine &message) const {
    return createStringError(file + ": " + message);
  }
  Error readUse(const llvm::json::Object &object);
  Error readShape(const llvm::json::Object &object);

  std::string file;
  GoldenCase golden;
};

} // namespace

Error CaseReader::readUse(const llvm::json::Object &object) {
  const llvm::json::Object *use = object.getObject("use");
  if (!use)
    return error("has no 'use'");
  if (std::optional<StringRef> policy = use->getString("policy"))
    golden.policy = policy->str();
  else if (std::string own = join(golden.path, "policy.mlir");
           llvm::sys::fs::exists(own))
    golden.policyFile = own;
  if (std::optional<StringRef> packing = use->getString("packing")) {
    golden.packing = parsePackingRule(*packing);
    if (!golden.packing)
      return error("unknown packing '" + *packing +
                   "'; known are 5.12, 5.23, 5.24");
  }
  std::optional<StringRef> layerType = object.getString("layer_type");
  if (!layerType)
    return error("has no 'layer_type'");
  golden.layerType = layerType->str();
  return Error::success();
}

Error CaseReader::readShape(const llvm::json::Object &object) {
  const llvm::json::Array *sizes = object.getArray("mask_shape");
  std::optional<StringRef> name = object.getString("mask_file");
  if (!sizes || !name || sizes->size() < 2 || sizes->size() > 3)
    return error("needs 'mask_file' and a 'mask_shape' of 2 or 3 sizes");
  SmallVector<int64_t> shape;
  for (const llvm::json::Value &size : *sizes)
    shape.push_back(size.getAsInteger().value_or(-1));
  if (shape.size() == 2)
    shape.insert(shape.begin(), 1);
  golden.batch = shape.front();
  bool hasBatch = golden.request.batched ? golden.batch == golden.request.batch
                                         : golden.batch >= 1;
  if (!hasBatch || shape[1] != golden.request.queries ||
      shape[2] != golden.request.keys)
    return error("'mask_shape' is not [batch, q_len, kv_len], that is [" +
                 Twine(golden.request.batch) + ", " +
                 Twine(golden.request.queries) + ", " +
                 Twine(golden.request.keys) + "]");
  return readMask(join(golden.path, *name),
                  ArrayRef(shape).take_back(sizes->size()),
                  name->contains("packed"), golden.mask);
}

Expected<GoldenCase> CaseReader::read() {
  auto buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer)
    return error(buffer.getError().message());
  Expected<Request> request = parseRequest((*buffer)->getBuffer());
  if (!request)
    return error(llvm::toString(request.takeError()));
  golden.request = std::move(*request);
  // The request was parsed from the same text, so this is an object.
  llvm::json::Value value = cantFail(llvm::json::parse((*buffer)->getBuffer()));
  const llvm::json::Object &object = *value.getAsObject();
  if (Error failed = readUse(object))
    return failed;
  if (Error failed = readShape(object))
    return failed;
  return std::move(golden);
}

Expected<GoldenCase> mlir::mask::readGoldenCase(StringRef path) {
  return CaseReader(path).read();
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

std::vector<uint8_t>
mlir::mask::evaluateMask(const PredicateFunction &predicate,
                         const Request &request, int64_t batch, int64_t head) {
  std::vector<uint8_t> mask;
  mask.reserve(batch * request.queries * request.keys);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < request.queries; ++i)
      for (int64_t j = 0; j < request.keys; ++j)
        mask.push_back(predicate(b, head, i + request.getQueryOffset(b),
                                 j + request.getKeyOffset(b)));
  return mask;
}

FailureOr<std::vector<uint8_t>>
mlir::mask::interpretGolden(const GoldenCase &golden, PolicyOp policy) {
  FailureOr<PredicateFunction> visible =
      interpretPolicy(policy, golden.layerType, golden.packing, golden.request);
  if (failed(visible))
    return failure();
  return evaluateMask(*visible, golden.request, golden.batch);
}

/// Where the masks differ, or empty.
static std::string compareMasks(const GoldenCase &golden,
                                ArrayRef<uint8_t> mask) {
  if (mask.size() != golden.mask.size())
    return "has " + std::to_string(mask.size()) + " elements, not " +
           std::to_string(golden.mask.size());
  int64_t differing = 0, first = -1;
  for (auto [i, element] : llvm::enumerate(mask)) {
    if (!element == !golden.mask[i])
      continue;
    ++differing;
    if (first < 0)
      first = i;
  }
  if (differing == 0)
    return {};
  int64_t keys = golden.request.keys, queries = golden.request.queries;
  std::string text = std::to_string(differing) + " elements differ, first [";
  text += std::to_string(first / keys / queries) + ", " +
          std::to_string(first / keys % queries) + ", " +
          std::to_string(first % keys) + "], which is ";
  return text + (golden.mask[first] ? "visible" : "hidden") + " in the file";
}

/// The policy of a case, in `module`, or in `own` where the case brings one.
static FailureOr<PolicyOp> loadPolicyOf(const GoldenCase &golden,
                                        ModuleOp module,
                                        OwningOpRef<ModuleOp> &own) {
  if (golden.policyFile.empty())
    return loadPolicy(golden.policy, module);
  own = parseSourceFile<ModuleOp>(golden.policyFile,
                                  ParserConfig(module.getContext()));
  if (!own)
    return failure();
  auto policies = own->getOps<PolicyOp>();
  if (policies.empty())
    return emitError(own->getLoc()) << "has no policy";
  return *policies.begin();
}

Expected<GoldenReport> mlir::mask::checkGoldens(StringRef dir,
                                                MLIRContext *context,
                                                MaskEngine engine) {
  Expected<std::vector<std::string>> cases = findGoldenCases(dir);
  if (!cases)
    return cases.takeError();
  GoldenReport report;
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  for (const std::string &path : *cases) {
    Expected<GoldenCase> golden = readGoldenCase(path);
    if (!golden) {
      ++report.compared;
      report.failures.push_back(llvm::toString(golden.takeError()));
      continue;
    }
    if (golden->policy.empty() && golden->policyFile.empty()) {
      ++report.skipped;
      continue;
    }
    ++report.compared;
    OwningOpRef<ModuleOp> own;
    FailureOr<PolicyOp> policy = loadPolicyOf(*golden, *module, own);
    FailureOr<std::vector<uint8_t>> mask = failure();
    if (succeeded(policy)) {
      golden->request = placeSequences(*policy, std::move(golden->request));
      mask = engine(*golden, *policy);
    }
    std::string difference =
        failed(mask) ? "could not be computed" : compareMasks(*golden, *mask);
    if (difference.empty())
      ++report.equal;
    else
      report.failures.push_back(path + ": " + difference);
  }
  return report;
}
