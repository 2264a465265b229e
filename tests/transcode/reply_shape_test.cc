// What a client sees of a reply: field selection, response_body, and the structural check of parts.
#include <gtest/gtest.h>

#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/field_selection.h"
#include "gateway/transcode/response_shape.h"
#include "gateway/wire/writer.h"
#include "tests/transcode/test_contracts.h"

namespace portico::transcode {
namespace {

const TestContracts& Contracts() {
  return TestContracts::Get();
}

TEST(FieldSelection, FollowsPathsOfEitherName) {
  const schema::MessageTable& table = Contracts().Table("tests.All3");
  const auto selection = FieldSelection::Compile(table, "anInt32, inner.child.name,many_inner,inner.count");
  ASSERT_TRUE(selection.ok()) << selection.status();
  const auto includes = [&](const char* name) { return (*selection)->Includes(*table.FindByName(name)); };
  EXPECT_TRUE(includes("an_int32"));
  EXPECT_TRUE(includes("inner"));
  EXPECT_TRUE(includes("many_inner"));
  EXPECT_FALSE(includes("self"));
  EXPECT_FALSE(includes("far_away"));
  EXPECT_EQ((*selection)->Child(*table.FindByName("many_inner")), nullptr);
  const FieldSelection* const inner = (*selection)->Child(*table.FindByName("inner"));
  ASSERT_NE(inner, nullptr);
  const schema::MessageTable& inner_table = Contracts().Table("tests.Inner");
  EXPECT_TRUE(inner->Includes(*inner_table.FindByName("count")));
  EXPECT_FALSE(inner->Includes(*inner_table.FindByName("name")));
}

TEST(FieldSelection, OfAPartialAnswerIsWhatItHas) {
  const schema::MessageTable& table = Contracts().Table("tests.All3");
  const schema::FieldTable& inner = *table.FindByName("inner");
  const schema::FieldTable& many = *table.FindByName("many_inner");
  std::string message;
  wire::AppendBytesField(inner.number, "", &message);
  const FieldSelection all = FieldSelection::Present(table, message, nullptr);
  EXPECT_TRUE(all.Includes(inner));
  EXPECT_FALSE(all.Includes(many));
  EXPECT_EQ(all.Child(inner), nullptr);
  const auto within = FieldSelection::Compile(table, "inner.count,many_inner");
  const FieldSelection some = FieldSelection::Present(table, message, within->get());
  EXPECT_TRUE(some.Includes(inner));
  EXPECT_FALSE(some.Includes(many));
  EXPECT_EQ(some.Child(inner), (*within)->Child(inner));
  const auto other = FieldSelection::Compile(table, "many_inner");
  EXPECT_FALSE(FieldSelection::Present(table, message, other->get()).Includes(inner));
}

TEST(ResponseShape, FieldsThatAPartialAnswerLacksAreNotWrittenAsEmpty) {
  const schema::MessageTable& table = Contracts().Table("tests.Inner");
  const auto shape = ResponseShape::Compile(table, Contracts().types(), "");
  ASSERT_TRUE(shape.ok()) << shape.status();
  WriteOptions options;
  options.emit_unpopulated = true;
  std::string message;
  wire::AppendBytesField(table.FindByName("name")->number, "n", &message);
  std::string whole;
  std::string partial;
  ASSERT_TRUE(shape->Write(message, options, nullptr, &whole).ok());
  ASSERT_TRUE(shape->Write(message, options, nullptr, &partial, /*partial=*/true).ok());
  EXPECT_NE(whole, partial);
  EXPECT_EQ(partial, R"({"name":"n"})");
}

TEST(FieldSelection, AllIsSelectedByNothingAndStar) {
  const schema::MessageTable& table = Contracts().Table("tests.All3");
  for (const char* mask : {"", "*", " ", "inner.name,*"}) {
    const auto selection = FieldSelection::Compile(table, mask);
    ASSERT_TRUE(selection.ok()) << mask;
    EXPECT_TRUE((*selection)->Includes(*table.FindByName("self"))) << mask;
    EXPECT_EQ((*selection)->Child(*table.FindByName("inner")), nullptr) << mask;
  }
}

TEST(FieldSelection, AWholeFieldHasPrecedenceOverAPartOfIt) {
  const schema::MessageTable& table = Contracts().Table("tests.All3");
  for (const char* mask : {"inner,inner.name", "inner.name,inner"}) {
    EXPECT_EQ((*FieldSelection::Compile(table, mask))->Child(*table.FindByName("inner")), nullptr) << mask;
  }
}

TEST(FieldSelection, WrongPathsAreErrorsOfTheFieldFields) {
  const schema::MessageTable& table = Contracts().Table("tests.All3");
  const auto error = [&](const char* mask) {
    return std::string(FieldSelection::Compile(table, mask).status().message());
  };
  EXPECT_EQ(error("nope"), "fields: \"nope\": tests.All3 has no field \"nope\"");
  EXPECT_EQ(error("inner.nope"), "fields: \"inner.nope\": tests.Inner has no field \"nope\"");
  EXPECT_EQ(error("an_int32,"), "fields: a path is empty");
  EXPECT_EQ(error("an_int32,,color"), "fields: a path is empty, or has an empty name");
  EXPECT_EQ(error("inner."), "fields: a path is empty, or has an empty name");
  EXPECT_EQ(error("an_int32.x"), "fields: \"an_int32.x\": nothing within \"an_int32\" can be selected");
  EXPECT_EQ(error("strings.x"), "fields: \"strings.x\": nothing within \"strings\" can be selected");
  EXPECT_EQ(error("timestamp.seconds"), "fields: \"timestamp.seconds\": nothing within \"timestamp\" can be selected");
}

TEST(FieldSelection, ExtensionsAreSelectedByTheirNameInBrackets) {
  const schema::MessageTable& table = Contracts().Table("tests.All2");
  const auto selection = FieldSelection::Compile(table, "[tests.extra_must].other,[tests.extra]");
  ASSERT_TRUE(selection.ok()) << selection.status();
  EXPECT_TRUE((*selection)->Includes(*table.FindByName("[tests.extra]")));
  EXPECT_NE((*selection)->Child(*table.FindByName("[tests.extra_must]")), nullptr);
}

std::string Shape(const char* type, const char* response_body, const char* text, const char* fields = nullptr) {
  const auto shape = ResponseShape::Compile(Contracts().Table(type), Contracts().types(), response_body);
  if (!shape.ok()) return std::string(shape.status().message());
  std::unique_ptr<const FieldSelection> selection;
  if (fields != nullptr) {
    auto compiled = shape->Select(fields);
    if (!compiled.ok()) return std::string(compiled.status().message());
    selection = *std::move(compiled);
  }
  std::string json;
  const absl::Status status = shape->Write(Contracts().Wire(type, text), {}, selection.get(), &json);
  return status.ok() ? json : std::string(status.message());
}

TEST(ResponseShape, WritesTheWholeMessageOrOneField) {
  EXPECT_EQ(Shape("tests.Request", "", "name: 'x'"), R"({"name":"x"})");
  EXPECT_EQ(Shape("tests.Request", "product", "name: 'x' product { title: 't' }"), R"({"title":"t"})");
  EXPECT_EQ(Shape("tests.Request", "words", "words: 'a' words: 'b'"), R"(["a","b"])");
  EXPECT_EQ(Shape("tests.Request", "labels", "labels { key: 'a' value: 'b' }"), R"({"a":"b"})");
  EXPECT_EQ(Shape("tests.Request", "name", "name: 'x'"), R"("x")");
  EXPECT_EQ(Shape("tests.Request", "right", "right: 0"), "0");
  EXPECT_EQ(Shape("tests.Request", "nope", ""), "response_body: tests.Request has no field \"nope\"");
}

TEST(ResponseShape, AnAbsentFieldIsItsJsonDefault) {
  EXPECT_EQ(Shape("tests.Request", "product", ""), "{}");
  EXPECT_EQ(Shape("tests.Request", "words", ""), "[]");
  EXPECT_EQ(Shape("tests.Request", "labels", ""), "{}");
  EXPECT_EQ(Shape("tests.Request", "name", ""), R"("")");
  EXPECT_EQ(Shape("tests.Request", "page_size", ""), "0");
  EXPECT_EQ(Shape("tests.Request", "number", ""), R"("0")");
  EXPECT_EQ(Shape("tests.All3", "a_bool", ""), "false");
  EXPECT_EQ(Shape("tests.All3", "color", ""), R"("RED")");
  EXPECT_EQ(Shape("tests.All3", "timestamp", ""), "null");
  EXPECT_EQ(Shape("tests.All2", "an_int32", ""), "41");
  EXPECT_EQ(Shape("tests.All2", "a_sint64", ""), R"("-7")");
  EXPECT_EQ(Shape("tests.All2", "a_string", ""), R"("hello")");
  EXPECT_EQ(Shape("tests.All2", "a_bytes", ""), R"("AQI=")");
  EXPECT_EQ(Shape("tests.All2", "a_float", ""), "1.5");
  EXPECT_EQ(Shape("tests.All2", "a_double", ""), R"("Infinity")");
  EXPECT_EQ(Shape("tests.All2", "closed", ""), R"("TWO")");
}

TEST(ResponseShape, SelectionBeginsAtWhatTheClientSees) {
  EXPECT_EQ(Shape("tests.Request", "", "name: 'x' page_size: 2", "pageSize"), R"({"pageSize":2})");
  EXPECT_EQ(Shape("tests.Request", "product", "product { title: 't' product_id: 'p' }", "title"), R"({"title":"t"})");
  EXPECT_EQ(Shape("tests.Request", "products", "products { title: 't' product_id: 'p' }", "title"),
            R"([{"title":"t"}])");
  EXPECT_EQ(Shape("tests.Request", "product", "product { title: 't' }", "*"), R"({"title":"t"})");
  EXPECT_EQ(Shape("tests.Request", "name", "name: 'x'", "title"),
            "fields: the reply has no fields, it is name of tests.Request");
}

std::string Checked(const std::string& wire, const char* type = "tests.All3") {
  return CheckWire(Contracts().Table(type), wire).ToString();
}

TEST(CheckWire, TellsWellFormedMessages) {
  EXPECT_EQ(Checked(""), "OK");
  EXPECT_EQ(Checked(Contracts().Wire(
                "tests.All3", "an_int32: 1 inner { name: 'é' } many_int32: [1, 2] strings { key: 'a' value: 'b' }")),
            "OK");
  EXPECT_EQ(Checked(Contracts().Wire("tests.All2", "Data { group_string: 'x' }"), "tests.All2"), "OK");
  std::string wire;
  wire::AppendBytesField(17, "\x0a\x01\xff", &wire);
  EXPECT_EQ(Checked(wire), "DATA_LOSS: inner.name: the string is not UTF-8");
  wire.clear();
  wire::AppendBytesField(1, "x", &wire);
  EXPECT_EQ(Checked(wire), "DATA_LOSS: an_int32: of another wire type than the contract's");
  wire.clear();
  wire::AppendBytesField(31, "\x80", &wire);
  EXPECT_EQ(Checked(wire), "DATA_LOSS: many_int32: malformed protobuf");
  EXPECT_EQ(Checked("\x0a"), "DATA_LOSS: an_int32: of another wire type than the contract's");
  EXPECT_EQ(Checked("\x8a\x01\x05"), "DATA_LOSS: inner: malformed protobuf");
  EXPECT_EQ(Checked(std::string("\x00\x00", 2)), "DATA_LOSS: malformed protobuf");
  wire.clear();
  for (int i = 0; i < 100; ++i) {
    std::string outer;
    wire::AppendBytesField(18, wire, &outer);
    wire = outer;
  }
  EXPECT_NE(Checked(wire).find("nested too deeply"), std::string::npos);
}

TEST(CheckWire, DoubtsWhatMayHaveNoJson) {
  const struct {
    const char* name;
    const char* type;
    std::string wire;
    bool doubtful;
  } cases[] = {
      {"a timestamp", "google.protobuf.Timestamp", "\x08\x01\x10\x02", false},
      {"a timestamp whose nanos are negative", "google.protobuf.Timestamp",
       "\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", true},
      {"the last one counts", "google.protobuf.Timestamp", "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x02",
       false},
      {"a timestamp of 2^50 s", "google.protobuf.Timestamp", "\x08\x80\x80\x80\x80\x80\x80\x80\x02", true},
      {"a duration", "google.protobuf.Duration", "\x08\x01\x10\x02", false},
      {"a duration of two signs", "google.protobuf.Duration", "\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
       true},
      {"a number", "google.protobuf.Value", std::string("\x11\0\0\0\0\0\0\xf0\x3f", 9), false},
      {"infinity", "google.protobuf.Value", std::string("\x11\0\0\0\0\0\0\xf0\x7f", 9), true},
      {"no value", "google.protobuf.Value", "", true},
      {"members with values", "google.protobuf.Struct",
       std::string("\x0a\x07\x0a\x01"
                   "a\x12\x02\x08\0",
                   9),
       false},
      {"a member without", "google.protobuf.Struct",
       "\x0a\x03\x0a\x01"
       "a",
       true},
      {"an empty list", "google.protobuf.ListValue", "", false},
      {"a list of nothing", "google.protobuf.ListValue", std::string("\x0a\0", 2), true},
      {"an Any", "google.protobuf.Any", "", true},
      {"a field mask", "google.protobuf.FieldMask", "", true},
      {"a wrapper", "google.protobuf.Int32Value", "\x08\x01", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    bool doubtful = false;
    EXPECT_TRUE(CheckWire(Contracts().Table(c.type), c.wire, 100, &doubtful).ok());
    EXPECT_EQ(doubtful, c.doubtful);
  }
}

}  // namespace
}  // namespace portico::transcode
