// Checks requests and gathers everything that is wrong with them.
#ifndef PORTICO_SERVICES_BASE_VALIDATOR_H_
#define PORTICO_SERVICES_BASE_VALIDATOR_H_

#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "google/protobuf/repeated_field.h"
#include "google/rpc/error_details.pb.h"

namespace shop {

// Gathers violations, so that a caller learns of all of them at once:
//
//   Validator check;
//   check.Id("product_id", request.product_id());
//   if (!check.ok()) return check.status();
//
// A `field` is the path of a request field, as BadRequest wants it: "order.lines[0].quantity".
class Validator {
 public:
  // An id: letters, digits, '-', '_' and '.', 1 to 100 of them.
  void Id(std::string_view field, std::string_view value);

  // An id or nothing.
  void OptionalId(std::string_view field, std::string_view value);

  // At most `most` ids.
  void Ids(std::string_view field, const google::protobuf::RepeatedPtrField<std::string>& values, int most);

  // Text of `least` to `most` bytes without control characters other than line breaks and tabs.
  void Text(std::string_view field, std::string_view value, size_t least, size_t most);

  // A day such as "2006-01-31".
  void Date(std::string_view field, const std::string& value);

  // A number between the two, both included.
  void Range(std::string_view field, int64_t value, int64_t least, int64_t most);

  // Anything else that is wrong. `reason` is UPPER_SNAKE_CASE.
  void Fail(std::string_view field, std::string_view reason, std::string_view description);

  bool ok() const { return violations_.field_violations_size() == 0; }

  // INVALID_ARGUMENT with all violations; OK without any.
  grpc::Status status() const;

 private:
  google::rpc::BadRequest violations_;
};

// Whether `text` is an id as Validator::Id wants it.
bool IsId(std::string_view text);

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_VALIDATOR_H_
