#include "services/base/flags.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace shop {

Flags& Flags::Add(std::string_view flag, std::string_view meaning, Take take) {
  const size_t space = flag.find(' ');
  flags_.push_back({std::string(flag.substr(0, space)), space == std::string_view::npos, std::string(flag),
                    std::string(meaning), std::move(take)});
  return *this;
}

absl::StatusOr<std::vector<std::string>> Flags::Parse(int argc, const char* const* argv) const {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("--", 0) != 0) {
      arguments.push_back(word);
      continue;
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto flag = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& f) { return f.name == name; });
    if (flag == flags_.end()) return absl::InvalidArgumentError(absl::StrCat("unknown flag ", name));
    std::string value;
    if (equals != std::string::npos) {
      if (flag->is_switch) return absl::InvalidArgumentError(absl::StrCat(name, " takes no value"));
      value = word.substr(equals + 1);
    } else if (!flag->is_switch) {
      if (i + 1 == argc) return absl::InvalidArgumentError(absl::StrCat(name, " needs a value"));
      value = argv[++i];
    }
    const absl::Status taken = flag->take(value);
    if (!taken.ok()) return absl::InvalidArgumentError(absl::StrCat(name, ": ", taken.message()));
  }
  return arguments;
}

std::string Flags::Help() const {
  std::string help;
  for (const Flag& flag : flags_) absl::StrAppendFormat(&help, "  %-26s %s\n", flag.usage, flag.meaning);
  return help;
}

absl::StatusOr<std::chrono::milliseconds> ParseMilliseconds(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() || duration > absl::Hours(24)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a time such as 250ms or 2s"));
  }
  return absl::ToChronoMilliseconds(duration);
}

}  // namespace shop
