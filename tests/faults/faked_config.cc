#include "tests/faults/faked_config.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>

namespace portico::faults {
namespace {

// Makes a value that names a file one that names it from anywhere.
void Anchor(YAML::Node node, const std::filesystem::path& folder) {
  if (!node.IsDefined() || !node.IsScalar()) return;
  const std::string file = node.as<std::string>();
  if (file.rfind("http", 0) != 0) node = (folder / file).lexically_normal().string();
}

}  // namespace

absl::StatusOr<std::string> FakedConfig(const std::string& path, const std::string& frontend,
                                        const std::string& address) {
  try {
    const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
    YAML::Node config = YAML::LoadFile(path);
    for (YAML::Node source : config["contracts"]) {
      for (auto entry : source) {
        if (entry.first.as<std::string>() == "reflection") {
          return absl::UnimplementedError("contracts by reflection cannot be faked: name their files");
        }
        Anchor(entry.second, folder);
      }
    }
    YAML::Node clusters;
    for (const auto& cluster : config["clusters"]) {
      YAML::Node faked;
      faked["target"] = address;
      for (const char* const kept : {"services", "timeout"}) {
        if (cluster.second[kept]) faked[kept] = cluster.second[kept];
      }
      clusters[cluster.first] = faked;
    }
    config["clusters"] = clusters;
    YAML::Node frontends;
    for (YAML::Node one : config["frontends"]) {
      if (one["name"].as<std::string>() != frontend) continue;
      one["listen"] = "127.0.0.1:0";
      one.remove("tls");
      one.remove("rate_limit");
      if (one["auth"] && one["auth"]["api_keys"]) Anchor(one["auth"]["api_keys"], folder);
      if (one["auth"] && one["auth"]["jwt"] && one["auth"]["jwt"]["keys"]) Anchor(one["auth"]["jwt"]["keys"], folder);
      if (one["identity"] && one["identity"]["key"]) Anchor(one["identity"]["key"], folder);
      frontends.push_back(one);
    }
    config["frontends"] = frontends;
    YAML::Node admin;
    admin["listen"] = "127.0.0.1:0";
    config["admin"] = admin;
    config["workers"] = 1;
    YAML::Emitter out;
    out << config;
    return std::string(out.c_str()) + "\n";
  } catch (const YAML::Exception& mistake) {
    return absl::InvalidArgumentError(path + ": " + mistake.what());
  }
}

}  // namespace portico::faults
