#include "tests/faults/expectation.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace portico::faults {
namespace {

enum class State { kIn, kNothing, kOmitted };

struct Outcome {
  State state = State::kIn;  // kNothing: skipped, or in without a value
  std::set<std::string> reasons;
  std::set<int> statuses;  // of the page, were the part required
  bool perhaps = false;    // it depends on a literal that stands in
};

class Prediction {
 public:
  Prediction(const Faults& faults, const std::set<std::string>& called) : faults_(faults), called_(called) {}

  // `perhaps`: for elements of a literal.
  void Predict(const compose::MessagePlan& plan, bool perhaps) {
    std::vector<std::optional<Outcome>> known(plan.parts.size());
    for (size_t i = 0; i < plan.parts.size(); ++i) {
      const compose::Part& part = plan.parts[i];
      Outcome outcome = Of(plan, i, known);
      outcome.perhaps |= perhaps;
      if (outcome.state == State::kOmitted) {
        if (part.required) {
          expected.may_fail = outcome.perhaps && (expected.may_fail || expected.failures.empty());
          expected.failures.insert(outcome.statuses.begin(), outcome.statuses.end());
        } else {
          auto& named = outcome.perhaps ? expected.perhaps_omitted : expected.omitted;
          named[part.path].insert(outcome.reasons.begin(), outcome.reasons.end());
        }
      }
      if (outcome.state == State::kIn && !outcome.perhaps) expected.in.insert(part.path);
      // Whether there is an item for the key in a literal is the service's to say.
      if (outcome.state == State::kIn && perhaps && part.batch.has_value()) {
        if (part.required) {
          expected.may_fail |= expected.failures.empty();
          expected.failures.insert(404);
        } else {
          expected.perhaps_omitted[part.path].insert("not_found");
        }
      }
      if (outcome.state == State::kIn && part.elements != nullptr) Predict(*part.elements, outcome.perhaps);
    }
    for (const compose::Inner& inner : plan.inners) Predict(*inner.messages, perhaps);
  }

  Expectation expected;

 private:
  // Plans have no cycles.
  const Outcome& Of(const compose::MessagePlan& plan, size_t index, std::vector<std::optional<Outcome>>& known) {
    if (!known[index].has_value()) {
      const Outcome outcome = WorkOut(plan, index, known);
      known[index] = outcome;
    }
    return *known[index];
  }

  Outcome WorkOut(const compose::MessagePlan& plan, size_t index, std::vector<std::optional<Outcome>>& known) {
    const compose::Part& part = plan.parts[index];
    Outcome outcome;
    if (called_.count(part.method->full_name) == 0 && !part.method->service->facade) {
      outcome.state = State::kNothing;
      return outcome;
    }
    bool skipped = false;
    for (const int needed : part.needs) {
      const Outcome& other = Of(plan, static_cast<size_t>(needed), known);
      skipped |= other.state == State::kNothing;
      outcome.perhaps |= other.perhaps;
      if (other.state != State::kOmitted) continue;
      outcome.state = State::kOmitted;
      outcome.reasons.insert("dependency");
      // The page's time may be up before it is known that what it needs has failed.
      if (other.reasons.count("deadline") > 0) outcome.reasons.insert("deadline");
      outcome.statuses.insert(other.statuses.begin(), other.statuses.end());
    }
    if (outcome.state == State::kIn && skipped) {
      outcome.state = State::kNothing;
    } else if (outcome.state == State::kIn) {
      const auto fault = faults_.find(part.method->full_name);
      if (fault != faults_.end()) Apply(part, fault->second, &outcome);
    }
    // A literal stands in, and says nothing of itself. What is fetched for it is fetched as ever.
    if (outcome.state == State::kOmitted && part.fallback != nullptr) {
      outcome = {part.fallback_values.empty() ? State::kNothing : State::kIn, {}, {}, true};
    }
    return outcome;
  }

