#ifndef PORTICO_GATEWAY_COMPOSE_TRACE_H_
#define PORTICO_GATEWAY_COMPOSE_TRACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/net/async.h"

namespace portico::compose {

struct Part;

// What one answer led to: its calls with their times, and why parts needed none or are not there. Bounded. Lives on
// the worker of its request.
class Trace {
 public:
  struct Call {
    std::string part;    // its path
    std::string method;  // "package.Service/Method"
    net::Deadline start;
    net::Deadline end;
    absl::StatusCode code = absl::StatusCode::kOk;
    uint64_t bytes = 0;    // of the reply
    bool batched = false;  // for all elements of a list
    bool over = false;     // false: it was given up when the answer was given
  };
  // Something that happened to a part so many times: elements of lists are not told apart.
  struct Note {
    enum class Kind : uint8_t {
      kShared,   // another part, or element, has made the very call
      kSkipped,  // its condition, or what it binds, was absent
      kOmitted,  // it is not there
      kStoodIn,  // its fallback or last good reply is
    };
    Kind kind;
    std::string part;
    std::string reason;  // kOmitted, kStoodIn
    int times = 1;
  };

  // A call begins; returns what End() wants.
  size_t Begin(const Part& part, net::Deadline now);
  void End(size_t call, net::Deadline now, absl::StatusCode code, uint64_t bytes);
  // The answer is given: calls under way are given up.
  void Close(net::Deadline now);
  void Add(Note::Kind kind, const Part& part, absl::string_view reason = {});
  // What the facade that answers `part` has noted, which is closed.
  void AddWithin(const Part& part, Trace within);

  const std::vector<Call>& calls() const { return calls_; }
  const std::vector<Note>& notes() const { return notes_; }
  // Calls beyond those that are kept.
  uint64_t dropped() const { return dropped_; }

 private:
  static constexpr size_t kMostCalls = 1000;

  void Add(Note note);

  std::vector<Call> calls_;
  std::vector<Note> notes_;  // a few for each part
  uint64_t dropped_ = 0;
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_TRACE_H_
