#ifndef PORTICO_GATEWAY_SCHEMA_YAML_READER_H_
#define PORTICO_GATEWAY_SCHEMA_YAML_READER_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/diagnostics.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace portico::schema {

// Where the keys of a YAML file stand. A key is written "clusters.catalog.services[0]".
class YamlPositions {
 public:
  explicit YamlPositions(std::string file = {}) : file_(std::move(file)) {}

  // The position of `key`, or of its nearest parent that is in the file, or of the file itself.
  Position Find(absl::string_view key) const;
  // Whether the file itself has `key`.
  bool Has(absl::string_view key) const { return places_.contains(key); }

  void Set(std::string key, int line, int column) { places_[std::move(key)] = {line, column}; }
  const std::string& file() const { return file_; }

 private:
  struct Place {
    int line;
    int column;
  };
  std::string file_;
  absl::flat_hash_map<std::string, Place> places_;
};

// Reads YAML into `message`, whose type is the schema of the file. Keys are field names; unknown and duplicate keys and
// values of the wrong type are mistakes. Enums are lower case, without their type's prefix; google.protobuf.Duration is
// a string such as "150ms" (ParseDuration). A message that consists of one oneof may also be written as a scalar, when
// the member it names is a bool ("round_robin") or a string ("hash: header.x-user").
//
// `root` is the key whose value is read, such as "http"; other keys beside it are then ignored. Empty: the whole file.
// Every mistake that can be found goes to `diagnostics` with its position. Returns false when there was any.
bool ReadYaml(absl::string_view text, absl::string_view root, google::protobuf::Message& message,
              YamlPositions& positions, Diagnostics& diagnostics);

// Reads a whole file. Returns false, with a mistake at `position`, when it cannot be read.
bool ReadFile(const std::string& path, const Position& position, std::string& text, Diagnostics& diagnostics);

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_YAML_READER_H_
