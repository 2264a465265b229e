#include "gateway/routing/route_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/routing/percent.h"

namespace portico::routing {
namespace {

constexpr absl::string_view kAnyVerb = "*";

// A route ends here: for requests with this custom verb (none: empty) and this HTTP verb.
struct End {
  std::string custom_verb;
  std::string verb;
  size_t route;
};

// Where a template's segments lead: from the root by those before its "**", from the left; then, from the node `many`
// of the one reached so, by those behind it, from the right. What lies between is what "**" took.
struct Node {
  absl::flat_hash_map<std::string, size_t> literals;  // percent-decoded segment -> node
  size_t one = 0;                                     // node after "*"; 0: none, since the root follows nothing
  size_t many = 0;                                    // node behind "**"; 0: none
  std::vector<End> ends;                              // routes that end with the segment that led here
};

// What is left of a template once the trie holds its segments.
struct Route {
  struct Variable {
    size_t first;
    size_t last;  // within the template
    bool multi_segment;
  };
  size_t target;
  size_t segments;     // of the template
  size_t many;         // where its "**" is; none: behind the last
  bool fully_decoded;  // PathTemplate::fully_decoded
  std::vector<Variable> variables;
};

bool IsMany(const Segment& segment) {
  return segment.kind == Segment::Kind::kMany;
}

Route MakeRoute(const PathTemplate& path, size_t target) {
  const auto many = std::find_if(path.segments.begin(), path.segments.end(), IsMany);
  Route route{target, path.segments.size(), static_cast<size_t>(many - path.segments.begin()), path.fully_decoded, {}};
  for (const TemplateVariable& variable : path.variables) {
    route.variables.push_back(
        {static_cast<size_t>(variable.first), static_cast<size_t>(variable.last), variable.multi_segment});
  }
  return route;
}

}  // namespace

struct RouteTable::Trie {
  std::vector<Node> nodes{1};
  std::vector<Route> routes;
  absl::flat_hash_set<std::string> custom_verbs;
  int colons_in_verb = 0;  // of the custom verb that has most

  // The node that the segment leads to from node `at`, made when there is none.
  size_t Next(size_t at, const Segment& segment) {
    const size_t made = nodes.size();
    size_t* next = &nodes[at].one;
    if (segment.kind == Segment::Kind::kMany) next = &nodes[at].many;
    if (segment.kind == Segment::Kind::kLiteral) next = &nodes[at].literals[segment.literal];
    if (*next != 0) return *next;
    *next = made;
    nodes.emplace_back();  // moves what `next` points into
    return made;
  }
};

// One search for one request.
class RouteTable::Search {
 public:
  Search(const Trie& trie, absl::string_view verb, absl::string_view path) : trie_(trie), verb_(verb) {
    path.remove_prefix(1);
    if (path.empty()) return;  // "/" has no segments
    size_t start = 0;
    for (size_t slash = path.find('/'); slash != absl::string_view::npos; slash = path.find('/', start)) {
      segments_.push_back(path.substr(start, slash - start));
      start = slash + 1;
    }
    segments_.push_back(path.substr(start));
  }

  RouteMatch Run() {
    RouteMatch match;
    if (WithAndWithoutVerb()) {
      match.result = RouteMatch::Result::kFound;
      Fill(trie_.routes[found_], match);
      return match;
    }
    allow_ = &match.allow;
    WithAndWithoutVerb();
    if (!match.allow.empty()) {
      match.result = RouteMatch::Result::kMethodNotAllowed;
      std::sort(match.allow.begin(), match.allow.end());
      match.allow.erase(std::unique(match.allow.begin(), match.allow.end()), match.allow.end());
    }
    return match;
  }

 private:
  // With what follows a colon as a custom verb, the longest first; then with colons as characters like any other.
  bool WithAndWithoutVerb() {
    if (!segments_.empty() && !trie_.custom_verbs.empty()) {
      const absl::string_view last = segments_.back();
      absl::InlinedVector<size_t, 4> colons;
      size_t colon = last.size();
      for (int i = 0; i <= trie_.colons_in_verb && colon != 0; ++i) {
        colon = last.rfind(':', colon - 1);
        if (colon == absl::string_view::npos) break;
        colons.push_back(colon);
      }
      for (; !colons.empty(); colons.pop_back()) {
        if (!IsCustomVerb(last.substr(colons.back() + 1))) continue;
        segments_.back() = last.substr(0, colons.back());
        if (Walk(0, 0)) return true;
        segments_.back() = last;
      }
    }
    custom_verb_.clear();
    return Walk(0, 0);
  }

