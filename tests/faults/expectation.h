#ifndef PORTICO_TESTS_FAULTS_EXPECTATION_H_
#define PORTICO_TESTS_FAULTS_EXPECTATION_H_

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/compose/plan.h"

namespace portico::faults {

// How a service misbehaves, as FakeServices understands it.
enum class Fault { kFail, kLate, kEmpty, kMalformed };
const char* NameOf(Fault fault);

// By a method's full name.
using Faults = std::map<std::string, Fault>;

// What a page must be when services misbehave.
struct Expectation {
  // Empty: 200. Else the page fails with one of these, or may, if `may_fail`.
  std::set<int> failures;
  bool may_fail = false;
  // The parts that must be named, with the reasons that may be given.
  std::map<std::string, std::set<std::string>> omitted;
  // Those that may be named: what depends on a literal that stands in has been skipped, or not.
  std::map<std::string, std::set<std::string>> perhaps_omitted;
  // The parts whose values have come in.
  std::set<std::string> in;
};

// What the contract promises for an answer of `plan` under `faults`, worked out from the plan alone. `called` are the
// methods that are called when all is well; parts of other methods are skipped, because of their conditions.
Expectation Expect(const compose::Plan& plan, const Faults& faults, const std::set<std::string>& called);

// What is wrong with the body of a page of status 200: a part that is named must be nowhere in it, and one that is in
// must be in it if it is in `healthy`, the body when all is well. Empty when nothing is.
std::string BodyViolation(const Expectation& expected, const nlohmann::json& body, const nlohmann::json& healthy);

// What is wrong with an answer of this status and with this `Portico-Omitted`; empty when nothing is.
std::string Violation(const Expectation& expected, int status, absl::string_view omitted);

}  // namespace portico::faults

#endif  // PORTICO_TESTS_FAULTS_EXPECTATION_H_
