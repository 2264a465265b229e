#ifndef PORTICO_GATEWAY_HTTP_MESSAGE_H_
#define PORTICO_GATEWAY_HTTP_MESSAGE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/net/async.h"
#include "gateway/routing/route_table.h"
#include "gateway/rpc/context.h"
#include "gateway/rpc/metadata.h"
#include "gateway/schema/schema.h"

namespace portico::http {

// The header fields of a request, as views into its connection's buffer. Names compare without regard to case.
class RequestHeaders final : public rpc::Attributes {
 public:
  struct Field {
    absl::string_view name;
    absl::string_view value;
  };

  void Add(absl::string_view name, absl::string_view value) { fields_.push_back({name, value}); }
  // Replaces every field of that name by one with `value`, which outlives this.
  void Set(absl::string_view name, absl::string_view value);
  void Clear() { fields_.clear(); }

  // The first field of that name.
  bool Find(absl::string_view name, absl::string_view* value) const override;
  void ForEach(absl::string_view name, absl::FunctionRef<void(absl::string_view)> visit) const override;
  // The same; empty when absent.
  absl::string_view Get(absl::string_view name) const;

  const Field* begin() const { return fields_.data(); }
  const Field* end() const { return fields_.data() + fields_.size(); }
  size_t size() const { return fields_.size(); }

 private:
  absl::InlinedVector<Field, 16> fields_;
};

// The header fields of a response, kept as they go over HTTP/1.1 ("Name: value\r\n" each), so that writing them is one
// append. Values with CR, LF or NUL, and names that are not tokens, are dropped: nothing a service sends can split a
// response.
class ResponseHeaders {
 public:
  void Add(absl::string_view name, absl::string_view value);
  // The same without a look at what is added. REQUIRES: a token, and a value that IsFieldValue() has no doubt about:
  // literals, say.
  void AddKnown(absl::string_view name, absl::string_view value);
  // Adds `value` to the comma-separated list of that name (Vary, say), unless it is a member already.
  void AddToList(absl::string_view name, absl::string_view value);
  // Replaces every field of that name.
  void Set(absl::string_view name, absl::string_view value);
  void Remove(absl::string_view name);
  // The first field of that name; false when absent.
  bool Find(absl::string_view name, absl::string_view* value) const;

  // All fields, each line ended by CRLF.
  absl::string_view wire() const { return text_; }

 private:
  // Where a field stands in text_: the middleware asks for many names that are not there, and most lengths tell.
  struct Line {
    uint32_t begin;
    uint32_t size;  // with CRLF
    uint32_t name_size;
  };

  const Line* LineOf(absl::string_view name) const;

  std::string text_;
  absl::InlinedVector<Line, 8> lines_;
};

// A body that is pulled piece by piece, either way.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // Replaces `piece` by the next bytes: true when there were some, false at the end. An error of a request's body has
  // the status to answer with; one of a response's body cuts the response off.
  virtual Async<absl::StatusOr<bool>> Read(std::string* piece) = 0;

  // Of a request's body: nobody wants more. A Read() under way is resumed on the caller's stack, and returns CANCELLED,
  // as later ones do.
  virtual void Stop() {}

  // Of a response's body: the connection will be cut at `deadline`. A stream that ends by itself may go on until
  // shortly before; then, or at once when it has no end of its own, it says what it has to say at an end, and ends.
  virtual void EndBy(net::Deadline deadline) { static_cast<void>(deadline); }

  // Of a response's body that has ended: the name of the RPC's code when that is not what Response::code said ("OK",
  // mostly, of a stream that failed later), else empty. Points to static text.
  virtual absl::string_view code() const { return {}; }
};

struct Request;
struct Response;
struct Sent;

// What a middleware does once there is a response, without a coroutine of its own that waits for it: it adds itself to
// Request::epilogues on the way in. Comes to every response, also to one that has taken the place of the handler's.
class Epilogue {
 public:
  // The response is about to be sent. The innermost middleware comes first.
  virtual void Amend(const Request& request, Response* response) {
    static_cast<void>(request);
    static_cast<void>(response);
  }
  // It has been sent, as far as it will be; the request is still valid. The innermost middleware comes first.
  virtual void Record(const Request& request, const Response& response, const Sent& sent) {
    static_cast<void>(request);
    static_cast<void>(response);
    static_cast<void>(sent);
  }

