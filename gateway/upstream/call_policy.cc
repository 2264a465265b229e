#include "gateway/upstream/call_policy.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "gateway/wire/reader.h"
#include "portico/annotations.pb.h"

namespace portico::upstream {
namespace {

// More copies of one call help nobody.
constexpr uint32_t kMostHedges = 5;

absl::StatusOr<std::vector<uint32_t>> CompileKey(absl::string_view path, const schema::MessageTable& input) {
  std::vector<uint32_t> numbers;
  const schema::MessageTable* message = &input;
  const schema::FieldTable* field = nullptr;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    if (message == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("\"", path, "\": ", field->name, " is no message"));
    }
    field = message->FindByName(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", path, "\": ", message->full_name, " has no field \"", name, "\""));
    }
    if (field->repeated) return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" is a list"));
    numbers.push_back(field->number);
    message = field->type == schema::FieldType::kMessage ? field->message : nullptr;
  }
  if (field->type != schema::FieldType::kString && field->type != schema::FieldType::kBytes) {
    return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" is neither a string nor bytes"));
  }
  return numbers;
}

// The last value of the field stands, in whichever piece of its parents it is.
void FindKey(absl::string_view message, absl::Span<const uint32_t> path, absl::string_view* key) {
  wire::Reader reader(message);
  uint32_t tag = 0;
  while (!reader.done()) {
    if (!reader.ReadTag(&tag)) return;
    absl::string_view bytes;
    if (tag != (path.front() << 3 | 2)) {
      if (!reader.Skip(tag)) return;
    } else if (!reader.ReadBytes(&bytes)) {
      return;
    } else if (path.size() == 1) {
      *key = bytes;
    } else {
      FindKey(bytes, path.subspan(1), key);
    }
  }
}

void CheckMethod(const schema::Method& method, schema::Diagnostics& diagnostics) {
  const portico::Policy& policy = *method.policy;
  const auto fail = [&](absl::string_view what, absl::string_view message) {
    diagnostics.Add(method.policy_position, absl::StrCat("policy.", what, " of ", method.full_name, ": ", message));
  };
  if (!policy.idempotency_key().empty()) {
    const absl::Status compiled = CompileKey(policy.idempotency_key(), *method.input).status();
    if (!compiled.ok()) fail("idempotency_key", compiled.message());
    if (method.service->facade) {
      fail("idempotency_key", "a facade is composed here; the methods that it is made of can have this");
    }
    if (method.client_streaming) fail("idempotency_key", "a stream of requests cannot be sent twice");
  }
  if (!policy.has_hedge()) return;
  if (policy.hedge().after().empty()) fail("hedge.after", "how long to wait for the first answer is missing");
  if (const auto after = schema::ParseDuration(policy.hedge().after()); after.has_value()) {
    const auto timeout = schema::ParseDuration(policy.timeout());
    if (*after <= absl::ZeroDuration()) fail("hedge.after", "must be more than 0");
    if (timeout.has_value() && *after >= *timeout) {
      fail("hedge.after", absl::StrCat("by then the call is over: policy.timeout is ", policy.timeout()));
    }
  }
  if (policy.hedge().max() < 2 || policy.hedge().max() > kMostHedges) {
    fail("hedge.max", absl::StrCat("expected 2 to ", kMostHedges, " calls in all"));
  }
  if (method.service->facade) fail("hedge", "a facade is composed here; hedge the methods that it is made of");
  if (method.client_streaming || method.server_streaming) fail("hedge", "a stream cannot be called twice");
  if (!IsRepeatable(method) && policy.idempotency_key().empty()) {
    fail("hedge", "it might happen twice; say that it may by idempotency_level, a GET binding or idempotency_key");
  }
}

}  // namespace

bool IsRepeatable(const schema::Method& method) {
  return method.idempotent || std::any_of(method.http.begin(), method.http.end(),
                                          [](const schema::HttpRule& rule) { return rule.verb == "GET"; });
}

bool CallPolicy::MayRepeat(absl::string_view request) const {
  if (repeatable || idempotency_key.empty()) return repeatable;
  absl::string_view key;
  FindKey(request, idempotency_key, &key);
  return !key.empty();
}

CallPolicy CallPolicyOf(const schema::Method& method) {
  const portico::Policy& policy = *method.policy;
  CallPolicy compiled;
  compiled.repeatable = IsRepeatable(method);
  if (!policy.idempotency_key().empty()) {
    absl::StatusOr<std::vector<uint32_t>> key = CompileKey(policy.idempotency_key(), *method.input);
    if (key.ok()) compiled.idempotency_key = *std::move(key);
  }
  if (const auto after = schema::ParseDuration(policy.hedge().after()); policy.has_hedge() && after.has_value()) {
    compiled.hedge = {absl::ToChronoNanoseconds(*after), policy.hedge().max()};
  }
  return compiled;
}

void CheckCallPolicies(const schema::Schema& schema, schema::Diagnostics& diagnostics) {
  for (const schema::Service* service : schema.services()) {
    for (const auto& method : service->methods) CheckMethod(*method, diagnostics);
  }
}

}  // namespace portico::upstream
