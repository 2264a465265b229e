#include "gateway/compose/plan.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gateway/compose/bind_check.h"
#include "gateway/compose/fetch_fields.h"
#include "gateway/compose/inner_facade.h"
#include "gateway/compose/json_form.h"
#include "gateway/compose/part_cycle.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/wire/writer.h"

namespace portico::compose {
namespace {

using schema::FieldTable;
using schema::MessageTable;
using schema::Method;

// Compiles one plan.
class Compiler {
 public:
  Compiler(const Method& method, const schema::Schema& schema, Projections& projections,
           schema::Diagnostics& diagnostics)
      : method_(method), schema_(schema), projections_(projections), diagnostics_(diagnostics) {}

  std::unique_ptr<const Plan> Compile() {
    const size_t before = diagnostics_.entries().size();
    if (method_.client_streaming) {
      diagnostics_.Add(method_.position,
                       absl::StrCat(method_.full_name, ": a facade method takes one request, not a stream of them"));
      return nullptr;
    }
    auto plan = std::make_unique<Plan>();
    plan->method = &method_;
    plan->types = &schema_;
    CompileMessage(*method_.output, "", &plan->root);
    plan->part_count = next_id_;
    if (diagnostics_.entries().size() != before) return nullptr;
    FindShareable(&plan->root, /*in_list=*/false);
    FindAwaited(&plan->root);
    SelectShown(&plan->root);
    return plan;
  }

 private:
  // What one fetch option says, and where mistakes in it are reported.
  struct Site {
    const MessageTable& table;  // the message the field is in
    const FieldTable& field;
    schema::Position position;
    std::string path;
  };

  void Mistake(const Site& site, absl::string_view what, absl::string_view message) {
    diagnostics_.Add(site.position,
                     absl::StrCat(what, " of ", site.table.full_name, ".", site.field.name, ": ", message));
  }

  void CompileMessage(const MessageTable& table, const std::string& prefix, MessagePlan* plan) {
    plan->table = &table;
    if (std::find(open_.begin(), open_.end(), &table) != open_.end()) {
      const MessageTable& parent = *open_.back();
      diagnostics_.Add(fetch_positions_.back(), absl::StrCat("fetch within ", parent.full_name, " leads to ",
                                                             table.full_name, " again: the calls would never end"));
      return;
    }
    open_.push_back(&table);
    if (prefix.empty()) FindBuriedFetches(table);
    // The parts first, by name, since `self` may point to a sibling that is declared later.
    std::vector<std::pair<portico::Fetch, Site>> fetches;
    for (const FieldTable& field : table.fields) {
      const std::string path = prefix.empty() ? field.name : absl::StrCat(prefix, ".", field.name);
      const std::optional<portico::Fetch> fetch = FetchOf(table, field);
      if (fetch.has_value()) {
        fetches.push_back({*fetch, Site{table, field, schema_.FetchPositionOf(*DescriptorOf(table, field)), path}});
        Part part;
        part.id = next_id_++;
        part.field = &field;
        part.path = path;
        part.position = fetches.back().second.position;
        plan->parts.push_back(std::move(part));
      } else if (IsOmitted(field)) {
        if (plan->omitted != nullptr) {
          diagnostics_.Add(schema_.PositionOf(*DescriptorOf(table, field)),
                           absl::StrCat(table.full_name, ".", field.name, ": ", plan->omitted->name,
                                        " says already what is left out"));
        }
        plan->omitted = &field;
      } else if (prefix.empty()) {
        CompileCopy(table, field, plan);
      } else if (field.message != nullptr && DescriptorOf(table, field) != nullptr && HasFetches(*field.message)) {
        CompileInner(table, field, path, plan);
      }
    }
    for (size_t i = 0; i < fetches.size(); ++i)
      CompilePart(fetches[i].first, fetches[i].second, *plan, &plan->parts[i]);
    for (size_t i = 0; i < plan->parts.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (plan->parts[i].field->oneof < 0 || plan->parts[i].field->oneof != plan->parts[j].field->oneof) continue;
        Mistake(fetches[i].second, "fetch",
                absl::StrCat("it is in one oneof with ", plan->parts[j].field->name, ", which is fetched too"));
      }
      for (int needed : plan->parts[i].needs) {
        plan->parts[static_cast<size_t>(needed)].needed_by.push_back(static_cast<int>(i));
        if (!plan->parts[static_cast<size_t>(needed)].stream) continue;
        Mistake(fetches[i].second, "fetch",
                absl::StrCat("it needs ", plan->parts[static_cast<size_t>(needed)].field->name,
                             ", which is a stream and never has its last value"));
      }
    }
    FindCycle(*plan, fetches);
    open_.pop_back();
  }