  bool IsCustomVerb(absl::string_view text) {
    custom_verb_ = PercentDecode(text);
    return trie_.custom_verbs.contains(custom_verb_);
  }

  // Goes on from `node`, to which segments_[0, depth) led; true once found_ is the answer. Every node of the trie is
  // reached by one way only, so none is visited twice.
  bool Walk(size_t node_index, size_t depth) {
    const Node& node = trie_.nodes[node_index];
    if (depth == segments_.size()) {
      if (Ends(node.ends)) return true;
    } else {
      const absl::string_view segment = segments_[depth];
      const size_t literal = Literal(node, segment);
      if (literal != 0 && Walk(literal, depth + 1)) return true;
      if (node.one != 0 && !segment.empty() && Walk(node.one, depth + 1)) return true;
    }
    return node.many != 0 && WalkBack(node.many, depth, segments_.size());
  }

  // The same from a node behind "**", to which segments_[last, end) led from the right; segments_[first, last) are
  // left.
  bool WalkBack(size_t node_index, size_t first, size_t last) {
    const Node& node = trie_.nodes[node_index];
    if (first != last) {
      const absl::string_view segment = segments_[last - 1];
      const size_t literal = Literal(node, segment);
      if (literal != 0 && WalkBack(literal, first, last - 1)) return true;
      if (node.one != 0 && !segment.empty() && WalkBack(node.one, first, last - 1)) return true;
    }
    return !node.ends.empty() && NoneEmpty(first, last) && Ends(node.ends);
  }

  // The node that a literal which equals the segment leads to; 0: none.
  static size_t Literal(const Node& node, absl::string_view segment) {
    if (node.literals.empty()) return 0;
    const auto literal = segment.find('%') == absl::string_view::npos ? node.literals.find(segment)
                                                                      : node.literals.find(PercentDecode(segment));
    return literal == node.literals.end() ? 0 : literal->second;
  }

  bool NoneEmpty(size_t first, size_t last) const {
    return std::none_of(segments_.begin() + static_cast<ptrdiff_t>(first),
                        segments_.begin() + static_cast<ptrdiff_t>(last),
                        [](absl::string_view segment) { return segment.empty(); });
  }

  // Looks for the request's verb, or, when allow_ is set, collects the verbs there are.
  bool Ends(const std::vector<End>& ends) {
    const End* best = nullptr;
    int best_rank = 0;
    for (const End& end : ends) {
      if (end.custom_verb != custom_verb_) continue;
      if (allow_ != nullptr) {
        allow_->push_back(end.verb);
        if (end.verb == "GET") allow_->emplace_back("HEAD");
        continue;
      }
      const int rank = Rank(end.verb);
      if (rank > best_rank) {
        best = &end;
        best_rank = rank;
      }
    }
    if (best == nullptr) return false;
    found_ = best->route;
    return true;
  }

  // How well a route's verb suits the request's; 0: not at all.
  int Rank(absl::string_view verb) const {
    if (verb == verb_) return 3;
    if (verb == "GET" && verb_ == "HEAD") return 2;
    return verb == kAnyVerb ? 1 : 0;
  }

  void Fill(const Route& route, RouteMatch& match) const {
    match.target = route.target;
    // Where a place of the template is in the path: those behind "**" move with what it took, which may be nothing.
    const auto place = [&](size_t at) { return at > route.many ? at + segments_.size() - route.segments : at; };
    for (const Route::Variable& variable : route.variables) {
      const size_t first = place(variable.first);
      const size_t last = place(variable.last);
      if (first == last) {  // "**" that matched nothing
        match.variables.emplace_back(absl::string_view());
        continue;
      }
      const absl::string_view raw = Raw(first, last);
      if (raw.find('%') == absl::string_view::npos) {
        match.variables.emplace_back(raw);
      } else if (!variable.multi_segment) {
        match.variables.emplace_back(PercentDecode(raw, Slashes::kDecode));
      } else if (!route.fully_decoded || variable.first > route.many || variable.last <= route.many) {
        match.variables.emplace_back(PercentDecode(raw, Slashes::kKeep));
      } else {
        match.variables.emplace_back(DecodedFully(first, place(route.many), place(route.many + 1), last));
      }
    }
  }

