#ifndef PORTICO_GATEWAY_ROUTING_PATH_TEMPLATE_H_
#define PORTICO_GATEWAY_ROUTING_PATH_TEMPLATE_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace portico::routing {

// One segment of a path template.
struct Segment {
  enum class Kind {
    kLiteral,  // matches the segment that equals `literal` once both are percent-decoded
    kOne,      // "*": any one segment that is not empty
    kMany,     // "**": any number of segments, none of them empty; at most one in a template
  };
  Kind kind = Kind::kLiteral;
  std::string literal;  // percent-decoded

  bool operator==(const Segment&) const = default;
};

// A variable of a template: the request field whose value is what the segments [first, last) matched.
struct TemplateVariable {
  std::vector<std::string> field_path;  // {"book", "name"} for {book.name}
  int first = 0;
  int last = 0;
  bool multi_segment = false;  // more than one segment or "**": %2F in the value then stays as the client wrote it,
                               // unless PathTemplate::fully_decoded says otherwise
  int column = 0;              // of the variable in the template, from 1

  std::string FieldPath() const;  // "book.name"
};

// A path template of google/api/http.proto, parsed:
//
//   Template  = "/" [ Segments ] [ Verb ]      ("/" alone, which http.proto does not speak of, is the root path)
//   Segments  = Segment { "/" Segment }
//   Segment   = "*" | "**" | LITERAL | Variable
//   Variable  = "{" FieldPath [ "=" Segments ] "}"
//   FieldPath = IDENT { "." IDENT }
//   Verb      = ":" LITERAL
//
// A LITERAL is made of the characters that RFC 3986 allows in a path segment, percent escapes included. Where the last
// segment is a literal its last colon begins the verb; where it is a variable or a star all that follows it is the verb
// ("{id}:archive:now"). In other segments a colon is a character like any other.
//
// "**" may be followed by more ("/v1/{parent=documents/**}/{id}"), which http.proto's text rules out but published
// contracts have and other gateways take. There is at most one of it, so what each segment matches is never in doubt.
struct PathTemplate {
  std::string text;  // as written
  std::vector<Segment> segments;
  std::string verb;  // without the colon; empty when there is none
  std::vector<TemplateVariable> variables;
  // Whether what "**" matched is decoded completely, %2F too (Http.fully_decode_reserved_expansion).
  bool fully_decoded = false;
};

// Why a template is none.
struct TemplateError {
  int column = 0;  // in the template, from 1
  std::string message;
};

std::variant<PathTemplate, TemplateError> ParsePathTemplate(absl::string_view text);

}  // namespace portico::routing

#endif  // PORTICO_GATEWAY_ROUTING_PATH_TEMPLATE_H_
