#ifndef PORTICO_TESTS_TRANSCODE_EVERY_FIELD_TEST_H_
#define PORTICO_TESTS_TRANSCODE_EVERY_FIELD_TEST_H_

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "tests/transcode/test_contracts.h"

namespace portico::transcode {

// Which of tests.Every3 and tests.Every2 a case is about.
enum class Syntax : unsigned char { kBoth, kProto3, kProto2 };

// One rule's example: a JSON text, and the message it stands for.
struct JsonCase {
  const char* name;
  const char* json;
  const char* text = nullptr;  // the message as protobuf text; nullptr: the JSON is to be refused
  const char* back = nullptr;  // the JSON of that message; nullptr: the same as `json`, without spaces
  Syntax syntax = Syntax::kBoth;
};

// The same with the type it is tried on.
struct TypedJsonCase : JsonCase {
  TypedJsonCase(const JsonCase& c, const char* t) : JsonCase(c), type(t) {}
  const char* type;  // "tests.Every3"
};

inline void PrintTo(const TypedJsonCase& c, std::ostream* out) {
  *out << c.type << " " << c.json;
}

template <size_t n>
std::vector<TypedJsonCase> Typed(const JsonCase (&cases)[n]) {
  std::vector<TypedJsonCase> typed;
  for (const JsonCase& c : cases) {
    if (c.syntax != Syntax::kProto2) typed.emplace_back(c, "tests.Every3");
    if (c.syntax != Syntax::kProto3) typed.emplace_back(c, "tests.Every2");
  }
  return typed;
}

template <class Info>
std::string TypedName(const Info& info) {
  return absl::StrCat(info.param.name, info.param.type[11] == '3' ? "3" : "2");
}

// The JSON text without the white space between its tokens.
inline std::string Compact(absl::string_view json) {
  std::string compact;
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted && c == '\\') {
      compact += c;
      compact += json[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted || (c != ' ' && c != '\n')) compact += c;
  }
  return compact;
}

// That the JSON text is read as the message it stands for, and written as such again; or that it is refused.
inline void ExpectRule(const TypedJsonCase& c) {
  const TestContracts& contracts = TestContracts::Get();
  const schema::MessageTable& table = contracts.Table(c.type);
  std::string wire;
  const absl::Status status = JsonToWire(table, contracts.types(), c.json, {}, &wire, nullptr);
  if (c.text == nullptr) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << contracts.Text(c.type, wire);
    EXPECT_EQ(wire, "");
    return;
  }
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(contracts.Text(c.type, wire), contracts.Text(c.type, contracts.Wire(c.type, c.text)));
  // Its own wire form and protobuf's, which has fields by number, are the same JSON.
  for (const std::string& form : {wire, contracts.Wire(c.type, c.text)}) {
    std::string json;
    const absl::Status written = WireToJson(table, contracts.types(), form, {}, &json);
    ASSERT_TRUE(written.ok()) << written;
    EXPECT_EQ(json, c.back == nullptr ? Compact(c.json) : std::string(c.back));
  }
}

}  // namespace portico::transcode

#endif  // PORTICO_TESTS_TRANSCODE_EVERY_FIELD_TEST_H_
