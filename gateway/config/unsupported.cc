#include "gateway/config/unsupported.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portico::config {
namespace {

// A feature whose line goes when the gateway learns it.
template <class Message>
struct Feature {
  const char* key;   // below the message's own key
  const char* name;  // for the message to the user
  bool (*used)(const Message&);
};

constexpr Feature<Cluster> kClusterFeatures[] = {
    {"target", "an xds:/// target", [](const Cluster& c) { return absl::StartsWith(c.target(), "xds:"); }},
};

template <class Message, size_t N>
void Check(const Feature<Message> (&features)[N], const Message& message, const std::string& key,
           const LoadedConfig& loaded, schema::Diagnostics& diagnostics) {
  for (const Feature<Message>& feature : features) {
    if (!feature.used(message)) continue;
    diagnostics.Add(loaded.PositionOf(absl::StrCat(key, ".", feature.key)),
                    absl::StrCat(key, ": ", feature.name, " is not supported by this version"));
  }
}

}  // namespace

void CheckSupported(const LoadedConfig& loaded, schema::Diagnostics& diagnostics) {
  for (const auto& [name, cluster] : loaded.config.clusters()) {
    Check(kClusterFeatures, cluster, absl::StrCat("clusters.", name), loaded, diagnostics);
  }
}

}  // namespace portico::config
