//===- mask-explain.cpp - shows masks, compares them, says why -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Explain.h"
#include "Mask/IR/Mask.h"
#include "Mask/Request/CommandLine.h"
#include "Mask/Support/OutputFile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllDialects.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::mask;
namespace cl = llvm::cl;

static cl::OptionCategory
    maskCategory("Mask and request",
                 "A policy, known or from a file, and the facts "
                 "of a request.");
static cl::OptionCategory showCategory("Output");
static cl::OptionCategory askCategory("Questions");

static cl::opt<std::string> model(cl::Positional, cl::desc("[model.mlir]"),
                                  cl::cat(maskCategory));
static cl::opt<std::string>
    policyName("policy",
               cl::desc("A known policy, or the one to take from the file"),
               cl::value_desc("name"), cl::cat(maskCategory));
static cl::opt<std::string>
    layerType("layer-type", cl::desc("One layer type; all if missing"),
              cl::value_desc("type"), cl::cat(maskCategory));
static cl::opt<std::string>
    factsPath("facts", cl::desc("A request, or a whole case, as a JSON file"),
              cl::value_desc("file"), cl::cat(maskCategory));
static cl::opt<std::string>
    prompt("prompt",
           cl::desc("The tokens: 'text:16 image:280,280 text:4 video:280'"),
           cl::value_desc("segments"), cl::cat(maskCategory));
static cl::opt<int64_t> window("window", cl::desc("The window of the layer"),
                               cl::value_desc("tokens"), cl::cat(maskCategory));
static cl::opt<std::string>
    packing("packing", cl::desc("Rule for packed rows: 5.12, 5.23 or 5.24"),
            cl::value_desc("rule"), cl::cat(maskCategory));
static cl::opt<int64_t>
    heads("heads",
          cl::desc("Query heads, if masks differ and do not tell how many"),
          cl::value_desc("count"), cl::cat(maskCategory));
static cl::opt<bool> listPolicies("list-policies",
                                  cl::desc("List the known policies and stop"),
                                  cl::cat(maskCategory));

static cl::opt<ExplainFormat> format(
    "format", cl::desc("What to write"), cl::init(ExplainFormat::Text),
    cl::values(clEnumValN(ExplainFormat::Text, "text",
                          "counts and a map (default)"),
               clEnumValN(ExplainFormat::Svg, "svg", "a picture"),
               clEnumValN(ExplainFormat::Json, "json", "counts and rows"),
               clEnumValN(ExplainFormat::Npy, "npy", "the dense mask"),
               clEnumValN(ExplainFormat::BlockMask, "blockmask",
                          "tile lists and mask function for FlexAttention")),
    cl::cat(showCategory));
static cl::opt<std::string>
    tile("tile", cl::desc("Size of a tile, where tiles are shown (64x64)"),
         cl::value_desc("queries>x<keys"), cl::init("64x64"),
         cl::cat(showCategory));
static cl::opt<std::string> output("o", cl::desc("File or directory"),
                                   cl::value_desc("path"), cl::init("-"),
                                   cl::cat(showCategory));

static cl::opt<std::string>
    against("against",
            cl::desc("Compare with another policy: a known one, FILE.mlir or "
                     "FILE.mlir:NAME\n(exit code 0: equal, 1: different, 2: "
                     "an error)"),
            cl::value_desc("other"), cl::cat(askCategory));
static cl::opt<std::string>
    at("at", cl::desc("Explain one element, in absolute positions"),
       cl::value_desc("q,k"), cl::cat(askCategory));
static cl::opt<bool> why("why", cl::desc("Say how the mask is bounded"),
                         cl::cat(askCategory));
static cl::opt<bool> printFacts("print-facts",
                                cl::desc("Print the request and stop"),
                                cl::cat(askCategory));

static cl::opt<bool> verifyView(
    "verify-view",
    cl::desc("Compare every picture with the interpreter, element by element; "
             "a\ndifference is an error (for tests, which say so in "
             "MASK_EXPLAIN_OPTIONS)"),
    cl::Hidden, cl::ZeroOrMore, cl::cat(showCategory));

static LogicalResult fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "mask-explain") << message << "\n";
  return failure();
}

//===----------------------------------------------------------------------===//
// Listing
//===----------------------------------------------------------------------===//

