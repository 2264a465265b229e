#include "tests/integration/demo.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace portico::integration {

std::string DemoConfig(const Shop& shop, const std::string& origin) {
  std::ifstream file(PORTICO_SOURCE_DIR "/tools/demo.yaml");
  const std::string demo{std::istreambuf_iterator<char>(file), {}};
  const size_t frontends = demo.find("\nfrontends:\n");
  if (frontends == std::string::npos) {
    ADD_FAILURE() << "tools/demo.yaml has no frontends";
    return "";
  }
  std::string rest =
      std::regex_replace(demo.substr(frontends + 1), std::regex("listen: 127\\.0\\.0\\.1:\\d+"), "listen: 127.0.0.1:0");
  rest = absl::StrReplaceAll(rest, {{"http://localhost:8000", origin},
                                    {"demo-partners.yaml", PORTICO_SOURCE_DIR "/tools/demo-partners.yaml"}});
  return absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\n", shop.Clusters(), rest);
}

}  // namespace portico::integration
