#ifndef PORTICO_GATEWAY_TRANSCODE_FIELD_PATH_H_
#define PORTICO_GATEWAY_TRANSCODE_FIELD_PATH_H_

#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {

// A path of fields from a request message through singular messages: "product.price.units".

enum class PathError : uint8_t { kNone, kUnknown, kThroughRepeated, kThroughValue, kTooDeep };

// How many messages a path may lead through, as JSON may.
inline constexpr size_t kMaxPathDepth = 100;

// Looks up the dotted `text` of JSON or original names. kThroughRepeated: a field before the last is repeated or a map;
// kThroughValue: one is a well-known type, which has a text instead of fields; kTooDeep: more than kMaxPathDepth
// fields.
PathError ResolvePath(const schema::MessageTable& table, absl::string_view text,
                      std::vector<const schema::FieldTable*>* path);

// Dotted original names.
std::string PathText(std::span<const schema::FieldTable* const> path);

// Opens the messages around path.back(), which the caller then writes, and closes them: a fragment that merges with
// what stands before it. REQUIRES: the path outlives it.
class PathWriter {
 public:
  PathWriter(std::span<const schema::FieldTable* const> path, wire::Writer* out);
  void Close();

 private:
  const std::span<const schema::FieldTable* const> around_;
  wire::Writer* const out_;
  std::vector<size_t> begins_;
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_FIELD_PATH_H_
