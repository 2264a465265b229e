#include "tests/transcode/test_contracts.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/wrappers.pb.h"

namespace portico::transcode {
namespace {

namespace pb = google::protobuf;

constexpr char kProto3[] = R"(
syntax = "proto3";
package tests;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

enum Color { RED = 0; GREEN = 1; BLUE = 2; VERT = 1 [deprecated = true]; NEGATIVE = -1; option allow_alias = true; }

message Inner { string name = 1; int32 count = 2; Inner child = 3; repeated int32 numbers = 4; Color color = 5; }

message All3 {
  int32 an_int32 = 1; int64 an_int64 = 2; uint32 a_uint32 = 3; uint64 a_uint64 = 4; sint32 a_sint32 = 5;
  sint64 a_sint64 = 6; fixed32 a_fixed32 = 7; fixed64 a_fixed64 = 8; sfixed32 a_sfixed32 = 9; sfixed64 a_sfixed64 = 10;
  float a_float = 11; double a_double = 12; bool a_bool = 13; string a_string = 14; bytes a_bytes = 15;
  Color color = 16; Inner inner = 17; All3 self = 18;
  optional int32 optional_int32 = 19; optional string optional_string = 20;

  repeated int32 many_int32 = 31; repeated int64 many_int64 = 32; repeated sint64 many_sint64 = 33;
  repeated double many_double = 34; repeated float many_float = 35; repeated bool many_bool = 36;
  repeated string many_string = 37; repeated bytes many_bytes = 38; repeated Color many_color = 39;
  repeated Inner many_inner = 40; repeated int32 loose_int32 = 41 [packed = false]; repeated fixed32 many_fixed32 = 42;

  map<string, string> strings = 51; map<int32, int64> ints = 52; map<bool, Inner> inners = 53;
  map<string, Color> colors = 54; map<uint64, double> doubles = 55; map<sint32, bytes> blobs = 56;
  map<string, google.protobuf.Value> values = 57;

  oneof choice {
    uint32 choice_uint32 = 61; string choice_string = 62; Inner choice_inner = 63; Color choice_color = 64;
    google.protobuf.NullValue choice_null = 65; bytes choice_bytes = 66;
  }

  google.protobuf.Any any = 71; google.protobuf.Timestamp timestamp = 72; google.protobuf.Duration duration = 73;
  google.protobuf.FieldMask mask = 74; google.protobuf.Struct struct = 75; google.protobuf.Value value = 76;
  google.protobuf.ListValue list = 77; google.protobuf.Empty empty = 78; google.protobuf.NullValue null_value = 79;
  repeated google.protobuf.Value many_value = 80; repeated google.protobuf.Timestamp many_timestamp = 81;
  repeated google.protobuf.Any many_any = 82;

  google.protobuf.DoubleValue double_value = 91; google.protobuf.FloatValue float_value = 92;
  google.protobuf.Int64Value int64_value = 93; google.protobuf.UInt64Value uint64_value = 94;
  google.protobuf.Int32Value int32_value = 95; google.protobuf.UInt32Value uint32_value = 96;
  google.protobuf.BoolValue bool_value = 97; google.protobuf.StringValue string_value = 98;
  google.protobuf.BytesValue bytes_value = 99; repeated google.protobuf.Int32Value many_int32_value = 100;

  string renamed = 111 [json_name = "@other \"name\""]; string _under__score_ = 112; string field1_name2 = 113;
  int32 far_away = 536870911;
}

message Product { string product_id = 1; string title = 2; Inner detail = 3; repeated string tags = 4; int64 price = 5; }
message Request {
  string name = 1; Product product = 2; int32 page_size = 3; google.protobuf.FieldMask update_mask = 4;
  repeated Color colors = 5; All3 all = 6; repeated Product products = 7; map<string, string> labels = 8;
  oneof pick { string left = 9; int32 right = 10; } int64 number = 11; repeated string words = 12;
}
message Reserved { string fields = 1; bool pretty = 2; }
)";

constexpr char kProto2[] = R"(
syntax = "proto2";
package tests;
enum Closed { ONE = 1; TWO = 2; }
enum Zeroed { NONE = 0; SOME = 1; }
message All2 {
  optional int32 an_int32 = 1 [default = 41]; optional sint64 a_sint64 = 2 [default = -7];
  optional string a_string = 3 [default = "hello"]; optional Closed closed = 4 [default = TWO];
  repeated Closed many_closed = 5; repeated Closed packed_closed = 6 [packed = true];
  optional group Data = 7 { optional int32 group_int32 = 1; optional string group_string = 2; }
  repeated group Datum = 8 { optional int32 value = 1; }
  map<string, Zeroed> closed_map = 9; repeated int32 loose = 10; optional bytes a_bytes = 11 [default = "\001\002"];
  optional float a_float = 12 [default = 1.5]; optional Must must = 13; optional double a_double = 14 [default = inf];
  oneof choice { Closed choice_closed = 15; string choice_string = 16; }
  extensions 100 to 199;
}
message Must { required int32 needed = 1; optional string other = 2; }
extend All2 { optional int32 extra = 100; repeated Must extra_must = 101; }
)";

