// JSON -> wire -> JSON -> wire: what is accepted is a message that protobuf reads as well, and writing and reading it
// again says the same.
#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "tests/fuzz/contract.h"

namespace portico::fuzz {
namespace {

void Run(absl::string_view json) {
  const schema::Schema& contract = Contract();
  const schema::MessageTable& table = Everything();
  transcode::ReadOptions read;
  read.unknown_fields = json.size() % 2 == 0 ? transcode::UnknownFields::kReject : transcode::UnknownFields::kIgnore;
  std::string wire = "before";
  if (!transcode::JsonToWire(table, contract, json, read, &wire, nullptr).ok()) {
    FUZZ_CHECK(wire == "before", "an error leaves the wire as it was");
    return;
  }
  wire.erase(0, 6);
  const absl::Status checked = transcode::CheckWire(table, wire, 200);
  FUZZ_CHECK(checked.ok(), json, wire, checked.message());
  const std::optional<std::string> canonical = Canonical(wire);
  FUZZ_CHECK(canonical.has_value(), json, wire);

  transcode::WriteOptions write;
  write.max_depth = 200;
  std::string again;
  const absl::Status written = transcode::WireToJson(table, contract, wire, write, &again);
  FUZZ_CHECK(written.ok(), json, wire, written.message());
  transcode::ReadOptions deep;
  deep.max_depth = 400;
  std::string wire_again;
  const absl::Status read_again = transcode::JsonToWire(table, contract, again, deep, &wire_again, nullptr);
  FUZZ_CHECK(read_again.ok(), json, again, read_again.message());
  FUZZ_CHECK(Canonical(wire_again) == canonical, json, again);

  write.pretty = write.proto_names = write.enums_as_numbers = write.int64_as_numbers = write.emit_unpopulated = true;
  std::string other;
  std::string wire_of_other;
  FUZZ_CHECK(transcode::WireToJson(table, contract, wire, write, &other).ok(), json);
  const absl::Status read_other = transcode::JsonToWire(table, contract, other, deep, &wire_of_other, nullptr);
  FUZZ_CHECK(read_other.ok(), json, other, read_other.message());
  FUZZ_CHECK(Canonical(wire_of_other) == canonical, json, other);
}

}  // namespace
}  // namespace portico::fuzz

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  portico::fuzz::Run(absl::string_view(data, size));
  return 0;
}
