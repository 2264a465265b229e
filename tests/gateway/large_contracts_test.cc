// More than 500 services and 5,000 routes: they load, every route is found, and every conflict is explained. What that
// takes is measured by `tools/bench/run routing`.
#include "tests/gateway/large_contracts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "absl/strings/str_format.h"
#include "gateway/snapshot.h"

namespace portico {
namespace {

std::shared_ptr<const Snapshot> Build(const std::string& config, schema::Diagnostics& diagnostics) {
  return Snapshot::Build(config, SnapshotInputs{}, diagnostics);
}

TEST(LargeContractsTest, EveryRouteIsFound) {
  const testing::LargeContracts large;
  testing::TempFolder folder;
  schema::Diagnostics diagnostics;
  const auto snapshot = Build(testing::WriteLargeContracts(folder, large), diagnostics);
  ASSERT_NE(snapshot, nullptr) << diagnostics.ToString();
  ASSERT_EQ(snapshot->schema().services().size(), 500u);
  const Frontend& frontend = *snapshot->frontends().front();
  ASSERT_EQ(frontend.routes().size(), 5500u);
  for (const Route& route : frontend.routes()) {
    // Variables and their stars become values: "/v1/{name=a/*}:b" is asked for as "/v1/a/x:b".
    std::string path = route.path;
    for (const char* name : {"{name=", "{parent=", "{thing.name=", "}"}) path = absl::StrReplaceAll(path, {{name, ""}});
    path = absl::StrReplaceAll(path, {{"**", "x/y"}, {"*", "x"}});
    ASSERT_EQ(frontend.Find(route.verb, path), &route) << route.verb << " " << path;
  }
}

TEST(LargeContractsTest, EveryConflictIsExplainedByBothPlaces) {
  const testing::LargeContracts large{.conflicts = 120};
  testing::TempFolder folder;
  schema::Diagnostics diagnostics;
  EXPECT_EQ(Build(testing::WriteLargeContracts(folder, large), diagnostics), nullptr);
  std::set<std::string> found;
  for (const schema::Diagnostic& diagnostic : diagnostics.entries()) found.insert(diagnostic.ToString());
  std::set<std::string> expected;
  const auto line = 2 + std::count(testing::kLargeService, strstr(testing::kLargeService, "}:move"), '\n') - 1;
  for (int i = 0; i < large.conflicts; ++i) {
    const auto place = [&](int service) {
      return absl::StrFormat("%s/protos/large/s%d/v1/things.proto:%d:5", folder.path(), service, line);
    };
    const std::string route = absl::StrFormat("POST /v1/{name=projects/*/locations/*/things%d/*}:move", 2 * i);
    const auto rpc = [](int service) { return absl::StrFormat("large.s%d.v1.Things%d/Move", service, service); };
    // Whichever file is read later is blamed, and names the earlier one.
    const auto message = [&](int later, int earlier) {
      return absl::StrFormat("%s: conflicting routes: %s of %s matches the same requests as %s of %s at %s",
                             place(later), route, rpc(later), route, rpc(earlier), place(earlier));
    };
    const std::string either = message(2 * i + 1, 2 * i);
    expected.insert(found.contains(either) ? either : message(2 * i, 2 * i + 1));
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(diagnostics.entries().size(), 120u);
}

}  // namespace
}  // namespace portico
