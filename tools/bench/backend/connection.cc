#include "tools/bench/backend/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bench {
namespace {

constexpr size_t kKeyBytes = 160;              // of a request that are kept
constexpr size_t kGather = 256 * 1024;         // at most in one write
constexpr uint32_t kStreams = 10000;           // at once on a connection
constexpr int32_t kWindow = 16 * 1024 * 1024;  // for requests

nghttp2_nv Header(absl::string_view name, absl::string_view value) {
  // The names and values are constants, which nghttp2 need not copy; it only reads them.
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

// Reading is the same on every connection, and never overlaps.
uint8_t read_buffer[256 * 1024];

}  // namespace

Connection::Connection(Server& server, uint64_t id, int fd) : server_(server), id_(id), fd_(fd) {
  static const nghttp2_session_callbacks* const callbacks = [] {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, OnClose);
    return made;
  }();
  nghttp2_session_server_new(&session_, callbacks, this);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kStreams},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 2);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

Connection::~Connection() {
  nghttp2_session_del(session_);
  close(fd_);
}

bool Connection::Read() {
  const ssize_t size = read(fd_, read_buffer, sizeof(read_buffer));
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) return false;
  return nghttp2_session_mem_recv(session_, read_buffer, static_cast<size_t>(size)) == size;
}

void Connection::Answer(int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  static const nghttp2_nv missing[] = {Header(":status", "200"), Header("content-type", "application/grpc"),
                                       Header("grpc-status", "12"),
                                       Header("grpc-message", "the benchmark has no such method")};
  if (stream.method == nullptr) {
    nghttp2_submit_response(session_, id, missing, 4, nullptr);
    return;
  }
  stream.rest = stream.method->ReplyTo(stream.request);
  nghttp2_data_provider provider;
  provider.source.ptr = &stream;
  provider.read_callback = ReadReply;
  nghttp2_submit_response(session_, id, missing, 2, &provider);
}

ssize_t Connection::ReadReply(nghttp2_session* session, int32_t id, uint8_t* out, size_t size, uint32_t* flags,
                              nghttp2_data_source* source, void*) {
  absl::string_view& rest = static_cast<Stream*>(source->ptr)->rest;
  size = std::min(size, rest.size());
  std::memcpy(out, rest.data(), size);
  rest.remove_prefix(size);
  if (rest.empty()) {
    static const nghttp2_nv ok = Header("grpc-status", "0");
    *flags = NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_submit_trailer(session, id, &ok, 1);
  }
  return static_cast<ssize_t>(size);
}

bool Connection::Flush() {
  for (;;) {
    while (out_.size() < kGather) {
      const uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size < 0) return false;
      if (size == 0) break;
      out_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    }
    if (out_.empty()) break;
    const ssize_t sent = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    if (static_cast<size_t>(sent) < out_.size()) {
      out_.erase(0, static_cast<size_t>(sent));
      return true;
    }
    out_.clear();
  }
  return nghttp2_session_want_read(session_) != 0 || nghttp2_session_want_write(session_) != 0;
}

int Connection::OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    static_cast<Connection*>(self)->streams_.try_emplace(frame->hd.stream_id);
  }
  return 0;
}

int Connection::OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                         const uint8_t* value, size_t value_size, uint8_t, void* self) {
  const absl::string_view key(reinterpret_cast<const char*>(name), name_size);
  if (key != ":path") return 0;
  auto& connection = *static_cast<Connection*>(self);
  const auto stream = connection.streams_.find(frame->hd.stream_id);
  if (stream == connection.streams_.end()) return 0;
  const auto method =
      connection.server_.methods_.find(absl::string_view(reinterpret_cast<const char*>(value), value_size));
  if (method != connection.server_.methods_.end()) stream->second.method = &method->second;
  return 0;
}

int Connection::OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
  auto& streams = static_cast<Connection*>(self)->streams_;
  const auto stream = streams.find(id);
  if (stream == streams.end()) return 0;
  std::string& kept = stream->second.request;
  if (kept.size() < kKeyBytes) {
    kept.append(reinterpret_cast<const char*>(data), std::min(size, kKeyBytes - kept.size()));
  }
  return 0;
}

int Connection::OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) return 0;
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  auto& connection = *static_cast<Connection*>(self);
  if (connection.server_.delay_.count() == 0) {
    connection.Answer(frame->hd.stream_id);
  } else {
    connection.server_.AnswerLater(connection.id_, frame->hd.stream_id);
  }
  return 0;
}

int Connection::OnClose(nghttp2_session*, int32_t id, uint32_t, void* self) {
  static_cast<Connection*>(self)->streams_.erase(id);
  return 0;
}

}  // namespace bench
