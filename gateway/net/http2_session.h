#ifndef PORTICO_GATEWAY_NET_HTTP2_SESSION_H_
#define PORTICO_GATEWAY_NET_HTTP2_SESSION_H_

#include <nghttp2/nghttp2.h>

#include <boost/intrusive_ptr.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "gateway/net/stream_socket.h"
#include "gateway/net/tls.h"
#include "gateway/net/worker.h"

namespace portico::net {

class Http2Session;

// One request and its response on a session. The callbacks come on the worker's loop, from inside the session, which
// they may use. Counted by reference: the session holds one reference from Submit() to Closed(), so that what it sends
// stays in place. Not thread-safe.
class Http2Stream {
 public:
  Http2Stream() = default;
  Http2Stream(const Http2Stream&) = delete;
  Http2Stream& operator=(const Http2Stream&) = delete;

 protected:
  virtual ~Http2Stream() = default;

  // What is to be sent next; stays in place until BodySent() or Closed(). `body_ended_`: nothing comes after it.
  // After a change, Http2Session::Resume().
  absl::string_view body_;
  bool body_ended_ = true;

 private:
  friend class Http2Session;
  friend void intrusive_ptr_add_ref(Http2Stream* stream) { ++stream->references_; }
  friend void intrusive_ptr_release(Http2Stream* stream) {
    if (--stream->references_ == 0) delete stream;
  }

  // A field of the head or the trailers; HeadersComplete() ends each block, informational (1xx) ones, too. `ended`: the
  // peer says nothing more (PeerEnded() follows).
  virtual void Header(absl::string_view name, absl::string_view value) = 0;
  virtual void HeadersComplete(bool ended) = 0;
  // A piece of the body. The peer sends more only as it is told that pieces were consumed: Http2Session::Consume().
  virtual void Data(absl::string_view bytes) = 0;
  virtual void PeerEnded() = 0;
  // All of the body there was has been taken; called at the end of a flush, outside of nghttp2.
  virtual void BodySent() {}
  // The last call: by RST_STREAM's code or NO_ERROR, or, without a code, because the session was lost. The stream may
  // be submitted again, elsewhere.
  virtual void Closed(absl::optional<uint32_t> code) = 0;

  int references_ = 0;
  int32_t id_ = 0;  // 0: in no session
  bool wrote_ = false;
  Http2Stream* next_ = nullptr;
  Http2Stream** link_ = nullptr;
};

struct Http2Settings {
  uint32_t stream_window = 256 << 10;     // what a peer may send on one stream before it is consumed
  uint32_t connection_window = 16 << 20;  // on all streams, before it is read
  uint32_t header_list_bytes = 64 << 10;
};

// One side of an HTTP/2 connection (RFC 9113) over a socket: nghttp2 fed by reads of up to 64 kB, and one write for all
// that was submitted during a turn of the loop. What is not written yet is bounded: while the socket takes no more,
// nothing more is fetched from nghttp2, which in turn bounds what it queues by itself (acknowledgements).
//
// A client's side for now. Lives on one worker; not thread-safe. The owner outlives the session, or calls Leave() or
// Close().
class Http2Session : public std::enable_shared_from_this<Http2Session> {
 public:
  class Owner {
   public:
    // The peer's settings arrived; the first ones complete the connection.
    virtual void SettingsReceived() = 0;
    // The peer is leaving: streams above the last one it names are closed with REFUSED_STREAM after this.
    virtual void GoawayReceived(uint32_t code) = 0;
    virtual void PongReceived() = 0;
    // The connection is gone, and every stream closed.
    virtual void SessionLost() = 0;

   protected:
    ~Owner() = default;
  };

  // `tls` may be null.
  static std::shared_ptr<Http2Session> Client(Worker& worker, StreamSocket socket, std::unique_ptr<TlsEngine> tls,
                                              const Http2Settings& settings, Owner& owner);
  ~Http2Session();

  // Begins to speak.
  void Start();

  // Opens a stream. The fields stay in place until the stream is closed or its headers are sent(). False when the
  // session takes no more streams.
  bool Submit(Http2Stream& stream, absl::Span<const nghttp2_nv> fields);
  // There is more to send, or an end.
  void Resume(Http2Stream& stream);
  // The stream's data were used; the peer may send as much again.
  void Consume(Http2Stream& stream, size_t bytes);
  // RST_STREAM. Closed() follows, later.
  void Reset(Http2Stream& stream, uint32_t code);
  void Ping();

  uint32_t peer_max_streams() const;
  // When the last bytes came, as exactly as Timeouts::now().
  Deadline last_received() const { return last_received_; }
  bool closed() const { return closed_; }

  // Says GOAWAY and closes soon, or, when streams are open, at once. The owner hears nothing more.
  void Leave();
  // Closes at once: Closed() of all streams. The owner hears nothing more.
  void Close();

 private:
  Http2Session(Worker& worker, StreamSocket socket, std::unique_ptr<TlsEngine> tls, const Http2Settings& settings,
               Owner& owner);

  struct Callbacks;
  friend struct Callbacks;

  void Read();
  void Received(absl::string_view bytes);
  void Feed(absl::string_view bytes);
  void ScheduleFlush();
  void Flush();
  bool Gather();
  void Write();
  void ReportWritten();
  void Lose();
  void End();
  Http2Stream* Find(int32_t id);
  void Link(Http2Stream& stream);
  static void Unlink(Http2Stream& stream);

  Worker& worker_;
  StreamSocket socket_;
  const std::unique_ptr<TlsEngine> tls_;
  const Http2Settings settings_;
  Owner* owner_;
  nghttp2_session* session_ = nullptr;
  Http2Stream* streams_ = nullptr;
  std::unique_ptr<char[]> inbox_;
  std::string gathered_;  // frames as nghttp2 made them
  size_t written_ = 0;    // of what goes to the socket
  bool writing_ = false;  // the socket is full
  bool flush_posted_ = false;
  bool closed_ = false;
  Deadline last_received_;
  std::vector<boost::intrusive_ptr<Http2Stream>> wrote_;
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_HTTP2_SESSION_H_
