#ifndef PORTICO_TESTS_INTEGRATION_FAULT_PROXY_H_
#define PORTICO_TESTS_INTEGRATION_FAULT_PROXY_H_

#include <poll.h>

#include <chrono>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"

namespace portico::integration {

// A TCP proxy that treats what it carries badly, for as long as it is told to. Two hundred connections at most, each of
// them with 256 kB on its way in each direction. Thread-safe.
class FaultProxy {
 public:
  // Carries to `target`, "127.0.0.1:8080"; who comes while nobody listens there is reset.
  explicit FaultProxy(const std::string& target);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  const std::string& address() const { return address_; }

  // As if it were not there. Connections that bytes were lost of are reset.
  void Pass() { Become({}); }
  // Every piece arrives so much later, in either direction.
  void Delay(std::chrono::milliseconds time) { Become({Fault::kDelay, time, 0}); }
  // What is sent is lost; connections are taken, and nobody answers.
  void Drop() { Become({Fault::kDrop, {}, 0}); }
  // Each connection is reset when it has carried so many bytes more, wherever in a message that is. Another one may be
  // made.
  void Cut(size_t after) { Become({Fault::kCut, {}, after}); }

  // What has been done so far.
  struct Counts {
    int connections = 0;
    int cut = 0;
    size_t dropped = 0;
    size_t delayed = 0;
  };
  Counts counts() const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Fault {
    enum Kind { kNone, kDelay, kDrop, kCut } kind = kNone;
    std::chrono::milliseconds delay{0};
    size_t bytes = 0;
  };
  struct Piece {
    Clock::time_point due;
    std::string bytes;
  };
  // One direction of a connection.
  struct Way {
    int from = -1;
    int to = -1;
    std::deque<Piece> pieces;
    size_t size = 0;
    bool ended = false;  // nothing more comes
    bool told = false;   // and the other side knows

    bool HasRoom() const;
    bool IsDue(Clock::time_point now) const { return !pieces.empty() && pieces.front().due <= now; }
  };
  struct Pair {
    int client = -1;
    int server = -1;
    Way there, back;
    size_t carried = 0;  // since the fault began
    bool lost = false;   // some bytes of it were
  };

  void Become(Fault fault);
  void Run();
  void Accept();
  // The next moment something is due, as poll() wants it.
  int Patience(Clock::time_point now) const;
  // False when the connection is to end.
  bool Carry(Pair& pair, Clock::time_point now);
  bool Read(Pair& pair, Way& way, Clock::time_point now);
  static bool Write(Way& way, Clock::time_point now);
  static void Close(const Pair& pair);

  const std::string target_;
  int listening_ = -1;
  int wake_ = -1;
  std::string address_;
  mutable std::mutex mutex_;  // guards all below
  bool stopping_ = false;
  Fault fault_;
  Counts counts_;
  std::list<Pair> pairs_;
  std::thread thread_;
};

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_FAULT_PROXY_H_
