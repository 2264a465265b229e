// What becomes of a composed page when its services misbehave:
//
//   fault-matrix [--frontend NAME] [-H 'NAME: VALUE']... CONFIG VERB PATH
//
// Every service that the page calls fails, is late, answers with nothing, or with bytes that are no message, alone and
// with each of the others; the services are made up from the contracts. Prints a row for each case. Exit code 1 when
// any answer is not what the contract promises.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/snapshot.h"
#include "tests/faults/expectation.h"
#include "tests/faults/fake_services.h"
#include "tests/faults/faked_config.h"
#include "tests/integration/gateway.h"

namespace portico::faults {
namespace {

using integration::Answer;
using integration::Headers;

struct Row {
  Faults faults;
  std::string seen;
  std::string wrong;  // empty: as promised
};

struct Page {
  std::string verb;
  std::string target;
  Headers headers;
};

bool IsLate(const Row& row) {
  for (const auto& [method, fault] : row.faults) {
    if (fault == Fault::kLate) return true;
  }
  return false;
}

void Try(const std::string& address, const Page& page, const Expectation& expected, const integration::Json& healthy,
         Row* row) {
  std::string command;
  for (const auto& [method, fault] : row->faults) absl::StrAppend(&command, method, "=", NameOf(fault), ";");
  // What is late is so for ever; a deadline is what ends it. On a machine that is busy others may be late too, so that
  // a row is given more time, twice, before it counts as wrong.
  for (int seconds = 1; seconds <= 4; seconds *= 2) {
    Headers headers = page.headers;
    if (!command.empty()) headers.emplace_back("Grpc-Metadata-Fake-Faults", command);
    if (IsLate(*row)) headers.emplace_back("X-Request-Timeout", absl::StrCat(seconds, "s"));
    const auto begin = std::chrono::steady_clock::now();
    const Answer answer = integration::Send(address, page.verb, page.target, headers);
    const auto taken = std::chrono::steady_clock::now() - begin;
    row->seen = absl::StrCat(answer.status, " ", answer.Header("Portico-Omitted"));
    row->wrong = Violation(expected, answer.status, answer.Header("Portico-Omitted"));
    const integration::Json body = answer.json();
    if (body.is_discarded()) {
      row->wrong = "the body is no JSON";
    } else if (row->wrong.empty() && answer.status == 200) {
      row->wrong = BodyViolation(expected, body, healthy);
    }
    if (taken > std::chrono::seconds(seconds + 15)) row->wrong = "took longer than its deadline";
    if (row->wrong.empty()) return;
  }
}

// Tries rows, each time on a gateway of their own, some at once.
class Runner {
 public:
  Runner(std::string config, Page page, const compose::Plan& plan, FakeServices& services)
      : config_(std::move(config)), page_(std::move(page)), plan_(plan), services_(services) {}

  // The answer when all is well: it decides which methods there are to disturb.
  bool Begin() {
    const integration::Gateway gateway(config_);
    const Answer answer = Healthy(gateway);
    called_.clear();
    services_.TakeCalls();
    integration::Send(gateway.address(frontend_), page_.verb, page_.target, page_.headers);
    for (const auto& [method, count] : services_.TakeCalls()) called_.insert(method);
    healthy_ = answer.json();
    if (answer.status == 200 && answer.Header("Portico-Omitted").empty() && !called_.empty()) return true;
    std::cerr << "fault-matrix: with all services well the answer is " << answer.status << " "
              << answer.Header("Portico-Omitted") << "\n"
              << answer.body << "\n";
    return false;
  }

  void Run(const std::vector<Row*>& rows) {
    if (rows.empty()) return;
    const integration::Gateway gateway(config_);
    Healthy(gateway);
    std::atomic<size_t> next{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back([&] {
        for (size_t at; (at = next++) < rows.size();) {
          Try(gateway.address(frontend_), page_, Expect(plan_, rows[at]->faults, called_), healthy_, rows[at]);
        }
      });
    }
    for (std::thread& client : clients) client.join();
  }

  void set_frontend(const std::string& name) { frontend_ = name; }
  const std::set<std::string>& called() const { return called_; }

 private:
  // Until the gateway's connections are there.
  Answer Healthy(const integration::Gateway& gateway) const {
    Answer answer;
    for (int i = 0; i < 20; ++i) {
      answer = integration::Send(gateway.address(frontend_), page_.verb, page_.target, page_.headers);
      if (answer.status == 200 && answer.Header("Portico-Omitted").empty()) break;
    }
    return answer;
  }

