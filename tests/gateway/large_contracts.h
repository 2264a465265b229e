#ifndef PORTICO_TESTS_GATEWAY_LARGE_CONTRACTS_H_
#define PORTICO_TESTS_GATEWAY_LARGE_CONTRACTS_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/schema/temp_folder.h"

namespace portico::testing {

// Contracts as large public APIs have them: one file, one resource and one service each, eight methods, eleven routes.
struct LargeContracts {
  int services = 500;
  int conflicts = 0;  // so many services, every other one from the second, claim a route of the service before them

  static constexpr int kMethodsPerService = 8;
  static constexpr int kRoutesPerService = 11;
  int routes() const { return services * kRoutesPerService; }
};

// A service's file; "@" stands for its number, "&" for the one whose `:move` it has.
inline constexpr char kLargeService[] = R"(syntax = "proto3";
package large.s@.v1;
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";
message Thing@ {
  enum State { STATE_UNSPECIFIED = 0; ACTIVE = 1; DELETED = 2; }
  message Part { string part_id = 1; int64 weight = 2; repeated double measures = 3; }
  string name = 1 [(google.api.field_behavior) = REQUIRED];
  string display_name = 2;
  State state = 3;
  google.protobuf.Timestamp create_time = 4;
  map<string, string> labels = 5;
  repeated Part parts = 6;
  oneof owner { string user = 7; string group = 8; }
}
message Get@Request { string name = 1; }
message Delete@Request { string name = 1; string etag = 2; }
message Move@Request { string name = 1; string destination = 2; }
message List@Request { string parent = 1; int32 page_size = 2; string page_token = 3; string filter = 4; }
message List@Response { repeated Thing@ things = 1; string next_page_token = 2; }
message Create@Request { string parent = 1; Thing@ thing = 2; string thing_id = 3; }
message Update@Request { Thing@ thing = 1; google.protobuf.FieldMask update_mask = 2; }
service Things@ {
  rpc Get(Get@Request) returns (Thing@) {
    option (google.api.http) = {
      get: "/v1/{name=projects/*/locations/*/things@/*}"
      additional_bindings { get: "/v1/{name=organizations/*/locations/*/things@/*}" }
    };
  }
  rpc List(List@Request) returns (List@Response) {
    option (google.api.http) = {
      get: "/v1/{parent=projects/*/locations/*}/things@"
      additional_bindings { get: "/v1/{parent=organizations/*/locations/*}/things@" }
    };
  }
  rpc Create(Create@Request) returns (Thing@) {
    option (google.api.http) = {
      post: "/v1/{parent=projects/*/locations/*}/things@" body: "thing"
      additional_bindings { post: "/v1/{parent=organizations/*/locations/*}/things@" body: "thing" }
    };
  }
  rpc Update(Update@Request) returns (Thing@) {
    option (google.api.http) = { patch: "/v1/{thing.name=projects/*/locations/*/things@/*}" body: "thing" };
  }
  rpc Delete(Delete@Request) returns (google.protobuf.Empty) {
    option (google.api.http) = { delete: "/v1/{name=projects/*/locations/*/things@/*}" };
  }
  rpc Move(Move@Request) returns (Thing@) {
    option (google.api.http) = { post: "/v1/{name=projects/*/locations/*/things&/*}:move" body: "*" };
  }
  rpc Search(List@Request) returns (List@Response) {
    option (google.api.http) = { get: "/v1/{parent=projects/*}/things@:search" };
  }
  rpc History(List@Request) returns (stream List@Response) {
    option (google.api.http) = { get: "/v1/{parent=projects/*/locations/*/things@/**}:history" };
  }
}
)";

// Writes the contracts, and "portico.yaml" that serves them all. Returns the path of that file.
inline std::string WriteLargeContracts(const TempFolder& folder, const LargeContracts& large) {
  for (int i = 0; i < large.services; ++i) {
    const bool conflicts = i % 2 == 1 && i / 2 < large.conflicts;
    folder.Write(
        absl::StrCat("protos/large/s", i, "/v1/things.proto"),
        absl::StrReplaceAll(kLargeService, {{"@", absl::StrCat(i)}, {"&", absl::StrCat(conflicts ? i - 1 : i)}}));
  }
  return folder.Write("portico.yaml", R"(contracts: [ { protos: protos } ]
clusters: { all: { target: '127.0.0.1:1', services: [ "*" ] } }
frontends: [ { name: web, listen: '127.0.0.1:0', expose: [ "*" ] } ]
)");
}

}  // namespace portico::testing

#endif  // PORTICO_TESTS_GATEWAY_LARGE_CONTRACTS_H_
