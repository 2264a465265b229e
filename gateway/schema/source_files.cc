#include "gateway/schema/source_files.h"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/schema/builtin_contracts.h"
#include "gateway/schema/few_mistakes.h"
#include "gateway/schema/schema.h"
#include "gateway/schema/yaml_reader.h"

namespace portico::schema {
namespace {

namespace fs = std::filesystem;
namespace pb = google::protobuf;

// Takes the compiler's syntax errors, which count lines and columns from 0.
class SyntaxErrors final : public pb::io::ErrorCollector {
 public:
  SyntaxErrors(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    if (found_.Another()) diagnostics_.Add({file_, line + 1, column + 1}, message);
  }
  bool any() const { return found_.any(); }
  void Finish() {
    if (std::string rest = found_.Rest(); !rest.empty()) diagnostics_.Add({file_, 0, 0}, std::move(rest));
  }

 private:
  const std::string& file_;
  Diagnostics& diagnostics_;
  FewMistakes found_;
};

void ParseFile(const std::string& text, SourceFile& file, Diagnostics& diagnostics) {
  // Protobuf takes it for a file that defines nothing, but then it is one that somebody has only begun to write.
  if (absl::StripAsciiWhitespace(text).empty()) {
    diagnostics.Add({file.shown, 1, 1}, "the file is empty");
    file.broken = true;
    return;
  }
  SyntaxErrors errors(file.shown, diagnostics);
  pb::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  pb::io::Tokenizer tokenizer(&input, &errors);
  pb::compiler::Parser parser;
  file.locations = std::make_unique<pb::compiler::SourceLocationTable>();
  parser.RecordErrorsTo(&errors);
  parser.RecordSourceLocationsTo(file.locations.get());
  file.proto.set_name(file.name);
  const bool parsed = parser.Parse(&tokenizer, &file.proto);
  errors.Finish();
  file.broken = !parsed || errors.any();
  if (!parsed && !errors.any()) diagnostics.Add({file.shown, 0, 0}, "not a .proto file");
}

// Names of the .proto files below `folder`, relative to it, sorted. A folder reached again through a link to one of its
// own parents is not entered again.
class FolderWalk {
 public:
  explicit FolderWalk(fs::path root) : root_(std::move(root)) {}

  std::error_code Run(std::vector<std::string>& names) {
    std::error_code error = Enter(root_, "", names);
    std::sort(names.begin(), names.end());
    return error;
  }

 private:
  std::error_code Enter(const fs::path& folder, const std::string& prefix, std::vector<std::string>& names) {
    std::error_code error;
    const fs::path canonical = fs::canonical(folder, error);
    if (error) return error;
    if (std::find(parents_.begin(), parents_.end(), canonical) != parents_.end()) return {};
    parents_.push_back(canonical);
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      const std::string leaf = entries->path().filename().string();
      if (absl::StartsWith(leaf, ".")) continue;
      const std::string name = prefix + leaf;
      std::error_code unreadable;
      if (entries->is_directory(unreadable)) {
        error = Enter(entries->path(), name + "/", names);
        if (error) break;
      } else if (absl::EndsWith(leaf, ".proto") && entries->is_regular_file(unreadable)) {
        names.push_back(name);
      }
    }
    parents_.pop_back();
    return error;
  }

  fs::path root_;
  std::vector<fs::path> parents_;
};

SourceFiles ReadProtoFolder(const ContractSource& source, Diagnostics& diagnostics) {
  SourceFiles files;
  std::vector<std::string> names;
  if (std::error_code error = FolderWalk(source.path).Run(names); error) {
    diagnostics.Add(source.position, absl::StrCat("cannot read the folder ", source.path, ": ", error.message()));
    return files;
  }
  const std::string folder = absl::EndsWith(source.path, "/") ? source.path : source.path + "/";
  for (const std::string& name : names) {
    if (IsBuiltinOnly(name)) continue;
    auto file = std::make_unique<SourceFile>();
    file->name = name;
    file->shown = folder + name;
    std::string text;
    if (ReadFile(file->shown, source.position, text, diagnostics)) {
      ParseFile(text, *file, diagnostics);
    } else {
      file->broken = true;
    }
    files.emplace(name, std::move(file));
  }
  return files;
}

SourceFiles ReadDescriptorSet(const ContractSource& source, Diagnostics& diagnostics) {
  SourceFiles files;
  const bool reflected = source.kind == ContractSource::Kind::kReflected;
  const std::string from = reflected ? absl::StrCat("reflection of ", source.path) : source.path;
  std::string bytes;
  if (!reflected && !ReadFile(source.path, source.position, bytes, diagnostics)) return files;
  if (!reflected && bytes.empty()) {
    diagnostics.Add({source.path, 1, 1}, "the file is empty");
    return files;
  }
  pb::FileDescriptorSet set;
  if (!set.ParseFromString(reflected ? *source.reflected : bytes)) {
    diagnostics.Add(source.position, absl::StrCat(from, " is not a FileDescriptorSet"));
    return files;
  }
  for (pb::FileDescriptorProto& proto : *set.mutable_file()) {
    if (IsBuiltinOnly(proto.name())) continue;
    auto file = std::make_unique<SourceFile>();
    file->name = proto.name();
    file->shown = absl::StrCat(from, "(", proto.name(), ")");
    file->proto.Swap(&proto);
    const std::string name = file->name;
    const auto [at, added] = files.emplace(name, std::move(file));
    if (!added) diagnostics.Add({at->second->shown, 0, 0}, "the descriptor set has this file twice");
  }
  return files;
}

}  // namespace

SourceFile::SourceFile() = default;
SourceFile::~SourceFile() = default;

SourceFiles ReadSource(const ContractSource& source, Diagnostics& diagnostics) {
  return source.kind == ContractSource::Kind::kProtoFolder ? ReadProtoFolder(source, diagnostics)
                                                           : ReadDescriptorSet(source, diagnostics);
}

}  // namespace portico::schema
