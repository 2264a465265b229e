#ifndef PORTICO_TESTS_UPSTREAM_MISBEHAVING_SERVER_H_
#define PORTICO_TESTS_UPSTREAM_MISBEHAVING_SERVER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace portico::upstream {

// A client's connection, seen from a server made of bare frames (RFC 9113): it says what the test wants it to say,
// right or wrong. Every wait for the client ends after ten seconds.
class RawPeer {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Frame {
    uint8_t type = 0;
    uint8_t flags = 0;
    uint32_t stream = 0;
    std::string payload;
  };
  static constexpr uint8_t kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoaway = 7, kWindow = 8,
                           kContinuation = 9;
  static constexpr uint8_t kEndStream = 1, kEndHeaders = 4, kAck = 1;

  explicit RawPeer(int fd) : fd_(fd) {}

  // Reads the client's preface and says our settings, identifier and value.
  void Greet(const std::vector<std::pair<uint16_t, uint32_t>>& settings = {});
  // The next request whose body is complete: its stream; 0 when the client has left. Acknowledges settings and pings.
  uint32_t Request();
  // The next frame; nothing when the client has left.
  std::optional<Frame> Next();
  // Reads and drops until the client leaves.
  void AwaitEnd();
  // Leaves: the client hears no more, nor is it heard.
  void Close();

  void Send(const std::string& bytes);
  void SendFrame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload);
  void SendHeaders(uint32_t stream, const Fields& fields, bool end);
  void SendSettings(const std::vector<std::pair<uint16_t, uint32_t>>& settings);
  void Reset(uint32_t stream, uint32_t code);
  void Goaway(uint32_t last_stream, uint32_t code);

  // A right answer, and its three pieces.
  void Reply(uint32_t stream, const std::string& message);
  void SendHead(uint32_t stream);
  void SendMessage(uint32_t stream, const std::string& message);
  void SendTrailers(uint32_t stream, const std::string& status = "0");

  // Answers all further requests rightly.
  void Serve();

  static std::string Number(uint32_t value);  // four bytes

 private:
  bool Read(size_t size, std::string* bytes);

  const int fd_;
};

// Listens on a free port of the loopback, and runs a script for each connection, on a thread of its own. `number`
// counts connections from 0.
class MisbehavingServer {
 public:
  using Script = std::function<void(RawPeer& peer, int number)>;

  explicit MisbehavingServer(Script script);
  ~MisbehavingServer();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void Accept();

  const Script script_;
  int listening_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace portico::upstream

#endif  // PORTICO_TESTS_UPSTREAM_MISBEHAVING_SERVER_H_
