// Random messages of random contracts, of proto2 and proto3, through google::protobuf::util's JSON and ours, both ways.
// A failure prints its seed; PORTICO_SEED=n tries that one alone. What the library gets wrong is left out, and listed
// in WhereTheLibraryIsWrong, with its proof.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/json_util.h"
#include "tests/transcode/random_message.h"
#include "tests/transcode/test_contracts.h"

namespace portico::transcode {
namespace {

using pb::FieldDescriptorProto;

constexpr uint32_t kSchemas = 150;
constexpr uint32_t kMessagesEach = 6;

class RandomSchema {
 public:
  // `groups`: proto2's groups too, which google::protobuf::util does not know.
  RandomSchema(uint32_t seed, bool groups) : random_(seed), groups_(groups) {}

  pb::FileDescriptorProto Make() {
    file_.set_name("random.proto");
    file_.set_package("random");
    proto3_ = Below(2) == 0;
    file_.set_syntax(proto3_ ? "proto3" : "proto2");
    for (const char* name : {"any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"}) {
      file_.add_dependency(absl::StrCat("google/protobuf/", name, ".proto"));
    }
    pb::EnumDescriptorProto& letters = *file_.add_enum_type();
    letters.set_name("Letter");
    for (int i = 0; i < 4; ++i) {
      pb::EnumValueDescriptorProto& value = *letters.add_value();
      value.set_name(absl::StrCat("LETTER_", i));
      value.set_number(i == 3 ? -7 : i * i);
    }
    for (int i = 0; i < kMessageTypes; ++i) file_.add_message_type()->set_name(absl::StrCat("M", i));
    for (auto& message : *file_.mutable_message_type()) AddFields(message);
    return file_;
  }

 private:
  static constexpr int kMessageTypes = 4;

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  void SetType(FieldDescriptorProto* field, bool element) {
    static const char* const kWellKnown[] = {"Any",        "Duration",    "Empty",     "FieldMask",   "Struct",
                                             "Timestamp",  "Value",       "ListValue", "DoubleValue", "FloatValue",
                                             "Int64Value", "UInt64Value", "BoolValue", "StringValue", "BytesValue"};
    switch (Below(element ? 24 : 20)) {
      case 0:
      case 20:
        field->set_type(FieldDescriptorProto::TYPE_ENUM);
        return field->set_type_name(".random.Letter");
      case 1:
      case 2:
      case 21:
        field->set_type(FieldDescriptorProto::TYPE_MESSAGE);
        return field->set_type_name(absl::StrCat(".random.M", Below(kMessageTypes)));
      case 3:
      case 4:
      case 5:
        field->set_type(FieldDescriptorProto::TYPE_MESSAGE);
        return field->set_type_name(
            absl::StrCat(".google.protobuf.", kWellKnown[Below(static_cast<int>(std::size(kWellKnown)))]));
      default: {
        static constexpr FieldDescriptorProto::Type kScalars[] = {
            FieldDescriptorProto::TYPE_DOUBLE,   FieldDescriptorProto::TYPE_FLOAT,  FieldDescriptorProto::TYPE_INT64,
            FieldDescriptorProto::TYPE_UINT64,   FieldDescriptorProto::TYPE_INT32,  FieldDescriptorProto::TYPE_FIXED64,
            FieldDescriptorProto::TYPE_FIXED32,  FieldDescriptorProto::TYPE_BOOL,   FieldDescriptorProto::TYPE_STRING,
            FieldDescriptorProto::TYPE_BYTES,    FieldDescriptorProto::TYPE_UINT32, FieldDescriptorProto::TYPE_SFIXED32,
            FieldDescriptorProto::TYPE_SFIXED64, FieldDescriptorProto::TYPE_SINT32, FieldDescriptorProto::TYPE_SINT64};
        return field->set_type(kScalars[Below(static_cast<int>(std::size(kScalars)))]);
      }
    }
  }

  FieldDescriptorProto& NewField(pb::DescriptorProto& message, FieldDescriptorProto::Label label) {
    // Beyond 1023 fields are found in another way, and tags get longer; numbers need not rise.
    static constexpr int kSteps[] = {1, 1, 1, 2, 16, 700};
    number_ += kSteps[Below(static_cast<int>(std::size(kSteps)))];
    static const char* const kNames[] = {"f", "some_name", "camelCase", "with_1_digit"};
    FieldDescriptorProto& field = *message.add_field();
    field.set_name(absl::StrCat(kNames[Below(static_cast<int>(std::size(kNames)))], number_));
    field.set_number(number_);
    field.set_label(label);
    return field;
  }

