#include "gateway/schema/pool_builder.h"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/schema/builtin_contracts.h"
#include "gateway/schema/few_mistakes.h"

namespace portico::schema {
namespace {

namespace pb = google::protobuf;
using ErrorLocation = pb::DescriptorPool::ErrorCollector::ErrorLocation;

// Where something in the file's proto stands; the file alone when that is not known.
Position PositionIn(const SourceFile& file, const pb::Message* descriptor, ErrorLocation location,
                    const std::string& import) {
  int line = -1;
  int column = 0;
  if (file.locations != nullptr) {
    if (location == pb::DescriptorPool::ErrorCollector::IMPORT) {
      file.locations->FindImport(descriptor, import, &line, &column);
    } else {
      file.locations->Find(descriptor, location, &line, &column);
    }
  }
  return line < 0 ? Position{file.shown, 0, 0} : Position{file.shown, line + 1, column + 1};
}

}  // namespace

// Takes what the pool finds wrong in one file.
class PoolBuilder::LinkErrors final : public pb::DescriptorPool::ErrorCollector {
 public:
  LinkErrors(PoolBuilder& builder, const SourceFile& file) : builder_(builder), file_(file) {}

  void AddError(const std::string& /*filename*/, const std::string& element_name, const pb::Message* descriptor,
                ErrorLocation location, const std::string& message) override {
    if (!found_.Another()) return;
    Position position = PositionIn(file_, descriptor, location, element_name);
    // Without a line the name of the element is what leads a user to the place.
    std::string text = position.line > 0 ? message : absl::StrCat(element_name, ": ", message);
    builder_.Report(std::move(position), std::move(text));
  }
  bool any() const { return found_.any(); }
  void Finish() {
    if (std::string rest = found_.Rest(); !rest.empty()) builder_.Report({file_.shown, 0, 0}, std::move(rest));
  }

 private:
  PoolBuilder& builder_;
  const SourceFile& file_;
  FewMistakes found_;
};

PoolBuilder::PoolBuilder(const SourceFiles& own, std::vector<const SourceFiles*> others, pb::DescriptorPool& pool,
                         absl::flat_hash_set<std::string>& reported, Diagnostics& diagnostics)
    : own_(own), others_(std::move(others)), pool_(pool), reported_(reported), diagnostics_(diagnostics) {}

const SourceFile* PoolBuilder::Find(const std::string& name) const {
  if (const auto at = own_.find(name); at != own_.end()) return at->second.get();
  for (const SourceFiles* files : others_) {
    if (const auto at = files->find(name); at != files->end()) return at->second.get();
  }
  return nullptr;
}

void PoolBuilder::Report(Position position, std::string message) {
  if (!reported_.insert(absl::StrCat(position.ToString(), ": ", message)).second) return;
  diagnostics_.Add(std::move(position), std::move(message));
}

const pb::FileDescriptor* PoolBuilder::BuildBuiltin(const std::string& name) {
  const pb::FileDescriptor* builtin = FindBuiltinContract(name);
  if (builtin == nullptr) return nullptr;
  shown_.emplace(name, absl::StrCat(name, " (built in)"));
  const pb::FileDescriptorProto proto = ToProto(*builtin);
  for (const std::string& import : proto.dependency()) {
    if (Build(import) == nullptr) return nullptr;
  }
  return pool_.BuildFile(proto);
}

bool PoolBuilder::BuildImports(const SourceFile& file) {
  bool complete = true;
  for (const std::string& import : file.proto.dependency()) {
    const auto position = [&] {
      return PositionIn(file, &file.proto, pb::DescriptorPool::ErrorCollector::IMPORT, import);
    };
    if (const auto state = states_.find(import); state != states_.end() && state->second == State::kBuilding) {
      Report(position(), absl::StrCat("import \"", import, "\" leads back to this file"));
      complete = false;
      continue;
    }
    if (Build(import) != nullptr) continue;
    complete = false;
    // A file that is there but wrong has been reported itself.
    if (Find(import) == nullptr && FindBuiltinContract(import) == nullptr) {
      Report(position(), absl::StrCat("import \"", import, "\" was not found"));
    }
  }
  return complete;
}

const pb::FileDescriptor* PoolBuilder::Build(const std::string& name) {
  if (const auto state = states_.find(name); state != states_.end()) {
    return state->second == State::kBuilt ? pool_.FindFileByName(name) : nullptr;
  }
  states_[name] = State::kBuilding;
  const pb::FileDescriptor* built = nullptr;
  if (const SourceFile* file = Find(name); file == nullptr) {
    built = BuildBuiltin(name);
  } else {
    shown_.emplace(name, file->shown);
    // The imports of a file with a syntax error are still followed: their mistakes are worth showing too.
    if (BuildImports(*file) && !file->broken) {
      LinkErrors errors(*this, *file);
      built = pool_.BuildFileCollectingErrors(file->proto, &errors);
      errors.Finish();
      if (built == nullptr && !errors.any()) Report({file->shown, 0, 0}, "the file could not be linked");
    }
  }
  states_[name] = built == nullptr ? State::kFailed : State::kBuilt;
  return built;
}

}  // namespace portico::schema
