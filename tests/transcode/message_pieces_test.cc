#include "gateway/transcode/message_pieces.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/transcode/test_contracts.h"

namespace portico::transcode {
namespace {

struct Case {
  const char* name;
  const char* type;
  std::vector<const char*> pieces;  // as text
  std::vector<const char*> joined;  // likewise, what stands on the wire one behind the other
};

std::string Wire(const Case& c, const std::vector<const char*>& pieces) {
  std::string wire;
  for (const char* piece : pieces) wire += TestContracts::Get().Wire(c.type, piece);
  return wire;
}

class MessagePieces : public testing::TestWithParam<Case> {};

TEST_P(MessagePieces, AreJoined) {
  const Case& c = GetParam();
  const auto& table = TestContracts::Get().Table(c.type);
  const std::string pieces = Wire(c, c.pieces);
  std::string wire = "before" + pieces;
  JoinPieces(table, 6, &wire);
  EXPECT_EQ(wire, "before" + Wire(c, c.joined));
  // What a parser that merges makes of both.
  EXPECT_EQ(TestContracts::Get().Text(c.type, wire.substr(6)), TestContracts::Get().Text(c.type, pieces));
  const std::string once = wire;
  JoinPieces(table, 6, &wire);
  EXPECT_EQ(wire, once);
}

const Case kCases[] = {
    {"None", "tests.All3", {}, {}},
    {"OneOfEach",
     "tests.All3",
     {"an_int32: 1", "inner { name: \"a\" }", "self { an_int32: 2 }"},
     {"an_int32: 1", "inner { name: \"a\" }", "self { an_int32: 2 }"}},
    {"WhereTheFirstWas",
     "tests.All3",
     {"inner { name: \"a\" }", "an_int32: 1", "inner { count: 2 }", "a_string: \"s\""},
     {"inner { name: \"a\" count: 2 }", "an_int32: 1", "a_string: \"s\""}},
    {"WithinEachOther",
     "tests.All3",
     {"self { self { an_int32: 1 } }", "self { self { an_int64: 2 } optional_int32: 5 }",
      "self { self { a_double: 3 } }"},
     {"self { self { an_int32: 1 an_int64: 2 a_double: 3 } optional_int32: 5 }"}},
    {"ScalarsStay", "tests.All3", {"an_int32: 1", "an_int32: 2"}, {"an_int32: 1", "an_int32: 2"}},
    {"ListsAndMapsStay",
     "tests.All3",
     {"many_inner { count: 1 }", "inners { key: true value { count: 1 } }", "many_inner { count: 2 }",
      "inners { key: true value { name: \"x\" } }"},
     {"many_inner { count: 1 }", "inners { key: true value { count: 1 } }", "many_inner { count: 2 }",
      "inners { key: true value { name: \"x\" } }"}},
    {"ListsWithinAreAppended",
     "tests.All3",
     {"self { many_string: \"a\" }", "self { many_string: \"b\" }"},
     {"self { many_string: \"a\" many_string: \"b\" }"}},
    {"OfAOneof",
     "tests.All3",
     {"choice_inner { name: \"a\" }", "choice_inner { count: 2 }"},
     {"choice_inner { name: \"a\" count: 2 }"}},
    {"ClearedByAnotherMember",
     "tests.All3",
     {"choice_inner { name: \"a\" }", "choice_uint32: 7", "choice_inner { count: 2 }", "choice_inner { color: BLUE }"},
     {"choice_uint32: 7", "choice_inner { count: 2 color: BLUE }"}},
    {"ClearedForGood",
     "tests.All3",
     {"choice_inner { name: \"a\" }", "choice_inner { count: 2 }", "choice_uint32: 7"},
     {"choice_uint32: 7"}},
    {"Groups",
     "tests.All2",
     {"Data { group_int32: 1 }", "an_int32: 4", "Data { group_string: \"s\" }"},
     {"Data { group_int32: 1 group_string: \"s\" }", "an_int32: 4"}},
};

INSTANTIATE_TEST_SUITE_P(Encoding, MessagePieces, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace portico::transcode