  // segments_[first, last) as they came, with the slashes between them.
  absl::string_view Raw(size_t first, size_t last) const {
    const char* const begin = segments_[first].data();
    const char* const end = segments_[last - 1].data() + segments_[last - 1].size();
    return {begin, static_cast<size_t>(end - begin)};
  }

  // segments_[first, last), of which "**" matched [many, many_last): those are decoded completely, the others keep %2F.
  std::string DecodedFully(size_t first, size_t many, size_t many_last, size_t last) const {
    std::string value;
    for (size_t at = first; at != last; ++at) {
      const bool of_many = at >= many && at < many_last;
      if (at != first) value += '/';
      value += PercentDecode(segments_[at], of_many ? Slashes::kDecode : Slashes::kKeep);
    }
    return value;
  }

  const Trie& trie_;
  absl::string_view verb_;
  absl::InlinedVector<absl::string_view, 24> segments_;
  std::string custom_verb_;
  size_t found_ = 0;
  std::vector<std::string>* allow_ = nullptr;
};

RouteTable::RouteTable() = default;
RouteTable::~RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable& RouteTable::operator=(RouteTable&&) noexcept = default;

RouteMatch RouteTable::Match(absl::string_view verb, absl::string_view path) const {
  RouteMatch match;
  if (path.empty() || path.front() != '/' || !IsPercentEncoded(path)) {
    match.result = RouteMatch::Result::kBadRequest;
    return match;
  }
  return trie_ == nullptr ? match : Search(*trie_, verb, path).Run();
}

RouteTableBuilder::RouteTableBuilder() : trie_(std::make_unique<RouteTable::Trie>()) {}
RouteTableBuilder::~RouteTableBuilder() = default;

void RouteTableBuilder::Add(absl::string_view verb, const PathTemplate& path, size_t target, absl::string_view owner,
                            const schema::Position& position, schema::Diagnostics& diagnostics) {
  const auto first = path.segments.begin();
  const auto last = path.segments.end();
  const auto many = std::find_if(first, last, IsMany);
  auto before = many;
  // "*/**" is "**/*", and is kept as that.
  while (many != last && before != first && std::prev(before)->kind == Segment::Kind::kOne) --before;
  size_t at = 0;
  for (auto segment = first; segment != before; ++segment) at = trie_->Next(at, *segment);
  if (many != last) {
    at = trie_->Next(at, *many);
    for (auto segment = last; --segment != many;) at = trie_->Next(at, *segment);
    for (auto segment = before; segment != many; ++segment) at = trie_->Next(at, *segment);
  }
  std::string description = absl::StrCat(verb, " ", path.text, " of ", owner);
  std::vector<End>& ends = trie_->nodes[at].ends;
  for (const End& end : ends) {
    if (end.custom_verb != path.verb || end.verb != verb) continue;
    const Origin& other = origins_[end.route];
    diagnostics.Add(position, absl::StrCat("conflicting routes: ", description, " matches the same requests as ",
                                           other.description, " at ", other.position.ToString()));
    return;
  }
  ends.push_back({path.verb, std::string(verb), trie_->routes.size()});
  if (!path.verb.empty()) {
    trie_->custom_verbs.insert(path.verb);
    // A colon that stood as %3A counts, too: it costs a look more.
    const auto colons = static_cast<int>(std::count(path.verb.begin(), path.verb.end(), ':'));
    trie_->colons_in_verb = std::max(trie_->colons_in_verb, colons);
  }
  trie_->routes.push_back(MakeRoute(path, target));
  origins_.push_back({std::move(description), position});
}

RouteTable RouteTableBuilder::Build() {
  RouteTable table;
  table.trie_ = std::exchange(trie_, std::make_unique<RouteTable::Trie>());
  origins_.clear();
  return table;
}

}  // namespace portico::routing
