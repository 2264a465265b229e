#include "gateway/config/config_values.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/access/key_source.h"
#include "gateway/net/listen_socket.h"
#include "gateway/rpc/reserved_names.h"
#include "gateway/upstream/target.h"

namespace portico::config {
namespace {

bool IsIdentifier(absl::string_view text) {
  if (text.empty() || absl::ascii_isdigit(text[0])) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return true;
}

// "SCHEME://HOST[:PORT]", as a browser sends it (RFC 6454): no path, not even "/".
bool IsOrigin(absl::string_view text) {
  const size_t colon = text.find("://");
  if (colon == absl::string_view::npos || colon == 0) return false;
  const absl::string_view host = text.substr(colon + 3);
  return !host.empty() && host.find_first_of("/?#@ ") == absl::string_view::npos;
}

class ValueChecker {
 public:
  ValueChecker(const LoadedConfig& loaded, schema::Diagnostics& diagnostics)
      : loaded_(loaded), diagnostics_(diagnostics), read_cleanly_(diagnostics.empty()) {}

  void Run() {
    const Config& config = loaded_.config;
    constexpr uint32_t kMaxWorkers = 1024;
    if (config.workers() > kMaxWorkers) Fail("workers", absl::StrCat("must be at most ", kMaxWorkers));
    for (int i = 0; i < config.contracts_size(); ++i)
      CheckContract(config.contracts(i), absl::StrCat("contracts[", i, "]"));
    // By name, so that messages come in the same order every time.
    const std::map<std::string, const Cluster*> clusters = [&config] {
      std::map<std::string, const Cluster*> sorted;
      for (const auto& [name, cluster] : config.clusters()) sorted.emplace(name, &cluster);
      return sorted;
    }();
    for (const auto& [name, cluster] : clusters) CheckCluster(*cluster, absl::StrCat("clusters.", name));
    for (int i = 0; i < config.frontends_size(); ++i)
      CheckFrontend(config.frontends(i), absl::StrCat("frontends[", i, "]"));
    if (config.has_admin() && Require("admin", "listen")) CheckListen("admin.listen", config.admin().listen());
  }

 private:
  void Fail(const std::string& key, const std::string& message) {
    diagnostics_.Add(loaded_.PositionOf(key), absl::StrCat(key, ": ", message));
  }

  // Whether the file has the key; a mistake at its parent when it has not. Where something could not be read, what is
  // missing may be what has been reported ("listne"), so nothing more is said.
  bool Require(const std::string& parent, const char* key) {
    if (loaded_.positions.Has(absl::StrCat(parent, ".", key))) return true;
    if (read_cleanly_) Fail(parent, absl::StrCat("\"", key, "\" is missing"));
    return false;
  }

  // An address to listen on, which nothing else listens on.
  void CheckListen(const std::string& key, const std::string& address) {
    if (!net::ParseHostPort(address).ok() || absl::StartsWith(address, ":")) {
      return Fail(key, absl::StrCat("expected HOST:PORT, found \"", address, "\""));
    }
    const auto [other, added] = listeners_.emplace(address, key);
    if (!added && !absl::EndsWith(address, ":0")) {
      Fail(key, absl::StrCat(address, " is also ", other->second));
    }
  }

  template <class Duration>
  void CheckPositive(const std::string& key, bool present, const Duration& duration) {
    // What could not be read is zero too, and has been reported.
    if (read_cleanly_ && present && duration.seconds() == 0 && duration.nanos() == 0) Fail(key, "must be more than 0");
  }

  void CheckContract(const Contract& contract, const std::string& key) {
    const std::string& value = contract.has_protos()        ? contract.protos()
                               : contract.has_descriptors() ? contract.descriptors()
                               : contract.has_rules()       ? contract.rules()
                                                            : contract.reflection();
    if (contract.source_case() == Contract::SOURCE_NOT_SET) {
      if (read_cleanly_) Fail(key, "expected one of protos, descriptors, reflection, rules");
    } else if (value.empty()) {
      Fail(key, "the path is empty");
    }
    if (contract.has_reflection() && loaded_.config.clusters().count(contract.reflection()) == 0) {
      Fail(key + ".reflection", absl::StrCat("there is no cluster \"", contract.reflection(), "\""));
    }
    if (contract.has_refresh() && !contract.has_reflection()) Fail(key + ".refresh", "only goes with \"reflection\"");
    CheckPositive(key + ".refresh", contract.has_refresh(), contract.refresh());
  }

