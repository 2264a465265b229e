#include "gateway/candidate.h"

#include <algorithm>
#include <utility>

#include "gateway/frontend_access.h"

namespace portico {
namespace {

std::shared_ptr<const Snapshot> Build(const std::string& path, SnapshotInputs inputs,
                                      const config::ReflectedContracts& reflected, Candidate* candidate,
                                      schema::Diagnostics& mistakes) {
  std::unique_ptr<const config::LoadedConfig> loaded = config::LoadConfig(path, mistakes);
  if (loaded == nullptr) return nullptr;
  candidate->read = PathsOf(*loaded);
  inputs.reflected = reflected;
  return Snapshot::Build(std::move(loaded), inputs, mistakes);
}

}  // namespace

Candidate BuildCandidate(const std::string& path, const SnapshotInputs& inputs,
                         const config::ReflectedContracts& learned, const config::ReflectedContracts& accepted) {
  Candidate result;
  result.reflected = learned;
  result.snapshot = Build(path, inputs, learned, &result, result.mistakes);
  if (result.snapshot != nullptr) return result;

  config::ReflectedContracts known;
  config::ReflectedContracts fresh;
  for (const auto& [cluster, contracts] : learned) {
    const auto before = accepted.find(cluster);
    if (before != accepted.end()) known.insert(*before);
    if (before == accepted.end() || *before->second != *contracts) fresh.emplace(cluster, contracts);
  }
  if (fresh.empty()) return result;
  schema::Diagnostics of_files;
  std::shared_ptr<const Snapshot> without = Build(path, inputs, known, &result, of_files);
  if (without == nullptr) return result;  // the files are wrong as well
  if (fresh.size() == 1) {
    result.refused = std::move(result.mistakes);
  } else {
    // Those that are right are not to wait for those that are not.
    for (const auto& [cluster, contracts] : fresh) {
      config::ReflectedContracts more = known;
      more[cluster] = contracts;
      schema::Diagnostics of_this;
      std::shared_ptr<const Snapshot> with = Build(path, inputs, more, &result, of_this);
      if (with == nullptr) {
        for (const schema::Diagnostic& mistake : of_this.entries())
          result.refused.Add(mistake.position, mistake.message);
        continue;
      }
      without = std::move(with);
      known = std::move(more);
    }
  }
  result.snapshot = std::move(without);
  result.reflected = std::move(known);
  result.mistakes = {};
  return result;
}

std::vector<net::Watched> PathsOf(const config::LoadedConfig& loaded) {
  std::vector<net::Watched> paths = {loaded.path};
  for (const schema::ContractSource& source : config::ContractSources(loaded)) {
    const bool folder = source.kind == schema::ContractSource::Kind::kProtoFolder;
    paths.emplace_back(source.path, folder ? ".proto" : "");
  }
  for (const auto& [name, cluster] : loaded.config.clusters()) {
    for (const std::string* path : {&cluster.tls().ca(), &cluster.tls().cert(), &cluster.tls().key()}) {
      if (!path->empty()) paths.emplace_back(*path);
    }
  }
  for (std::string& path : AccessPaths(loaded.config)) paths.emplace_back(std::move(path));
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace portico
