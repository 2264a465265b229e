#ifndef PORTICO_GATEWAY_COMPOSE_RUN_H_
#define PORTICO_GATEWAY_COMPOSE_RUN_H_

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "gateway/compose/history.h"
#include "gateway/compose/plan.h"
#include "gateway/compose/trace.h"
#include "gateway/compose/wire_path.h"
#include "gateway/net/event.h"
#include "gateway/rpc/handler.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {
class FieldSelection;
}

namespace portico::compose {

// One answer being composed, given as a whole or in pages. Shared by the composer's coroutine and those of the calls,
// of which some may still be coming to their end when the answer is given. Lives on one worker.
class Run : public std::enable_shared_from_this<Run> {
 public:
  // `context` is the request's; it is not looked at any more once Close() was called.
  // `needed` says by Part::id without which parts there is no answer.
  Run(const Plan& plan, const std::vector<rpc::Handler*>& handlers, const std::vector<bool>& needed, History& history,
      rpc::Payload request, rpc::Context& context);

  // Whoever reads the answer page by page: is told, on the stack of what happened, that ready() may have changed.
  class Reader {
   public:
    virtual void News() = 0;

   protected:
    ~Reader() = default;
  };
  // Before Start(); nullptr once the reader goes.
  void set_reader(Reader* reader) { reader_ = reader; }

  // Starts every call that needs nothing but the request. `finished()` is set when no call is left, or one that was
  // required has failed: possibly at once.
  void Start();
  net::Event& finished() { return finished_; }

  // Ends the run: cancels what is under way. What comes in later is dropped.
  void Close();
  // The time is up: closes it, unless it is closed, and tells the reader.
  void Expire();

  // Why there is no answer: the failure of a required part, or DEADLINE_EXCEEDED when one is not in. OK otherwise.
  // REQUIRES: Close() was called.
  absl::Status Failure() const;

  // The answer from what is in. REQUIRES: Close() was called and Failure() is OK.
  rpc::Reply Assemble();

  // ---- Page by page, in place of the above: finished() is not told then. In run_pages.cc.

  // Whether NextPage() has something to say.
  bool ready() const;
  // The next partial answer: true; false at the end; or why there is none, or no more. REQUIRES: ready().
  absl::StatusOr<bool> NextPage(std::string* page);
  // What is omitted by now, as rpc::Reply has it.
  std::string OmittedText() const;

 private:
  enum class State : uint8_t {
    kUnwanted,  // not selected, and nothing selected needs it
    kWaiting,   // for what it needs, for its turn, or for its reply
    kIn,
    kSkipped,  // a condition or a key that was absent
    kOmitted,
  };
  static constexpr size_t kAnswer = static_cast<size_t>(-1);
  struct Instance;
  // The messages of one field that has fetches within, by value.
  struct Messages {
    std::vector<Instance*> instances;  // of the first ones only, when `cut`
    bool cut = false;                  // there are more than kMostElements allows
    const char* end = nullptr;         // of a singular field: where its last piece ends in the message around it
    const transcode::FieldSelection* selection = nullptr;  // of what is within
  };
  // A part of one message of the answer.
  struct Slot {
    State state = State::kUnwanted;
    bool selected = false;                     // wanted for itself, not only because a sibling needs it
    int waits_for = 0;                         // siblings not settled yet
    std::shared_ptr<const std::string> bytes;  // what `values` point into
    WireValues values;
    std::string omitted;       // what the part lacks itself, when a facade has made it: by the answer's own paths
    std::string asked;         // of a part whose reply may be stale: what LastGood knows its call by
    absl::Status failure;      // kOmitted: why,
    absl::string_view reason;  // in a word
    Messages elements;         // when the part has fetches within
  };
  using Message = std::shared_ptr<const std::string>;
  // What a call has given.
  struct Fetched {
    Message message;
    std::string omitted;  // as rpc::Reply has it: of a facade that this one is composed of
    bool lasting = true;  // fit to stand in for a failure later
  };
  // The elements that a part is fetched for with one call.
  struct Batch {
    size_t index;  // the part's
    std::vector<Instance*> elements;
    std::string asked;  // as Slot has it
  };
  // One call, and the parts that it is made for.
  struct Flight {
    std::vector<std::pair<Instance*, size_t>> waiting;  // with the part's index
    std::vector<Batch> batches;
    bool over = false;
    absl::StatusOr<Fetched> reply;  // once it is over
    // The parts that may answer with this reply another time have kept it.
    absl::InlinedVector<const Part*, 2> kept_for;
  };
  // Bounds the calls of one part over all elements of the answer.
  struct Gate {
    struct Waiting {
      Instance* instance;
      Flight* flight;
      rpc::Payload request;
    };
    uint32_t in_flight = 0;
    std::list<Waiting> queue;
  };
  // One message of the answer: the answer itself, or an element that has fetches within.
  struct Instance {
    const MessagePlan* plan = nullptr;
    absl::string_view self;        // its own bytes: copied from the request, or selected from a reply
    size_t within = kAnswer;       // the part of the answer it is in; kAnswer for the answer itself
    std::vector<Slot> slots;       // by part
    std::vector<Messages> inners;  // by MessagePlan::inners
  };
  // Messages that came in together, wherever they stand: what is fetched for them is started together, so that a batch
  // is one call for them all.
  struct Arrived {
    const MessagePlan* plan;
    std::vector<Instance*> messages;
  };
  // What a source gave.
  struct Value {
    enum class Kind : uint8_t {
      kPresent,
      kAbsent,
      kDenied,      // a claim nobody proved
      kDependency,  // a part it is taken from was omitted
    };
    Kind kind = Kind::kAbsent;
    WireValues values;
    const Slot* failed = nullptr;  // kDependency
  };