 protected:
  ~Epilogue() = default;
};

// A request as handlers see it. Lives on one worker. It and its views are valid until the response has been sent: its
// stream ended, its epilogues run, itself destroyed.
struct Request {
  Request(net::Worker& worker, net::Deadline deadline) : context(worker, deadline) {}

  absl::string_view method;  // "GET"
  absl::string_view target;  // as sent, in origin form: path and query
  absl::string_view path;    // before '?', still percent-encoded
  absl::string_view query;   // after '?', still percent-encoded; empty when absent
  RequestHeaders headers;
  absl::string_view body;    // whole, within the listener's body_bytes
  std::string body_storage;  // what `body` views when a middleware has put another in its place
  // The body as it arrives, when the handler asked for it so (Handler::StreamsBody); `body` is empty then, and no limit
  // but time is kept. What is not read slows the client down by its transport's flow control. nullptr otherwise.
  BodyStream* body_stream = nullptr;
  uint64_t streamed_bytes = 0;  // read from body_stream so far
  absl::string_view peer;       // the client's address, "203.0.113.9:51342"
  uint64_t id = 0;              // unique within the process
  net::Clock::time_point received;

  // Deadline, metadata, claims; cancelled when the client leaves. The connection sets no deadline of its own: a stream
  // may stay open for days. Whoever finds the method does.
  rpc::Context context;

  // What the client speaks, for the middleware and the log: "rest", "connect" or "grpc-web". Points to static text.
  absl::string_view protocol = "rest";
  // How that protocol says that a request failed, where it has a form of its own; nullptr: as the frontend's option
  // says. ErrorRenderer asks it. `types` finds the types of details.
  Response (*error_form)(const Request& request, const absl::Status& error,
                         const schema::TypeResolver* types) = nullptr;

  // What routing found, for the middleware and the log; empty and nullptr before routing or when nothing matched.
  absl::string_view route;  // the template, "/v1/products/{product_id}"
  const schema::Method* rpc = nullptr;
  // The verbs that exist for the path, as Allow has them: "GET, HEAD, POST". Empty where there is no path, and where a
  // method answers, unless the request is a CORS preflight: then what its page may use.
  std::string allow;
  routing::RouteMatch match;  // with the path's values; views into `path`

  // Of the middleware the request has passed, the outermost first. Each outlives the request.
  absl::InlinedVector<Epilogue*, 4> epilogues;

  // The X-Request-Id of the client, or the one generated by the access log, which is then among `headers` too.
  std::string request_id;
};

// What became of a response, when all of it has been handed to the kernel or the connection is gone.
struct Sent {
  int status = 0;               // as sent; 499 when the client left before the head was written
  uint64_t body_bytes = 0;      // of the body, without head and chunk framing
  bool complete = false;        // false: the client left, stalled, or the stream failed
  absl::string_view code = {};  // of a stream that ended otherwise than Response::code said; static text
  net::Clock::time_point at = net::Clock::now();
};

struct Response {
  int status = 200;
  ResponseHeaders headers;  // without Content-Length, Transfer-Encoding, Connection and Date: the connection's business
  std::string body;
  std::unique_ptr<BodyStream> stream;  // when set, sent after `body` as it comes, chunked
  // When set, sent behind `body` as trailers; before it, among the headers, where there is no place behind it. Not with
  // a stream. For clients that want them so: TakesTrailers().
  std::unique_ptr<ResponseHeaders> trailers;

  // What the access log says of the RPC; "OK" or a code's name. Points to static text.
  absl::string_view code = "OK";
};

// Whether the client wants trailers where there are some (RFC 9110, section 10.1.4: "TE: trailers").
bool TakesTrailers(const Request& request);

// Runs the request's epilogues: before a response is sent, and after.
void Amend(const Request& request, Response* response);
void Record(const Request& request, const Response& response, const Sent& sent);

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_MESSAGE_H_
