#ifndef PORTICO_GATEWAY_COMPOSE_PLAN_H_
#define PORTICO_GATEWAY_COMPOSE_PLAN_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gateway/compose/projection.h"
#include "gateway/compose/wire_path.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"

namespace portico::transcode {
class FieldSelection;
}

namespace portico::compose {

struct MessagePlan;

// Where the value of a request field, of a condition or of a key comes from.
struct Source {
  enum class Kind {
    kRequest,  // request.PATH
    kSelf,     // self.PATH: a sibling in the same message
    kClaim,    // claim.NAME
    kHeader,   // header.NAME
    kLiteral,  // JSON
  };
  Kind kind = Kind::kLiteral;
  std::string text;  // as written
  std::string name;  // kClaim, kHeader
  WirePath path;     // kRequest: in the request; kSelf: in the message
  int part = -1;     // kSelf: index in MessagePlan::parts of the sibling that `path` begins with, when it is fetched
  WirePath rest;     // `path` from that sibling's value on
};

// One field of a call's request.
struct Bind {
  WirePath target;
  Source source;
  std::string literal;  // kLiteral: the encoded field, tags included, from the request message down
};

// One call for all elements of a list: (portico.fetch).batch.
struct BatchPlan {
  WirePath keys;      // in the request; its leaf is repeated
  Source from;        // in an element
  WirePath items;     // in the reply; its leaf is repeated
  WirePath item_key;  // in an item
};

// A field that is fetched: one (portico.fetch).
struct Part {
  int id = 0;  // counts all parts of a plan from 0
  const schema::FieldTable* field = nullptr;
  std::string path;           // from the answer: "also_bought.product"
  schema::Position position;  // of the fetch option
  const schema::Method* method = nullptr;
  std::vector<Bind> binds;
  bool in_pieces = false;  // they may write one message of the request in pieces (transcode::JoinPieces)
  std::optional<Source> when;
  WirePath select;  // in the reply, or in a batch's item
  // Whether the selected value is a message; `projection` is then how it becomes the field's type (nullptr: as it is).
  bool message = false;
  // Whether such a message may have no JSON (MayLackJson).
  bool may_lack_json = false;
  const Projection* projection = nullptr;
  absl::Duration timeout = absl::InfiniteDuration();
  bool required = false;
  // The answer waits for it: it is required, or something within it is.
  bool awaited = false;
  // Its method streams: every message is the field anew. Only in a method that streams itself.
  bool stream = false;
  uint32_t concurrency = 0;  // calls in flight at once, over all elements of the answer
  // What stands in for the part when it fails: the field, encoded, and the values in it. nullptr when nothing does; a
  // list that is empty has no bytes.
  std::shared_ptr<const std::string> fallback;
  WireValues fallback_values;
  // How old the last good reply may be that stands in for a failed call; zero: none may.
  absl::Duration stale = absl::ZeroDuration();
  // Whether another part, or another element of its list, may make the very same call.
  bool shareable = false;
  // Of a part that a facade answers, and no other part takes the reply of: the fields of it that the part shows;
  // nullptr when all.
  std::shared_ptr<const transcode::FieldSelection> shown;
  std::optional<BatchPlan> batch;
  std::vector<int> needs;                 // siblings this one binds from, each once
  std::vector<int> needed_by;             // the reverse
  std::unique_ptr<MessagePlan> elements;  // the fetches within the field's own message; nullptr when there are none

  // How many messages down it stands in the answer: 1 for a field of the answer itself.
  int depth() const { return 1 + static_cast<int>(std::count(path.begin(), path.end(), '.')); }
};

// A field of the answer that is the request's field of the same name.
struct Copy {
  const schema::FieldTable* field = nullptr;
  WirePath from;
};

// A field of a part's message that is not fetched itself, but has fetches in its own messages: it came with the part,
// and what is fetched for it is fetched as for the elements of a list.
struct Inner {
  const schema::FieldTable* field = nullptr;
  WirePath path;  // the field, in the message
  std::unique_ptr<MessagePlan> messages;
};

// How one message of the answer is filled.
struct MessagePlan {
  const schema::MessageTable* table = nullptr;
  std::vector<Copy> copies;                     // in the answer itself only
  std::vector<Part> parts;                      // by ascending field number
  std::vector<Inner> inners;                    // by ascending field number; none in the answer itself
  const schema::FieldTable* omitted = nullptr;  // the repeated portico.Omitted field, if any
};

// How a facade method is answered: compiled and checked when contracts load. Immutable and thread-safe. REQUIRES: the
// Schema and the Projections outlive it.
struct Plan {
  const schema::Method* method = nullptr;
  const schema::TypeResolver* types = nullptr;  // of the schema
  MessagePlan root;
  int part_count = 0;

  // Whether the answer is a stream of partial pages.
  bool streams() const { return method->server_streaming; }
  // Every part, by Part::id.
  std::vector<const Part*> Parts() const;
};

// How long an answer may take whose policy does not say.
inline constexpr absl::Duration kDefaultTimeout = absl::Seconds(30);

// How many calls of a part are in flight at once for the elements of an answer, when `concurrency` does not say.
inline constexpr uint32_t kDefaultConcurrency = 8;

// The most that it may say.
inline constexpr uint32_t kMostConcurrency = 1000;

// For how many elements of the lists of one answer, all taken together, something is fetched. Further ones stay as they
// are.
inline constexpr size_t kMostElements = 5000;

// How many bytes the values of an answer's parts have, all taken together; a reply counts wherever it stands. Parts
// beyond are left out.
inline constexpr size_t kMostBytes = size_t{64} << 20;

// Compiles the plan of `method` of a facade. Mistakes go to `diagnostics` at the option they are in, named with their
// sub-field ("fetch.bind[1]"); nullptr then.
std::unique_ptr<const Plan> CompilePlan(const schema::Method& method, const schema::Schema& schema,
                                        Projections& projections, schema::Diagnostics& diagnostics);

// What CompilePlan wants for `projections`: fields with a fetch and portico.Omitted fields.
bool IsFilledByGateway(const schema::MessageTable& table, const schema::FieldTable& field);

// The plan as a tree for people, with the longest chain of dependent calls; ends in a newline.
std::string Explain(const Plan& plan);

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_PLAN_H_