static LogicalResult list(MLIRContext &context) {
  size_t nameWidth = 0, typesWidth = 0;
  std::vector<std::array<std::string, 3>> lines;
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  for (const PolicyEntry &entry : getPolicies()) {
    FailureOr<PolicyOp> policy = loadPolicy(entry.name, *module);
    if (failed(policy))
      return failure();
    std::string types = llvm::join(policy->getLayerTypes(), ", ");
    lines.push_back(
        {entry.name.str(), types == "*" ? "any" : types, entry.summary.str()});
    nameWidth = std::max(nameWidth, lines.back()[0].size());
    typesWidth = std::max(typesWidth, lines.back()[1].size());
  }
  return writeOutput(module->getLoc(), "-", [&](raw_ostream &os) {
    for (const auto &[name, types, summary] : lines)
      os << llvm::left_justify(name, nameWidth + 2)
         << llvm::left_justify(types, typesWidth + 2) << summary << "\n";
  });
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

/// Two integers around `separator`, the second possibly missing.
static std::optional<std::pair<int64_t, int64_t>> parsePair(StringRef text,
                                                            char separator) {
  auto [left, right] = text.split(separator);
  int64_t a, b;
  if (left.getAsInteger(10, a) || right.getAsInteger(10, b))
    return std::nullopt;
  return std::make_pair(a, b);
}

static FailureOr<ExplainOptions> getOptions() {
  ExplainOptions options;
  options.layerType = layerType;
  options.format = format;
  options.output = output;
  options.why = why;
  options.verifyView = verifyView;
  std::optional<std::pair<int64_t, int64_t>> shape = parsePair(tile, 'x');
  constexpr int64_t kLargestTile = 1 << 20;
  if (!shape || shape->first < 1 || shape->second < 1 ||
      shape->first > kLargestTile || shape->second > kLargestTile)
    return fail("--tile=" + tile +
                " is not of the form 64x64, with sizes from 1 to " +
                Twine(kLargestTile));
  options.tile = {shape->first, shape->second};
  if (!packing.empty()) {
    options.packing = parsePackingRule(packing);
    if (!options.packing)
      return fail("unknown packing rule '" + packing +
                  "'; known are 5.12, 5.23, 5.24");
  }
  if (!at.empty()) {
    options.at = parsePair(at, ',');
    if (!options.at)
      return fail("--at=" + at + " is not of the form Q,K");
  }
  if (heads.getNumOccurrences()) {
    if (heads < 1 || heads > 4096)
      return fail("--heads=" + Twine(heads) + " is not from 1 to 4096");
    options.heads = heads;
  }
  return options;
}

static LogicalResult reject(StringRef what,
                            std::initializer_list<const cl::Option *> options) {
  llvm::Error error = rejectOptions(what, options);
  return error ? fail(llvm::toString(std::move(error))) : success();
}

/// Of --against=FILE.mlir:NAME the file; empty for the name of a policy.
static StringRef getOtherPath() {
  StringRef other = against;
  if (other.ends_with(".mlir"))
    return other;
  size_t end = other.rfind(".mlir:");
  return end == StringRef::npos ? "" : other.take_front(end + 5);
}

static LogicalResult checkPaths() {
  llvm::Error error =
      checkOutputPaths({{"-o", output}}, {{"--facts", factsPath},
                                          {"the model", model},
                                          {"--against", getOtherPath()}});
  return error ? fail(llvm::toString(std::move(error))) : success();
}

static bool hasPolicy() { return !model.empty() || !policyName.empty(); }

/// Facts are printed as they are, whatever the mask would be shown as.
static LogicalResult checkPrintFacts() {
  if (!printFacts)
    return success();
  if (failed(reject("--print-facts",
                    {&heads, &format, &tile, &against, &at, &why})))
    return failure();
  return hasPolicy()
             ? success()
             : reject("--print-facts without a policy", {&layerType, &packing});
}

/// Options that say nothing together are errors, not ignored.
static LogicalResult checkOptions() {
  if (listPolicies)
    return reject("--list-policies",
                  {&model, &policyName, &layerType, &factsPath, &prompt,
                   &window, &packing, &heads, &format, &tile, &output, &against,
                   &at, &why, &printFacts});
  if (failed(checkPrintFacts()))
    return failure();
  bool isText = format == ExplainFormat::Text;
  if (!factsPath.empty() && !prompt.empty())
    return fail("--facts and --prompt exclude each other");
  if (!hasPolicy() && !printFacts)
    return fail("give a policy with --policy=NAME or a file; --list-policies "
                "lists the known ones");
  if (factsPath.empty() && prompt.empty()) {
    if (!why || !at.empty() || !against.empty() || printFacts || !isText)
      return fail("give the facts with --facts=FILE or --prompt='text:16 "
                  "image:280'");
    for (const cl::Option *option :
         std::initializer_list<const cl::Option *>{&window, &tile, &heads})
      if (option->getNumOccurrences())
        return fail("--" + option->ArgStr + " needs --facts or --prompt");
  }
  if (why && (!isText || !at.empty() || !against.empty()))
    return fail("--why goes with --format=text, without --at and --against");
  if (!at.empty() && !isText)
    return fail("--at goes with --format=text");
  if (!against.empty() &&
      (format == ExplainFormat::Npy || format == ExplainFormat::BlockMask))
    return fail("--against goes with --format=text, svg or json");
  return checkPaths();
}

static FailureOr<Request> getRequest() {
  std::optional<int64_t> given;
  if (window.getNumOccurrences())
    given = window;
  llvm::Expected<Request> request =
      prompt.empty() ? readRequest(factsPath) : parsePrompt(prompt, given);
  if (!request)
    return fail(llvm::toString(request.takeError()));
  if (given && prompt.empty())
    if (llvm::Error error = setParameter(*request, "window", *given))
      return fail(llvm::toString(std::move(error)));
  return std::move(*request);
}

//===----------------------------------------------------------------------===//
// Actions
//===----------------------------------------------------------------------===//

/// The policy of --against: NAME, FILE.mlir, or FILE.mlir:NAME.
static FailureOr<LoadedPolicy> getOther(MLIRContext *context) {
  StringRef path = getOtherPath(), name = against;
  name = name.drop_front(path.size());
  name.consume_front(":");
  return readPolicy(context, path, name);
}

/// Runs the command; true if nothing differs.
static FailureOr<bool> run(MLIRContext &context) {
  if (failed(checkOptions()))
    return failure();
  if (listPolicies) {
    if (failed(list(context)))
      return failure();
    return true;
  }
  FailureOr<ExplainOptions> options = getOptions();
  if (failed(options))
    return failure();
  std::optional<Request> request;
  if (!factsPath.empty() || !prompt.empty()) {
    FailureOr<Request> given = getRequest();
    if (failed(given))
      return failure();
    request = std::move(*given);
  }
  FailureOr<LoadedPolicy> first = LoadedPolicy();
  if (hasPolicy())
    first = readPolicy(&context, model, policyName);
  if (failed(first))
    return failure();
  if (request && !model.empty() &&
      failed(takeParameters(first->policy, layerType, *request)))
    return failure();
  if (printFacts) {
    if (failed(explainFacts(&context, first->policy, *request, *options)))
      return failure();
    return true;
  }
  if (against.empty()) {
    if (failed(explainPolicy(first->policy, request ? &*request : nullptr,
                             *options)))
      return failure();
    return true;
  }
  FailureOr<LoadedPolicy> second = getOther(&context);
  if (failed(second))
    return failure();
  return explainDifference(first->policy, second->policy, *request, *options);
}

/// In a comparison 1 means a difference.
static int getErrorCode() { return against.empty() ? 1 : 2; }

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions({&maskCategory, &showCategory, &askCategory});
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "mask-explain: shows an attention mask, compares two, says why\n",
          &llvm::errs(), /*VFS=*/nullptr, "MASK_EXPLAIN_OPTIONS"))
    return getErrorCode();
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  registry.insert<MaskDialect>();
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  // Policies are inlined into functions, and facts are cast.
  context.loadDialect<MaskDialect, arith::ArithDialect, func::FuncDialect,
                      tensor::TensorDialect>();
  ScopedDiagnosticHandler handler(&context, [](Diagnostic &diagnostic) {
    printDiagnostic("mask-explain", diagnostic);
  });

  FailureOr<bool> equal = run(context);
  if (failed(equal))
    return getErrorCode();
  return *equal ? 0 : 1;
}
