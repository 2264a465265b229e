#ifndef PORTICO_GATEWAY_RPC_METADATA_H_
#define PORTICO_GATEWAY_RPC_METADATA_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace portico::rpc {

// gRPC metadata in the order it was sent; keys are lower case and may repeat. Values of "-bin" keys are raw bytes, not
// base64.
using Metadata = std::vector<std::pair<std::string, std::string>>;

// What a service sent along with a failure.
struct FailureMetadata {
  Metadata headers;
  Metadata trailers;
};

// Named string values of a request that composition and policy look up: its headers, or its caller's claims.
class Attributes {
 public:
  virtual ~Attributes() = default;
  // False when there is none; names of headers compare without regard to case.
  virtual bool Find(absl::string_view name, absl::string_view* value) const = 0;
  // Every value of that name, in their order; Find() gives the first.
  virtual void ForEach(absl::string_view name, absl::FunctionRef<void(absl::string_view)> visit) const {
    absl::string_view value;
    if (Find(name, &value)) visit(value);
  }
};

}  // namespace portico::rpc

#endif  // PORTICO_GATEWAY_RPC_METADATA_H_
