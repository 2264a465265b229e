#include "gateway/routing/route_table.h"

#include <algorithm>
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

struct Node {
  absl::flat_hash_map<std::string, size_t> literals;  // percent-decoded segment -> node
  size_t one = 0;                                     // node after "*"; 0: none, since the root follows nothing
  std::vector<End> ends;                              // routes that end with the segment that led here
  std::vector<End> many_ends;                         // routes that end with "**" after it
};

// What is left of a template once the trie holds its segments.
struct Route {
  struct Variable {
    size_t first;
    size_t last;         // within the template
    bool to_end;         // ends with "**"
    size_t decode_from;  // what this segment and later ones matched is decoded completely, before it %2F is kept
  };
  size_t target;
  std::vector<Variable> variables;
};

Route MakeRoute(const PathTemplate& path, size_t target) {
  Route route{target, {}};
  for (const TemplateVariable& variable : path.variables) {
    const auto first = static_cast<size_t>(variable.first);
    const auto last = static_cast<size_t>(variable.last);
    const bool to_end = path.segments[last - 1].kind == Segment::Kind::kMany;
    const size_t decode_from = !variable.multi_segment        ? first
                               : to_end && path.fully_decoded ? last - 1
                                                              : static_cast<size_t>(-1);
    route.variables.push_back({first, last, to_end, decode_from});
  }
  return route;
}

}  // namespace

struct RouteTable::Trie {
  std::vector<Node> nodes{1};
  std::vector<Route> routes;
  absl::flat_hash_set<std::string> custom_verbs;
  int colons_in_verb = 0;  // of the custom verb that has most
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
    if (depth == segments_.size()) return Ends(node.ends) || Ends(node.many_ends);
    const absl::string_view segment = segments_[depth];
    if (!node.literals.empty()) {
      const auto literal = segment.find('%') == absl::string_view::npos ? node.literals.find(segment)
                                                                        : node.literals.find(PercentDecode(segment));
      if (literal != node.literals.end() && Walk(literal->second, depth + 1)) return true;
    }
    if (node.one != 0 && !segment.empty() && Walk(node.one, depth + 1)) return true;
    return !node.many_ends.empty() && NoneEmptyFrom(depth) && Ends(node.many_ends);
  }

  bool NoneEmptyFrom(size_t depth) const {
    return std::none_of(segments_.begin() + static_cast<ptrdiff_t>(depth), segments_.end(),
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
    for (const Route::Variable& variable : route.variables) {
      const size_t last = variable.to_end ? segments_.size() : variable.last;
      if (variable.first >= last) {  // "**" that matched nothing
        match.variables.emplace_back(absl::string_view());
        continue;
      }
      const char* begin = segments_[variable.first].data();
      const char* end = segments_[last - 1].data() + segments_[last - 1].size();
      const absl::string_view raw(begin, static_cast<size_t>(end - begin));
      if (raw.find('%') == absl::string_view::npos) {
        match.variables.emplace_back(raw);
        continue;
      }
      const char* const decode_from = variable.decode_from < last ? segments_[variable.decode_from].data() : end;
      const auto kept = static_cast<size_t>(decode_from - begin);
      std::string value = PercentDecode(raw.substr(0, kept), Slashes::kKeep);
      value += PercentDecode(raw.substr(kept), Slashes::kDecode);
      match.variables.emplace_back(std::move(value));
    }
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
  std::vector<Node>& nodes = trie_->nodes;
  size_t at = 0;
  bool many = false;
  for (const Segment& segment : path.segments) {
    many = segment.kind == Segment::Kind::kMany;
    if (many) break;
    // Growing `nodes` moves them, so the link is written by index afterwards.
    const size_t next = nodes.size();
    if (segment.kind == Segment::Kind::kOne) {
      if (nodes[at].one == 0) {
        nodes[at].one = next;
        nodes.emplace_back();
      }
      at = nodes[at].one;
    } else {
      const auto [literal, added] = nodes[at].literals.try_emplace(segment.literal, next);
      at = literal->second;
      if (added) nodes.emplace_back();
    }
  }
  std::string description = absl::StrCat(verb, " ", path.text, " of ", owner);
  std::vector<End>& ends = many ? nodes[at].many_ends : nodes[at].ends;
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
