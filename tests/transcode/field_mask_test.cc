// google.protobuf.FieldMask: what is read can be written again.
#include <gtest/gtest.h>

#include <string>

#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "tests/transcode/test_contracts.h"

namespace portico::transcode {
namespace {

// Found by fuzz_json: characters that no field name has were read, and then had no JSON form.
TEST(FieldMask, PathsOfOtherCharactersAreRefused) {
  const TestContracts& contracts = TestContracts::Get();
  const schema::MessageTable& mask = *contracts.types().FindMessage("google.protobuf.FieldMask");
  for (const char* path : {"a.b\xC3\xB6", "a\\\\b", "a\\\"b", "a b", "a\\u007f\\u0080"}) {
    std::string wire;
    EXPECT_FALSE(JsonToWire(mask, contracts.types(), "\"" + std::string(path) + "\"", {}, &wire, nullptr).ok()) << path;
  }
  for (const char* json : {"\"a.b,cD\"", "\"\"", "\"a1\""}) {
    std::string wire, again;
    ASSERT_TRUE(JsonToWire(mask, contracts.types(), json, {}, &wire, nullptr).ok()) << json;
    ASSERT_TRUE(WireToJson(mask, contracts.types(), wire, {}, &again).ok()) << json;
    EXPECT_EQ(again, json);
  }
}

}  // namespace
}  // namespace portico::transcode