  void AddMap(pb::DescriptorProto& message) {
    static constexpr FieldDescriptorProto::Type kKeys[] = {
        FieldDescriptorProto::TYPE_INT32,    FieldDescriptorProto::TYPE_INT64,   FieldDescriptorProto::TYPE_UINT32,
        FieldDescriptorProto::TYPE_UINT64,   FieldDescriptorProto::TYPE_SINT32,  FieldDescriptorProto::TYPE_SINT64,
        FieldDescriptorProto::TYPE_FIXED32,  FieldDescriptorProto::TYPE_FIXED64, FieldDescriptorProto::TYPE_SFIXED32,
        FieldDescriptorProto::TYPE_SFIXED64, FieldDescriptorProto::TYPE_BOOL,    FieldDescriptorProto::TYPE_STRING};
    FieldDescriptorProto& field = NewField(message, FieldDescriptorProto::LABEL_REPEATED);
    field.set_name(absl::StrCat("map", number_));
    pb::DescriptorProto& entry = *message.add_nested_type();
    entry.set_name(absl::StrCat("Map", number_, "Entry"));
    entry.mutable_options()->set_map_entry(true);
    FieldDescriptorProto& key = *entry.add_field();
    key.set_name("key");
    key.set_number(1);
    key.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    key.set_type(kKeys[Below(static_cast<int>(std::size(kKeys)))]);
    FieldDescriptorProto& value = *entry.add_field();
    value.set_name("value");
    value.set_number(2);
    value.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    SetType(&value, true);
    field.set_type(FieldDescriptorProto::TYPE_MESSAGE);
    field.set_type_name(absl::StrCat(".random.", message.name(), ".", entry.name()));
  }

  void AddGroup(pb::DescriptorProto& message) {
    FieldDescriptorProto& field =
        NewField(message, Below(2) == 0 ? FieldDescriptorProto::LABEL_REPEATED : FieldDescriptorProto::LABEL_OPTIONAL);
    pb::DescriptorProto& group = *message.add_nested_type();
    group.set_name(absl::StrCat("Group", number_));
    field.set_name(absl::StrCat("group", number_));
    field.set_type(FieldDescriptorProto::TYPE_GROUP);
    field.set_type_name(absl::StrCat(".random.", message.name(), ".", group.name()));
    FieldDescriptorProto& inner = *group.add_field();
    inner.set_name("inner");
    inner.set_number(1);
    inner.set_label(FieldDescriptorProto::LABEL_REPEATED);
    SetType(&inner, true);
  }

  void AddFields(pb::DescriptorProto& message) {
    number_ = 0;
    for (int n = 3 + Below(20); n > 0; --n) {
      const int kind = Below(10);
      if (kind == 0) {
        AddMap(message);
      } else if (kind == 1 && groups_ && !proto3_) {
        AddGroup(message);
      } else if (kind < 5) {
        FieldDescriptorProto& field = NewField(message, FieldDescriptorProto::LABEL_REPEATED);
        SetType(&field, true);
        const bool packable = field.type() != FieldDescriptorProto::TYPE_STRING &&
                              field.type() != FieldDescriptorProto::TYPE_BYTES &&
                              field.type() != FieldDescriptorProto::TYPE_MESSAGE;
        if (packable && Below(2) == 0) field.mutable_options()->set_packed(Below(2) == 0);
      } else {
        FieldDescriptorProto& field = NewField(message, FieldDescriptorProto::LABEL_OPTIONAL);
        SetType(&field, false);
        if (kind == 5) {
          if (message.oneof_decl_size() == 0) message.add_oneof_decl()->set_name("choice");
          field.set_oneof_index(0);
        } else if (kind == 6 && !proto3_ && field.type() != FieldDescriptorProto::TYPE_MESSAGE) {
          field.set_label(FieldDescriptorProto::LABEL_REQUIRED);
        } else if (kind == 7 && proto3_ && field.type() != FieldDescriptorProto::TYPE_MESSAGE) {
          field.set_proto3_optional(true);
        }
      }
    }
    // The members of a oneof stand side by side.
    std::stable_sort(message.mutable_field()->pointer_begin(), message.mutable_field()->pointer_end(),
                     [](const auto* a, const auto* b) { return a->has_oneof_index() > b->has_oneof_index(); });
    // The oneofs of `optional` come behind the real ones.
    for (auto& field : *message.mutable_field()) {
      if (!field.proto3_optional()) continue;
      field.set_oneof_index(message.oneof_decl_size());
      message.add_oneof_decl()->set_name(absl::StrCat("_", field.name()));
    }
  }

