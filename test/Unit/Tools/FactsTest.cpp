//===- FactsTest.cpp - requests, good and bad -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Request/Facts.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

#include <set>

using namespace mlir::mask;

namespace {

using I = int64_t;

void expectError(const std::string &json, const std::string &text) {
  auto request = parseRequest(json);
  ASSERT_FALSE(bool(request)) << json;
  std::string error = llvm::toString(request.takeError());
  EXPECT_NE(error.find(text), std::string::npos) << json << "\n" << error;
}
/// A request of four tokens with more keys.
void expectFactError(const std::string &keys, const std::string &text) {
  expectError(R"({"q_len": 4, "kv_len": 4, )" + keys + "}", text);
}

void expectArray(const Request &request, llvm::StringRef name,
                 llvm::ArrayRef<I> shape, llvm::ArrayRef<I> values) {
  const HostValue *value = request.lookup(name);
  ASSERT_TRUE(value) << name.str();
  auto array = std::get<std::shared_ptr<const IntegerArray>>(*value);
  EXPECT_EQ(llvm::ArrayRef<I>(array->shape), shape) << name.str();
  EXPECT_EQ(llvm::ArrayRef<I>(array->values), values) << name.str();
}

TEST(Facts, Shapes) {
  auto request = parseRequest(R"({
    "q_len": 2, "kv_len": 3, "q_offset": [2, 3], "kv_offset": [1, 2],
    "window": 7, "left_padding": [0, 2],
    "token_types": [[[0, 3], [1, 1]], [[2, 5]]],
    "sequence_ids": [[[0, 4]], [[-1, 1], [4, 4]]],
    "item_ranges": [[[3, 3]], []],
    "query_positions": [[5, 6], [7, 8]],
    "key_positions": [[1, 2, 3], [4, 5, 6]]})");
  ASSERT_TRUE(bool(request)) << llvm::toString(request.takeError());
  EXPECT_EQ(request->batch, 2);
  EXPECT_EQ(request->getLength(), 5);
  EXPECT_EQ(std::get<I>(*request->lookup("window")), 7);
  EXPECT_EQ(std::get<I>(*request->lookup("length")), 5);
  EXPECT_FALSE(request->lookup("chunk"));
  expectArray(*request, "left_padding", {2}, {0, 2});
  // The shorter row is filled with what means nothing.
  expectArray(*request, "token_types", {2, 5}, {0, 0, 0, 1, 0, 2, 2, 2, 2, 2});
  expectArray(*request, "sequence_ids", {2, 5},
              {0, 0, 0, 0, -1, -1, 4, 4, 4, 4});
  expectArray(*request, "item_ranges", {2, 1, 2}, {3, 3, 0, -1});
  // Lists over queries and keys start at their offsets.
  expectArray(*request, "query_positions", {2, 5},
              {5, 5, 5, 6, 6, 7, 7, 7, 7, 8});
  expectArray(*request, "key_positions", {2, 5},
              {1, 1, 2, 3, 3, 4, 4, 4, 5, 6});
}

TEST(Facts, AWholeCaseIsItsRequest) {
  auto request = parseRequest(
      R"({"name": "x", "window": null, "request": {"q_len": 3, "kv_len": 3}})");
  ASSERT_TRUE(bool(request)) << llvm::toString(request.takeError());
  EXPECT_EQ(request->queries, 3);
  EXPECT_FALSE(request->batched);
}

TEST(Facts, QueriesStartWithTheKeysWhereThereAreAsMany) {
  auto request = parseRequest(R"({"q_len": 3, "kv_len": 3, "kv_offset": 5})");
  ASSERT_TRUE(bool(request)) << llvm::toString(request.takeError());
  EXPECT_EQ(request->getQueryOffset(0), 5);
}

