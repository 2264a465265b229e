#ifndef PORTICO_GATEWAY_ROUTING_ROUTE_TABLE_H_
#define PORTICO_GATEWAY_ROUTING_ROUTE_TABLE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "gateway/routing/path_template.h"
#include "gateway/schema/diagnostics.h"

namespace portico::routing {

// The value a path gives to a variable, percent-decoded.
class PathValue {
 public:
  explicit PathValue(absl::string_view raw) : raw_(raw) {}
  explicit PathValue(std::string decoded) : decoded_(std::move(decoded)), owned_(true) {}

  // Valid as long as both this value and the path given to Match() are.
  absl::string_view view() const { return owned_ ? absl::string_view(decoded_) : raw_; }

 private:
  absl::string_view raw_;  // where nothing had to be decoded: a part of the path itself
  std::string decoded_;
  bool owned_ = false;
};

// What Match() found.
struct RouteMatch {
  enum class Result {
    kFound,
    kNotFound,          // 404
    kMethodNotAllowed,  // 405, with `allow`
    kBadRequest,        // 400: the path does not begin with "/", or has a "%" that no two hex digits follow
  };
  Result result = Result::kNotFound;
  size_t target = 0;                            // kFound: as given to RouteTableBuilder::Add
  absl::InlinedVector<PathValue, 4> variables;  // kFound: one for each PathTemplate::variables, in their order
  std::vector<std::string> allow;               // kMethodNotAllowed: the verbs there are, sorted, HEAD beside GET
};

// All routes of one frontend, matched by a trie over path segments. Immutable and thread-safe; made by a
// RouteTableBuilder.
//
// Which route answers when several match:
//  - A route that takes the request's verb always beats one that does not: 405 only when none does. A GET also takes
//    HEAD where it has no HEAD, and its custom kind "*" takes every verb it does not have.
//  - A custom verb (":copy") beats the same characters as part of a variable's value, a longer one a shorter one.
//  - Then the first segment, from the left, in which two routes differ decides: a literal beats "*", "*" beats "**",
//    and the end of the path beats "**". A literal that leads nowhere falls back to the variable beside it.
//  - Of two that have the same up to "**", what follows it decides, from the right: a literal, then "*", then "**"
//    itself. "*/**" counts as "**/*" here: both take one segment or more.
// So any two routes are ordered unless they match exactly the same requests, which the builder refuses.
//
// The path is the raw one: as it came, without the query. "/a" and "/a/" are different paths, and no variable matches
// an empty segment. Literals are compared after percent-decoding. A variable of one segment is decoded completely; one
// of several keeps %2F and %2f as they came (http.proto), but in what "**" matched where the template is fully_decoded.
// Dot segments ("." and "..") are values like any other: to resolve them is the client's part (RFC 3986, section 5.2),
// and nothing here is a file. A colon written as %3A never begins a custom verb.
class RouteTable {
 public:
  RouteTable();
  ~RouteTable();
  RouteTable(RouteTable&&) noexcept;
  RouteTable& operator=(RouteTable&&) noexcept;

  // Allocates nothing when found and nothing had to be decoded. Work is bounded by the length of the path and the size
  // of the trie: no path makes it exponential.
  RouteMatch Match(absl::string_view verb, absl::string_view path) const;

 private:
  friend class RouteTableBuilder;
  struct Trie;
  class Search;

  std::unique_ptr<Trie> trie_;  // null: no routes
};

// Collects routes and refuses those that conflict. For one thread.
class RouteTableBuilder {
 public:
  RouteTableBuilder();
  ~RouteTableBuilder();

  // Adds a route. `target` comes back in RouteMatch. `owner` names the route to a user ("shop.v1.Shop/Get"). When an
  // earlier route matches exactly the same requests, the mistake goes to `diagnostics`, naming both places, and the
  // route is left out.
  void Add(absl::string_view verb, const PathTemplate& path, size_t target, absl::string_view owner,
           const schema::Position& position, schema::Diagnostics& diagnostics);

  // The builder is empty afterwards.
  RouteTable Build();

 private:
  struct Origin {
    std::string description;  // "GET /v1/products/{id} of shop.v1.Shop/Get"
    schema::Position position;
  };

  std::unique_ptr<RouteTable::Trie> trie_;
  std::vector<Origin> origins_;  // by the route's number within the trie
};

}  // namespace portico::routing

#endif  // PORTICO_GATEWAY_ROUTING_ROUTE_TABLE_H_
