#ifndef PORTICO_GATEWAY_PROTOCOL_SUCCESS_H_
#define PORTICO_GATEWAY_PROTOCOL_SUCCESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/routing/path_template.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"

namespace portico::protocol {

// The HTTP face of a method's success: its `policy.success`, compiled. Immutable and thread-safe; the schema outlives
// it.
class Success {
 public:
  // INVALID_ARGUMENT when `location` is no path template, has a wildcard outside of a variable, or a variable that is
  // no singular field of the reply with a text (a scalar but bytes, or an enum).
  static absl::StatusOr<Success> Compile(const schema::Method& method, const schema::TypeResolver& types);

  // The status; 200 when the policy does not say.
  int code() const { return code_; }

  // The Location of the resource that the reply message `wire` is about (RFC 9110, section 10.2.2); empty when the
  // policy has none, and when the reply's fields do not fit the template. A variable of one segment is percent-encoded
  // but for unreserved characters, one of several keeps its slashes, as google/api/http.proto expands them.
  std::string Location(absl::string_view wire) const;

 private:
  struct Piece {
    std::string literal;                            // goes out as it is; then, where there are fields, their value
    std::vector<const schema::FieldTable*> fields;  // from the reply down
    std::vector<routing::Segment> pattern;
    bool multi_segment = false;
  };

  Success(const schema::Method& method, const schema::TypeResolver& types) : method_(&method), types_(&types) {}
  absl::Status CompileLocation(absl::string_view text);
  absl::Status CompileVariable(const routing::TemplateVariable& variable, const routing::PathTemplate& path,
                               Piece* piece) const;
  bool AppendValue(const Piece& piece, absl::string_view wire, std::string* location) const;

  const schema::Method* method_;
  const schema::TypeResolver* types_;
  int code_ = 200;
  std::vector<Piece> location_;
};

// Checks `policy.success` of every method: what `portico check` promises also for what is not exposed. Mistakes are at
// the option.
void CheckSuccess(const schema::Schema& schema, schema::Diagnostics& diagnostics);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_SUCCESS_H_
