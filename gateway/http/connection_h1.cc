#include "gateway/http/connection_h1.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/http/chunked_body.h"
#include "gateway/http/in_flight.h"
#include "gateway/http/response_head.h"
#include "gateway/net/operation.h"
#include "gateway/net/peer.h"
#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// What a client may send ahead while its request is handled. More waits in the kernel, and so does news of its leaving,
// which the kernel is then asked for.
constexpr size_t kAheadBytes = 16384;
// How much is read at once: most requests fit, and every idle connection holds the buffer. A large body gets a large
// one for as long as it takes.
constexpr size_t kInboxBytes = 2048;
constexpr size_t kLargeInboxBytes = 65536;
// A body has to arrive at this rate in the long run, however short its pauses are.
constexpr int64_t kLeastBytesPerSecond = 512;
// How long an idle connection may still begin a request once its listener drains: one may be on its way.
constexpr milliseconds kDrainGrace{250};
// Closing a socket with unread bytes resets it, and the client may lose the answer it was about to read. So what it
// still sends is read and dropped, within these bounds.
constexpr milliseconds kLingerTime{2000};
constexpr size_t kLingerBytes = size_t{16} << 20;

// A body up to this size is copied behind its head: the kernel takes one piece faster than two.
constexpr size_t kJoinedBytes = 4096;

constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";

absl::string_view ConnectionOption(bool http11, bool keep) {
  if (!keep) return "close";
  return http11 ? "" : "keep-alive";
}

}  // namespace

ConnectionH1::ConnectionH1(std::shared_ptr<ConnectionSite> site, Socket socket, std::string peer)
    : site_(std::move(site)), socket_(std::move(socket)), peer_(std::move(peer)) {}

void ConnectionH1::Start() {
  site_->worker.Spawn(Run(shared_from_this()));
}

Async<void> ConnectionH1::Run(std::shared_ptr<ConnectionH1> self) {
  Next next = Next::kRequest;
  try {
    while (next == Next::kRequest) next = co_await self->ServeOne();
    if (next == Next::kLinger && !self->ended_) co_await self->Linger();
  } catch (...) {
    // A fault of ours costs this connection, not the process. The request went with its coroutine, and the pending read
    // must not look for it.
    self->request_ = nullptr;
    self->body_ = nullptr;
    self->stream_ = nullptr;
  }
  self->Close();
  self->site_->Closed(*self);
}

// ---- reading

void ConnectionH1::StartRead() {
  if (reading_ || ended_) return;
  const size_t wanted = missing_ > kInboxBytes ? kLargeInboxBytes : kInboxBytes;
  if (inbox_size_ != wanted) {
    inbox_.reset(new char[wanted]);
    inbox_size_ = wanted;
  }
  reading_ = true;
  socket_.async_read_some(asio::buffer(inbox_.get(), inbox_size_),
                          [self = shared_from_this()](const boost::system::error_code& error, size_t bytes) {
                            self->OnRead(error && !(self->letting_go_ && error == asio::error::operation_aborted),
                                         bytes);
                          });
}

void ConnectionH1::ReadAhead() {
  if (ahead_.size() < kAheadBytes) {
    StartRead();
  } else if (!reading_) {
    look_.Set(site_->worker.timeouts(), site_->worker.timeouts().now());  // the next tick
  }
}

void ConnectionH1::LookForEnd() {
  if (reading_ || ended_ || request_ == nullptr) return;
  if (!net::PeerHasLeft(socket_.native_handle())) return ReadAhead();
  const std::shared_ptr<ConnectionH1> self = shared_from_this();  // what is cancelled may be the end of it
  ended_ = true;
  request_->context.Cancel();
}

