#include "gateway/compose/projection.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/wire/reader.h"

namespace portico::compose {
namespace {

using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;

absl::string_view TypeName(const FieldTable& field) {
  static constexpr absl::string_view kNames[] = {
      "",      "double",  "float", "int64",  "uint64", "int32",    "fixed64",  "fixed32", "bool",  "string",
      "group", "message", "bytes", "uint32", "enum",   "sfixed32", "sfixed64", "sint32",  "sint64"};
  if (field.message != nullptr) return field.message->full_name;
  if (field.enum_type != nullptr) return field.enum_type->full_name;
  return kNames[static_cast<size_t>(field.type)];
}

}  // namespace

absl::Status Projections::CheckScalar(const FieldTable& from, const FieldTable& to) {
  const bool both_enum = from.type == FieldType::kEnum && to.type == FieldType::kEnum;
  const bool same = from.type == to.type && (from.message == nullptr) == (to.message == nullptr) &&
                    (!both_enum || from.enum_type->full_name == to.enum_type->full_name);
  if (same) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", from.name, "\" is ", TypeName(from), ", but \"", to.name, "\" is ", TypeName(to)));
}

absl::Status Projections::CheckSame(const FieldTable& from, const FieldTable& to) {
  const absl::Status fits = CheckScalar(from, to);
  if (!fits.ok()) return fits;
  if (from.repeated != to.repeated || from.map != to.map) {
    return absl::InvalidArgumentError(absl::StrCat("\"", from.name, "\" is ", from.repeated ? "" : "not ",
                                                   "repeated, but \"", to.name, "\" is", to.repeated ? "" : " not"));
  }
  if (from.message == nullptr) return absl::OkStatus();
  if (from.map) {
    for (size_t i = 0; i < 2; ++i) {
      const absl::Status entry = CheckSame(from.message->fields[i], to.message->fields[i]);
      if (!entry.ok()) return entry;
    }
    return absl::OkStatus();
  }
  if (from.message->full_name == to.message->full_name) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", from.name, "\" is ", TypeName(from), ", but \"", to.name, "\" is ", TypeName(to)));
}

bool Projections::HasFilled(const MessageTable& table, std::vector<const MessageTable*>& path) {
  if (std::find(path.begin(), path.end(), &table) != path.end()) return false;
  path.push_back(&table);
  for (const FieldTable& field : table.fields) {
    if (filled_(table, field) || (field.message != nullptr && HasFilled(*field.message, path))) return true;
  }
  return false;
}

absl::StatusOr<const Projection*> Projections::Compile(const MessageTable& from, const MessageTable& to) {
  std::vector<const MessageTable*> path;
  if (from.full_name == to.full_name && !HasFilled(to, path)) return nullptr;
  if (to.well_known != schema::WellKnown::kNone || from.well_known != schema::WellKnown::kNone) {
    return absl::InvalidArgumentError(absl::StrCat(from.full_name, " is not ", to.full_name));
  }
  auto [entry, added] = compiled_.try_emplace({&from, &to});
  Compiled& compiled = entry->second;
  // Entered before it is complete, so that a type which contains itself finds it.
  if (added) compiled.status = Fill(from, to, compiled.projection.get());
  if (!compiled.status.ok()) return compiled.status;
  return compiled.projection.get();
}

absl::Status Projections::Fill(const MessageTable& from, const MessageTable& to, Projection* projection) {
  for (const FieldTable& target : to.fields) {
    if (filled_(to, target)) continue;
    const FieldTable* source = from.FindByProtoName(target.name);
    if (source == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(from.full_name, " has no field \"", target.name, "\", which ", to.full_name, " declares"));
    }
    absl::Status fits = CheckScalar(*source, target);
    if (fits.ok() && (source->repeated != target.repeated || source->map != target.map)) {
      fits = absl::InvalidArgumentError(absl::StrCat("\"", target.name, "\" is ", source->repeated ? "" : "not ",
                                                     "repeated in ", from.full_name, ", but ",
                                                     target.repeated ? "is" : "not", " in ", to.full_name));
    }
    Projection::Rule rule{target.number, nullptr};
    if (fits.ok() && target.message != nullptr) {
      absl::StatusOr<const Projection*> nested = Compile(*source->message, *target.message);
      fits = nested.status();
      if (nested.ok()) rule.nested = *nested;
    }
    if (!fits.ok()) return fits;
    projection->rules_.emplace(source->number, rule);
  }
  return absl::OkStatus();
}

void Projection::Write(absl::string_view message, wire::Writer& out) const {
  wire::Reader reader(message);
  uint32_t tag = 0;
  while (!reader.done() && reader.ReadTag(&tag)) {
    const auto rule = rules_.find(wire::FieldNumber(tag));
    const wire::WireType type = wire::TypeOf(tag);
    const char* const start = reader.position();
    if (rule == rules_.end()) {
      if (!reader.Skip(tag)) return;
      continue;
    }
    const uint32_t target = wire::MakeTag(rule->second.number, type);
    if (rule->second.nested != nullptr && type == wire::WireType::kBytes) {
      absl::string_view content;
      if (!reader.ReadBytes(&content)) return;
      out.Tag(target);
      const size_t begin = out.Begin();
      rule->second.nested->Write(content, out);
      out.End(begin);
      continue;
    }
    if (type == wire::WireType::kStartGroup) {
      absl::string_view content;
      if (!reader.ReadGroup(tag, &content)) return;
      out.Tag(target);
      if (rule->second.nested != nullptr) {
        rule->second.nested->Write(content, out);
      } else {
        out.buffer().Append(content);
      }
      out.Tag(wire::MakeTag(rule->second.number, wire::WireType::kEndGroup));
      continue;
    }
    if (!reader.Skip(tag)) return;
    out.Tag(target);
    out.buffer().Append(absl::string_view(start, static_cast<size_t>(reader.position() - start)));
  }
}

}  // namespace portico::compose
