#ifndef PORTICO_TESTS_INTEGRATION_CONNECTION_H_
#define PORTICO_TESTS_INTEGRATION_CONNECTION_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/integration/process.h"

namespace portico::integration {

using Json = nlohmann::json;

// One HTTP answer.
struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The values of a header in their order, joined by ", "; empty when it is absent. Names match in any case.
  std::string Header(absl::string_view name) const;
  // The body; a discarded value when it is no JSON.
  Json json() const { return Json::parse(body, nullptr, false); }
};

// A TCP connection to a listener that sends exactly what it is given, where an HTTP client would be too polite. Every
// wait is bounded. Not thread-safe.
class Connection {
 public:
  // Connects to "127.0.0.1:8080"; connected() tells whether that worked.
  explicit Connection(const std::string& address);
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  Connection(const Connection&) = delete;

  bool connected() const { return descriptor_ >= 0; }

  // False when the other side does not take it any more.
  bool Send(absl::string_view bytes);

  // The next answer; nullopt when the connection ends or falls silent before it is complete. `head_only` is for the
  // answer to HEAD, which announces a body and has none.
  std::optional<Answer> Receive(bool head_only = false);

  // Waits until `text` is among what has been received; false when the connection ends or falls silent before.
  bool ReceiveUntil(absl::string_view text);

  // Passes over what has been received and what comes, up to `text`; how much that was, -1 when `text` does not come.
  int64_t Skip(absl::string_view text);

  // What has arrived of an answer that did not become complete.
  const std::string& received() const { return received_; }

  // Whether anything, or the end, arrives within the time.
  bool Stirs(std::chrono::milliseconds limit);

  // Whether the other side closes now, having sent nothing more.
  bool Ends();

  void Close();
  // Closes with a TCP reset.
  void Reset();

 private:
  // More bytes; false at the end.
  bool Fill();

  int descriptor_ = -1;
  std::string received_;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// A request as a client would write it; Host is added, and Content-Length with a body.
std::string RequestText(absl::string_view method, absl::string_view target, const Headers& headers = {},
                        absl::string_view body = "");

// One request by an ordinary HTTP client (cpp-httplib), on a connection of its own. A status of 0 says that no complete
// answer came. The target goes out as it is.
Answer Send(const std::string& address, absl::string_view method, absl::string_view target, const Headers& headers = {},
            absl::string_view body = "");
Answer Get(const std::string& address, absl::string_view target, const Headers& headers = {});
// With a JSON body.
Answer Post(const std::string& address, absl::string_view target, const Json& body);
Answer Patch(const std::string& address, absl::string_view target, const Json& body);
Answer Delete(const std::string& address, absl::string_view target);

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_CONNECTION_H_
