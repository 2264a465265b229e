#ifndef PORTICO_GATEWAY_TRANSCODE_REQUEST_BINDING_H_
#define PORTICO_GATEWAY_TRANSCODE_REQUEST_BINDING_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/transcode/form.h"
#include "gateway/transcode/json_to_wire.h"

namespace portico::transcode {

// How the path variables, the query and the body of a REST request become the request message of a method: one
// HttpRule of google/api/http.proto, compiled when the schema loads. Immutable and thread-safe. REQUIRES: the tables
// and the resolver outlive it.
class RequestBinding {
 public:
  struct Rule {
    std::string verb;                      // "PATCH" derives an absent update_mask from the JSON body
    std::vector<std::string> path_fields;  // the template's variables in order: "product.product_id", "name"
    std::string body;                      // "", "*" or a field's name
  };

  struct Input {
    std::span<const absl::string_view> path_values;  // percent-decoded, in the order of Rule::path_fields
    absl::string_view query;                         // as received, after the '?'
    absl::string_view body;
    absl::string_view content_type;
    // The body, where it is a form: `body` and `content_type` are then not looked at. REQUIRES: TakesForms().
    const std::vector<FormField>* form = nullptr;
  };

  struct Output {
    std::string wire;                   // the request message is appended here
    std::vector<std::string> warnings;  // paths of unknown fields and parameters under UnknownFields::kWarn
    std::optional<std::string> fields;  // ?fields= (or $fields), decoded
    bool pretty = false;                // ?pretty (or $pretty)
    std::string form_mask;              // Bind()'s own: the update_mask that a form implies
    bool in_pieces = false;             // likewise: parts of one message were written one by one
  };

  // INVALID_ARGUMENT when the rule does not fit the message: a path that does not exist or leads to a field that a
  // single string cannot give, a field bound twice, a body field that does not exist.
  static absl::StatusOr<RequestBinding> Compile(const schema::MessageTable& input, const schema::TypeResolver& types,
                                                const Rule& rule);

  // Appends the request message to output->wire: the body first, then query parameters, then path variables, so that by
  // the rules of the wire format the later wins. No singular message is there in pieces (message_pieces.h). REQUIRES:
  // as many path values as path fields.
  //
  // Errors are made by FieldError or UnsupportedMediaType: INVALID_ARGUMENT, all of them; output->wire is then
  // unspecified.
  absl::Status Bind(const Input& input, const ReadOptions& options, Output* output) const;

  // Whether the body may be a form: it is mapped to a message, and that is no google.api.HttpBody, whose body is
  // whatever it is.
  bool TakesForms() const { return form_ != nullptr; }
  bool TakesRawBody() const { return raw_body_; }

 private:
  using FieldPath = std::vector<const schema::FieldTable*>;

  class Query;  // the parameters of one request

  RequestBinding(const schema::MessageTable& input, const schema::TypeResolver& types)
      : input_(&input), types_(&types) {}

  absl::Status CompilePathField(const std::string& path);
  absl::Status CompileBody(const Rule& rule);
  bool PathGivesPieces() const;
  bool HasMessageBody() const;  // body: "field", a singular message that is an object in JSON
  absl::Status BindBody(const Input& input, const ReadOptions& options, Output* output) const;
  absl::Status BindRawBody(const Input& input, Output* output) const;
  absl::Status BindForm(const std::vector<FormField>& form, const ReadOptions& options, Output* output) const;

  const schema::MessageTable* input_;
  const schema::TypeResolver* types_;
  std::vector<FieldPath> path_fields_;
  bool whole_body_ = false;                          // body: "*"
  bool raw_body_ = false;                            // it is a google.api.HttpBody
  const schema::FieldTable* body_field_ = nullptr;   // body: "field"
  bool in_pieces_ = false;                           // the path gives a part of what it or the body has begun
  const schema::FieldTable* update_mask_ = nullptr;  // derived from the body when the query does not give it
  bool fields_reserved_ = true;                      // `fields` is Portico's, not the message's
  bool pretty_reserved_ = true;
  // The same without a body, by which a form's fields are parameters; nullptr: no forms.
  std::shared_ptr<const RequestBinding> form_;
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_REQUEST_BINDING_H_
