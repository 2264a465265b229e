#include "gateway/schema/message_table.h"

#include <gtest/gtest.h>

#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/wrappers.pb.h"

namespace portico::schema {
namespace {

namespace pb = google::protobuf;

class MessageTableTest : public testing::Test {
 protected:
  const MessageTable& Build(const std::string& text, const char* message = "M") {
    pb::Struct::descriptor();
    pb::Int32Value::descriptor();
    pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
    pb::io::Tokenizer tokenizer(&stream, nullptr);
    pb::compiler::Parser parser;
    pb::FileDescriptorProto proto;
    proto.set_name("test.proto");
    EXPECT_TRUE(parser.Parse(&tokenizer, &proto));
    const pb::FileDescriptor* const file = pool_.BuildFile(proto);
    EXPECT_NE(file, nullptr);
    return tables_.Add(file->FindMessageTypeByName(message));
  }

  pb::DescriptorPool pool_{pb::DescriptorPool::generated_pool()};
  Tables tables_;
};

TEST_F(MessageTableTest, FieldsAreFoundByNumberAndByEitherName) {
  const MessageTable& table = Build(R"(syntax = "proto3";
    message M { string list_price = 3; int32 a = 1; bytes far = 536870911; bool near = 1023; bool beyond = 1024;
                string odd = 5 [json_name = "o\"dd"]; })");
  ASSERT_EQ(table.fields.size(), 6u);
  for (size_t i = 0; i < table.fields.size(); ++i) {
    EXPECT_EQ(table.fields[i].index, i);
    if (i > 0) EXPECT_LT(table.fields[i - 1].number, table.fields[i].number);
    EXPECT_EQ(table.FindByNumber(table.fields[i].number), &table.fields[i]);
  }
  for (const uint32_t number : {0u, 2u, 4u, 1022u, 1025u, 536870910u, 4000000000u}) {
    EXPECT_EQ(table.FindByNumber(number), nullptr) << number;
  }
  const FieldTable* const price = table.FindByNumber(3);
  EXPECT_EQ(table.FindByName("listPrice"), price);
  EXPECT_EQ(table.FindByName("list_price"), price);
  EXPECT_EQ(table.FindByProtoName("list_price"), price);
  EXPECT_EQ(table.FindByProtoName("listPrice"), nullptr);
  EXPECT_EQ(table.FindByName("nope"), nullptr);
  EXPECT_EQ(price->json_key, "\"listPrice\":");
  EXPECT_EQ(price->proto_key, "\"list_price\":");
  EXPECT_EQ(price->tag, 26u);
  EXPECT_EQ(table.FindByNumber(5)->json_key, "\"o\\\"dd\":");
}

TEST_F(MessageTableTest, AJsonNameHasPrecedenceOverAnOriginalName) {
  const MessageTable& table = Build(R"(syntax = "proto2";
    message M { optional int32 a = 1 [json_name = "b"]; optional int32 b = 2 [json_name = "c"]; })");
  EXPECT_EQ(table.FindByName("b")->number, 1u);
  EXPECT_EQ(table.FindByProtoName("b")->number, 2u);
  EXPECT_EQ(table.FindByName("a")->number, 1u);
  EXPECT_EQ(table.FindByName("c")->number, 2u);
}

TEST_F(MessageTableTest, PresenceOneofsPackingAndMaps) {
  const MessageTable& table = Build(R"(syntax = "proto3";
    message M { int32 implicit = 1; optional int32 explicit = 2; oneof o { int32 x = 3; M y = 4; }
                repeated int32 packed = 5; repeated int32 loose = 6 [packed = false]; repeated string texts = 7;
                map<string, M> map = 8; M self = 9; })");
  const auto field = [&](uint32_t number) -> const FieldTable& { return *table.FindByNumber(number); };
  EXPECT_FALSE(field(1).has_presence);
  EXPECT_TRUE(field(2).has_presence);
  EXPECT_EQ(field(2).oneof, -1) << "a synthetic oneof is none";
  EXPECT_EQ(field(3).oneof, 0);
  EXPECT_EQ(field(4).oneof, 0);
  EXPECT_EQ(table.oneofs, 1);
  EXPECT_TRUE(field(5).packed);
  EXPECT_FALSE(field(6).packed);
  EXPECT_EQ(field(6).packed_tag, 50u);
  EXPECT_EQ(field(7).packed_tag, 0u);
  EXPECT_TRUE(field(8).map);
  EXPECT_TRUE(field(8).message->map_entry);
  EXPECT_EQ(field(8).message->fields[1].message, &table);
  EXPECT_EQ(field(9).message, &table);
  EXPECT_EQ(tables_.FindMessage("M"), &table);
  EXPECT_EQ(tables_.FindMessage("N"), nullptr);
}

TEST_F(MessageTableTest, Proto2DefaultsRequiredGroupsAndExtensions) {
  const MessageTable& table = Build(R"(syntax = "proto2";
    enum E { B = 2; A = 1; C = 1 [deprecated = true]; option allow_alias = true; }
    message M { required int32 i = 1 [default = -5]; optional string s = 2 [default = "x"]; optional E e = 3;
                optional float f = 4 [default = 1.5]; optional group Grp = 5 { optional int32 n = 1; }
                extensions 10 to max; }
    extend M { optional int32 ext = 1000000; })");
  EXPECT_EQ(table.required, std::vector<uint16_t>{0});
  EXPECT_EQ(static_cast<int64_t>(table.FindByNumber(1)->default_bits), -5);
  EXPECT_EQ(table.FindByNumber(2)->default_bytes, "x");
  EXPECT_EQ(table.FindByNumber(3)->default_bits, 2u);
  EXPECT_EQ(table.FindByNumber(4)->default_bits, 0x3fc00000u);
  const EnumTable& e = *table.FindByNumber(3)->enum_type;
  EXPECT_TRUE(e.closed);
  EXPECT_EQ(e.first_number, 2);
  EXPECT_EQ(*e.FindNumber("C"), 1);
  EXPECT_EQ(*e.FindJsonName(1), "\"A\"");
  EXPECT_EQ(e.FindJsonName(9), nullptr);
  EXPECT_EQ(table.FindByName("grp")->type, FieldType::kGroup);
  EXPECT_EQ(table.FindByName("grp")->tag, 43u);
  const FieldTable* const extension = table.FindByNumber(1000000);
  ASSERT_NE(extension, nullptr);
  EXPECT_EQ(extension->name, "[ext]");
  EXPECT_EQ(table.FindByName("[ext]"), extension);
}

TEST_F(MessageTableTest, WellKnownTypesAreTold) {
  const MessageTable& table = Build(R"(syntax = "proto3"; import "google/protobuf/struct.proto";
    import "google/protobuf/wrappers.proto";
    message M { google.protobuf.Struct s = 1; google.protobuf.Value v = 2; google.protobuf.NullValue n = 3;
                google.protobuf.Int32Value w = 4; Value own = 5; }
    message Value {})");
  EXPECT_EQ(table.FindByNumber(1)->message->well_known, WellKnown::kStruct);
  EXPECT_EQ(table.FindByNumber(2)->message->well_known, WellKnown::kValue);
  EXPECT_TRUE(table.FindByNumber(3)->enum_type->null_value);
  EXPECT_FALSE(table.FindByNumber(3)->enum_type->closed);
  EXPECT_EQ(table.FindByNumber(4)->message->well_known, WellKnown::kWrapper);
  EXPECT_EQ(table.FindByNumber(5)->message->well_known, WellKnown::kNone);
}

}  // namespace
}  // namespace portico::schema