  const std::string config_;
  const Page page_;
  const compose::Plan& plan_;
  FakeServices& services_;
  std::string frontend_;
  std::set<std::string> called_;
  integration::Json healthy_;  // the body when all is well
};

// Each method with each fault, alone and in pairs.
std::vector<Row> AllRows(const std::set<std::string>& methods) {
  constexpr Fault kFaults[] = {Fault::kFail, Fault::kLate, Fault::kEmpty, Fault::kMalformed};
  std::vector<Row> rows(1);
  for (const std::string& method : methods) {
    for (const Fault fault : kFaults) rows.push_back({{{method, fault}}, "", ""});
  }
  for (auto first = methods.begin(); first != methods.end(); ++first) {
    for (auto second = std::next(first); second != methods.end(); ++second) {
      for (const Fault one : kFaults) {
        for (const Fault other : kFaults) rows.push_back({{{*first, one}, {*second, other}}, "", ""});
      }
    }
  }
  return rows;
}

// Rows in which the same methods are late have a gateway of their own: it learns how long a method takes, and would
// rightly not wait any more for one that was late for others.
std::map<std::string, std::vector<Row*>> ByLateness(std::vector<Row>& rows) {
  std::map<std::string, std::vector<Row*>> groups;
  for (Row& row : rows) {
    std::string late;
    for (const auto& [method, fault] : row.faults) {
      if (fault == Fault::kLate) absl::StrAppend(&late, method, ";");
    }
    groups[late].push_back(&row);
  }
  return groups;
}

int Print(const std::vector<Row>& rows) {
  int wrong = 0;
  for (const Row& row : rows) {
    std::vector<std::string> faults;
    for (const auto& [method, fault] : row.faults) {
      faults.push_back(absl::StrCat(method.substr(method.rfind('/') + 1), " ", NameOf(fault)));
    }
    std::printf("%-58s %-10s %s%s%s\n", row.faults.empty() ? "all well" : absl::StrJoin(faults, " + ").c_str(),
                row.wrong.empty() ? "as it must" : "WRONG", row.seen.c_str(), row.wrong.empty() ? "" : "  <- ",
                row.wrong.c_str());
    wrong += !row.wrong.empty();
  }
  std::printf("%zu cases, %d wrong\n", rows.size(), wrong);
  return wrong == 0 ? 0 : 1;
}

int Usage() {
  std::cerr << "usage: fault-matrix [--frontend NAME] [-H 'NAME: VALUE']... CONFIG VERB PATH\n";
  return 2;
}

int Main(const std::vector<std::string>& words) {
  Page page;
  std::string wanted;
  std::vector<std::string> plain;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--frontend" && i + 1 < words.size()) {
      wanted = words[++i];
    } else if (words[i] == "-H" && i + 1 < words.size()) {
      const std::pair<std::string, std::string> header = absl::StrSplit(words[++i], absl::MaxSplits(": ", 1));
      page.headers.push_back(header);
    } else if (!words[i].empty() && words[i].front() == '-') {
      return Usage();
    } else {
      plain.push_back(words[i]);
    }
  }
  if (plain.size() != 3) return Usage();
  page.verb = plain[1];
  page.target = plain[2];
  schema::Diagnostics diagnostics;
  const std::shared_ptr<const Snapshot> snapshot = Snapshot::Build(plain[0], {}, diagnostics);
  std::cerr << diagnostics.ToString();
  if (snapshot == nullptr) return 1;
  const compose::Plan* plan = nullptr;
  for (const auto& frontend : snapshot->frontends()) {
    if (!wanted.empty() && frontend->name() != wanted) continue;
    const Route* const route = frontend->Find(page.verb, page.target.substr(0, page.target.find('?')));
    if (route == nullptr) continue;
    plan = snapshot->PlanOf(route->endpoint.method());
    wanted = frontend->name();
    break;
  }
  if (plan == nullptr) {
    std::cerr << "fault-matrix: no frontend composes an answer for " << page.verb << " " << page.target << "\n";
    return 1;
  }
  if (plan->streams()) {
    std::cerr << "fault-matrix: " << plan->method->full_name << " streams its answer; the matrix is of one answer\n";
    return 1;
  }
  FakeServices services(std::shared_ptr<const schema::Schema>(snapshot, &snapshot->schema()));
  const absl::StatusOr<std::string> config = FakedConfig(plain[0], wanted, services.address());
  if (!config.ok()) {
    std::cerr << "fault-matrix: " << config.status().message() << "\n";
    return 1;
  }
  const integration::TempFolder folder;
  Runner runner(folder.Write("portico.yaml", *config), page, *plan, services);
  runner.set_frontend(wanted);
  if (!runner.Begin()) return 1;
  std::vector<Row> rows = AllRows(runner.called());
  for (const auto& [late, group] : ByLateness(rows)) runner.Run(group);
  return Print(rows);
}

}  // namespace
}  // namespace portico::faults

int main(int argc, char** argv) {
  return portico::faults::Main(std::vector<std::string>(argv + 1, argv + argc));
}