void ConnectionH1::OnRead(bool failed, size_t bytes) {
  reading_ = false;
  if (failed) {
    ended_ = true;
  } else {
    (request_ == nullptr ? message_ : ahead_).Append(absl::string_view(inbox_.get(), bytes));
  }
  if (letting_go_) {
    if (arrival_) arrival_->Set();
  } else if (request_ != nullptr) {
    if (!ended_) ReadAhead();
    // Either may run the rest of this connection's life before it returns.
    if (body_ != nullptr) body_->Arrived();
    if (ended_ && request_ != nullptr) request_->context.Cancel();
  } else if (arrival_) {
    arrival_->Set();
  }
}

Async<bool> ConnectionH1::Await() {
  StartRead();
  if (ended_) co_return true;
  expired_ = false;
  arrival_.emplace();
  co_await arrival_->Wait();
  arrival_.reset();
  co_return !expired_;
}

void ConnectionH1::Expired() {
  const std::shared_ptr<ConnectionH1> self = shared_from_this();  // what resumes here may be the end of it
  switch (phase_) {
    case Phase::kIdle:
    case Phase::kReading:
      expired_ = true;
      if (arrival_) arrival_->Set();
      break;
    case Phase::kWriting:
    case Phase::kLingering:
      Cut();
      break;
    case Phase::kHandling:
    case Phase::kClosed:
      break;
  }
}

void ConnectionH1::SkipEmptyLines() {
  // RFC 9112, section 2.2: some clients send one after a body.
  while (absl::StartsWith(message_.bytes(), "\r\n")) message_.Consume(2);
}

// ---- one request

Async<ConnectionH1::Next> ConnectionH1::ServeOne() {
  RequestParser parser(site_->limits);
  if (const std::optional<Next> next = co_await ReadHead(parser)) co_return *next;
  size_t body_bytes = 0;
  std::string decoded;
  if (parser.is_chunked() || parser.announced_length() > 0) {
    if (StreamsBody(parser)) co_return co_await Dispatch(parser, 0, {}, true);
    if (const std::optional<Next> next = co_await ReadBody(parser, &body_bytes, &decoded)) co_return *next;
  }
  co_return co_await Dispatch(parser, body_bytes, decoded, false);
}

bool ConnectionH1::StreamsBody(const RequestParser& parser) const {
  if (!site_->handler.MayStreamBodies(site_->worker)) return false;
  Request head(site_->worker, net::kNoDeadline);
  parser.Fill(message_.bytes(), &head);
  return site_->handler.StreamsBody(head);
}

Async<std::optional<ConnectionH1::Next>> ConnectionH1::ReadHead(RequestParser& parser) {
  net::Timeouts& timeouts = site_->worker.timeouts();
  phase_ = Phase::kIdle;
  const milliseconds patience = site_->draining ? kDrainGrace
                                : first_        ? site_->limits.header_time
                                                : site_->limits.idle_time;
  Set(timeouts, net::Clock::now() + patience);
  first_ = false;
  while (true) {
    bool begins = false;
    if (phase_ == Phase::kIdle) {
      SkipEmptyLines();
      // A lone CR may be half of an empty line.
      begins = message_.size() > 0 && message_.bytes() != "\r";
      if (begins) phase_ = Phase::kReading;
    }
    if (phase_ == Phase::kReading) {
      const RequestParser::Result result = parser.ParseHead(message_.bytes());
      if (result == RequestParser::Result::kDone) co_return std::nullopt;
      if (result == RequestParser::Result::kError) co_return co_await Refuse(parser.error(), nullptr, true, false);
      // Most heads come in one piece, and need no limit.
      if (begins) Set(timeouts, net::Clock::now() + site_->limits.header_time);
    }
    if (ended_) co_return Next::kClose;
    // Await(), without a coroutine of its own: every request comes by here.
    StartRead();
    if (!ended_) {
      expired_ = false;
      arrival_.emplace();
      co_await arrival_->Wait();
      arrival_.reset();
    }
    if (expired_) {
      expired_ = false;
      if (phase_ == Phase::kIdle) co_return Next::kClose;
      absl::Status late = absl::DeadlineExceededError("the request's head did not arrive in time");
      co_return co_await Refuse(rpc::WithHttpStatus(std::move(late), 408), nullptr, true, false);
    }
  }
}

