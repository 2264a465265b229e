#ifndef PORTICO_GATEWAY_SCHEMA_DIAGNOSTICS_H_
#define PORTICO_GATEWAY_SCHEMA_DIAGNOSTICS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace portico::schema {

// A place in a user's file. Lines and columns count from 1; 0 means that only the file is known (a descriptor set
// written without source info).
struct Position {
  std::string file;
  int line = 0;
  int column = 0;

  // "file:line:column", or "file" where the line is not known.
  std::string ToString() const;
};

// One mistake in a user's file.
struct Diagnostic {
  Position position;
  std::string message;

  // "file:line:column: message", or "file: message" where the line is not known.
  std::string ToString() const;
};

// The mistakes found while contracts and configuration load, in the order they were found. Loading goes on after a
// mistake as far as it makes sense, so that a user sees all of them at once. Not thread-safe.
class Diagnostics {
 public:
  void Add(Position position, std::string message) { entries_.push_back({std::move(position), std::move(message)}); }
  bool empty() const { return entries_.empty(); }
  const std::vector<Diagnostic>& entries() const { return entries_; }

  // All entries, one a line, each line ended.
  std::string ToString() const;

  // OK when empty, else INVALID_ARGUMENT with ToString() as its message.
  absl::Status ToStatus() const;

 private:
  std::vector<Diagnostic> entries_;
};

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_DIAGNOSTICS_H_
