#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/schema/schema.h"

namespace portico::schema {
namespace {

struct Unit {
  const char* name;
  absl::Duration length;
};

}  // namespace

std::optional<absl::Duration> ParseDuration(absl::string_view text) {
  const Unit units[] = {
      {"ms", absl::Milliseconds(1)}, {"s", absl::Seconds(1)}, {"m", absl::Minutes(1)}, {"h", absl::Hours(1)}};
  size_t digits = 0;
  while (digits < text.size() && (absl::ascii_isdigit(text[digits]) || text[digits] == '.')) ++digits;
  const absl::string_view number = text.substr(0, digits);
  // A digit on both sides of the point; a second point fails the conversion.
  if (number.empty() || number.front() == '.' || number.back() == '.') return std::nullopt;
  double value = 0;
  if (!absl::SimpleAtod(number, &value)) return std::nullopt;
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    const absl::Duration duration = value * unit.length;
    // google.protobuf.Duration ends at ten thousand years.
    if (!std::isfinite(value) || duration > absl::Hours(24 * 365) * 10000) return std::nullopt;
    return duration;
  }
  return std::nullopt;
}

}  // namespace portico::schema
