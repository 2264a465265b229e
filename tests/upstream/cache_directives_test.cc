#include "gateway/upstream/cache_directives.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace portico::upstream {
namespace {

struct Case {
  const char* name;
  const char* value;
  const char* asked;
};

std::string TextOf(const CacheDirectives& asked) {
  const auto seconds = [](net::Clock::duration d) {
    return std::chrono::duration_cast<std::chrono::seconds>(d).count();
  };
  std::string text;
  if (asked.no_cache) text += "no-cache ";
  if (asked.no_store) text += "no-store ";
  if (asked.only_if_cached) text += "only-if-cached ";
  if (asked.max_age) absl::StrAppend(&text, "max-age=", seconds(*asked.max_age), " ");
  if (asked.min_fresh) absl::StrAppend(&text, "min-fresh=", seconds(*asked.min_fresh), " ");
  EXPECT_EQ(asked.none(), text.empty());
  return text;
}

class CacheDirectivesTest : public testing::TestWithParam<Case> {};

TEST_P(CacheDirectivesTest, AreWhatTheHeaderSays) {
  EXPECT_EQ(TextOf(CacheDirectivesOf(GetParam().value)), GetParam().asked);
}

INSTANTIATE_TEST_SUITE_P(
    Values, CacheDirectivesTest,
    testing::Values(Case{"Nothing", "", ""}, Case{"Commas", ",, ,", ""}, Case{"NoCache", "no-cache", "no-cache "},
                    Case{"AnyCase", "No-Store", "no-store "},
                    Case{"Several", "max-age=0 ,\tonly-if-cached,no-store", "no-store only-if-cached max-age=0 "},
                    Case{"MinFresh", "min-fresh=20", "min-fresh=20 "}, Case{"Quoted", "max-age=\"30\"", "max-age=30 "},
                    Case{"SpaceAroundTheSign", "max-age = 30", "max-age=30 "},
                    Case{"MaxStaleChangesNothing", "max-stale, max-stale=60", ""},
                    Case{"OfTheAnswerOnly", "private, public, must-revalidate, s-maxage=5", ""},
                    Case{"Extensions", "community=\"UCI\", x", ""}, Case{"Longer", "no-cache-x, xno-store", ""},
                    Case{"NoNumber", "max-age=soon", "max-age=0 "}, Case{"Negative", "max-age=-1", "max-age=0 "},
                    Case{"Missing", "max-age", "max-age=0 "}, Case{"OneQuote", "max-age=\"", "max-age=0 "},
                    Case{"MinFreshWithoutNumber", "min-fresh=", "min-fresh=2147483647 "},
                    Case{"Huge", "max-age=99999999999999999999999", "max-age=2147483647 "},
                    Case{"TheStricterHolds", "max-age=9, max-age=5, max-age=7, min-fresh=1, min-fresh=3",
                         "max-age=5 min-fresh=3 "}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace portico::upstream
