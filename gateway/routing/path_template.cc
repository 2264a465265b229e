#include "gateway/routing/path_template.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/routing/percent.h"

namespace portico::routing {
namespace {

// The characters of RFC 3986's pchar that stand for themselves, the colon aside.
bool IsLiteralChar(char c) {
  return absl::ascii_isalnum(c) || absl::string_view("-._~!$&'()+,;=@").find(c) != absl::string_view::npos;
}

bool HasMany(const std::vector<Segment>& segments) {
  return std::any_of(segments.begin(), segments.end(),
                     [](const Segment& segment) { return segment.kind == Segment::Kind::kMany; });
}

// A recursive-descent parser. Every Parse... consumes what it names and returns false after Fail().
class TemplateParser {
 public:
  explicit TemplateParser(absl::string_view text) : text_(text) { template_.text = std::string(text); }

  std::variant<PathTemplate, TemplateError> Run() {
    if (!ParseTemplate()) return std::move(error_);
    return std::move(template_);
  }

 private:
  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool Fail(std::string message) { return FailAt(at_, std::move(message)); }
  bool FailAt(size_t at, std::string message) {
    error_ = {static_cast<int>(at) + 1, std::move(message)};
    return false;
  }
  std::string Found() const {
    return AtEnd() ? "the end" : absl::StrCat("\"", absl::string_view(&text_[at_], 1), "\"");
  }

  bool ParseTemplate() {
    if (!Take('/')) return Fail(absl::StrCat("a path begins with \"/\", found ", Found()));
    if (AtEnd()) return true;
    if (!ParseSegments(false)) return false;
    if (Take(':')) {
      if (!ParseVerb()) return false;
      return AtEnd() || Fail(absl::StrCat("nothing may follow a verb, found ", Found()));
    }
    if (!AtEnd()) return Fail(absl::StrCat("expected \"/\", \":\" or the end, found ", Found()));
    return true;
  }

  bool ParseSegments(bool in_variable) {
    do {
      if (!ParseSegment(in_variable)) return false;
    } while (Take('/'));
    return true;
  }

  bool ParseSegment(bool in_variable) {
    if (Take('*')) {
      if (!Take('*')) {
        template_.segments.push_back({Segment::Kind::kOne, ""});
        return true;
      }
      if (HasMany(template_.segments)) return FailAt(at_ - 2, "a second \"**\"");
      template_.segments.push_back({Segment::Kind::kMany, ""});
      return true;
    }
    if (Peek() == '{') {
      if (in_variable) return Fail("a variable within a variable");
      return ParseVariable();
    }
    Segment segment;
    if (!ParseLiteral(in_variable, segment.literal)) return false;
    template_.segments.push_back(std::move(segment));
    return true;
  }

  bool ParseVariable() {
    TemplateVariable variable;
    const size_t start = at_;
    variable.column = static_cast<int>(start) + 1;
    Take('{');
    do {
      std::string name;
      if (!ParseIdentifier(name)) return false;
      variable.field_path.push_back(std::move(name));
    } while (Take('.'));
    variable.first = static_cast<int>(template_.segments.size());
    if (Take('=')) {
      if (!ParseSegments(true)) return false;
    } else {
      template_.segments.push_back({Segment::Kind::kOne, ""});
    }
    if (!Take('}')) return Fail(absl::StrCat("expected \"}\", found ", Found()));
    variable.last = static_cast<int>(template_.segments.size());
    variable.multi_segment =
        variable.last - variable.first > 1 || template_.segments.back().kind == Segment::Kind::kMany;
    for (const TemplateVariable& other : template_.variables) {
      if (other.field_path == variable.field_path) {
        return FailAt(start, absl::StrCat("the variable ", variable.FieldPath(), " is there twice"));
      }
    }
    template_.variables.push_back(std::move(variable));
    return true;
  }

  bool ParseIdentifier(std::string& name) {
    const size_t start = at_;
    while (absl::ascii_isalnum(Peek()) || Peek() == '_') ++at_;
    name = std::string(text_.substr(start, at_ - start));
    if (name.empty() || absl::ascii_isdigit(name[0])) {
      at_ = start;
      return Fail(absl::StrCat("expected a field name, found ", Found()));
    }
    return true;
  }

  // A verb may itself have colons ("{id}:archive:now"), but none at an end. Behind a literal it has none: there the
  // last colon begins it.
  bool ParseVerb() {
    const size_t start = at_;
    do {
      if (!SkipLiteral([] { return false; })) return false;
      if (at_ == start || text_[at_ - 1] == ':') return Fail(absl::StrCat("expected a verb, found ", Found()));
    } while (Take(':'));
    template_.verb = PercentDecode(text_.substr(start, at_ - start));
    return true;
  }

  // Whether the colon at `at` begins the verb: it is the last one of the last segment.
  bool BeginsVerb(size_t at) const { return text_.substr(at + 1).find_first_of(":/{}*") == absl::string_view::npos; }

  // A segment. Within a variable a colon is no part of it.
  bool ParseLiteral(bool in_variable, std::string& literal) {
    const size_t start = at_;
    if (!SkipLiteral([&] { return !in_variable && !BeginsVerb(at_); })) return false;
    if (at_ == start) return Fail(absl::StrCat("expected a segment, found ", Found()));
    literal = PercentDecode(text_.substr(start, at_ - start));
    return true;
  }

  // Moves behind the characters of a literal; takes_colon() says whether the colon in front is one of them.
  template <class TakesColon>
  bool SkipLiteral(TakesColon takes_colon) {
    while (!AtEnd()) {
      if (Peek() == '%') {
        if (!IsPercentEncoded(text_.substr(at_, 3))) return Fail("\"%\" must be followed by two hex digits");
        at_ += 3;
      } else if (IsLiteralChar(Peek()) || (Peek() == ':' && takes_colon())) {
        ++at_;
      } else {
        break;
      }
    }
    return true;
  }

  absl::string_view text_;
  size_t at_ = 0;
  PathTemplate template_;
  TemplateError error_;
};

}  // namespace

std::string TemplateVariable::FieldPath() const {
  return absl::StrJoin(field_path, ".");
}

std::variant<PathTemplate, TemplateError> ParsePathTemplate(absl::string_view text) {
  return TemplateParser(text).Run();
}

}  // namespace portico::routing
