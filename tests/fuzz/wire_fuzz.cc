// Wire -> JSON: whatever a service sends is refused or becomes JSON that says what protobuf's own parser reads in it.
#include "absl/strings/match.h"
#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "tests/fuzz/contract.h"

namespace portico::fuzz {
namespace {

void Run(absl::string_view wire) {
  const schema::Schema& contract = Contract();
  const schema::MessageTable& table = Everything();
  // Wire -> JSON does not look into what a later value overrides; CheckWire and protobuf do.
  bool doubtful = false;
  const bool sound = transcode::CheckWire(table, wire, 100, &doubtful).ok();
  std::string json = "before";
  if (!transcode::WireToJson(table, contract, wire, {}, &json).ok()) {
    FUZZ_CHECK(json == "before", "an error leaves the JSON as it was");
    FUZZ_CHECK(!sound || doubtful, wire, "what is sound and has no JSON was doubtful");
    return;
  }
  json.erase(0, 6);
  FUZZ_CHECK(!sound || Canonical(wire).has_value(), wire, json);
  transcode::ReadOptions read;
  read.max_depth = 400;
  std::string again;
  const absl::Status read_again = transcode::JsonToWire(table, contract, json, read, &again, nullptr);
  FUZZ_CHECK(read_again.ok(), wire, json, read_again.message());
  // The bytes need not be the same: an Any's content, for one, may be written in another order.
  std::string json_again;
  const absl::Status written = transcode::WireToJson(table, contract, again, {}, &json_again);
  FUZZ_CHECK(written.ok(), json, written.message());
  FUZZ_CHECK(json_again == json, json, json_again);
  // JSON has one NaN and one null, the wire has many; Canonical() sees neither into an Any nor through a map whose
  // entries lack a part.
  bool exact = sound;
  for (const char* one_of_many : {"NaN", "@type", "\"nothing\"", "\"by", "\"object\"", "\"value"}) {
    exact = exact && !absl::StrContains(json, one_of_many);
  }
  FUZZ_CHECK(!exact || Canonical(again) == Canonical(wire), wire, json);
}

}  // namespace
}  // namespace portico::fuzz

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  portico::fuzz::Run(absl::string_view(data, size));
  return 0;
}