  void CompileInner(const MessageTable& table, const FieldTable& field, const std::string& path, MessagePlan* plan) {
    if (field.map || field.type == schema::FieldType::kGroup) return ReportBuried(table, field);
    plan->inners.push_back({&field, *WirePath::Compile(table, field.name), std::make_unique<MessagePlan>()});
    CompileMessage(*field.message, path, plan->inners.back().messages.get());
  }

  // A call can be the same as another one when the method is, or when the elements of a list each make it. A batch is
  // one call for them all.
  void FindShareable(MessagePlan* plan, bool in_list) {
    for (Part& part : plan->parts) {
      part.shareable = !part.stream && ((in_list && !part.batch.has_value()) || calls_of_[part.method] > 1);
      if (part.elements != nullptr) FindShareable(part.elements.get(), in_list || part.field->repeated);
    }
    for (Inner& inner : plan->inners) FindShareable(inner.messages.get(), in_list || inner.field->repeated);
  }

  // Returns whether a part of the message is awaited.
  static bool FindAwaited(MessagePlan* plan) {
    bool any = false;
    for (Part& part : plan->parts) {
      part.awaited = part.required;
      if (part.elements != nullptr && FindAwaited(part.elements.get())) part.awaited = true;
      any |= part.awaited;
    }
    for (Inner& inner : plan->inners) any |= FindAwaited(inner.messages.get());
    return any;
  }

  // Reports fetches nobody would run: those in a message that is neither the answer nor came with a part.
  void FindBuriedFetches(const MessageTable& table) {
    if (!searched_.insert(&table).second) return;
    for (const FieldTable& field : table.fields) {
      if (field.message == nullptr || DescriptorOf(table, field) == nullptr || FetchOf(table, field).has_value())
        continue;
      const bool contains = std::any_of(field.message->fields.begin(), field.message->fields.end(),
                                        [&](const FieldTable& f) { return FetchOf(*field.message, f).has_value(); });
      if (contains) ReportBuried(table, field);
      FindBuriedFetches(*field.message);
    }
  }

  void ReportBuried(const MessageTable& table, const FieldTable& field) {
    diagnostics_.Add(schema_.PositionOf(*DescriptorOf(table, field)),
                     absl::StrCat(table.full_name, ".", field.name,
                                  ": a fetch must be in the answer, or in a message that is itself fetched"));
  }

  void CompileCopy(const MessageTable& table, const FieldTable& field, MessagePlan* plan) {
    const google::protobuf::FieldDescriptor* descriptor = DescriptorOf(table, field);
    if (descriptor == nullptr) return;  // an extension: not the facade's own
    const FieldTable* source = method_.input->FindByProtoName(field.name);
    absl::Status fits;
    if (source == nullptr) {
      fits = absl::InvalidArgumentError(absl::StrCat("it has no fetch, and the request ", method_.input->full_name,
                                                     " has no field of its name to copy"));
    } else {
      fits = Projections::CheckSame(*source, field);
    }
    if (!fits.ok()) {
      diagnostics_.Add(schema_.PositionOf(*descriptor),
                       absl::StrCat(table.full_name, ".", field.name, ": ", fits.message()));
      return;
    }
    plan->copies.push_back({&field, *WirePath::Compile(*method_.input, field.name)});
  }

