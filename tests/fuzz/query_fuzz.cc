// The query string, alone and on its way into a message. The input's first line is a path variable's value, the second
// the query, the rest a body.
#include <span>

#include "absl/strings/str_format.h"
#include "gateway/transcode/query_string.h"
#include "gateway/transcode/request_binding.h"
#include "tests/fuzz/contract.h"

namespace portico::fuzz {
namespace {

absl::string_view TakeLine(absl::string_view* input) {
  const size_t end = std::min(input->find('\n'), input->size());
  const absl::string_view line = input->substr(0, end);
  input->remove_prefix(std::min(end + 1, input->size()));
  return line;
}

// Every byte escaped.
std::string Escaped(absl::string_view text) {
  std::string escaped;
  for (const char c : text) absl::StrAppendFormat(&escaped, "%%%02x", static_cast<unsigned char>(c));
  return escaped;
}

// Parameters that were read, written with every byte escaped and read again are the same.
void CheckParameters(absl::string_view query) {
  transcode::QueryString parameters(query);
  std::string name, value;
  while (parameters.Next(&name, &value)) {
    FUZZ_CHECK(name.size() + value.size() <= query.size(), query);
    const std::string again = Escaped(name) + "=" + Escaped(value);
    transcode::QueryString one(again);
    std::string name_again, value_again;
    FUZZ_CHECK(one.Next(&name_again, &value_again), query);
    FUZZ_CHECK(name == name_again && value == value_again, query);
    FUZZ_CHECK(!one.Next(&name_again, &value_again) && !one.malformed(), query);
  }
}

const transcode::RequestBinding& Binding(const char* body) {
  auto binding = transcode::RequestBinding::Compile(Everything(), Contract(), {"PATCH", {"inner.text"}, body});
  FUZZ_CHECK(binding.ok(), binding.status().message());
  return *new transcode::RequestBinding(*std::move(binding));
}

void Run(absl::string_view input) {
  static const transcode::RequestBinding* const bindings[] = {&Binding(""), &Binding("right"), &Binding("*")};
  const absl::string_view value = TakeLine(&input);
  const absl::string_view query = TakeLine(&input);
  CheckParameters(query);
  for (const transcode::RequestBinding* binding : bindings) {
    transcode::RequestBinding::Input request;
    request.path_values = std::span(&value, 1);
    request.query = query;
    request.body = input;
    transcode::ReadOptions options;
    options.unknown_fields = transcode::UnknownFields::kWarn;
    transcode::RequestBinding::Output output;
    if (!binding->Bind(request, options, &output).ok()) continue;
    FUZZ_CHECK(Canonical(output.wire).has_value(), value, query, output.wire);
  }
}

}  // namespace
}  // namespace portico::fuzz

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  portico::fuzz::Run(absl::string_view(data, size));
  return 0;
}