  void CheckCluster(const Cluster& cluster, const std::string& key) {
    if (Require(key, "target")) {
      const absl::Status readable = upstream::CheckTarget(cluster.target());
      if (!readable.ok()) Fail(key + ".target", std::string(readable.message()));
    }
    for (int i = 0; i < cluster.services_size(); ++i) {
      const std::string& service = cluster.services(i);
      if (service == "*" || IsFullName(service)) continue;
      Fail(absl::StrCat(key, ".services[", i, "]"),
           absl::StrCat("expected a service's full name or \"*\", found \"", service, "\""));
    }
    CheckPositive(key + ".timeout", cluster.has_timeout(), cluster.timeout());
    if (cluster.has_tls() && cluster.tls().cert().empty() != cluster.tls().key().empty()) {
      Fail(key + ".tls", "\"cert\" and \"key\" go together");
    }
    CheckPositive(key + ".health.interval", cluster.health().has_interval(), cluster.health().interval());
    CheckEject(cluster.eject(), key + ".eject");
    if (absl::StartsWith(cluster.target(), "xds:")) CheckXds(cluster, key);
    if (cluster.balance().has_hash() &&
        (!absl::StartsWith(cluster.balance().hash(), "header.") || cluster.balance().hash().size() == 7)) {
      Fail(key + ".balance", absl::StrCat("expected \"hash: header.NAME\", found \"", cluster.balance().hash(), "\""));
    }
  }

  void CheckEject(const Eject& eject, const std::string& key) {
    const auto given = [&](const char* name) { return read_cleanly_ && loaded_.positions.Has(key + name); };
    if (given(".failures") && eject.failures() == 0) Fail(key + ".failures", "must be more than 0");
    CheckPositive(key + ".for", eject.has_for_(), eject.for_());
    if (eject.max_percent() > 100 || (given(".max_percent") && eject.max_percent() == 0)) {
      Fail(key + ".max_percent", "expected 1 to 100");
    }
  }

  // What the gRPC library decides by itself, as the control plane says.
  void CheckXds(const Cluster& cluster, const std::string& key) {
    if (cluster.transport() == Cluster::TRANSPORT_HTTP2) {
      Fail(key + ".transport", "\"http2\" does not speak xDS; \"auto\" and \"grpc\" do");
    }
    for (const char* name : {".balance", ".health", ".eject"}) {
      if (loaded_.positions.Has(key + name)) Fail(key + name, "does not go with xds:///: the control plane says that");
    }
  }

  void CheckFrontend(const Frontend& frontend, const std::string& key) {
    if (Require(key, "name")) {
      if (frontend.name().empty()) Fail(key + ".name", "the name is empty");
      if (!names_.emplace(frontend.name(), key).second) {
        Fail(key + ".name", absl::StrCat("\"", frontend.name(), "\" is the name of ", names_[frontend.name()], " too"));
      }
    }
    if (Require(key, "listen")) CheckListen(key + ".listen", frontend.listen());
    for (int i = 0; i < frontend.expose_size(); ++i) {
      if (IsExposePattern(frontend.expose(i))) continue;
      Fail(absl::StrCat(key, ".expose[", i, "]"),
           absl::StrCat("expected \"*\", a service, SERVICE/METHOD or PACKAGE.*, found \"", frontend.expose(i), "\""));
    }
    CheckCors(frontend.cors(), key + ".cors");
    CheckAuth(frontend.auth(), key + ".auth");
    if (frontend.has_identity()) CheckIdentity(frontend, key + ".identity");
    if (frontend.has_rate_limit()) CheckRateLimit(frontend, key + ".rate_limit");
    CheckLimits(frontend.limits(), key + ".limits");
    CheckStreams(frontend.streams(), key + ".streams");
    CheckNames(frontend.metadata().request(), key + ".metadata.request");
    CheckNames(frontend.metadata().response(), key + ".metadata.response");
    CheckCompress(frontend.compress(), key + ".compress");
  }

