#ifndef PORTICO_GATEWAY_TRANSCODE_FORM_H_
#define PORTICO_GATEWAY_TRANSCODE_FORM_H_

#include <string>

namespace portico::transcode {

// One field of a form: of application/x-www-form-urlencoded, or a part of multipart/form-data (RFC 7578).
//
// Its name is a path like a query parameter's. A plain one has its value as text, as a query parameter has. One with
// the content type application/json and no file name has it as JSON, a message too. Any other with a file name or
// another content type than text/plain is a file:
//  - a bytes field gets its content as it is; beside it, where the message has them and they are of type string, the
//    fields FIELD_filename and FIELD_content_type get what the part says of itself;
//  - a google.api.HttpBody gets content and content type;
//  - a string field gets the content, which must be UTF-8.
// A file without name and content is an input that was left empty, and is passed over.
struct FormField {
  std::string name;
  std::string value;
  bool has_filename = false;
  std::string filename;
  std::string content_type;  // empty: text/plain
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_FORM_H_