Async<std::optional<ConnectionH1::Next>> ConnectionH1::ReadBody(const RequestParser& parser, size_t* body_bytes,
                                                                std::string* decoded) {
  ChunkedBody chunked(site_->limits, site_->limits.body_bytes);
  const size_t head = parser.head_bytes();
  const uint64_t announced = parser.announced_length();
  absl::Status error;
  if (announced > site_->limits.body_bytes) {
    error = rpc::WithHttpStatus(absl::ResourceExhaustedError("the request's body is too large"), 413);
  }
  const net::Deadline began = net::Clock::now();
  int64_t received = 0;
  bool may_ask = parser.expects_continue();
  while (error.ok()) {
    if (parser.is_chunked()) {
      size_t consumed = 0;
      const ChunkedBody::Result result = chunked.Read(message_.bytes().substr(head), &consumed, decoded);
      if (result == ChunkedBody::Result::kDone) {
        *body_bytes = consumed;
        co_return std::nullopt;
      }
      if (result == ChunkedBody::Result::kError) {
        error = chunked.error();
        break;
      }
      message_.Erase(head, consumed);
    } else if (message_.size() - head >= announced) {
      *body_bytes = announced;
      co_return std::nullopt;
    }
    if (may_ask && message_.size() == head) {  // not when the client did not wait for it
      if (!co_await Write(kContinue, {}, {})) co_return Next::kClose;
      phase_ = Phase::kReading;
    }
    may_ask = false;
    if (ended_) co_return Next::kClose;
    const net::Deadline paced =
        began + site_->limits.idle_time + std::chrono::milliseconds(received * 1000 / kLeastBytesPerSecond);
    Set(site_->worker.timeouts(), std::min(net::Clock::now() + site_->limits.idle_time, paced));
    const size_t before = message_.size();
    missing_ = parser.is_chunked() ? kInboxBytes + 1 : head + announced - before;
    if (!co_await Await()) {
      error = rpc::WithHttpStatus(absl::DeadlineExceededError("the request's body did not arrive in time"), 408);
      break;
    }
    received += static_cast<int64_t>(message_.size() - before);
  }
  Request refused(site_->worker, net::kNoDeadline);  // for the log
  parser.Fill(message_.bytes(), &refused);
  co_return co_await Refuse(std::move(error), &refused, parser.http11(), false);
}