  // Headers that may go under their own names: none whose meaning ends at the gateway.
  template <class Names>
  void CheckNames(const Names& names, const std::string& key) {
    for (int i = 0; i < names.size(); ++i) {
      const std::string at = absl::StrCat(key, "[", i, "]");
      if (!IsHeaderPattern(names[i])) {
        Fail(at,
             absl::StrCat("expected a header's name, or the beginning of names and \"*\", found \"", names[i], "\""));
      } else if (rpc::IsReserved(absl::AsciiStrToLower(names[i]))) {
        Fail(at, absl::StrCat("\"", names[i], "\" is the connection's, the content's or gRPC's own"));
      }
    }
  }

  void CheckCompress(const Compress& compress, const std::string& key) {
    for (int i = 0; i < compress.codings_size(); ++i) {
      const std::string& coding = compress.codings(i);
      if (coding == "zstd" || coding == "br" || coding == "gzip") continue;
      Fail(absl::StrCat(key, ".codings[", i, "]"), absl::StrCat("expected zstd, br or gzip, found \"", coding, "\""));
    }
  }

  void CheckCors(const Cors& cors, const std::string& key) {
    for (int i = 0; i < cors.origins_size(); ++i) {
      const std::string origin_key = absl::StrCat(key, ".origins[", i, "]");
      if (cors.origins(i) == "*" && cors.credentials()) {
        Fail(origin_key, "credentials cannot be allowed to every origin; name the origins");
      } else if (cors.origins(i) != "*" && !IsOrigin(cors.origins(i))) {
        Fail(origin_key, absl::StrCat("expected \"*\" or SCHEME://HOST[:PORT], found \"", cors.origins(i), "\""));
      }
    }
  }

  void CheckAuth(const Auth& auth, const std::string& key) {
    if (auth.has_jwt() && Require(key + ".jwt", "keys") && auth.jwt().keys().empty()) {
      Fail(key + ".jwt.keys", "the path is empty");
    }
    const bool url = absl::StrContains(auth.jwt().keys(), "://");
    if (url) CheckKeyUrl(auth.jwt().keys(), key + ".jwt.keys");
    for (const char* name : {".jwt.ca", ".jwt.refresh"}) {
      if (!url && loaded_.positions.Has(key + name)) Fail(key + name, "only goes with keys from a URL");
    }
    // A clock that is wrong by more is to be put right; and every token would hold that much longer.
    constexpr int64_t kMostLeewaySeconds = 60 * 60;
    const google::protobuf::Duration& leeway = auth.jwt().leeway();
    if (leeway.seconds() > kMostLeewaySeconds || (leeway.seconds() == kMostLeewaySeconds && leeway.nanos() > 0)) {
      Fail(key + ".jwt.leeway", "expected 1h at most");
    }
    CheckPositive(key + ".jwt.refresh", auth.jwt().has_refresh(), auth.jwt().refresh());
    const bool names_keys = loaded_.positions.Has(key + ".api_keys");
    if (names_keys && auth.api_keys().empty()) Fail(key + ".api_keys", "the path is empty");
    if (read_cleanly_ && auth.default_() == Auth::DEFAULT_REQUIRED && !auth.has_jwt() && !names_keys) {
      Fail(key + ".default", "nobody could call: there is neither \"jwt\" nor \"api_keys\"");
    }
  }

  void CheckKeyUrl(const std::string& url, const std::string& key) {
    if (const absl::Status usable = access::KeySource::CheckUrl(url); !usable.ok()) {
      Fail(key, std::string(usable.message()));
    }
  }

