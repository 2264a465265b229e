#include "gateway/compose/gather_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/compose/projection.h"
#include "gateway/json/utf8.h"
#include "gateway/upstream/call_policy.h"
#include "gateway/wire/reader.h"
#include "gateway/wire/writer.h"
#include "portico/annotations.pb.h"

namespace portico::compose {
namespace {

using schema::FieldTable;
using schema::FieldType;
using schema::Method;
using wire::WireType;

// Longer ones go by themselves, so that one caller does not make the call of all a large one.
constexpr size_t kMostKeyBytes = 1024;
constexpr size_t kMostRestBytes = 16384;

class Compiler {
 public:
  Compiler(const Method& method, const schema::Schema& schema, schema::Diagnostics& diagnostics)
      : method_(method), schema_(schema), diagnostics_(diagnostics), gather_(method.policy->gather()) {}

  std::unique_ptr<const GatherPlan> Compile() {
    const size_t before = diagnostics_.entries().size();
    auto plan = std::make_unique<GatherPlan>();
    plan->method = &method_;
    CheckMethod();
    CompileBounds(plan.get());
    plan->twin = schema_.FindMethod(gather_.method());
    if (plan->twin == nullptr) {
      Mistake("method", absl::StrCat("there is no method \"", gather_.method(), "\""));
      return nullptr;
    }
    CheckTwin(*plan->twin);
    CompileKeys(plan.get());
    CompileItems(plan.get());
    if (diagnostics_.entries().size() != before) return nullptr;
    return plan;
  }

 private:
  void Mistake(absl::string_view what, absl::string_view message) {
    diagnostics_.Add(method_.policy_position, absl::StrCat("policy.gather", what.empty() ? "" : ".", what, " of ",
                                                           method_.full_name, ": ", message));
  }

  void CheckMethod() {
    if (method_.service->facade) Mistake("", "a facade is composed here; the methods that it is made of can have this");
    if (method_.client_streaming || method_.server_streaming) Mistake("", "streams are not put together");
    if (!upstream::IsRepeatable(method_)) {
      Mistake("", "it might change something; say that it does not by idempotency_level or a GET binding");
    }
  }

  void CheckTwin(const Method& twin) {
    if (&twin == &method_) Mistake("method", "it is the method itself");
    if (twin.service->facade) Mistake("method", absl::StrCat(twin.full_name, " is of a facade"));
    if (twin.client_streaming || twin.server_streaming) {
      Mistake("method", absl::StrCat(twin.full_name, " streams"));
    }
  }

  void CompileBounds(GatherPlan* plan) {
    constexpr absl::Duration kMost = absl::Milliseconds(1);
    std::optional<absl::Duration> within = kMost;
    if (!gather_.within().empty()) within = schema::ParseDuration(gather_.within());
    if (!within.has_value() || *within <= absl::ZeroDuration() || *within > kMost) {
      return Mistake("within", absl::StrCat("\"", gather_.within(), "\": expected up to \"1ms\", such as \"0.5ms\""));
    }
    plan->within = absl::ToChronoNanoseconds(*within);
    plan->max_keys = gather_.max_keys() == 0 ? kDefaultGatheredKeys : gather_.max_keys();
    if (plan->max_keys < 2 || plan->max_keys > kMostGatheredKeys) {
      Mistake("max_keys", absl::StrCat("expected 2 to ", kMostGatheredKeys));
    }
  }

  bool CompilePath(const schema::MessageTable& root, absl::string_view path, absl::string_view what,
                   WirePath* compiled) {
    absl::StatusOr<WirePath> result =
        path.empty() ? absl::InvalidArgumentError("the path is empty") : WirePath::Compile(root, path);
    if (!result.ok()) {
      Mistake(what, result.status().message());
      return false;
    }
    *compiled = *std::move(result);
    return true;
  }

  static bool ThroughRepeated(const WirePath& path) {
    return std::any_of(path.steps().begin(), path.steps().end() - 1, [](const FieldTable* f) { return f->repeated; });
  }