  // A stretch of work on the run. When the outermost one is done, what is fetched for the messages that have come in is
  // started, and what it led to, the end included, is told: whoever waits for the end may destroy everything the
  // request lent us.
  class Turn {
   public:
    explicit Turn(Run& run) : run_(run) { ++run_.turns_; }
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Run& run_;
  };

  // Whether the end of a call, with `status`, shows that the answer's time is up; the run is over then. Its own timer
  // may come in a moment: what is not in is "deadline" whichever is first.
  bool TimeIsUp(const absl::Status& status);

  const Part& PartOf(const Instance& instance, size_t index) const { return instance.plan->parts[index]; }

  // Makes the slots of a message, of which those that `selection` wants (nullptr: all), or that a wanted one needs,
  // wait.
  Instance* AddInstance(const MessagePlan& plan, absl::string_view self, const transcode::FieldSelection* selection,
                        size_t within);
  void Begin(Instance& instance, size_t index);
  // Evaluates the part's condition and fills its request. False when there is nothing to call: `settle` was then called
  // with the outcome.
  bool BindRequest(const Instance& instance, const Part& part, rpc::Payload* request,
                   absl::FunctionRef<void(State, const absl::Status&, absl::string_view reason)> settle) const;
  Value Evaluate(const Source& source, const Instance& instance) const;

  // What LastGood knows a call by: what is asked, and everything of the caller that a service is told.
  std::string Asked(absl::string_view request) const;
  // Keeps a good reply to what the part has asked, for when a later call fails; nullptr: the
  // call is not shared.
  void Keep(const Part& part, const std::string& asked, const absl::StatusOr<Fetched>& reply, Flight* flight);
  void KeepForAll(Flight& flight);
  // Whether an optional part need not be called: by its recent times it would come in after the deadline.
  bool IsHopeless(const MessagePlan& plan, const Part& part);
  // Until when the part's call may take: required parts that can only start after it are left their usual time, and so
  // are optional ones if a literal stands in for it.
  net::Deadline CallDeadline(const MessagePlan& plan, const Part& part);

  void StartCall(Instance& instance, size_t index, Flight* flight, rpc::Payload request);
  static Async<void> RunCall(std::shared_ptr<Run> run, Instance* instance, size_t index, Flight* flight,
                             rpc::Payload request);
  // The call of a shareable part, under way or over, that others make too; `first` says whether it is to be made.
  Flight& Share(const Part& part, absl::string_view request, bool* first);
  // The reply of a shared call is there, for all that share it.
  void Land(Flight& flight);
  void Receive(Instance& instance, size_t index, const absl::StatusOr<Fetched>& reply);
  // `batch` is of a call that is not shared; the others are with their flight.
  static Async<void> RunBatch(std::shared_ptr<Run> run, const MessagePlan* plan, const Part* part, Flight* flight,
                              Batch batch, rpc::Payload request);
  void ReceiveBatch(const Batch& batch, const absl::StatusOr<Fetched>& reply);
  // `wanted` is what the client wants of the part alone; nullptr when it is all, or others need the part as well.
  Async<absl::StatusOr<Fetched>> Fetch(const MessagePlan& plan, const Part& part,
                                       const transcode::FieldSelection* wanted, rpc::Payload request);
  void StartBatch(size_t index, std::vector<Instance*> elements);
  void TakeBatch(size_t index, const std::vector<Instance*>& elements, const Message& bytes);
  // Makes what was selected from `bytes` the part's value, and starts the fetches within it. `stands_in`: it has been
  // looked at before, and nothing stands in for it.
  void Take(Instance& instance, size_t index, const Message& bytes, const WireValues& selected, bool stands_in = false);
  // Makes `values` within `bytes`, which are of the field's own type, the part's value.
  void Place(Instance& instance, size_t index, Message bytes, WireValues values, bool stands_in);
  // Whether what the client wants of the part's values has no JSON, such as a Timestamp out of its range: as good as a
  // malformed reply, whatever protocol the client speaks.
  bool LackJson(const Part& part, const Slot& slot, const WireValues& values);
  // Whether there is room in the answer for `values` as well.
  bool HasRoom(const WireValues& values);
  // Finds something to stand in for a part that failed; false when there is nothing.
  bool StandIn(Instance& instance, size_t index, const absl::Status& status);
  // The last good reply to what was asked; nullptr when there is none, or `status` means that it does not hold any
  // more.
  Message Stale(const Part& part, absl::string_view asked, const absl::Status& status);
  void StartElements(Instance& instance, size_t index);
  // Starts what is fetched for all messages that have arrived.
  void StartArrived();
  void AddMessages(const MessagePlan& plan, const WireValues& values, size_t within, Messages* messages);
  void AddInners(Instance& instance, const transcode::FieldSelection* selection);
  // Starts what is fetched for the elements of a list, or for messages that came with them.
  void StartMessages(const MessagePlan& plan, const std::vector<Instance*>& elements);
  // There are more elements than anything is fetched for.
  void Cut(const MessagePlan& plan, const transcode::FieldSelection* selection);
  void Fail(Instance& instance, size_t index, const absl::Status& status, absl::string_view reason);
  // The same, without looking for something to stand in.
  void Omit(Instance& instance, size_t index, const absl::Status& status, absl::string_view reason);
  void Settle(Instance& instance, size_t index, State state);