  void CheckIdentity(const Frontend& frontend, const std::string& key) {
    const Identity& identity = frontend.identity();
    if (Require(key, "key") && identity.key().empty()) Fail(key + ".key", "the path is empty");
    if (loaded_.positions.Has(key + ".issuer") && identity.issuer().empty()) Fail(key + ".issuer", "the name is empty");
    constexpr int64_t kMostSeconds = 24 * 60 * 60;
    if (read_cleanly_ && identity.has_ttl() &&
        (identity.ttl().seconds() < 1 || identity.ttl().seconds() > kMostSeconds)) {
      Fail(key + ".ttl", "expected 1s to 24h");
    }
    if (read_cleanly_ && !frontend.auth().has_jwt() && frontend.auth().api_keys().empty()) {
      Fail(key, "there is nobody whose identity it could be: there is neither auth.jwt nor auth.api_keys");
    }
  }

  void CheckRateLimit(const Frontend& frontend, const std::string& key) {
    constexpr double kMost = 1e6;
    const RateLimit& limit = frontend.rate_limit();
    if (Require(key, "rate") && read_cleanly_ && !(limit.rate() >= 0.001 && limit.rate() <= kMost)) {
      Fail(key + ".rate", "expected requests a second, 0.001 to 1000000");
    }
    if (limit.burst() > kMost || (loaded_.positions.Has(key + ".burst") && read_cleanly_ && limit.burst() == 0)) {
      Fail(key + ".burst", "expected 1 to 1000000 requests");
    }
    const Auth& auth = frontend.auth();
    if (limit.by() == RateLimit::BY_KEY && auth.api_keys().empty()) {
      Fail(key + ".by", "nobody is known by a key without auth.api_keys");
    } else if (limit.by() == RateLimit::BY_SUBJECT && auth.api_keys().empty() && !auth.has_jwt()) {
      Fail(key + ".by", "nobody is known by a subject without auth.jwt or auth.api_keys");
    }
  }

  void CheckLimits(const Limits& limits, const std::string& key) {
    const std::pair<const char*, bool> zeros[] = {
        {".header_bytes", limits.has_header_bytes() && limits.header_bytes() == 0},
        {".headers", limits.has_headers() && limits.headers() == 0},
        {".body_bytes", limits.has_body_bytes() && limits.body_bytes() == 0},
        {".in_flight", limits.has_in_flight() && limits.in_flight() == 0},
    };
    for (const auto& [name, zero] : zeros) {
      if (zero) Fail(key + name, "must be more than 0");
    }
    CheckPositive(key + ".header_time", limits.has_header_time(), limits.header_time());
    CheckPositive(key + ".idle_time", limits.has_idle_time(), limits.idle_time());
  }

  void CheckStreams(const Streams& streams, const std::string& key) {
    if (streams.has_buffer_bytes() && streams.buffer_bytes() == 0) Fail(key + ".buffer_bytes", "must be more than 0");
    if (streams.has_message_bytes() && streams.message_bytes() == 0) {
      Fail(key + ".message_bytes", "must be more than 0");
    }
  }

  const LoadedConfig& loaded_;
  schema::Diagnostics& diagnostics_;
  const bool read_cleanly_;
  std::map<std::string, std::string> listeners_;  // address -> key
  std::map<std::string, std::string> names_;      // frontend -> key
};

}  // namespace

void CheckValues(const LoadedConfig& loaded, schema::Diagnostics& diagnostics) {
  ValueChecker(loaded, diagnostics).Run();
}

bool IsFullName(absl::string_view text) {
  for (const absl::string_view part : absl::StrSplit(text, '.')) {
    if (!IsIdentifier(part)) return false;
  }
  return true;
}

bool IsHeaderPattern(absl::string_view text) {
  absl::ConsumeSuffix(&text, "*");
  if (text.empty()) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

bool IsExposePattern(absl::string_view text) {
  if (text == "*") return true;
  if (absl::ConsumeSuffix(&text, ".*")) return IsFullName(text);
  const size_t slash = text.find('/');
  if (slash == absl::string_view::npos) return IsFullName(text);
  const absl::string_view method = text.substr(slash + 1);
  return IsFullName(text.substr(0, slash)) && (method == "*" || IsIdentifier(method));
}

}  // namespace portico::config
