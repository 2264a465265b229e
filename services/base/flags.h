// Command lines of the form NAME --flag value --flag=value --switch argument.
#ifndef PORTICO_SERVICES_BASE_FLAGS_H_
#define PORTICO_SERVICES_BASE_FLAGS_H_

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace shop {

// A table of flags, each with what to do with its value.
class Flags {
 public:
  // What takes a flag's value; an error ends parsing.
  using Take = std::function<absl::Status(const std::string& value)>;

  // `flag` is "--listen HOST:PORT", or just "--quiet" for a switch, which takes no value and hands "" to `take`.
  // `meaning` is one line for people.
  Flags& Add(std::string_view flag, std::string_view meaning, Take take);

  // Takes the flags of a command line and answers the arguments that are none. INVALID_ARGUMENT for an unknown flag, a
  // missing or a refused value.
  absl::StatusOr<std::vector<std::string>> Parse(int argc, const char* const* argv) const;

  // The table, a line for each flag.
  std::string Help() const;

 private:
  struct Flag {
    std::string name;  // with its dashes
    bool is_switch;
    std::string usage;
    std::string meaning;
    Take take;
  };
  std::vector<Flag> flags_;
};

// A time such as "250ms", "2s" or "1.5s", rounded to milliseconds; at most a day. Unlike absl's, this refuses negative
// ones.
absl::StatusOr<std::chrono::milliseconds> ParseMilliseconds(const std::string& text);

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_FLAGS_H_