TEST(Facts, Errors) {
  expectError("[", "");
  expectError("[]", "expected a JSON object");
  expectError(std::string(100000, '['), "nested more than 100 levels");
  expectError("{\"request\": 3}", "'request' must be an object");
  expectError("{\"kv_len\": 4}", "'q_len' is missing");
  expectError(R"({"q_len": 1, "kv_len": 4})",
              "'q_len' is 1 and 'kv_len' is 4, so 'q_offset' must be given: 0 "
              "if the queries start with the keys, kv_len - q_len = 3");
  expectError(R"({"q_len": 4, "kv_len": 99999999999})",
              "'kv_len': 99999999999 is out of range");
  expectFactError("\"windw\": 3", "unknown key 'windw'; known are q_len");
  expectFactError("\"length\": 4", "unknown key 'length'");
  expectFactError("\"window\": 1073741824",
                  "'window': 1073741824 is out of range; it must be at least "
                  "-1073741823");
  expectFactError(R"("chunk": "4")", "'chunk': expected an integer");
  expectFactError("\"window\": null", "'window': expected an integer");
  expectFactError("\"q_offset\": -1073741824",
                  "'q_offset': -1073741824 is out of range; it must be at "
                  "least -1073741823");
  expectFactError("\"token_types\": 3", "expected a list with one entry per "
                                        "batch row");
  expectFactError("\"token_types\": []", "has no batch row");
  expectFactError("\"token_types\": [3]", "of batch row 0: expected a list");
  expectFactError("\"token_types\": [[0, 0, 1, 1]]",
                  "expected pairs [value, count]");
  expectFactError("\"token_types\": [[[0, 3]]]",
                  "covers 3 tokens, but kv_offset + kv_len is 4");
  expectFactError("\"token_types\": [[[0, 5]]]",
                  "covers more than the 4 tokens");
  expectFactError("\"token_types\": [[[0, 9000000000000000000], "
                  "[0, 9000000000000000000]]]",
                  "covers more than the 4 tokens");
  expectFactError("\"token_types\": [[[0, 0], [0, 4]]]", "a run has 0 tokens");
  expectFactError("\"token_types\": [[[7, 4]]]", "7 is out of range");
  expectFactError("\"key_valid\": [[[2, 4]]]", "2 is out of range");
  expectFactError("\"document_ids\": [[[-2, 4]]]", "-2 is out of range");
  expectFactError("\"token_types\": [[[0, 4]], [[0, 4]]], \"key_valid\": "
                  "[[[1, 4]]]",
                  "'key_valid': has 1 batch rows, but 'token_types' has 2");
  expectFactError(R"("q_offset": [0, 1], "kv_offset": [0])",
                  "'kv_offset': has 1 batch rows, but 'q_offset' has 2");
  expectFactError("\"item_ranges\": [[[3, 2]]]", "range [3, 2] is reversed");
  expectFactError("\"item_ranges\": [[[2, 4]]]",
                  "range [2, 4] lies outside of the 4 tokens");
  expectFactError("\"item_ranges\": [[[2, 3], [0, 2]]]",
                  "ranges [0, 2] and [2, 3] overlap");
  expectFactError("\"positions\": [[0, 1, 2]]", "covers 3 tokens");
  expectFactError("\"positions\": [[0, 1, 2, 1073741824]]",
                  "1073741824 is out of range");
  expectFactError("\"left_padding\": [-1]", "-1 is out of range; it must be at "
                                            "least 0");
  expectFactError(R"("q_offset": -3, "query_positions": [[0, 1, 2, 3]])",
                  "'query_positions' of batch row 0: lists what begins at -3, "
                  "but 'q_offset' must be at least 0");
  expectFactError("\"query_positions\": [[0]]",
                  "has 1 elements, but q_len is 4");
  expectFactError("\"left_padding\": [5]", "5 is more than the 4 tokens");
}

// Positions are integers: queries may begin before the keys, and a slot that is
// not written has no position.
TEST(Facts, NegativePositions) {
  auto request = parseRequest(R"({"q_len": 6, "kv_len": 3, "q_offset": -3,
    "positions": [[-1, 0, -2]], "key_positions": [[4, -1, -5]],
    "token_types": [[[0, 1], [1, 2]]]})");
  ASSERT_TRUE(bool(request)) << llvm::toString(request.takeError());
  EXPECT_EQ(request->getQueryOffset(0), -3);
  EXPECT_EQ(request->getLength(), 3);
  expectArray(*request, "positions", {1, 3}, {-1, 0, -2});
  expectArray(*request, "key_positions", {1, 3}, {4, -1, -5});
  // Nothing of the request lies where facts are.
  auto before = parseRequest(R"({"q_len": 2, "kv_len": 3, "q_offset": -9,
    "kv_offset": -5, "token_types": [[]]})");
  ASSERT_TRUE(bool(before)) << llvm::toString(before.takeError());
  EXPECT_EQ(before->getLength(), 0);
  expectArray(*before, "token_types", {1, 0}, {});
}

TEST(Facts, Prompt) {
  auto request = parsePrompt("text:2 image:2,1 video:1 audio:2", 9);
  ASSERT_TRUE(bool(request)) << llvm::toString(request.takeError());
  EXPECT_EQ(request->keys, 8);
  EXPECT_EQ(std::get<I>(*request->lookup("window")), 9);
  expectArray(*request, "token_types", {1, 8}, {0, 0, 1, 1, 1, 2, 3, 3});
  expectArray(*request, "item_ranges", {1, 3, 2}, {2, 3, 4, 4, 5, 5});
}

TEST(Facts, PromptErrors) {
  auto expectPromptError = [](llvm::StringRef prompt, llvm::StringRef text) {
    auto request = parsePrompt(prompt, std::nullopt);
    ASSERT_FALSE(bool(request)) << prompt.str();
    std::string error = llvm::toString(request.takeError());
    EXPECT_NE(error.find(text.str()), std::string::npos) << error;
  };
  expectPromptError("", "no tokens");
  expectPromptError("txt:3", "'txt' is not text, image, video or audio");
  expectPromptError("text", "'' is not a number of tokens");
  expectPromptError("image:3,0", "'0' is not a number of tokens");
  expectPromptError("text:99999999999", "more than 67108864 tokens");
  auto window = parsePrompt("text:3", int64_t(1) << 30);
  ASSERT_FALSE(bool(window));
  llvm::consumeError(window.takeError());
}

/// How small a parameter may be is its policy's.
TEST(Facts, ParametersKeepTheConventionOfTheirPolicy) {
  for (int64_t window : {0, -3}) {
    auto request = parsePrompt("text:3", window);
    ASSERT_TRUE(bool(request)) << llvm::toString(request.takeError());
    EXPECT_EQ(std::get<int64_t>(*request->lookup("window")), window);
  }
}

// docs/facts.schema.json and the table are one list.
TEST(Facts, SchemaHasEveryKey) {
  auto buffer = llvm::MemoryBuffer::getFile(MASK_FACTS_SCHEMA);
  ASSERT_TRUE(bool(buffer));
  llvm::json::Value schema =
      llvm::cantFail(llvm::json::parse((*buffer)->getBuffer()));
  std::set<std::string> inSchema, known;
  for (const auto &entry : *schema.getAsObject()->getObject("properties"))
    inSchema.insert(entry.first.str());
  for (const FactInfo &fact : getKnownFacts())
    if (fact.isRequestKey())
      known.insert(fact.name.str());
  EXPECT_EQ(inSchema, known);
}

} // namespace