Async<ConnectionH1::Next> ConnectionH1::Dispatch(const RequestParser& parser, size_t body_bytes,
                                                 absl::string_view decoded, bool streams_body) {
  Request request(site_->worker, net::kNoDeadline);
  request.received = net::Clock::now();
  const absl::string_view bytes = message_.bytes();
  parser.Fill(bytes, &request);
  request.body = parser.is_chunked() ? decoded : bytes.substr(parser.head_bytes(), body_bytes);
  request.peer = peer_;
  request.id = static_cast<uint64_t>(site_->worker.index()) << 48 | ++site_->requests;
  request.context.set_headers(&request.headers);
  absl::string_view upgrade;
  // RFC 9110, section 7.8: HTTP/1.0 has no such thing.
  if (!parser.http11() && request.headers.Find("Upgrade", &upgrade)) request.headers.Set("Upgrade", "");
  const absl::string_view behind = bytes.substr(parser.head_bytes() + body_bytes);  // a streamed body, or pipelined
  const bool http11 = parser.http11();
  const bool keeps_alive = parser.keeps_alive();
  std::unique_ptr<ArrivingBody> body;
  if (streams_body) {
    BodySource& source = *this;
    body = std::make_unique<ArrivingBody>(source, site_->limits, request, parser.is_chunked(),
                                          parser.announced_length(), parser.expects_continue());
    request.body_stream = body.get();
  }

  Next next;
  {
    const InFlight in_flight(site_->in_flight);
    Clear();
    phase_ = Phase::kHandling;
    missing_ = 0;
    request_ = &request;  // from here on what arrives goes to ahead_, behind what is there already
    body_ = body.get();
    answering_ = false;
    ahead_.Append(behind);
    if (in_flight.before() >= site_->limits.in_flight) {
      next = co_await Refuse(absl::UnavailableError("too many requests at once"), &request, http11,
                             keeps_alive && !streams_body);
    } else {
      // Before whole requests are refused, what answers can do without is.
      const int64_t most = site_->limits.in_flight;
      if (in_flight.before() >= most - std::max<int64_t>(most / 5, most > 1 ? 1 : 0)) request.context.set_sparing();
      ReadAhead();
      bool fault = false;
      Response response;
      try {
        response = co_await site_->handler.Handle(request);
      } catch (...) {
        fault = true;
      }
      if (fault) response = site_->errors.Render(absl::InternalError("internal error"));
      auto* const session = dynamic_cast<WebSocketSession*>(response.stream.get());
      // What is left of a body that nobody wants cannot be told from the next request.
      const bool body_left = body != nullptr && !body->complete();
      bool keep = keeps_alive && !fault && !site_->draining && !ended_ && !body_left;
      // A client that has left gets nothing more, though the kernel still takes bytes for it.
      const bool left = ended_;
      Amend(request, &response);
      Sent sent;
      if (session != nullptr) {
        sent = co_await SwitchProtocols(request, response, *session);
        keep = false;
      } else {
        Outgoing outgoing = BeginAnswer(response, http11, request.method == "HEAD", &keep, &sent);
        if (!outgoing.done) co_await FinishAnswer(response, outgoing, sent);
        site_->head = std::move(outgoing.head);
      }
      sent.complete = sent.complete && !left;
      sent.at = net::Clock::now();
      Record(request, response, sent);
      next = !sent.complete || ended_ ? Next::kClose : keep ? Next::kRequest : Next::kLinger;
    }
    request_ = nullptr;
    body_ = nullptr;
    missing_ = 0;
    look_.Clear();
  }
  message_.Clear();
  std::swap(message_, ahead_);
  co_return next;
}

// ---- a streamed body

void ConnectionH1::ReadOn(uint64_t missing) {
  missing_ = missing;
  ReadAhead();
}

void ConnectionH1::AskForBody() {
  if (answering_) return;
  // At once or not at all: a client that takes no 25 bytes sends its body some time later by itself, and a write that
  // waits could get between the lines of the answer.
  boost::system::error_code error;
  const size_t written = socket_.write_some(asio::buffer(kContinue, sizeof(kContinue) - 1), error);
  if (!error && written != sizeof(kContinue) - 1) Cut();
}

// ---- another protocol

Async<Sent> ConnectionH1::SwitchProtocols(Request& request, Response& response, WebSocketSession& session) {
  letting_go_ = true;
  if (reading_) {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
    arrival_.emplace();
    co_await arrival_->Wait();
    arrival_.reset();
  }
  Sent sent;
  sent.status = 499;
  if (ended_ || phase_ == Phase::kClosed) co_return sent;
  if (ahead_.size() > 0) {
    // RFC 6455, section 4.1: a client waits for the answer.
    response = site_->errors.Render(absl::InvalidArgumentError("bytes behind a request for a WebSocket"));
    Amend(request, &response);
    bool keep = false;
    co_return co_await Send(response, true, false, &keep);
  }
  answering_ = true;
  stream_ = response.stream.get();
  if (cut_at_ != net::kNoDeadline) stream_->EndBy(cut_at_);
  web_socket_ = WebSocketConnection::Create(site_->worker, std::move(socket_), site_->limits);
  sent = co_await web_socket_->Run(request, response, session);
  web_socket_.reset();
  stream_ = nullptr;
  ended_ = true;
  response.stream.reset();
  co_return sent;
}

