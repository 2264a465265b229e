#ifndef PORTICO_GATEWAY_COMPOSE_PROJECTION_H_
#define PORTICO_GATEWAY_COMPOSE_PROJECTION_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/wire/writer.h"

namespace portico::compose {

// How a message of one type becomes a message of another that declares some of its fields: fields are matched by name,
// their numbers may differ, and what the target does not declare is dropped. This is how a facade shows less than a
// service has. Immutable and thread-safe once compiled.
class Projection {
 public:
  // Writes the projection of `message`, which must have passed CheckWire. Fields keep the order of `message`.
  void Write(absl::string_view message, wire::Writer& out) const;

  // Whether the field of the source with this number is in the target, under the same name; `*nested` is then how its
  // messages are projected (nullptr: they are taken as they are).
  bool Keeps(uint32_t number, const Projection** nested) const {
    const auto rule = rules_.find(number);
    if (rule == rules_.end()) return false;
    *nested = rule->second.nested;
    return true;
  }

 private:
  friend class Projections;
  struct Rule {
    uint32_t number = 0;                 // in the target
    const Projection* nested = nullptr;  // nullptr: the value is copied as it stands
  };
  absl::flat_hash_map<uint32_t, Rule> rules_;  // by number in the source
};

// Compiles and owns projections. For one thread, while plans are compiled; the projections are then read by any.
class Projections {
 public:
  // `filled` says of a field of a target type that the gateway fills it itself (a fetch, portico.Omitted): it need not
  // be in the source, and is not taken from there.
  using Filled = std::function<bool(const schema::MessageTable&, const schema::FieldTable&)>;
  explicit Projections(Filled filled) : filled_(std::move(filled)) {}

  // The projection of `from` to `to`; nullptr when messages can be taken as they are. INVALID_ARGUMENT says which field
  // does not fit.
  absl::StatusOr<const Projection*> Compile(const schema::MessageTable& from, const schema::MessageTable& to);

  // Whether a value of `from` can stand where `to` is declared, cardinality aside: OK, or which types differ. Messages
  // are compiled by Compile().
  static absl::Status CheckScalar(const schema::FieldTable& from, const schema::FieldTable& to);

  // Whether the values of both fields are the same on the wire, cardinality included: messages by their name, maps by
  // the types of their keys and values.
  static absl::Status CheckSame(const schema::FieldTable& from, const schema::FieldTable& to);

 private:
  // Whether a message of the type, or of one within it, has a field that the gateway fills.
  bool HasFilled(const schema::MessageTable& table, std::vector<const schema::MessageTable*>& path);

  Filled filled_;
  // Failures are kept too: every field that needs the projection reports them.
  struct Compiled {
    std::unique_ptr<Projection> projection = std::make_unique<Projection>();
    absl::Status status;
  };
  absl::Status Fill(const schema::MessageTable& from, const schema::MessageTable& to, Projection* projection);

  std::map<std::pair<const schema::MessageTable*, const schema::MessageTable*>, Compiled> compiled_;
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_PROJECTION_H_
