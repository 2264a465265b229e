// The framing of streams of JSON. The first byte of the input says which form and where the rest is cut in two; the
// pieces must give what the whole gives, and what it gives must be a part of the body, in order.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/protocol/json_framing.h"
#include "tests/fuzz/contract.h"

namespace portico::fuzz {
namespace {

using protocol::JsonFraming;

constexpr size_t kMost = 64;

std::vector<std::string> Split(JsonFraming::Form form, absl::string_view body, size_t cut) {
  JsonFraming framing(form, kMost);
  std::vector<std::string> texts;
  std::string text;
  JsonFraming::Result result = JsonFraming::Result::kNeedMore;
  const auto add = [&] {
    FUZZ_CHECK(text.size() <= kMost, text);
    FUZZ_CHECK(body.substr(framing.offset(), text.size()) == text, body, text);
    texts.push_back(text);
  };
  for (absl::string_view piece : {body.substr(0, cut), body.substr(cut)}) {
    while ((result = framing.Next(&piece, &text)) == JsonFraming::Result::kText) add();
    if (result == JsonFraming::Result::kError) break;
    FUZZ_CHECK(piece.empty(), body);
  }
  if (result != JsonFraming::Result::kError) {
    result = framing.Finish(&text);
    if (result == JsonFraming::Result::kText) add();
  }
  if (result == JsonFraming::Result::kError) {
    FUZZ_CHECK(!framing.error().ok(), body);
    texts.push_back(absl::StrCat("error: ", framing.error().message()));
  }
  return texts;
}

void Run(absl::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input[0]);
  const absl::string_view body = input.substr(1);
  const JsonFraming::Form form = (choice & 1) != 0 ? JsonFraming::Form::kLines : JsonFraming::Form::kValues;
  const std::vector<std::string> whole = Split(form, body, 0);
  FUZZ_CHECK(Split(form, body, (choice >> 1) % (body.size() + 1)) == whole, body);
  for (size_t cut = 0; cut <= body.size() && body.size() <= 32; ++cut)
    FUZZ_CHECK(Split(form, body, cut) == whole, body);
}

}  // namespace
}  // namespace portico::fuzz

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  portico::fuzz::Run(absl::string_view(data, size));
  return 0;
}