  void CompilePart(const portico::Fetch& fetch, const Site& site, const MessagePlan& plan, Part* part) {
    part->required = fetch.required();
    part->concurrency = fetch.concurrency() == 0 ? kDefaultConcurrency : fetch.concurrency();
    if (site.field.map) return Mistake(site, "fetch", "a map cannot be fetched");
    if (part->concurrency > kMostConcurrency) {
      Mistake(site, "fetch.concurrency",
              absl::StrCat(part->concurrency, " calls at once are as good as no bound, ", kMostConcurrency,
                           " are the most"));
    }
    CompileFallback(fetch, site, part);
    if (!fetch.timeout().empty()) {
      const std::optional<absl::Duration> timeout = schema::ParseDuration(fetch.timeout());
      if (!timeout.has_value() || *timeout <= absl::ZeroDuration()) {
        Mistake(site, "fetch.timeout", absl::StrCat("\"", fetch.timeout(), "\" is not a duration such as \"150ms\""));
      } else {
        part->timeout = *timeout;
      }
    }
    if (!fetch.when().empty()) {
      Source when;
      if (CompileSource(fetch.when(), site, "fetch.when", plan, part, &when)) {
        if (when.kind == Source::Kind::kLiteral) Mistake(site, "fetch.when", NoSource(when.text).message());
        part->when = std::move(when);
      }
    }
    part->method = schema_.FindMethod(fetch.method());
    ++calls_of_[part->method];
    if (part->method == nullptr) {
      return Mistake(site, "fetch.method", absl::StrCat("there is no method \"", fetch.method(), "\""));
    }
    if (part->method->client_streaming) {
      return Mistake(site, "fetch.method", absl::StrCat(fetch.method(), " takes a stream of requests"));
    }
    part->stream = part->method->server_streaming;
    if (part->stream && !CheckStream(fetch, site)) return;
    for (int i = 0; i < fetch.bind_size(); ++i) {
      CompileBind(fetch.bind(i), site, absl::StrCat("fetch.bind[", i, "]"), plan, part);
    }
    CompileReply(fetch, site, plan, part);
    part->in_pieces = IsInPieces(*part);
  }

  // Whether a part may be a stream, as `fetch` has it.
  bool CheckStream(const portico::Fetch& fetch, const Site& site) {
    if (!method_.server_streaming) {
      Mistake(site, "fetch.method", absl::StrCat(fetch.method(), " streams, but ", method_.full_name, " does not"));
      return false;
    }
    if (open_.size() > 1) {
      Mistake(site, "fetch.method",
              absl::StrCat(fetch.method(), " streams: only a field of the answer itself can be a stream"));
      return false;
    }
    const struct {
      bool given;
      const char* name;
      const char* why;
    } unfit[] = {
        {fetch.has_batch(), "fetch.batch", "a stream cannot be batched"},
        {!fetch.timeout().empty(), "fetch.timeout",
         "a stream lasts as long as its client; the method's policy bounds it"},
        {!fetch.fallback().empty(), "fetch.fallback", "nothing can stand in for a stream"},
        {!fetch.stale().empty(), "fetch.stale", "nothing can stand in for a stream"},
        {fetch.concurrency() != 0, "fetch.concurrency", "a stream is one call"},
    };
    bool fits = true;
    for (const auto& option : unfit) {
      if (!option.given) continue;
      Mistake(site, option.name, option.why);
      fits = false;
    }
    return fits;
  }

  // What to answer when the part fails: "stale" or a literal, and how old a reply may be to stand in for it.
  void CompileFallback(const portico::Fetch& fetch, const Site& site, Part* part) {
    if (!fetch.stale().empty()) {
      const std::optional<absl::Duration> stale = schema::ParseDuration(fetch.stale());
      if (!stale.has_value() || *stale <= absl::ZeroDuration()) {
        Mistake(site, "fetch.stale", absl::StrCat("\"", fetch.stale(), "\" is not a duration such as \"5m\""));
      } else {
        part->stale = *stale;
      }
    }
    if (fetch.fallback().empty()) return;
    if (fetch.fallback() == "stale") {
      if (fetch.stale().empty()) Mistake(site, "fetch.fallback", "\"stale\" needs a fetch.stale, the greatest age");
      return;
    }
    std::string encoded;
    const absl::Status fits = transcode::JsonValueToField(site.field, schema_, fetch.fallback(), &encoded);
    if (!fits.ok()) return Mistake(site, "fetch.fallback", fits.message());
    part->fallback = std::make_shared<const std::string>(std::move(encoded));
    WirePath::Compile(site.table, site.field.name)->Collect({*part->fallback}, &part->fallback_values);
  }