// ---- writing

Async<ConnectionH1::Next> ConnectionH1::Refuse(absl::Status error, const Request* request, bool http11, bool keep) {
  Response response = site_->errors.Render(error);
  if (response.status == 503) response.headers.Add("Retry-After", "1");
  if (request != nullptr) site_->handler.AmendRefusal(*request, &response);
  keep = keep && !site_->draining && !ended_;
  const bool head_only = request != nullptr && request->method == "HEAD";
  const Sent sent = co_await Send(response, http11, head_only, &keep);
  if (site_->refusals != nullptr) {
    Refusal refusal;
    refusal.worker = site_->worker.index();
    refusal.status = response.status;
    refusal.code = response.code;
    refusal.reason = error.message();
    refusal.peer = peer_;
    if (request != nullptr) {
      refusal.method = request->method;
      refusal.path = request->path;
    }
    refusal.body_bytes = sent.body_bytes;
    site_->refusals->Refused(refusal);
  }
  co_return !sent.complete ? Next::kClose : keep ? Next::kRequest : Next::kLinger;
}

Async<Sent> ConnectionH1::Send(Response& response, bool http11, bool head_only, bool* keep) {
  Sent sent;
  Outgoing outgoing = BeginAnswer(response, http11, head_only, keep, &sent);
  if (!outgoing.done) co_await FinishAnswer(response, outgoing, sent);
  co_return sent;
}

ConnectionH1::Outgoing ConnectionH1::BeginAnswer(const Response& response, bool http11, bool head_only, bool* keep,
                                                 Sent* sent) {
  Outgoing out;
  const Framing framing = FramingOf(response, http11);
  if (framing == Framing::kUntilClose) *keep = false;
  sent->status = response.status;
  answering_ = true;
  out.head = std::move(site_->head);
  out.head.clear();
  AppendResponseHead(response, framing, site_->date.Line(), ConnectionOption(http11, *keep), &out.head);
  if (framing == Framing::kChunked && response.stream == nullptr) {  // for its trailers
    if (!head_only) AppendChunkedBody(response, &out.head);
  } else if (framing != Framing::kNoBody && !head_only) {
    out.body = response.body;
    out.chunked = framing == Framing::kChunked;
    out.streams = out.chunked || framing == Framing::kUntilClose;
    if (out.chunked && !out.body.empty()) {
      AppendChunkHeader(out.body.size(), &out.head);
      out.chunk_end = "\r\n";
    }
  }
  out.body_bytes = head_only || framing == Framing::kNoBody ? 0 : response.body.size();
  if (!out.streams && out.body.size() <= kJoinedBytes) {
    out.head.append(out.body.data(), out.body.size());
    out.body = {};
  }
  const size_t all = out.head.size() + out.body.size() + out.chunk_end.size();
  out.written = WriteSome(out.head, out.body, out.chunk_end);
  if (out.written == all && !out.streams) {
    sent->complete = true;
    sent->body_bytes = out.body_bytes;
    out.done = true;
  }
  return out;
}

Async<void> ConnectionH1::FinishAnswer(Response& response, const Outgoing& out, Sent& sent) {
  sent.complete = co_await WriteRest(out.head, out.body, out.chunk_end, out.written);
  if (!sent.complete) {
    sent.status = 499;
    co_return;
  }
  sent.body_bytes = out.body_bytes;
  if (out.streams) co_await Pump(response, out.chunked, sent);
  response.stream.reset();
}