  // A stream that is a part: its messages become pieces, one at a time. In run_pages.cc.
  static Async<void> RunFeed(std::shared_ptr<Run> run, size_t index, rpc::Payload request);
  Async<absl::Status> Feed(size_t index, rpc::Payload request);
  absl::Status TakeMessage(size_t index, const std::string& message);
  // The part of the answer, and all that is fetched within it, is settled.
  void Complete(size_t index);
  // Starts what the streams wait for to read on.
  void Resume(size_t index);

  void Write(const Instance& instance, wire::Writer& out) const;
  // What the message has itself, and what is fetched within its messages.
  void WriteSelf(const Instance& instance, wire::Writer& out) const;
  void WriteSlot(const Instance& instance, size_t index, wire::Writer& out) const;
  // The parts left out, each path once, by their order in the plan.
  using Omissions = std::vector<std::pair<std::string, std::string>>;
  static void AddOmission(absl::string_view path, absl::string_view reason, Omissions* omissions);
  void AddOmissions(const Instance& instance, Omissions* omissions) const;
  void AddOmissionsOf(const Instance& instance, size_t index, Omissions* omissions) const;
  void AddOmissionsIn(const Messages& messages, const MessagePlan& plan, Omissions* omissions) const;
  static void AddCut(const MessagePlan& plan, const transcode::FieldSelection* selection, Omissions* omissions);
  static void WriteOmissions(const schema::FieldTable& field, const Omissions& omissions, wire::Writer& out);

  const Plan& plan_;
  const std::vector<rpc::Handler*>& handlers_;
  const std::vector<bool>& needed_;
  History& history_;
  PartTimes& times_;
  const rpc::Payload request_;
  rpc::Context context_;
  const transcode::FieldSelection* const selection_;
  const net::Deadline began_;
  Trace* trace_;                   // nullptr when nobody wants one, or it is closed
  bool doubtful_ = false;          // something in the replies so far may have no JSON
  std::string json_;               // LackJson's, written in vain
  std::string copies_;             // the answer's fields that are the request's
  std::list<Instance> instances_;  // the answer itself first
  std::vector<Gate> gates_;        // by Part::id, once there are elements
  std::list<std::string> merged_;  // messages that came in several pieces, and what is fetched within is to be found in
  absl::flat_hash_map<std::string, std::unique_ptr<Flight>> flights_;  // of shareable parts, by method and request
  std::vector<Arrived> arrived_;
  bool starts_later_ = false;  // StartArrived() waits for its turn in the loop
  size_t element_count_ = 0;   // instances of elements; at most kMostElements
  size_t byte_count_ = 0;      // of the values of parts; at most kMostBytes
  int outstanding_ = 0;        // wanted slots not settled
  int required_outstanding_ = 0;
  int turns_ = 0;
  bool over_ = false;     // nothing is left to do: all is settled, or something required has failed
  bool expired_ = false;  // TimeIsUp() was true
  bool closed_ = false;
  absl::Status failure_;
  net::Event finished_;

  // What a page is to tell of.
  struct Piece {
    size_t index;            // of the part in the answer
    bool of_stream = false;  // a message of it: `field` is the field, encoded
    std::string field;
  };
  Reader* reader_ = nullptr;
  std::vector<int> open_;             // by part of the answer: its slots, and those within it, that are not settled
  int awaited_ = 0;                   // parts of the answer, streams excepted, without which there is no first page
  std::list<Piece> pieces_;           // at most one of each stream
  std::vector<net::Event*> pausing_;  // by part of the answer: a stream that waits until its piece was read
  bool news_ = false;
  bool begun_ = false;  // the first page has been read
  bool ended_ = false;  // the page of what was omitted has been read
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_RUN_H_
