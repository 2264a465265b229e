#include "gateway/net/http2_session.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "gateway/net/http2_memory.h"

namespace portico::net {
namespace {

constexpr size_t kInboxBytes = 64 << 10;
// What one write takes from nghttp2 at most, a frame more or less.
constexpr size_t kGatherBytes = 128 << 10;
constexpr size_t kFrameHeadBytes = 9;

absl::string_view View(const uint8_t* data, size_t size) {
  return absl::string_view(reinterpret_cast<const char*>(data), size);
}

}  // namespace

// What nghttp2 calls.
struct Http2Session::Callbacks {
  static Http2Session& Self(void* user) { return *static_cast<Http2Session*>(user); }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* user) {
    Http2Session& self = Self(user);
    if (self.closed_) return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (Http2Stream* stream = self.Find(frame->hd.stream_id)) {
      stream->Header(View(name, name_size), View(value, value_size));
    }
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Session& self = Self(user);
    if (self.closed_) return NGHTTP2_ERR_CALLBACK_FAILURE;
    const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA:
        if (Http2Stream* stream = self.Find(frame->hd.stream_id)) {
          const boost::intrusive_ptr<Http2Stream> keep(stream);
          if (frame->hd.type == NGHTTP2_HEADERS) stream->HeadersComplete(ended);
          if (ended) stream->PeerEnded();
        }
        break;
      case NGHTTP2_SETTINGS:
        if (self.owner_ != nullptr && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) self.owner_->SettingsReceived();
        break;
      case NGHTTP2_PING:
        if (self.owner_ != nullptr && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) self.owner_->PongReceived();
        break;
      case NGHTTP2_GOAWAY:
        if (self.owner_ != nullptr) self.owner_->GoawayReceived(frame->goaway.error_code);
        break;
      default:
        break;
    }
    return self.closed_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
    Http2Session& self = Self(user);
    if (self.closed_) return NGHTTP2_ERR_CALLBACK_FAILURE;
    // A slow reader of one stream does not hold up the others: only its own window stays used.
    nghttp2_session_consume_connection(session, size);
    if (Http2Stream* stream = self.Find(id)) stream->Data(View(data, size));
    return self.closed_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  }

  static int OnStreamClose(nghttp2_session* session, int32_t id, uint32_t code, void* user) {
    Http2Session& self = Self(user);
    if (self.closed_) return 0;
    Http2Stream* stream = self.Find(id);
    if (stream == nullptr) return 0;
    nghttp2_session_set_stream_user_data(session, id, nullptr);
    const boost::intrusive_ptr<Http2Stream> session_reference(stream, /*add_ref=*/false);
    Unlink(*stream);
    stream->Closed(code);
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session*, int32_t, uint8_t*, size_t length, uint32_t* flags,
                          nghttp2_data_source* source, void* user) {
    if (Self(user).closed_) return NGHTTP2_ERR_CALLBACK_FAILURE;
    const auto& stream = *static_cast<const Http2Stream*>(source->ptr);
    if (stream.body_.empty() && !stream.body_ended_) return NGHTTP2_ERR_DEFERRED;
    const size_t size = std::min(length, stream.body_.size());
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (size == stream.body_.size() && stream.body_ended_) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int SendData(nghttp2_session*, nghttp2_frame*, const uint8_t* head, size_t length, nghttp2_data_source* source,
                      void* user) {
    Http2Session& self = Self(user);
    if (self.closed_) return NGHTTP2_ERR_CALLBACK_FAILURE;
    auto& stream = *static_cast<Http2Stream*>(source->ptr);
    self.gathered_.append(reinterpret_cast<const char*>(head), kFrameHeadBytes);
    self.gathered_.append(stream.body_.data(), length);
    stream.body_.remove_prefix(length);
    if (stream.body_.empty() && !stream.wrote_) {
      stream.wrote_ = true;
      self.wrote_.emplace_back(&stream);
    }
    return 0;
  }

  static const nghttp2_session_callbacks* Table() {
    static const nghttp2_session_callbacks* const table = [] {
      nghttp2_session_callbacks* callbacks = nullptr;
      nghttp2_session_callbacks_new(&callbacks);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, &OnHeader);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &OnFrame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &OnData);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &OnStreamClose);
      nghttp2_session_callbacks_set_send_data_callback(callbacks, &SendData);
      return callbacks;
    }();
    return table;
  }

  static const nghttp2_option* Options() {
    static const nghttp2_option* const options = [] {
      nghttp2_option* made = nullptr;
      nghttp2_option_new(&made);
      nghttp2_option_set_no_auto_window_update(made, 1);
      nghttp2_option_set_no_closed_streams(made, 1);
      return made;
    }();
    return options;
  }
};