  static void Apply(const compose::Part& part, Fault fault, Outcome* outcome) {
    outcome->state = State::kOmitted;
    switch (fault) {
      case Fault::kFail:
        outcome->reasons = {"unavailable"};
        outcome->statuses = {503};
        return;
      case Fault::kLate:
        outcome->reasons = {"deadline"};
        outcome->statuses = {504};
        return;
      case Fault::kMalformed:
        outcome->reasons = {"malformed"};
        outcome->statuses = {502};
        return;
      case Fault::kEmpty:
        // No item for any key, where keys are asked for; else an answer in which there is nothing.
        if (!part.batch.has_value()) {
          outcome->state = State::kNothing;
          return;
        }
        outcome->reasons = {"not_found"};
        outcome->statuses = {404};
        return;
    }
  }

  const Faults& faults_;
  const std::set<std::string>& called_;
};

// Whether a frontend that writes what is unpopulated would write this for an absent part.
bool IsEmpty(const nlohmann::json& value) {
  return value.is_null() || value == nlohmann::json::array() || value == "" || value == "0" || value == 0 ||
         value == false;
}

// How often the part with this path is in `json`: in every element of a list on the way.
size_t CountAt(const nlohmann::json& json, absl::string_view path) {
  if (json.is_array()) {
    size_t count = 0;
    for (const nlohmann::json& element : json) count += CountAt(element, path);
    return count;
  }
  if (!json.is_object()) return 0;
  const std::pair<std::string, std::string> split = absl::StrSplit(path, absl::MaxSplits('.', 1));
  std::string camel;
  for (size_t i = 0; i < split.first.size(); ++i) {
    const bool hump = split.first[i] == '_' && i + 1 < split.first.size();
    camel.push_back(hump ? absl::ascii_toupper(split.first[++i]) : split.first[i]);
  }
  auto member = json.find(camel);
  if (member == json.end()) member = json.find(split.first);  // proto_names
  if (member == json.end() || IsEmpty(*member)) return 0;
  return split.second.empty() ? 1 : CountAt(*member, split.second);
}

}  // namespace

const char* NameOf(Fault fault) {
  constexpr const char* kNames[] = {"fail", "late", "empty", "malformed"};
  return kNames[static_cast<size_t>(fault)];
}

Expectation Expect(const compose::Plan& plan, const Faults& faults, const std::set<std::string>& called) {
  Prediction prediction(faults, called);
  prediction.Predict(plan.root, false);
  return prediction.expected;
}

std::string BodyViolation(const Expectation& expected, const nlohmann::json& body, const nlohmann::json& healthy) {
  std::vector<std::string> wrong;
  for (const auto& [part, reasons] : expected.omitted) {
    if (CountAt(body, part) > 0) wrong.push_back(absl::StrCat(part, " is named and is there"));
  }
  for (const std::string& part : expected.in) {
    if (CountAt(body, part) == 0 && CountAt(healthy, part) > 0) wrong.push_back(absl::StrCat(part, " is not there"));
  }
  return absl::StrJoin(wrong, "; ");
}

std::string Violation(const Expectation& expected, int status, absl::string_view omitted) {
  if (!expected.failures.empty()) {
    if (expected.failures.count(status) > 0) return "";
    if (!expected.may_fail || status != 200) return absl::StrCat("expected ", absl::StrJoin(expected.failures, " or "));
  }
  if (status != 200) return "expected 200";
  std::map<std::string, std::string> named;
  for (const absl::string_view one : absl::StrSplit(omitted, ", ", absl::SkipEmpty())) {
    named.insert(absl::StrSplit(one, absl::MaxSplits(";reason=", 1)));
  }
  std::vector<std::string> wrong;
  for (const auto& [part, reasons] : expected.omitted) {
    const auto found = named.find(part);
    if (found == named.end()) {
      wrong.push_back(absl::StrCat(part, " is not named"));
    } else if (reasons.count(found->second) == 0) {
      wrong.push_back(absl::StrCat("the reason for ", part, " should be ", absl::StrJoin(reasons, " or ")));
    }
  }
  for (const auto& [part, reason] : named) {
    const auto perhaps = expected.perhaps_omitted.find(part);
    if (perhaps != expected.perhaps_omitted.end() && perhaps->second.count(reason) > 0) continue;
    if (expected.omitted.count(part) == 0) wrong.push_back(absl::StrCat(part, " should be there"));
  }
  return absl::StrJoin(wrong, "; ");
}

}  // namespace portico::faults