  void CompileKeys(GatherPlan* plan) {
    const portico::Batch& batch = gather_.batch();
    absl::string_view from = batch.from();
    WirePath key;
    if (!absl::ConsumePrefix(&from, "request.")) {
      return Mistake("batch.from", absl::StrCat("\"", from, "\" is not \"request.FIELD\""));
    }
    if (!CompilePath(*method_.input, from, "batch.from", &key)) return;
    if (key.steps().size() != 1 || key.leaf().repeated || key.leaf().message != nullptr) {
      return Mistake("batch.from", absl::StrCat("\"", from, "\" is not a single value of the request itself"));
    }
    plan->key = &key.leaf();
    if (!CompilePath(*plan->twin->input, batch.keys(), "batch.keys", &plan->keys)) return;
    const FieldTable& keys = plan->keys.leaf();
    if (!keys.repeated || keys.message != nullptr || ThroughRepeated(plan->keys)) {
      return Mistake("batch.keys", absl::StrCat("\"", batch.keys(), "\" is not a repeated scalar"));
    }
    const absl::Status fits = Projections::CheckScalar(*plan->key, keys);
    if (!fits.ok()) return Mistake("batch.from", fits.message());
    for (const FieldTable& field : method_.input->fields) {
      if (&field == plan->key) continue;
      const FieldTable* same = plan->twin->input->FindByProtoName(field.name);
      absl::Status copied;
      if (same == nullptr || same == plan->keys.steps().front()) {
        copied = absl::InvalidArgumentError(
            absl::StrCat(plan->twin->input->full_name, " has no field \"", field.name, "\" for the request's"));
      } else if (field.type == FieldType::kGroup) {
        copied = absl::InvalidArgumentError(absl::StrCat("\"", field.name, "\" is a group"));
      } else {
        copied = Projections::CheckSame(field, *same);
      }
      if (!copied.ok()) {
        Mistake("method", copied.message());
      } else {
        plan->rest.emplace(field.number, same->number);
      }
    }
  }

  void CompileItems(GatherPlan* plan) {
    const portico::Batch& batch = gather_.batch();
    if (!CompilePath(*plan->twin->output, batch.items(), "batch.items", &plan->items)) return;
    const FieldTable& items = plan->items.leaf();
    if (!items.repeated || items.map || items.message == nullptr || ThroughRepeated(plan->items)) {
      return Mistake("batch.items", absl::StrCat("\"", batch.items(), "\" is not a repeated message"));
    }
    if (items.message->full_name != method_.output->full_name) {
      return Mistake("batch.items", absl::StrCat("\"", batch.items(), "\" are ", items.message->full_name,
                                                 ", but the method answers ", method_.output->full_name));
    }
    if (!CompilePath(*items.message, batch.item_key(), "batch.item_key", &plan->item_key)) return;
    if (plan->item_key.repeated()) {
      return Mistake("batch.item_key", absl::StrCat("\"", batch.item_key(), "\" is repeated"));
    }
    if (plan->keys.empty()) return;  // said already
    const absl::Status fits = Projections::CheckScalar(plan->item_key.leaf(), plan->keys.leaf());
    if (!fits.ok()) Mistake("batch.item_key", fits.message());
  }

  const Method& method_;
  const schema::Schema& schema_;
  schema::Diagnostics& diagnostics_;
  const portico::Gather& gather_;
};

// Whether the value can be among the keys of others, and is found again by its bytes.
bool IsKey(const FieldTable& field, const WireValue& value) {
  const absl::string_view bytes = value.bytes;
  if (value.type == WireType::kBytes) {
    if (bytes.empty() || bytes.size() > kMostKeyBytes) return false;
    // A service would refuse the whole call.
    return field.type != FieldType::kString || json::IsUtf8(bytes);
  }
  if (std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; })) return false;
  // A varint that is longer than it need be would not be found again.
  return value.type != WireType::kVarint || bytes.size() == 1 || bytes.back() != 0;
}

}  // namespace

bool GatherPlan::TakeApart(absl::string_view request, Asked* asked) const {
  wire::Reader reader(request);
  uint32_t tag = 0;
  bool found = false;
  while (!reader.done()) {
    if (!reader.ReadTag(&tag)) return false;
    const uint32_t number = wire::FieldNumber(tag);
    const char* const start = reader.position();
    if (number == key->number) {
      if (tag != key->tag) return false;
      asked->key.type = wire::TypeOf(tag);
      if (asked->key.type == WireType::kBytes) {
        if (!reader.ReadBytes(&asked->key.bytes)) return false;
      } else {
        if (!reader.Skip(tag)) return false;
        asked->key.bytes = absl::string_view(start, static_cast<size_t>(reader.position() - start));
      }
      found = true;
      continue;
    }
    const auto target = rest.find(number);
    if (target == rest.end() || wire::TypeOf(tag) == WireType::kStartGroup || !reader.Skip(tag)) return false;
    const auto size = static_cast<size_t>(reader.position() - start);
    if (asked->rest.size() + size > kMostRestBytes) return false;
    wire::AppendTag(target->second, wire::TypeOf(tag), &asked->rest);
    asked->rest.append(start, size);
  }
  return found && IsKey(*key, asked->key);
}

std::unique_ptr<const GatherPlan> CompileGather(const schema::Method& method, const schema::Schema& schema,
                                                schema::Diagnostics& diagnostics) {
  return Compiler(method, schema, diagnostics).Compile();
}

}  // namespace portico::compose
