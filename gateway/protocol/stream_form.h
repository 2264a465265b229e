#ifndef PORTICO_GATEWAY_PROTOCOL_STREAM_FORM_H_
#define PORTICO_GATEWAY_PROTOCOL_STREAM_FORM_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/message.h"

namespace portico::protocol {

// The forms in which REST gives a stream of messages.
enum class StreamForm {
  kNdjson,       // application/x-ndjson: a message a line
  kJsonArray,    // application/json: an element for each message
  kEventStream,  // text/event-stream: an event for each message
};

// The form the client asks for by Accept. One that it names wins over one that only a range covers; among equals the
// event stream wins, then NDJSON; without a wish it is NDJSON. nullopt: it takes none of them.
std::optional<StreamForm> StreamFormOf(const http::RequestHeaders& headers);

// The form in which the client asks for a composed answer page by page: of an event stream and NDJSON the one that it
// names, the event stream of equals; nullopt when it names neither, or prefers JSON.
std::optional<StreamForm> PagesFormOf(const http::RequestHeaders& headers);

// How the messages of one response follow each other. All functions append to `out`. Not thread-safe.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  virtual absl::string_view content_type() const = 0;
  // Whether messages may have several lines.
  virtual bool takes_lines() const { return false; }
  // What a client that loses the connection may simply ask for again: it has no end of its own.
  virtual bool resumes() const { return false; }

  // Before everything else.
  virtual void Begin(std::string* out) { static_cast<void>(out); }
  // Around a message's JSON.
  virtual void BeginMessage(std::string* out) = 0;
  virtual void EndMessage(std::string* out) = 0;
  // The last thing: the successful end, or a google.rpc.Status as JSON.
  virtual void End(std::string* out) { static_cast<void>(out); }
  virtual void Fail(absl::string_view status, std::string* out) = 0;
  // The gateway ends, not the stream; only when resumes().
  virtual void Suspend(std::string* out) { static_cast<void>(out); }
  // Something for proxies and clients that take silence for death; nothing where the form has no place for it.
  virtual void Heartbeat(std::string* out) { static_cast<void>(out); }
};

std::unique_ptr<StreamWriter> NewNdjsonWriter();
std::unique_ptr<StreamWriter> NewJsonArrayWriter();
// Events get the ids after `last_id`. A client reconnects after `retry_ms`.
std::unique_ptr<StreamWriter> NewEventStreamWriter(uint64_t last_id, int64_t retry_ms);

// The number that a Last-Event-ID is, 0 when it is none (or has more than 15 digits, which JavaScript would not count
// on exactly).
uint64_t EventNumber(absl::string_view last_event_id);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_STREAM_FORM_H_