Async<void> ConnectionH1::Pump(Response& response, bool chunked, Sent& sent) {
  std::string piece;
  std::string line;
  bool fault = false;
  sent.complete = false;
  stream_ = response.stream.get();
  if (cut_at_ != net::kNoDeadline) stream_->EndBy(cut_at_);
  try {
    while (true) {
      phase_ = Phase::kHandling;
      const absl::StatusOr<bool> more = co_await response.stream->Read(&piece);
      if (!more.ok()) break;
      if (!*more) {
        sent.complete = !chunked || co_await Write("0\r\n\r\n", {}, {});
        break;
      }
      if (piece.empty()) continue;  // as a chunk it would be the last one
      line.clear();
      if (chunked) AppendChunkHeader(piece.size(), &line);
      if (!co_await Write(line, piece, chunked ? absl::string_view("\r\n") : absl::string_view())) break;
      sent.body_bytes += piece.size();
    }
  } catch (...) {
    fault = true;
  }
  stream_ = nullptr;
  sent.code = response.stream->code();
  if (!sent.complete || fault) Cut();  // without a last chunk: the client can tell that something is missing
}

size_t ConnectionH1::WriteSome(absl::string_view first, absl::string_view second, absl::string_view third) {
  const std::array<asio::const_buffer, 3> parts = {asio::const_buffer(first.data(), first.size()),
                                                   asio::const_buffer(second.data(), second.size()),
                                                   asio::const_buffer(third.data(), third.size())};
  // At once, without a trip through the loop: the kernel nearly always has room.
  boost::system::error_code error;
  const bool one = second.empty() && third.empty();
  const size_t written = one ? socket_.write_some(parts[0], error) : socket_.write_some(parts, error);
  phase_ = Phase::kWriting;
  // An error that stays is found again by whoever writes the rest.
  return error ? 0 : written;
}

Async<bool> ConnectionH1::WriteRest(absl::string_view first, absl::string_view second, absl::string_view third,
                                    size_t written) {
  std::array<asio::const_buffer, 3> parts = {asio::const_buffer(first.data(), first.size()),
                                             asio::const_buffer(second.data(), second.size()),
                                             asio::const_buffer(third.data(), third.size())};
  size_t left = first.size() + second.size() + third.size();
  boost::system::error_code error;
  phase_ = Phase::kWriting;
  while (!error && written < left) {
    left -= written;
    for (asio::const_buffer& part : parts) {
      const size_t skipped = std::min(written, part.size());
      part += skipped;
      written -= skipped;
    }
    Set(site_->worker.timeouts(), net::Clock::now() + site_->limits.write_stall);
    std::tie(error, written) = co_await net::Operation<boost::system::error_code, size_t>(
        [&](auto done) { socket_.async_write_some(parts, std::move(done)); });
    Clear();
  }
  co_return !error;
}

Async<bool> ConnectionH1::Write(absl::string_view first, absl::string_view second, absl::string_view third) {
  const size_t written = WriteSome(first, second, third);
  co_return co_await WriteRest(first, second, third, written);
}

// ---- ending

Async<void> ConnectionH1::Linger() {
  phase_ = Phase::kLingering;
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  Set(site_->worker.timeouts(), net::Clock::now() + kLingerTime);
  size_t dropped = 0;
  while (!ended_ && dropped < kLingerBytes) {
    message_.Clear();
    co_await Await();
    dropped += message_.size();
  }
}

void ConnectionH1::Drain(net::Deadline cut_at) {
  cut_at_ = cut_at;
  if (stream_ != nullptr) stream_->EndBy(cut_at);  // may run the rest of this connection's life
  if (phase_ != Phase::kIdle) return;
  const net::Deadline soon = net::Clock::now() + kDrainGrace;
  if (deadline() > soon) Set(site_->worker.timeouts(), soon);
}

void ConnectionH1::Cut() {
  const std::shared_ptr<ConnectionH1> self = shared_from_this();
  Close();
  ended_ = true;
  if (web_socket_ != nullptr) web_socket_->Cut();
  if (arrival_) arrival_->Set();
  if (body_ != nullptr) body_->Arrived();
  if (request_ != nullptr) request_->context.Cancel();  // may run the rest of this connection's life
}

void ConnectionH1::Close() {
  phase_ = Phase::kClosed;
  Clear();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace portico::http