  std::mt19937 random_;
  const bool groups_;
  bool proto3_ = true;
  int number_ = 0;
  pb::FileDescriptorProto file_;
};

// One contract with its tables and message factory.
struct Contract {
  explicit Contract(const pb::FileDescriptorProto& proto) : pool(&TestContracts::Get().pool()), factory(&pool) {
    struct : pb::DescriptorPool::ErrorCollector {
      void AddError(const std::string&, const std::string& element, const pb::Message*, ErrorLocation,
                    const std::string& message) override {
        ADD_FAILURE() << element << ": " << message;
      }
    } errors;
    file = pool.BuildFileCollectingErrors(proto, &errors);
    if (file == nullptr) return;
    for (int i = 0; i < file->message_type_count(); ++i) tables.Add(file->message_type(i));
    tables.Add(pool.FindMessageTypeByName("tests.Inner"));  // what RandomMessage puts into an Any
  }
  std::unique_ptr<pb::Message> New(const pb::Descriptor* type) {
    return std::unique_ptr<pb::Message>(factory.GetPrototype(type)->New());
  }

  pb::DescriptorPool pool;
  pb::DynamicMessageFactory factory;
  const pb::FileDescriptor* file = nullptr;
  schema::Tables tables;
};

// Calls test(contract, type, message) for every seed.
template <class Test>
void ForEachMessage(bool groups, Test test) {
  const char* const only = std::getenv("PORTICO_SEED");
  const uint32_t first = only == nullptr ? 0 : static_cast<uint32_t>(std::strtoul(only, nullptr, 10));
  const uint32_t last = only == nullptr ? kSchemas : first + 1;
  for (uint32_t seed = first; seed < last; ++seed) {
    SCOPED_TRACE(absl::StrCat("PORTICO_SEED=", seed));
    Contract contract(RandomSchema(seed, groups).Make());
    ASSERT_NE(contract.file, nullptr) << RandomSchema(seed, groups).Make().DebugString();
    for (uint32_t n = 0; n < kMessagesEach; ++n) {
      const pb::Descriptor* const type =
          contract.file->message_type(static_cast<int>(n) % contract.file->message_type_count());
      const auto message = contract.New(type);
      RandomMessage(seed * kMessagesEach + n).Fill(message.get(), 0);
      test(contract, *message);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

absl::Status ToJson(const Contract& contract, const pb::Message& message, std::string* json) {
  const schema::MessageTable& table = *contract.tables.FindMessage(message.GetDescriptor()->full_name());
  return WireToJson(table, contract.tables, message.SerializePartialAsString(), {}, json);
}

// Reads `json` by our reader into `read`.
absl::Status FromJson(const Contract& contract, const std::string& json, pb::Message* read) {
  const schema::MessageTable& table = *contract.tables.FindMessage(read->GetDescriptor()->full_name());
  std::string wire;
  absl::Status status = JsonToWire(table, contract.tables, json, {.allow_partial = true}, &wire, nullptr);
  if (status.ok() && !read->ParsePartialFromString(wire)) status = absl::InternalError("wrote malformed wire");
  return status;
}

TEST(RandomSchemas, OurJsonComesBackTheSame) {
  ForEachMessage(true, [](Contract& contract, const pb::Message& message) {
    std::string json;
    absl::Status status = ToJson(contract, message, &json);
    ASSERT_TRUE(status.ok()) << status << message.DebugString();
    const auto read = contract.New(message.GetDescriptor());
    status = FromJson(contract, json, read.get());
    ASSERT_TRUE(status.ok()) << status << json;
    ASSERT_TRUE(Same(message, *read)) << json << "\n" << message.DebugString() << read->DebugString();
  });
}

TEST(RandomSchemas, ProtobufReadsOurJson) {
  ForEachMessage(false, [](Contract& contract, const pb::Message& message) {
    std::string json;
    const absl::Status status = ToJson(contract, message, &json);
    ASSERT_TRUE(status.ok()) << status << message.DebugString();
    const auto read = contract.New(message.GetDescriptor());
    const auto theirs = pb::util::JsonStringToMessage(json, read.get());
    // The library wants required fields in messages that are deeper than the random ones go.
    if (!message.IsInitialized()) return;
    ASSERT_TRUE(theirs.ok()) << theirs.ToString() << json;
    ASSERT_TRUE(Same(message, *read)) << json << "\n" << message.DebugString() << read->DebugString();
  });
}

TEST(RandomSchemas, WeReadProtobufsJson) {
  ForEachMessage(false, [](Contract& contract, const pb::Message& message) {
    if (!message.IsInitialized()) return;
    std::string json;
    const auto theirs = pb::util::MessageToJsonString(message, &json);
    ASSERT_TRUE(theirs.ok()) << theirs.ToString() << message.DebugString();
    const auto read = contract.New(message.GetDescriptor());
    const absl::Status status = FromJson(contract, json, read.get());
    ASSERT_TRUE(status.ok()) << status << json;
    ASSERT_TRUE(Same(message, *read)) << json << "\n" << message.DebugString() << read->DebugString();
  });
}

// Where google::protobuf::util of 3.21 differs from the specification, which is why the random tests leave it out. The
// rules themselves are tested in proto_json_test.cc and proto_json_well_known_test.cc; here is only that it differs.
TEST(RandomSchemas, WhereTheLibraryIsWrong) {
  constexpr const char* kRefused = "refused";
  const struct {
    const char* section;
    const char* json;
    const char* theirs;  // the message it reads, or that it refuses to
  } cases[] = {
      {"ProtoJSON, message: group fields", R"({"cluster": {"x": 1}})", kRefused},
      {"ProtoJSON, message: extensions", R"({"[tests.extra_int32]": 1})", kRefused},
      {"ProtoJSON, repeated: null is an empty list", R"({"manyNullvalue": null})", "many_nullvalue: NULL_VALUE"},
      {"ProtoJSON, repeated: no null within", R"({"manyInt32": [1, null]})", "many_int32: 1"},
      {"ProtoJSON, repeated: an array", R"({"manyInt32": 1})", "many_int32: 1"},
      {"ProtoJSON, map: no null within", R"({"byInt32": {"0": null}})", "by_int32 { key: 0 value: 0 }"},
      {"ProtoJSON, bool: true or false", R"({"oneBool": "true"})", "one_bool: true"},
      {"ProtoJSON, enum: names or integers", R"({"oneKind": "1"})", "one_kind: ROUND"},
      {"ProtoJSON, int32: a string holds a JSON number", R"({"oneInt32": "+1"})", "one_int32: 1"},
      {"ProtoJSON, int32: exponents in strings too", R"({"oneInt32": "1e2"})", kRefused},
      {"ProtoJSON, bytes: URL-safe without padding", R"({"oneBytes": "-_"})", kRefused},
      {"ProtoJSON, duplicate values", R"({"oneInt32": 1, "one_int32": 2})", "one_int32: 2"},
      {"timestamp.proto: years 1 to 9999", R"({"oneTimestamp": "0001-01-01T00:00:00+00:01"})",
       "one_timestamp { seconds: -62135596860 }"},
      {"ProtoJSON, Timestamp: a string", R"({"oneTimestamp": {"seconds": 1}})", "one_timestamp { seconds: 1 }"},
      {"ProtoJSON, Duration: digits", R"({"oneDuration": "1 s"})", "one_duration { seconds: 1 }"},
      {"ProtoJSON, Duration: no plus", R"({"oneDuration": "+1s"})", "one_duration { seconds: 1 }"},
      {"ProtoJSON, float: -0", R"({"pickDouble": -0})", "pick_double: 0"},
      {"ProtoJSON, Any: a value of Empty", R"({"oneAny": {"@type": "type.googleapis.com/google.protobuf.Empty",
"value": {}}})",
       kRefused},
      {"ProtoJSON, message: a MessageSet's extensions", R"({"closet": {"[tests.Every2.Coat.coat]": {}}})", kRefused},
      {"field_mask.proto: lowerCamelCase", R"({"oneFieldmask": "a_b"})", "one_fieldmask { paths: \"a_b\" }"},
      {"any.proto: any host before the slash", R"({"oneAny": {"@type": "x/tests.Inner"}})", kRefused},
      {"RFC 8259, 4: names in quotation marks", R"({fieldname1: 1})", "fieldname1: 1"},
      {"RFC 8259, 4: no trailing comma", R"({"fieldname1": 1,})", "fieldname1: 1"},
      {"RFC 8259, 6: a digit behind the point", R"({"oneDouble": 5.})", "one_double: 5"},
      {"RFC 8259, 7: quotation marks", R"({"oneString": 'x'})", "one_string: \"x\""},
      {"RFC 8259, 7: these escapes only", R"({"oneString": "\a"})", "one_string: \"a\""},
      {"RFC 8259, 7: control characters escaped", "{\"oneString\": \"\x01\"}", "one_string: \"\\001\""},
  };
  for (const auto& c : cases) {
    const auto message = TestContracts::Get().New("tests.Every2");
    const bool read = pb::util::JsonStringToMessage(c.json, message.get()).ok();
    EXPECT_EQ(read ? TestContracts::Get().Text("tests.Every2", message->SerializeAsString()) : kRefused, c.theirs)
        << c.section << ": " << c.json;
  }
  // Writing: a Timestamp of zero within an Any loses its value.
  const auto message = TestContracts::Get().New("tests.Every2");
  message->ParseFromString(
      TestContracts::Get().Wire("tests.Every2", "one_any { [type.googleapis.com/google.protobuf.Timestamp] { } }"));
  std::string json;
  ASSERT_TRUE(pb::util::MessageToJsonString(*message, &json).ok());
  EXPECT_EQ(json, R"({"oneAny":{"@type":"type.googleapis.com/google.protobuf.Timestamp"}})");
}

}  // namespace
}  // namespace portico::transcode
