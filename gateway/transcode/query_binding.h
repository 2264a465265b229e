#ifndef PORTICO_GATEWAY_TRANSCODE_QUERY_BINDING_H_
#define PORTICO_GATEWAY_TRANSCODE_QUERY_BINDING_H_

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "gateway/transcode/request_binding.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {

// The query parameters of one request on their way into its message. For Bind() only.
class RequestBinding::Query {
 public:
  Query(const RequestBinding& binding, const ReadOptions& options, Output* output)
      : binding_(binding), options_(options), output_(*output) {}

  // Takes all parameters; those that are fields go to `out`.
  absl::Status Bind(absl::string_view query, wire::Writer* out);

  // Takes one field of a form (form.h); its path is `prefix` + name.
  absl::Status AddFormField(absl::string_view prefix, const FormField& field, wire::Writer* out);

  // Appends the paths that were given below the field `body`, as the content of a google.protobuf.FieldMask.
  void AppendMaskOf(const schema::FieldTable& body, std::string* mask) const;

  // Whether the top-level field `field`, or something within it, was given.
  bool Gave(const schema::FieldTable& field) const;

 private:
  absl::Status Add(const std::string& name, const std::string& value, wire::Writer* out);
  // Both write one field, without the messages around it.
  absl::Status AddValue(const FieldPath& path, const std::string& value, wire::Writer* out);
  absl::Status AddEntry(const FieldPath& path, absl::string_view key, const std::string& value, wire::Writer* out);
  absl::Status AddUnknown(const std::string& name);
  // True when `name` is Portico's own parameter; it is then taken.
  bool TakeReserved(const std::string& name, const std::string& value);
  // Fails when `path` may not be given by the query, or not again. Says so in output_ when what it is a part of has
  // been begun before.
  absl::Status CheckFree(const FieldPath& path) const;
  // A file's name or type, for the field beside it.
  absl::Status AddAboutFile(const FieldPath& file, absl::string_view suffix, const std::string& text,
                            wire::Writer* out);
  absl::Status Remember(FieldPath path);

  // Each field given is compared with those before it.
  static constexpr size_t kMaxFields = 1000;

  const RequestBinding& binding_;
  const ReadOptions& options_;
  Output& output_;
  std::vector<FieldPath> given_;
  absl::flat_hash_set<std::string> entries_;  // of maps: path and key
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_QUERY_BINDING_H_