Http2Session::Http2Session(Worker& worker, StreamSocket socket, std::unique_ptr<TlsEngine> tls,
                           const Http2Settings& settings, Owner& owner)
    : worker_(worker),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      settings_(settings),
      owner_(&owner),
      inbox_(new char[kInboxBytes]),
      last_received_(worker.timeouts().now()) {}

std::shared_ptr<Http2Session> Http2Session::Client(Worker& worker, StreamSocket socket, std::unique_ptr<TlsEngine> tls,
                                                   const Http2Settings& settings, Owner& owner) {
  std::shared_ptr<Http2Session> session(new Http2Session(worker, std::move(socket), std::move(tls), settings, owner));
  nghttp2_mem memory = Http2Memory();
  nghttp2_session_client_new3(&session->session_, Callbacks::Table(), session.get(), Callbacks::Options(), &memory);
  return session;
}

Http2Session::~Http2Session() {
  while (streams_ != nullptr) {
    const boost::intrusive_ptr<Http2Stream> session_reference(streams_, /*add_ref=*/false);
    Unlink(*streams_);
  }
  nghttp2_session_del(session_);
}

void Http2Session::Start() {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  const nghttp2_settings_entry entries[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings_.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings_.header_list_bytes},
  };
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries, std::size(entries));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(settings_.connection_window));
  if (tls_ != nullptr) Feed({});
  ScheduleFlush();
  Read();
}

// ---- streams

bool Http2Session::Submit(Http2Stream& stream, absl::Span<const nghttp2_nv> fields) {
  if (closed_) return false;
  nghttp2_data_provider body;
  body.source.ptr = &stream;
  body.read_callback = &Callbacks::ReadBody;
  const bool has_body = !stream.body_.empty() || !stream.body_ended_;
  const int32_t id =
      nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), has_body ? &body : nullptr, &stream);
  if (id < 0) return false;
  stream.id_ = id;
  Link(stream);
  ScheduleFlush();
  return true;
}

void Http2Session::Resume(Http2Stream& stream) {
  if (closed_ || stream.id_ == 0) return;
  nghttp2_session_resume_data(session_, stream.id_);  // an error when it has not stopped, which is well, too
  ScheduleFlush();
}

void Http2Session::Consume(Http2Stream& stream, size_t bytes) {
  if (closed_ || stream.id_ == 0 || bytes == 0) return;
  nghttp2_session_consume_stream(session_, stream.id_, bytes);
  ScheduleFlush();
}

void Http2Session::Reset(Http2Stream& stream, uint32_t code) {
  if (closed_ || stream.id_ == 0) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_, code);
  ScheduleFlush();
}

void Http2Session::Ping() {
  if (closed_) return;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  ScheduleFlush();
}

uint32_t Http2Session::peer_max_streams() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

Http2Stream* Http2Session::Find(int32_t id) {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_, id));
}

void Http2Session::Link(Http2Stream& stream) {
  intrusive_ptr_add_ref(&stream);
  stream.next_ = streams_;
  if (stream.next_ != nullptr) stream.next_->link_ = &stream.next_;
  stream.link_ = &streams_;
  streams_ = &stream;
}

void Http2Session::Unlink(Http2Stream& stream) {
  *stream.link_ = stream.next_;
  if (stream.next_ != nullptr) stream.next_->link_ = stream.link_;
  stream.next_ = nullptr;
  stream.link_ = nullptr;
  stream.id_ = 0;
}

// ---- reading

