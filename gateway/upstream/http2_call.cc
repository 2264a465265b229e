#include "gateway/upstream/http2_call.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "gateway/rpc/status.h"
#include "gateway/upstream/grpc_status.h"
#include "gateway/upstream/http2_channel.h"
#include "gateway/upstream/http2_connection.h"

namespace portico::upstream {
namespace {

// How often a call that no server has looked at is sent again.
constexpr int kRetries = 2;
// What a field costs besides its bytes (RFC 9113, section 6.5.2).
constexpr size_t kFieldOverhead = 32;

// "application/grpc", also with a suffix ("+proto") or parameters.
bool IsGrpc(absl::string_view content_type) {
  constexpr absl::string_view kType = "application/grpc";
  if (!absl::StartsWith(content_type, kType)) return false;
  return content_type.size() == kType.size() || content_type[kType.size()] == '+' || content_type[kType.size()] == ';';
}

void AddMetadata(absl::string_view name, absl::string_view value, rpc::Metadata* metadata) {
  if (!absl::EndsWith(name, "-bin")) {
    metadata->emplace_back(std::string(name), std::string(value));
    return;
  }
  for (const absl::string_view part : absl::StrSplit(value, ',')) {
    std::string decoded;
    if (absl::Base64Unescape(part, &decoded)) metadata->emplace_back(std::string(name), std::move(decoded));
  }
}

absl::Status Incomplete() {
  return Malformed(absl::StatusCode::kInternal, "the service's message is incomplete");
}

}  // namespace

Http2Call::Http2Call(std::shared_ptr<Http2Channel> channel, Kind kind, const rpc::Method& method,
                     const rpc::Metadata& metadata, net::Deadline deadline)
    : channel_(std::move(channel)),
      kind_(kind),
      method_(method),
      metadata_(metadata),
      own_metadata_(kind == Kind::kUnary ? rpc::Metadata() : metadata),
      deadline_(deadline),
      frames_(channel_->options().max_reply_bytes) {
  body_ended_ = kind == Kind::kUnary;
}

void Http2Call::Start(rpc::Payload request) {
  if (kind_ == Kind::kUnary) {
    request_ = std::move(request.buffer());
    FillGrpcPrefix(&request_);
    body_ = request_;
  }
  channel_->deadlines().Set(*this, deadline_);
  channel_->Submit(*this);
}

// ---- the end

void Http2Call::Abort(absl::Status status) {
  if (ended_) return;
  if (connection_ != nullptr) connection_->session().Reset(*this, NGHTTP2_CANCEL);
  Finish(std::move(status));
}

void Http2Call::Expired() {
  Abort(TooLate());
}

void Http2Call::Finish(absl::Status status) {
  if (ended_) return;
  const boost::intrusive_ptr<Http2Call> self(this);
  const std::shared_ptr<Http2Channel> channel = std::move(channel_);
  ended_ = true;
  status_ = std::move(status);
  channel->deadlines().Remove(*this);
  channel->Withdraw(*this);
  if (written_) written_->Set();
  if (arrival_) arrival_->Set();
  end_.Set();
}

void Http2Call::Closed(absl::optional<uint32_t> code) {
  Http2Connection* const connection = std::exchange(connection_, nullptr);
  // The call may have the last reference to its channel, which has the last one to the connection.
  const std::shared_ptr<Http2Connection> keep = connection == nullptr ? nullptr : connection->weak_from_this().lock();
  if (!ended_) {
    if (!code.has_value()) {
      Finish(Unavailable());
    } else if (*code != NGHTTP2_REFUSED_STREAM || !Retry()) {
      const bool stopped = *code == NGHTTP2_CANCEL && connection != nullptr && connection->leaving();
      Finish(stopped ? Unavailable() : StatusOfReset(*code, net::Clock::now() >= deadline_));
    }
  }
  if (connection != nullptr) connection->CallClosed();
}

// The server has promised that it has not looked at the call: nothing can happen twice.
bool Http2Call::Retry() {
  // What of a stream's messages was sent is gone.
  if (has_head_ || retries_ == kRetries || (kind_ == Kind::kStreaming && (!request_.empty() || body_ended_))) {
    return false;
  }
  ++retries_;
  header_bytes_ = 0;
  body_ = request_;
  channel_->Submit(*this);
  return true;
}

// ---- the response

void Http2Call::Header(absl::string_view name, absl::string_view value) {
  if (ended_) return;
  header_bytes_ += name.size() + value.size() + kFieldOverhead;
  if (header_bytes_ > channel_->http2().max_header_bytes) {
    return Abort(rpc::WithHttpStatus(absl::ResourceExhaustedError("the service's metadata is too large"), 502));
  }
  if (name.front() == ':' || absl::StartsWith(name, "grpc-") || name == "content-type") {
    ProtocolHeader(name, value);
  } else {
    AddMetadata(name, value, has_head_ ? &reply_.trailers : &reply_.headers);
  }
}

void Http2Call::ProtocolHeader(absl::string_view name, absl::string_view value) {
  if (name == ":status") {
    if (!absl::SimpleAtoi(value, &http_status_)) http_status_ = 0;
  } else if (name == "content-type") {
    is_grpc_ = IsGrpc(value);
  } else if (name == "grpc-status") {
    has_grpc_status_ = true;
    if (!absl::SimpleAtoi(value, &grpc_status_)) grpc_status_ = static_cast<int>(absl::StatusCode::kUnknown);
  } else if (name == "grpc-message") {
    grpc_message_ = DecodeGrpcMessage(value);
  } else if (name == "grpc-status-details-bin") {
    if (!absl::Base64Unescape(value, &grpc_details_)) grpc_details_.clear();
  } else if (name == "grpc-retry-pushback-ms") {
    AddMetadata(name, value, has_head_ ? &reply_.trailers : &reply_.headers);
  } else if (name == "grpc-encoding") {
    frames_.set_encoding(ParseGrpcEncoding(value));
  }
}

void Http2Call::HeadersComplete(bool ended) {
  if (ended_) return;
  connection_->Heard();
  if (has_head_) {
    // Only trailers may come now.
    if (!ended) Abort(Malformed(absl::StatusCode::kInternal, "the service's answer has two heads"));
    return;
  }
  if (http_status_ >= 100 && http_status_ < 200) {
    reply_.headers.clear();
    header_bytes_ = 0;
    http_status_ = 0;
    return;
  }
  has_head_ = true;
  if (ended) {
    // "Trailers-Only": the head is the trailers.
    reply_.trailers.swap(reply_.headers);
  } else if (!has_grpc_status_ && (http_status_ != 200 || !is_grpc_)) {
    Abort(Outcome());
  } else if (awaiting_head_) {
    arrival_->Set();
  }
}

void Http2Call::Data(absl::string_view bytes) {
  if (ended_) return;
  connection_->Heard();
  if (!frames_.complete()) bytes.remove_prefix(ReadFrame(bytes));
  if (ended_ || bytes.empty()) return;
  if (kind_ == Kind::kUnary) {
    return Abort(Malformed(absl::StatusCode::kInternal, "the service answered more than one message"));
  }
  backlog_.append(bytes.data(), bytes.size());
}

// Reads of `bytes` what belongs to the next message; how many that were. These are consumed: what waits behind a
// complete message is not, so that a slow reader stops the server.
size_t Http2Call::ReadFrame(absl::string_view bytes) {
  absl::string_view rest = bytes;
  const absl::Status read = frames_.Read(&rest);
  if (!read.ok()) {
    // It was behind a message that nobody had taken when the call came to its good end: which shows only now.
    if (ended_ && status_.ok()) status_ = read;
    Abort(read);
    return bytes.size();
  }
  const size_t used = bytes.size() - rest.size();
  if (connection_ != nullptr) connection_->session().Consume(*this, used);
  if (frames_.complete() && arrival_) arrival_->Set();
  return used;
}

void Http2Call::PeerEnded() {
  if (ended_) return;
  // An answer before the end of the request: the rest need not be sent.
  if (!body_.empty() || !body_ended_) connection_->session().Reset(*this, NGHTTP2_NO_ERROR);
  Finish(Outcome());
}

absl::Status Http2Call::Outcome() {
  if (!has_grpc_status_) {
    if (http_status_ != 200) return StatusOfHttp(http_status_);
    if (!is_grpc_) return Malformed(absl::StatusCode::kUnknown, "the service's answer is not gRPC");
    return Malformed(absl::StatusCode::kUnknown, "the service ended the call without a status");
  }
  // Nobody here has cancelled it, or it would have ended. A server that shuts down says so of calls that it has not
  // begun, or does not finish; the gRPC library's does.
  constexpr int kCancelled = static_cast<int>(absl::StatusCode::kCancelled);
  if (grpc_status_ == kCancelled && connection_ != nullptr && connection_->leaving()) return Unavailable();
  if (grpc_status_ != 0) return rpc::FromGrpc(grpc_status_, grpc_message_, grpc_details_);
  if (frames_.partial()) return Incomplete();
  if (kind_ == Kind::kStreaming) return absl::OkStatus();
  if (!frames_.complete()) return Malformed(absl::StatusCode::kInternal, "the service answered no message");
  reply_.message = frames_.Take();
  return absl::OkStatus();
}

// ---- streaming

net::Event& Http2Call::Write(rpc::Payload message) {
  written_.emplace();
  if (ended_ || body_ended_) {
    written_->Set();
    return *written_;
  }
  request_ = std::move(message.buffer());
  FillGrpcPrefix(&request_);
  body_ = request_;
  if (connection_ != nullptr) connection_->session().Resume(*this);
  return *written_;
}

void Http2Call::CloseWrite() {
  if (ended_ || body_ended_) return;
  body_ended_ = true;
  if (connection_ != nullptr) connection_->session().Resume(*this);
}

void Http2Call::BodySent() {
  if (kind_ == Kind::kStreaming && written_) written_->Set();
}

bool Http2Call::Take(std::string* message) {
  if (!frames_.complete()) return false;
  *message = frames_.Take();
  backlog_at_ += ReadFrame(absl::string_view(backlog_).substr(backlog_at_));
  if (backlog_at_ >= backlog_.size()) {
    backlog_.clear();
    backlog_at_ = 0;
    // Ended in the middle of a message, which shows only now.
    if (ended_ && status_.ok() && frames_.partial()) status_ = Incomplete();
  } else if (backlog_at_ >= backlog_.size() / 2) {
    // A service that is always ahead of its reader never leaves it empty.
    backlog_.erase(0, backlog_at_);
    backlog_at_ = 0;
  }
  return true;
}

net::Event& Http2Call::HeadArrival() {
  arrival_.emplace();
  awaiting_head_ = true;
  if (has_head()) arrival_->Set();
  return *arrival_;
}

net::Event& Http2Call::Arrival() {
  arrival_.emplace();
  awaiting_head_ = false;
  if (ended_ || frames_.complete()) arrival_->Set();
  return *arrival_;
}

}  // namespace portico::upstream
