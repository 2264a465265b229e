#include "tests/faults/behind.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/schema/schema.h"

namespace portico::faults {

Behind::Behind(const std::vector<std::pair<std::string, std::string>>& clusters) {
  const std::string own = absl::StrCat(PORTICO_SOURCE_DIR, "/tests/faults/protos");
  const std::string repository = absl::StrCat(PORTICO_SOURCE_DIR, "/proto");
  schema::Diagnostics diagnostics;
  using schema::ContractSource;
  std::shared_ptr<const schema::Schema> schema = schema::Schema::Load(
      {{ContractSource::Kind::kProtoFolder, own, {}}, {ContractSource::Kind::kProtoFolder, repository, {}}},
      diagnostics);
  if (schema == nullptr) {
    ADD_FAILURE() << diagnostics.ToString();
    return;
  }
  services_ = std::make_unique<FakeServices>(std::move(schema), static_cast<int>(clusters.size()));
  std::string config = absl::StrCat("contracts:\n  - protos: ", own, "\n  - protos: ", repository, "\nclusters:\n");
  for (size_t i = 0; i < clusters.size(); ++i) {
    absl::StrAppend(&config, "  ", clusters[i].first == "*" ? "others" : clusters[i].first,
                    ": { target: ", services_->address(i), ", services: [\"", clusters[i].second,
                    "\"], timeout: 20s }\n");
  }
  absl::StrAppend(&config,
                  "frontends:\n  - { name: web, listen: \"127.0.0.1:0\", expose: [\"*\"] }\n"
                  "admin: { listen: \"127.0.0.1:0\" }\n");
  gateway_ = std::make_unique<integration::Gateway>(folder_.Write("portico.yaml", config));
}

std::vector<std::string> OmittedIn(const integration::Answer& answer) {
  std::vector<std::string> parts = absl::StrSplit(answer.Header("Portico-Omitted"), ", ", absl::SkipEmpty());
  std::sort(parts.begin(), parts.end());
  return parts;
}

}  // namespace portico::faults
