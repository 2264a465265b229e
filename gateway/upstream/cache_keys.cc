#include "gateway/upstream/cache_keys.h"

#include <cstdint>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "portico/annotations.pb.h"

namespace portico::upstream {
namespace {

// What says or proves who calls.
constexpr absl::string_view kWho[] = {"authorization", "x-api-key", "cookie"};

// Different in every request.
constexpr absl::string_view kIds[] = {"traceparent", "tracestate", "x-amzn-trace-id", "x-cloud-trace-context",
                                      "x-request-id"};

// What ordinary requests differ in.
constexpr absl::string_view kOrdinary[] = {"accept-language", "authorization", "x-forwarded-for", "x-real-ip",
                                           "x-user-agent"};

// Unambiguous, whatever the parts hold.
void AppendPart(absl::string_view part, std::string* key) {
  const uint64_t size = part.size();
  key->push_back('+');
  key->append(reinterpret_cast<const char*>(&size), sizeof(size));
  key->append(part.data(), part.size());
}
void AppendEnd(std::string* key) {
  key->push_back('-');
}

void AppendAll(const rpc::Attributes* attributes, absl::string_view name, std::string* key) {
  if (attributes != nullptr) attributes->ForEach(name, [key](absl::string_view value) { AppendPart(value, key); });
  AppendEnd(key);
}

void AppendAll(const rpc::Metadata& metadata, absl::string_view name, std::string* key) {
  for (const auto& [own, value] : metadata) {
    if (own == name) AppendPart(value, key);
  }
  AppendEnd(key);
}

bool IsOneOf(const rpc::Attributes* headers, absl::string_view name, absl::string_view value) {
  bool found = false;
  if (headers != nullptr) headers->ForEach(name, [&](absl::string_view own) { found |= own == value; });
  return found;
}

}  // namespace

void CacheKeys::Add(const portico::Cache& policy) {
  identity |= policy.private_();
  for (const std::string& header : policy.vary()) AddHeader(header);
}

void CacheKeys::AddHeader(absl::string_view name) {
  std::string lower = absl::AsciiStrToLower(name);
  identity |= absl::c_linear_search(kWho, lower);
  if (!absl::c_linear_search(headers, lower)) headers.push_back(std::move(lower));
}

void CacheKeys::AppendTo(const rpc::Context& context, std::string* key) const {
  for (const std::string& header : headers) {
    AppendAll(context.headers(), header, key);
    AppendAll(context.metadata(), header, key);
  }
  for (const std::string& claim : claims) AppendAll(context.claims(), claim, key);
  if (identity) {
    if (context.claims() != nullptr) AppendPart("proven", key);
    AppendEnd(key);
    for (const char* claim : {"iss", "sub", "scope", "scp", "client_id"}) AppendAll(context.claims(), claim, key);
    for (const absl::string_view header : kWho) AppendAll(context.headers(), header, key);
  }
  for (const auto& [name, value] : context.metadata()) {
    if (absl::c_linear_search(kIds, name) || (!identity && absl::c_linear_search(kOrdinary, name))) continue;
    AppendPart(name, key);
    AppendPart(value, key);
  }
}

std::vector<absl::string_view> CacheKeys::Unnamed(const rpc::Context& context) const {
  std::vector<absl::string_view> names;
  for (const auto& [name, value] : context.metadata()) {
    if (absl::c_linear_search(headers, name)) {
      if (!IsOneOf(context.headers(), name, value)) names.push_back(name);
    } else if (!absl::c_linear_search(kIds, name) && !absl::c_linear_search(kOrdinary, name)) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace portico::upstream