std::string ReadFile(const std::string& name) {
  std::ifstream file(PORTICO_SOURCE_DIR "/tests/transcode/" + name);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// Nested ones too: an Any may name them.
void AddAll(const pb::Descriptor& message, schema::Tables& tables) {
  if (message.options().map_entry()) return;
  tables.Add(&message);
  for (int i = 0; i < message.nested_type_count(); ++i) AddAll(*message.nested_type(i), tables);
}

}  // namespace

const TestContracts& TestContracts::Get() {
  static const TestContracts* const contracts = new TestContracts();
  return *contracts;
}

TestContracts::TestContracts() : pool_(pb::DescriptorPool::generated_pool()), factory_(&pool_) {
  // What protobuf's own parsers say of malformed input is not what a test's reader wants to see.
  pb::SetLogHandler(nullptr);
  // Links the well-known types, which the files import, into the generated pool.
  pb::Any::descriptor();
  pb::Duration::descriptor();
  pb::Empty::descriptor();
  pb::FieldMask::descriptor();
  pb::Struct::descriptor();
  pb::Timestamp::descriptor();
  pb::Int32Value::descriptor();
  const struct {
    const char* name;
    std::string text;
  } files[] = {{"all3.proto", kProto3},
               {"all2.proto", kProto2},
               {"every3.proto", ReadFile("every3.proto")},
               {"every2.proto", ReadFile("every2.proto")}};
  for (const auto& file : files) {
    pb::io::ArrayInputStream stream(file.text.data(), static_cast<int>(file.text.size()));
    pb::io::Tokenizer tokenizer(&stream, nullptr);
    pb::compiler::Parser parser;
    pb::FileDescriptorProto proto;
    proto.set_name(file.name);
    const bool parsed = parser.Parse(&tokenizer, &proto);
    const pb::FileDescriptor* const built = parsed ? pool_.BuildFile(proto) : nullptr;
    if (built == nullptr) {
      std::cerr << file.name << " is broken\n";
      std::abort();
    }
    for (int i = 0; i < built->message_type_count(); ++i) AddAll(*built->message_type(i), tables_);
  }
}

const schema::MessageTable& TestContracts::Table(const std::string& name) const {
  return *tables_.FindMessage(name);
}

std::unique_ptr<pb::Message> TestContracts::New(const std::string& name) const {
  return std::unique_ptr<pb::Message>(factory_.GetPrototype(pool_.FindMessageTypeByName(name))->New());
}

namespace {

// Finds what `[type.googleapis.com/NAME] { ... }` holds.
class AnyFinder final : public pb::TextFormat::Finder {
 public:
  explicit AnyFinder(const pb::DescriptorPool& pool) : pool_(pool) {}
  const pb::Descriptor* FindAnyType(const pb::Message&, const std::string&, const std::string& name) const override {
    return pool_.FindMessageTypeByName(name);
  }

 private:
  const pb::DescriptorPool& pool_;
};

}  // namespace

std::string TestContracts::Wire(const std::string& name, const std::string& text) const {
  const auto message = New(name);
  AnyFinder finder(pool_);
  pb::TextFormat::Parser parser;
  parser.SetFinder(&finder);
  parser.AllowPartialMessage(true);
  if (!parser.ParseFromString(text, message.get())) return "broken test: " + text;
  return message->SerializePartialAsString();
}

std::string TestContracts::Text(const std::string& name, const std::string& wire) const {
  const auto message = New(name);
  if (!message->ParsePartialFromString(wire)) return "malformed";
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(*message, &text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace portico::transcode
