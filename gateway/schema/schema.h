#ifndef PORTICO_GATEWAY_SCHEMA_SCHEMA_H_
#define PORTICO_GATEWAY_SCHEMA_SCHEMA_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/message_table.h"

namespace google::protobuf {
class FieldDescriptor;
class FileDescriptor;
class MethodDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf
namespace portico {
class Fetch;
class Policy;
}  // namespace portico

namespace portico::schema {

struct Service;

// One way to call a method over HTTP: one HttpRule of google/api/http.proto, or one of its additional_bindings.
struct HttpRule {
  std::string verb;            // "GET", or the name of a custom kind
  std::string path_template;   // as written: "/v1/{name=shelves/*}:copy"
  std::string body;            // "", "*" or a field's proto name
  std::string response_body;   // "" or a field's proto name
  bool fully_decoded = false;  // Http.fully_decode_reserved_expansion of the file of rules that has it
  std::string name;            // for messages: "http", "http.additional_bindings[1]"
  Position position;           // of the option, or of the pattern in a file of rules
};

// One RPC. Immutable; its address is stable for the life of its Schema.
struct Method {
  std::string full_name;  // "shop.catalog.v1.CatalogService/GetProduct"
  std::string path;       // "/shop.catalog.v1.CatalogService/GetProduct": the :path of gRPC
  std::string name;       // "GetProduct"
  const Service* service = nullptr;
  const MessageTable* input = nullptr;
  const MessageTable* output = nullptr;
  bool client_streaming = false;
  bool server_streaming = false;
  bool idempotent = false;                            // idempotency_level is IDEMPOTENT or NO_SIDE_EFFECTS
  std::vector<HttpRule> http;                         // empty: only POST /{package.Service}/{Method}
  std::shared_ptr<const portico::Policy> policy;      // never null
  absl::Duration timeout = absl::InfiniteDuration();  // policy.timeout, parsed
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  Position position;         // of the rpc statement
  Position policy_position;  // of the (portico.policy) option; `position` when there is none
};

// One gRPC service. Immutable.
struct Service {
  std::string full_name;
  bool facade = false;  // answered by the gateway, by composing
  std::vector<std::unique_ptr<const Method>> methods;
  const google::protobuf::ServiceDescriptor* descriptor = nullptr;
  Position position;
};

// Where contracts come from. Sources are read in order; an import that a source does not have itself is looked up in
// the sources before it, then in those after it, then among the built-in contracts.
struct ContractSource {
  enum class Kind { kProtoFolder, kDescriptorSet, kRules, kReflected };
  Kind kind = Kind::kProtoFolder;
  std::string path;   // of the folder or file; kReflected: the cluster that was asked
  Position position;  // of the line in the configuration that names it
  // kReflected: the FileDescriptorSet that the servers' reflection gave, serialized. Services that other sources define
  // as well are theirs: a server that runs another version of a contract is no mistake in the configuration.
  std::shared_ptr<const std::string> reflected = nullptr;
};

// Everything the contracts say: services, methods, http rules, message tables. Immutable and thread-safe once loaded.
//
// Every source is compiled into a pool of its own, so that two sources may hold different copies of a file of the same
// name (two versions of google/api/http.proto, say). Types of two sources are the same type when their full names are.
class Schema final : public TypeResolver {
 public:
  // Reads and checks all sources. Mistakes go to `diagnostics`, all that can be found in one pass; returns nullptr when
  // there was any.
  static std::shared_ptr<const Schema> Load(const std::vector<ContractSource>& sources, Diagnostics& diagnostics);
  ~Schema() override;

  // In the order of the sources, then of the files' names, then as written.
  const std::vector<const Service*>& services() const { return services_; }

  // nullptr when there is none. `full_name` is "package.Service" and "package.Service/Method".
  const Service* FindService(absl::string_view full_name) const;
  const Method* FindMethod(absl::string_view full_name) const;

  // Every message type of every source and of the built-in contracts.
  const MessageTable* FindMessage(absl::string_view full_name) const override;

  // The (portico.fetch) option of a field of a facade message; nullopt when it has none. For load time only: the option
  // is parsed anew by every call.
  static std::optional<portico::Fetch> FetchOf(const google::protobuf::FieldDescriptor& field);

  // Where `field` stands, and where its (portico.fetch) option stands (the field itself when there is no source info).
  Position PositionOf(const google::protobuf::FieldDescriptor& field) const;
  Position FetchPositionOf(const google::protobuf::FieldDescriptor& field) const;

 private:
  friend class SchemaLoader;
  struct Source;  // one source's pool and tables

  Schema();
  Position FilePosition(const google::protobuf::FileDescriptor& file) const;

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::unique_ptr<Service>> owned_services_;
  std::vector<const Service*> services_;
  absl::flat_hash_map<std::string, const Service*> services_by_name_;
  absl::flat_hash_map<std::string, const Method*> methods_by_name_;
};

// Parses a duration as contracts and configuration write it: a decimal number and one of ms, s, m, h ("150ms", "1.5s").
// nullopt when malformed, negative or not finite.
std::optional<absl::Duration> ParseDuration(absl::string_view text);

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_SCHEMA_H_
