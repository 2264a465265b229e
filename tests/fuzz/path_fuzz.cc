// Path templates and the table of routes. Lines of the input are routes ("GET /v1/{id}"), the last one is a request.
// Whatever the table finds is compared with what trying every template on its own finds.
#include <vector>

#include "absl/strings/str_split.h"
#include "gateway/routing/percent.h"
#include "gateway/routing/route_table.h"
#include "tests/fuzz/contract.h"

namespace portico::fuzz {
namespace {

using routing::PathTemplate;
using routing::RouteMatch;
using routing::Segment;

struct Line {
  absl::string_view verb;
  absl::string_view path;
};

Line SplitLine(absl::string_view line) {
  const size_t space = line.find(' ');
  if (space == absl::string_view::npos) return {"GET", line};
  return {line.substr(0, space), line.substr(space + 1)};
}

bool SegmentMatches(const Segment& segment, absl::string_view text) {
  return segment.kind == Segment::Kind::kLiteral ? routing::PercentDecode(text) == segment.literal : !text.empty();
}

// "**" stands for as many stars as the path has segments more than the rest of the template.
bool SegmentsMatch(const PathTemplate& path, const std::vector<absl::string_view>& segments) {
  size_t at = 0;
  for (const Segment& segment : path.segments) {
    size_t count = 1;
    if (segment.kind == Segment::Kind::kMany) {
      if (segments.size() + 1 < path.segments.size()) return false;
      count = segments.size() + 1 - path.segments.size();
    }
    for (; count > 0; --count, ++at) {
      if (at == segments.size() || !SegmentMatches(segment, segments[at])) return false;
    }
  }
  return at == segments.size();
}

// Whether the template matches the path in any way the grammar allows.
bool Matches(const PathTemplate& path, absl::string_view request) {
  std::vector<absl::string_view> segments;
  if (request.size() > 1) segments = absl::StrSplit(request.substr(1), '/');
  if (path.verb.empty()) return SegmentsMatch(path, segments);
  if (segments.empty()) return false;
  const absl::string_view last = segments.back();
  for (size_t colon = last.find(':'); colon != absl::string_view::npos; colon = last.find(':', colon + 1)) {
    if (routing::PercentDecode(last.substr(colon + 1)) != path.verb) continue;
    segments.back() = last.substr(0, colon);
    if (SegmentsMatch(path, segments)) return true;
    segments.back() = last;
  }
  return false;
}

bool Takes(absl::string_view route, absl::string_view verb) {
  return route == verb || route == "*" || (route == "GET" && verb == "HEAD");
}

void Run(absl::string_view input) {
  std::vector<absl::string_view> lines = absl::StrSplit(input, '\n');
  if (lines.size() > 20) lines.resize(20);
  const Line request = SplitLine(lines.back());
  lines.pop_back();
  std::vector<PathTemplate> templates;
  std::vector<Line> routes;
  routing::RouteTableBuilder builder;
  for (const absl::string_view text : lines) {
    const Line line = SplitLine(text);
    auto parsed = routing::ParsePathTemplate(line.path);
    if (const auto* error = std::get_if<routing::TemplateError>(&parsed)) {
      FUZZ_CHECK(error->column >= 1 && static_cast<size_t>(error->column) <= line.path.size() + 1, line.path);
      continue;
    }
    auto& path = std::get<PathTemplate>(parsed);
    for (const routing::TemplateVariable& variable : path.variables) {
      FUZZ_CHECK(variable.first < variable.last && static_cast<size_t>(variable.last) <= path.segments.size(),
                 line.path);
    }
    schema::Diagnostics diagnostics;
    builder.Add(line.verb, path, routes.size(), "S/M", {}, diagnostics);
    if (!diagnostics.empty()) continue;
    templates.push_back(std::move(path));
    routes.push_back(line);
  }
  const routing::RouteTable table = builder.Build();
  const RouteMatch match = table.Match(request.verb, request.path);
  const bool well_formed = !request.path.empty() && request.path[0] == '/' && routing::IsPercentEncoded(request.path);
  FUZZ_CHECK(well_formed == (match.result != RouteMatch::Result::kBadRequest), request.path);
  if (!well_formed) return;

  bool any = false;
  bool any_takes = false;
  for (size_t i = 0; i < routes.size(); ++i) {
    const bool matches = Matches(templates[i], request.path);
    any |= matches;
    any_takes |= matches && Takes(routes[i].verb, request.verb);
    if (match.result == RouteMatch::Result::kFound && match.target == i) {
      FUZZ_CHECK(matches && Takes(routes[i].verb, request.verb), input);
      FUZZ_CHECK(match.variables.size() == templates[i].variables.size(), input);
      for (const routing::PathValue& value : match.variables) {
        FUZZ_CHECK(value.view().size() <= request.path.size(), input, value.view());
      }
    }
  }
  const auto expected = any_takes ? RouteMatch::Result::kFound
                        : any     ? RouteMatch::Result::kMethodNotAllowed
                                  : RouteMatch::Result::kNotFound;
  FUZZ_CHECK(match.result == expected, input);
  FUZZ_CHECK(match.allow.empty() == (match.result != RouteMatch::Result::kMethodNotAllowed), input);
}

}  // namespace
}  // namespace portico::fuzz

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  portico::fuzz::Run(absl::string_view(data, size));
  return 0;
}
