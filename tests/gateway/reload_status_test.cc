#include "gateway/reload_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace portico {
namespace {

std::vector<schema::Diagnostic> Mistakes(size_t count) {
  std::vector<schema::Diagnostic> mistakes;
  for (size_t i = 1; i <= count; ++i) mistakes.push_back({{"f" + std::to_string(i), 1, 1}, "wrong"});
  return mistakes;
}

TEST(ReloadStatusTest, TheFirstMistakesAndHowManyMore) {
  EXPECT_EQ(FirstOf(Mistakes(kMostMistakes)).size(), kMostMistakes);
  const std::vector<schema::Diagnostic> first = FirstOf(Mistakes(kMostMistakes + 5));
  ASSERT_EQ(first.size(), kMostMistakes + 1);
  EXPECT_EQ(first[kMostMistakes - 1].ToString(), "f100:1:1: wrong");
  EXPECT_EQ(first.back().ToString(), "f101: and 5 more mistakes");
}

TEST(ReloadStatusTest, WhatASuccessStillHasToSay) {
  ReloadStatus status;
  status.Failed(Mistakes(2));
  EXPECT_EQ(nlohmann::json::parse(status.ToJson())["errors"].size(), 2u);
  status.Succeeded(Mistakes(1), {"workers"});
  const nlohmann::json json = nlohmann::json::parse(status.ToJson());
  EXPECT_TRUE(json["errors"].empty());
  EXPECT_EQ(json["refused"][0]["file"], "f1");
  EXPECT_EQ(json["restart_needed"], nlohmann::json({"workers"}));
  std::vector<std::string> names;
  for (const prometheus::MetricFamily& family : status.Collect()) names.push_back(family.name);
  EXPECT_EQ(names.back(), "portico_contracts_refused");
  status.Succeeded({}, {});
  EXPECT_TRUE(nlohmann::json::parse(status.ToJson())["refused"].empty());
}

}  // namespace
}  // namespace portico
