#include "gateway/compose/wire_path.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/schema/schema.h"
#include "gateway/wire/writer.h"
#include "tests/schema/temp_folder.h"

namespace portico::compose {
namespace {

constexpr char kContracts[] = R"(syntax = "proto3";
package t;
message Root {
  oneof who { string id = 1; string email = 2; Account account = 3; }
  string plain = 4;
  repeated Account accounts = 5;
  optional string nick = 6;
}
message Account {
  oneof key { string name = 1; int32 number = 2; }
  string realm = 3;
}
)";

std::string Field(uint32_t number, const std::string& content) {
  std::string bytes;
  wire::AppendBytesField(number, content, &bytes);
  return bytes;
}
std::string Number(uint32_t number, uint64_t value) {
  std::string bytes;
  wire::AppendTag(number, wire::WireType::kVarint, &bytes);
  wire::AppendVarint(value, &bytes);
  return bytes;
}

class WirePathTest : public ::testing::Test {
 protected:
  WirePathTest() {
    folder_.Write("t.proto", kContracts);
    schema::Diagnostics diagnostics;
    schema_ = schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder_.path(), {}}}, diagnostics);
  }
  // What the path finds, with blanks between.
  std::string Found(absl::string_view path, const std::vector<absl::string_view>& chunks) {
    const absl::StatusOr<WirePath> compiled = WirePath::Compile(*schema_->FindMessage("t.Root"), path);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    WireValues values;
    compiled->Collect(chunks, &values);
    return absl::StrJoin(values, " ",
                         [](std::string* out, const WireValue& value) { absl::StrAppend(out, value.bytes); });
  }

  portico::testing::TempFolder folder_;
  std::shared_ptr<const schema::Schema> schema_;
};

TEST_F(WirePathTest, FindsWhatAParserWould) {
  const std::string ann = Field(1, "ann"), bob = Field(2, "bob");
  const std::string named = Field(3, Field(1, "ann")), numbered = Field(3, Number(2, 7)),
                    realm = Field(3, Field(3, "r"));
  const struct {
    const char* name;
    const char* path;
    std::string message;
    const char* found;
  } cases[] = {
      {"alone", "id", ann, "ann"},
      {"replaced", "id", ann + bob, ""},
      {"replacing", "id", bob + ann, "ann"},
      {"replaced and back", "id", Field(1, "amy") + bob + ann, "ann"},
      {"replaced by a message", "id", ann + realm, ""},
      {"replaced by an empty one", "id", ann + Field(2, ""), ""},
      {"fields beside the oneof", "id", ann + Field(4, "p") + Field(6, "n"), "ann"},
      {"an optional field, twice", "nick", Field(6, "a") + Field(6, "b") + bob, "b"},
      {"a plain field", "plain", Field(4, "p") + ann + bob, "p"},
      {"another member's number, but not its type", "id", ann + Number(2, 7), "ann"},
      {"an unknown field", "id", ann + Field(99, "x"), "ann"},
      {"inside, replaced", "account.name", Field(3, Field(1, "ann") + Number(2, 7)), ""},
      {"inside, replaced by a later piece", "account.name", named + numbered, ""},
      {"inside, replacing an earlier piece", "account.name", numbered + named, "ann"},
      {"on the way, replaced", "account.name", named + bob, ""},
      {"on the way, replaced and begun anew", "account.name", named + bob + realm, ""},
      {"on the way, in pieces", "account.name", named + realm, "ann"},
      {"in a list, each for itself", "accounts.name",
       Field(5, Field(1, "ann") + Number(2, 7)) + Field(5, Field(1, "bob")), "bob"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Found(c.path, {c.message}), c.found) << c.name;
  }
  EXPECT_EQ(Found("id", {ann, bob}), "") << "in chunks";
  EXPECT_EQ(Found("id", {bob, ann}), "ann") << "in chunks";
}

TEST_F(WirePathTest, TheRestOfAPathKnowsItsOneofs) {
  const WirePath rest = WirePath::Compile(*schema_->FindMessage("t.Root"), "account.name")->Rest();
  WireValues values;
  const std::string message = Field(1, "ann") + Number(2, 7);
  rest.Collect({message}, &values);
  EXPECT_TRUE(values.empty());
}

}  // namespace
}  // namespace portico::compose