  // "target = source".
  void CompileBind(const std::string& text, const Site& site, const std::string& what, const MessagePlan& plan,
                   Part* part) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos)
      return Mistake(site, what, absl::StrCat("\"", text, "\" is not \"field = source\""));
    const absl::string_view target = absl::StripAsciiWhitespace(absl::string_view(text).substr(0, equals));
    const absl::string_view source = absl::StripAsciiWhitespace(absl::string_view(text).substr(equals + 1));
    Bind bind;
    absl::StatusOr<WirePath> path = target.empty() ? absl::InvalidArgumentError("there is no field before \"=\"")
                                                   : WirePath::Compile(*part->method->input, target);
    if (!path.ok()) return Mistake(site, what, path.status().message());
    bind.target = *std::move(path);
    for (size_t i = 0; i + 1 < bind.target.steps().size(); ++i) {
      if (bind.target.steps()[i]->repeated) {
        return Mistake(site, what, absl::StrCat("\"", target, "\" leads through a repeated field"));
      }
    }
    for (const Bind& other : part->binds) {
      if (const FieldTable* const member = OneofRival(bind.target, other.target)) {
        return Mistake(
            site, what,
            absl::StrCat("\"", target, "\" is in one oneof with \"", member->name, "\", which is bound too"));
      }
      if (other.target.steps() == bind.target.steps() && !bind.target.leaf().repeated) {
        return Mistake(site, what, absl::StrCat("\"", target, "\" is bound twice"));
      }
    }
    if (!CompileSource(source, site, what, plan, part, &bind.source)) return;
    const absl::Status fits = Fit(&bind);
    if (!fits.ok()) return Mistake(site, what, fits.message());
    part->binds.push_back(std::move(bind));
  }

  // Whether the bind's source can be its target's value; encodes a literal.
  absl::Status Fit(Bind* bind) {
    const FieldTable& target = bind->target.leaf();
    const Source& source = bind->source;
    switch (source.kind) {
      case Source::Kind::kLiteral: {
        const absl::Status encoded = transcode::JsonValueToField(target, schema_, source.text, &bind->literal);
        if (!encoded.ok()) return LooksLikeSource(source.text) ? NoSource(source.text) : encoded;
        for (size_t i = bind->target.steps().size() - 1; i-- > 0;) {
          std::string outer;
          wire::AppendBytesField(bind->target.steps()[i]->number, bind->literal, &outer);
          bind->literal = std::move(outer);
        }
        return absl::OkStatus();
      }
      case Source::Kind::kClaim:
      case Source::Kind::kHeader:
        if (target.type != schema::FieldType::kString) {
          return absl::InvalidArgumentError(
              absl::StrCat("\"", source.text, "\" is text, but \"", target.name, "\" is not a string"));
        }
        return absl::OkStatus();
      case Source::Kind::kRequest:
      case Source::Kind::kSelf:
        break;
    }
    const FieldTable& from = source.path.leaf();
    absl::Status fits = Projections::CheckScalar(from, target);
    if (fits.ok() && from.message != nullptr && from.message->full_name != target.message->full_name) {
      fits = absl::InvalidArgumentError(absl::StrCat("\"", source.text, "\" is ", from.message->full_name, ", but \"",
                                                     target.name, "\" is ", target.message->full_name));
    }
    if (fits.ok() && source.path.repeated() && !target.repeated) {
      fits = absl::InvalidArgumentError(
          absl::StrCat("\"", source.text, "\" is repeated, but \"", target.name, "\" is not"));
    }
    return fits;
  }

  bool CompileSource(absl::string_view text, const Site& site, absl::string_view what, const MessagePlan& plan,
                     Part* part, Source* source) {
    text = absl::StripAsciiWhitespace(text);
    source->text = std::string(text);
    absl::string_view rest = text;
    if (absl::ConsumePrefix(&rest, "request.")) {
      source->kind = Source::Kind::kRequest;
      return CompilePath(*method_.input, rest, site, what, &source->path);
    }
    if (absl::ConsumePrefix(&rest, "self.")) {
      source->kind = Source::Kind::kSelf;
      return CompileSelf(rest, site, what, plan, part, source);
    }
    const bool claim = absl::ConsumePrefix(&rest, "claim.");
    if (claim || absl::ConsumePrefix(&rest, "header.")) {
      source->kind = claim ? Source::Kind::kClaim : Source::Kind::kHeader;
      source->name = std::string(rest);
      const bool named = !rest.empty() && std::none_of(rest.begin(), rest.end(), absl::ascii_isspace);
      if (!named) Mistake(site, what, absl::StrCat("\"", text, "\" names nothing"));
      return named;
    }
    source->kind = Source::Kind::kLiteral;
    if (text.empty()) Mistake(site, what, "there is no source");
    return !text.empty();
  }

  bool CompileSelf(absl::string_view path, const Site& site, absl::string_view what, const MessagePlan& plan,
                   Part* part, Source* source) {
    WirePath whole;
    if (!CompilePath(site.table, path, site, what, &whole)) return false;
    const FieldTable* first = whole.steps().front();
    for (size_t i = 1; i < whole.steps().size(); ++i) {
      const MessageTable& parent = *whole.steps()[i - 1]->message;
      if (FetchOf(parent, *whole.steps()[i]).has_value()) {
        Mistake(site, what,
                absl::StrCat("\"self.", path, "\" leads to a field that is itself fetched inside \"",
                             whole.steps()[i - 1]->name, "\""));
        return false;
      }
    }
    source->path = whole;
    for (size_t i = 0; i < plan.parts.size(); ++i) {
      if (plan.parts[i].field != first) continue;
      const int index = static_cast<int>(i);
      source->part = index;
      source->rest = whole.Rest();
      if (std::find(part->needs.begin(), part->needs.end(), index) == part->needs.end()) part->needs.push_back(index);
    }
    return true;
  }

  bool CompilePath(const MessageTable& root, absl::string_view path, const Site& site, absl::string_view what,
                   WirePath* compiled) {
    absl::StatusOr<WirePath> result =
        path.empty() ? absl::InvalidArgumentError("the path is empty") : WirePath::Compile(root, path);
    if (!result.ok()) {
      Mistake(site, what, result.status().message());
      return false;
    }
    *compiled = *std::move(result);
    return true;
  }

  // What of the reply becomes the field.
  void CompileReply(const portico::Fetch& fetch, const Site& site, const MessagePlan& plan, Part* part) {
    const MessageTable* root = part->method->output;
    bool many = false;
    if (fetch.has_batch()) {
      root = CompileBatch(fetch.batch(), site, plan, part);
      if (root == nullptr) return;
    }
    if (!fetch.select().empty()) {
      if (!CompilePath(*root, fetch.select(), site, "fetch.select", &part->select)) return;
      many = part->select.repeated();
    }
    const FieldTable& field = site.field;
    if (many != field.repeated) {
      return Mistake(site, "fetch.select",
                     absl::StrCat(many ? "it selects many values" : "it selects one value", ", but the field is ",
                                  field.repeated ? "repeated" : "not repeated"));
    }
    const MessageTable* selected = root;
    if (!part->select.empty()) {
      if (part->select.leaf().map) return Mistake(site, "fetch.select", "a map cannot be selected");
      selected = part->select.leaf().message;
      const absl::Status fits = Projections::CheckScalar(part->select.leaf(), field);
      if (!fits.ok()) return Mistake(site, "fetch.select", fits.message());
    } else if (field.type != schema::FieldType::kMessage) {
      return Mistake(site, "fetch.select", absl::StrCat("the whole reply is a message, but the field is not"));
    }
    if (selected == nullptr) return;
    part->message = true;
    part->may_lack_json = MayLackJson(*field.message);
    // What another facade has filled is not filled once more.
    if (part->method->service->facade && selected->full_name == field.message->full_name) return;
    absl::StatusOr<const Projection*> projection = projections_.Compile(*selected, *field.message);
    if (!projection.ok()) return Mistake(site, "fetch.select", projection.status().message());
    part->projection = *projection;
    if (HasFetches(*field.message)) {
      if (part->stream) {
        return Mistake(site, "fetch.method",
                       absl::StrCat(part->method->full_name, " streams, and nothing is fetched for its messages: ",
                                    field.message->full_name, " has a fetch"));
      }
      fetch_positions_.push_back(site.position);
      part->elements = std::make_unique<MessagePlan>();
      CompileMessage(*field.message, site.path, part->elements.get());
      fetch_positions_.pop_back();
    }
  }

  // Returns the type of the reply's items; nullptr after a mistake.
  const MessageTable* CompileBatch(const portico::Batch& batch, const Site& site, const MessagePlan& plan, Part* part) {
    BatchPlan compiled;
    if (open_.size() < 2) {
      Mistake(site, "fetch.batch", "only a fetch inside an element of a list can be batched");
      return nullptr;
    }
    if (!CompilePath(*part->method->input, batch.keys(), site, "fetch.batch.keys", &compiled.keys) ||
        !CompileSource(batch.from(), site, "fetch.batch.from", plan, part, &compiled.from) ||
        !CompilePath(*part->method->output, batch.items(), site, "fetch.batch.items", &compiled.items)) {
      return nullptr;
    }
    const auto through_repeated = [](const WirePath& path) {
      return std::any_of(path.steps().begin(), path.steps().end() - 1, [](const FieldTable* f) { return f->repeated; });
    };
    if (compiled.from.kind != Source::Kind::kSelf || !part->needs.empty()) {
      Mistake(site, "fetch.batch.from",
              "a batch's key must be self.PATH of a field that is not fetched, and the only self");
      return nullptr;
    }
    for (const Bind& bind : part->binds) {
      if (const FieldTable* const member = OneofRival(compiled.keys, bind.target)) {
        Mistake(site, "fetch.batch.keys",
                absl::StrCat("\"", batch.keys(), "\" is in one oneof with \"", member->name, "\", which is bound"));
        return nullptr;
      }
      if (bind.target.steps() == compiled.keys.steps()) {
        Mistake(site, "fetch.bind", absl::StrCat("\"", batch.keys(), "\" holds the batch's keys"));
        return nullptr;
      }
      if (bind.source.kind == Source::Kind::kSelf) {
        Mistake(site, "fetch.bind", absl::StrCat("\"", bind.source.text, "\" differs between the elements of a batch"));
        return nullptr;
      }
    }
    if (part->when.has_value() && part->when->kind == Source::Kind::kSelf) {
      Mistake(site, "fetch.when", absl::StrCat("\"", part->when->text, "\" differs between the elements of a batch"));
      return nullptr;
    }
    const FieldTable& key = compiled.keys.leaf();
    if (!key.repeated || key.message != nullptr || through_repeated(compiled.keys)) {
      Mistake(site, "fetch.batch.keys", absl::StrCat("\"", batch.keys(), "\" is not a repeated scalar"));
      return nullptr;
    }
    const FieldTable& items = compiled.items.leaf();
    if (!items.repeated || items.message == nullptr || items.map || through_repeated(compiled.items)) {
      Mistake(site, "fetch.batch.items", absl::StrCat("\"", batch.items(), "\" is not a repeated message"));
      return nullptr;
    }
    if (!CompilePath(*items.message, batch.item_key(), site, "fetch.batch.item_key", &compiled.item_key))
      return nullptr;
    absl::Status fits = Projections::CheckScalar(compiled.from.path.leaf(), key);
    if (fits.ok() && compiled.from.path.repeated()) {
      fits = absl::InvalidArgumentError(absl::StrCat("\"", batch.from(), "\" is repeated"));
    }
    if (!fits.ok()) {
      Mistake(site, "fetch.batch.from", fits.message());
      return nullptr;
    }
    fits = Projections::CheckScalar(compiled.item_key.leaf(), key);
    if (fits.ok() && compiled.item_key.repeated()) {
      fits = absl::InvalidArgumentError(absl::StrCat("\"", batch.item_key(), "\" is repeated"));
    }
    if (!fits.ok()) {
      Mistake(site, "fetch.batch.item_key", fits.message());
      return nullptr;
    }
    part->batch = std::move(compiled);
    return items.message;
  }

  // Reports the parts of a message that wait for each other.
  void FindCycle(const MessagePlan& plan, const std::vector<std::pair<portico::Fetch, Site>>& fetches) {
    const std::vector<size_t> path = CycleOf(plan.parts);
    if (path.empty()) return;
    const std::string names = absl::StrJoin(
        path, " -> ", [&](std::string* out, size_t part) { absl::StrAppend(out, plan.parts[part].field->name); });
    Mistake(fetches[path.back()].second, "fetch.bind", absl::StrCat("a cycle of parts that need each other: ", names));
  }

  const Method& method_;
  const schema::Schema& schema_;
  Projections& projections_;
  schema::Diagnostics& diagnostics_;
  int next_id_ = 0;
  absl::flat_hash_map<const Method*, int> calls_of_;   // parts that call a method
  absl::flat_hash_set<const MessageTable*> searched_;  // for buried fetches
  std::vector<const MessageTable*> open_;              // the messages being compiled, outermost first
  std::vector<schema::Position> fetch_positions_;      // of the fetches that led to them
};

void AddParts(const MessagePlan& message, std::vector<const Part*>* parts) {
  for (const Inner& inner : message.inners) AddParts(*inner.messages, parts);
  for (const Part& part : message.parts) {
    (*parts)[static_cast<size_t>(part.id)] = &part;
    if (part.elements != nullptr) AddParts(*part.elements, parts);
  }
}

}  // namespace

std::vector<const Part*> Plan::Parts() const {
  std::vector<const Part*> parts(static_cast<size_t>(part_count));
  AddParts(root, &parts);
  return parts;
}

bool IsFilledByGateway(const MessageTable& table, const FieldTable& field) {
  return IsOmitted(field) || FetchOf(table, field).has_value();
}

std::unique_ptr<const Plan> CompilePlan(const Method& method, const schema::Schema& schema, Projections& projections,
                                        schema::Diagnostics& diagnostics) {
  return Compiler(method, schema, projections, diagnostics).Compile();
}

}  // namespace portico::compose
