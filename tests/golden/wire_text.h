#ifndef PORTICO_TESTS_GOLDEN_WIRE_TEXT_H_
#define PORTICO_TESTS_GOLDEN_WIRE_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"

namespace portico::golden {

// Protobuf wire bytes as text, one field a line (README.md explains the notation). Fields in the order in which they
// stand on the wire; the table gives their names and says which of them are messages.
std::string WireToText(const schema::MessageTable& table, absl::string_view wire);

// The other way. Names are not needed; the notation says all.
absl::StatusOr<std::string> TextToWire(absl::string_view text);

}  // namespace portico::golden

#endif  // PORTICO_TESTS_GOLDEN_WIRE_TEXT_H_
