// What 500 services with 5,500 routes cost: loading them all (as `portico check` and a reload do), and finding one.
#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/rule_check.h"
#include "gateway/schema/schema.h"
#include "gateway/snapshot.h"
#include "tests/gateway/large_contracts.h"
#include "tools/bench/micro/measure.h"

namespace portico {
namespace {

struct Request {
  std::string verb;
  std::string path;
};

// A request for each route, in an order that has nothing to do with the table's.
std::vector<Request> RequestsFor(const Frontend& frontend, const char* value) {
  std::vector<Request> requests;
  for (const Route& route : frontend.routes()) {
    std::string path = route.path;
    for (const char* name : {"{name=", "{parent=", "{thing.name=", "}"}) path = absl::StrReplaceAll(path, {{name, ""}});
    requests.push_back({route.verb, absl::StrReplaceAll(path, {{"**", "a/b"}, {"*", value}})});
  }
  std::shuffle(requests.begin(), requests.end(), std::mt19937(1));
  return requests;
}

routing::RouteTable TableOf(const schema::Schema& schema) {
  routing::RouteTableBuilder builder;
  schema::Diagnostics diagnostics;
  size_t target = 0;
  for (const schema::Service* service : schema.services()) {
    for (const auto& method : service->methods) {
      for (const schema::HttpRule& rule : method->http) {
        const std::optional<routing::CheckedRule> checked = routing::CheckRule(*method, rule, diagnostics);
        builder.Add(rule.verb, checked->path, target++, method->full_name, rule.position, diagnostics);
      }
    }
  }
  return builder.Build();
}

int Run() {
  const testing::LargeContracts large;
  const testing::TempFolder folder;
  const std::string config = testing::WriteLargeContracts(folder, large);
  std::shared_ptr<const Snapshot> snapshot;
  schema::Diagnostics diagnostics;
  std::vector<double> loads;
  for (int i = 0; i < 5; ++i) {
    snapshot.reset();
    const double begin = bench::ThreadNanoseconds();
    snapshot = Snapshot::Build(config, SnapshotInputs{}, diagnostics);
    loads.push_back((bench::ThreadNanoseconds() - begin) / 1e9);
    if (snapshot == nullptr) {
      std::fputs(diagnostics.ToString().c_str(), stderr);
      return 1;
    }
  }
  std::sort(loads.begin(), loads.end());
  const Frontend& frontend = *snapshot->frontends().front();
  std::printf("load: %d services, %zu routes in %.2f s, %.0f ms per 1,000 routes\n", large.services,
              frontend.routes().size(), loads[2], loads[2] * 1e6 / static_cast<double>(frontend.routes().size()));

  const routing::RouteTable table = TableOf(snapshot->schema());
  struct Kind {
    const char* name;
    std::vector<Request> requests;
  };
  std::vector<Kind> kinds = {{"plain values", RequestsFor(frontend, "some-name")},
                             {"values with %-escapes", RequestsFor(frontend, "some%20name")},
                             {"404", RequestsFor(frontend, "some-name")},
                             {"405", RequestsFor(frontend, "some-name")}};
  for (Request& request : kinds[2].requests) request.path += "/nothing";
  for (Request& request : kinds[3].requests) request.verb = "PUT";
  std::vector<std::function<void()>> bodies;
  for (const Kind& kind : kinds) {
    bodies.push_back([&table, &kind] {
      for (const Request& request : kind.requests) bench::Use(table.Match(request.verb, request.path).target);
    });
  }
  const std::vector<double> times = bench::MedianNanoseconds(bodies);
  for (size_t i = 0; i < kinds.size(); ++i) {
    std::printf("lookup, %s: %.0f ns\n", kinds[i].name, times[i] / static_cast<double>(kinds[i].requests.size()));
  }
  return 0;
}

}  // namespace
}  // namespace portico

int main() {
  return portico::Run();
}