void Http2Session::Read() {
  socket_.async_read_some(boost::asio::buffer(inbox_.get(), kInboxBytes),
                          [self = shared_from_this()](const boost::system::error_code& error, size_t size) {
                            if (self->closed_) return;
                            if (error) return self->Lose();
                            self->last_received_ = self->worker_.timeouts().now();
                            self->Received(absl::string_view(self->inbox_.get(), size));
                            if (!self->closed_) self->Read();
                          });
}

void Http2Session::Received(absl::string_view bytes) {
  Feed(bytes);
  if (closed_) return;
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) return Lose();
  ScheduleFlush();
}

void Http2Session::Feed(absl::string_view bytes) {
  bool broken = false;
  const auto feed = [&](absl::string_view plain) {
    if (broken || closed_) return;
    const ssize_t used =
        nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(plain.data()), plain.size());
    broken = used < 0;
  };
  if (tls_ == nullptr) {
    feed(bytes);
  } else if (!tls_->Receive(bytes, feed).ok()) {
    broken = true;
    if (!closed_) Write();  // the alert that says why
  }
  if (broken && !closed_) Lose();
}

// ---- writing

void Http2Session::ScheduleFlush() {
  if (flush_posted_ || writing_ || closed_) return;
  flush_posted_ = true;
  boost::asio::post(worker_.executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->Flush();
  });
}

void Http2Session::Flush() {
  while (!closed_ && !writing_ && Gather()) Write();
  ReportWritten();
  if (!closed_ && nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0) Lose();
}

bool Http2Session::Gather() {
  if (tls_ != nullptr && !tls_->established()) return !tls_->output().empty();
  while (gathered_.size() < kGatherBytes) {
    const uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size < 0 || closed_) {
      if (!closed_) Lose();
      return false;
    }
    if (size == 0) break;
    gathered_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
  if (tls_ != nullptr) {
    const absl::Status sent = tls_->Send(gathered_);
    gathered_.clear();
    if (!sent.ok()) Lose();
    return !closed_ && !tls_->output().empty();
  }
  return !gathered_.empty();
}

void Http2Session::Write() {
  std::string& bytes = tls_ != nullptr ? tls_->output() : gathered_;
  while (written_ < bytes.size()) {
    boost::system::error_code error;
    written_ += socket_.write_some(boost::asio::buffer(bytes.data() + written_, bytes.size() - written_), error);
    if (!error) continue;
    if (error != boost::asio::error::would_block && error != boost::asio::error::try_again) return Lose();
    writing_ = true;
    socket_.async_wait(StreamSocket::wait_write, [self = shared_from_this()](const boost::system::error_code& failure) {
      self->writing_ = false;
      if (self->closed_) return;
      if (failure) return self->Lose();
      self->Write();
      if (!self->writing_) self->Flush();
    });
    return;
  }
  written_ = 0;
  bytes.clear();
  if (bytes.capacity() > 2 * kGatherBytes) bytes.shrink_to_fit();
}

void Http2Session::ReportWritten() {
  if (wrote_.empty()) return;
  std::vector<boost::intrusive_ptr<Http2Stream>> wrote;
  wrote.swap(wrote_);
  for (const auto& stream : wrote) {
    stream->wrote_ = false;
    if (stream->id_ != 0 && stream->body_.empty()) stream->BodySent();
  }
  wrote.clear();
  if (wrote_.empty()) wrote_.swap(wrote);  // keeps its memory
}

// ---- the end

void Http2Session::End() {
  closed_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  while (streams_ != nullptr) {
    Http2Stream* const stream = streams_;
    const boost::intrusive_ptr<Http2Stream> session_reference(stream, /*add_ref=*/false);
    Unlink(*stream);
    stream->Closed(absl::nullopt);
  }
}

void Http2Session::Lose() {
  if (closed_) return;
  const std::shared_ptr<Http2Session> self = shared_from_this();
  End();
  if (Owner* owner = std::exchange(owner_, nullptr)) owner->SessionLost();
}

void Http2Session::Leave() {
  owner_ = nullptr;  // also when the session is closing: its streams' last calls may lead here
  if (closed_) return;
  if (streams_ != nullptr) return Close();
  nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
  ScheduleFlush();
}

void Http2Session::Close() {
  owner_ = nullptr;
  if (closed_) return;
  const std::shared_ptr<Http2Session> self = shared_from_this();
  End();
}

}  // namespace portico::net
