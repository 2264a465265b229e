#include "gateway/config/config_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "tests/schema/temp_folder.h"

namespace portico::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = schema::ContractSource::Kind;

class ConfigLoaderTest : public ::testing::Test {
 protected:
  std::unique_ptr<const LoadedConfig> Load(const std::string& yaml) {
    return LoadConfig(folder_.Write("conf/portico.yaml", yaml), diagnostics_);
  }

  testing::TempFolder folder_;
  schema::Diagnostics diagnostics_;
};

TEST_F(ConfigLoaderTest, ReadsEveryKeyThatIsSupported) {
  folder_.Write("proto/x.proto", "");
  const auto loaded = Load(R"(
contracts:
  - protos: ../proto
  - descriptors: shop.pb
  - rules: /etc/http.yaml
clusters:
  catalog:
    target: "127.0.0.1:5101,127.0.0.1:5111"
    services: [shop.catalog.v1.CatalogService]
    transport: grpc
    timeout: 500ms
    tls: { ca: ca.pem, cert: gw.pem, key: /gw.key, server_name: catalog }
    balance: round_robin
  local: { target: "unix:run/local.sock", services: ["*"] }
frontends:
  - name: web
    listen: 127.0.0.1:8080
    expose: [shop.web.v1.WebStore, "shop.reviews.*"]
    json: { unpopulated: emit, enums: number, int64: number, names: proto, unknown_fields: warn }
    errors: problem
    streams: { envelope: none }
    cors: { origins: ["http://localhost:8000"], credentials: true, max_age: 10m }
    auth: { default: public }
    limits: { header_bytes: 1, headers: 2, body_bytes: 5000000000, header_time: 3s, idle_time: 1.5s, in_flight: 4 }
    metadata: { request: [Authorization, "x-shop-*"], response: [cache-control] }
    compress: { answers: never, codings: [br, gzip], min_bytes: 0 }
admin: { listen: "127.0.0.1:9090" }
workers: 4
)");
  ASSERT_NE(loaded, nullptr) << diagnostics_.ToString();
  const Config& config = loaded->config;

  const std::vector<schema::ContractSource> sources = ContractSources(*loaded);
  ASSERT_EQ(sources.size(), 3u);
  EXPECT_EQ(sources[0].kind, Kind::kProtoFolder);
  EXPECT_EQ(sources[0].path, folder_.Path("proto"));
  EXPECT_EQ(sources[0].position.ToString(), folder_.Path("conf/portico.yaml:3:13"));
  EXPECT_EQ(sources[1].kind, Kind::kDescriptorSet);
  EXPECT_EQ(sources[1].path, folder_.Path("conf/shop.pb"));
  EXPECT_EQ(sources[2].kind, Kind::kRules);
  EXPECT_EQ(sources[2].path, "/etc/http.yaml");

  const Cluster& catalog = config.clusters().at("catalog");
  EXPECT_EQ(catalog.target(), "127.0.0.1:5101,127.0.0.1:5111");
  EXPECT_THAT(catalog.services(), ElementsAre("shop.catalog.v1.CatalogService"));
  EXPECT_EQ(catalog.transport(), Cluster::TRANSPORT_GRPC);
  EXPECT_EQ(ToDuration(catalog.timeout()), absl::Milliseconds(500));
  EXPECT_EQ(catalog.tls().ca(), folder_.Path("conf/ca.pem"));
  EXPECT_EQ(catalog.tls().cert(), folder_.Path("conf/gw.pem"));
  EXPECT_EQ(catalog.tls().key(), "/gw.key");
  EXPECT_EQ(catalog.tls().server_name(), "catalog");
  EXPECT_TRUE(catalog.balance().round_robin());
  EXPECT_EQ(config.clusters().at("local").target(), "unix:" + folder_.Path("conf/run/local.sock"));

  const Frontend& web = config.frontends(0);
  EXPECT_EQ(web.name(), "web");
  EXPECT_EQ(web.listen(), "127.0.0.1:8080");
  EXPECT_THAT(web.expose(), ElementsAre("shop.web.v1.WebStore", "shop.reviews.*"));
  EXPECT_EQ(web.json().unpopulated(), Json::UNPOPULATED_EMIT);
  EXPECT_EQ(web.json().enums(), Json::ENUMS_NUMBER);
  EXPECT_EQ(web.json().int64(), Json::INT64_NUMBER);
  EXPECT_EQ(web.json().names(), Json::NAMES_PROTO);
  EXPECT_EQ(web.json().unknown_fields(), Json::UNKNOWN_FIELDS_WARN);
  EXPECT_EQ(web.errors(), Frontend::ERRORS_PROBLEM);
  EXPECT_THAT(web.cors().origins(), ElementsAre("http://localhost:8000"));
  EXPECT_TRUE(web.cors().credentials());
  EXPECT_EQ(ToDuration(web.cors().max_age()), absl::Minutes(10));
  EXPECT_EQ(web.limits().header_bytes(), 1u);
  EXPECT_EQ(web.limits().body_bytes(), 5000000000u);
  EXPECT_EQ(ToDuration(web.limits().idle_time()), absl::Milliseconds(1500));
  EXPECT_THAT(web.metadata().request(), ElementsAre("Authorization", "x-shop-*"));
  EXPECT_THAT(web.metadata().response(), ElementsAre("cache-control"));
  EXPECT_EQ(web.compress().answers(), Compress::ANSWERS_NEVER);
  EXPECT_THAT(web.compress().codings(), ElementsAre("br", "gzip"));
  EXPECT_TRUE(web.compress().has_min_bytes());
  EXPECT_EQ(config.admin().listen(), "127.0.0.1:9090");
  EXPECT_EQ(config.workers(), 4u);
}

TEST_F(ConfigLoaderTest, FillsInDefaults) {
  const auto loaded = Load("clusters: { a: { target: 'h:1' } }\nfrontends: [ { name: web, listen: '127.0.0.1:0' } ]\n");
  ASSERT_NE(loaded, nullptr) << diagnostics_.ToString();
  const Config& config = loaded->config;
  EXPECT_EQ(ToDuration(config.clusters().at("a").timeout()), absl::Seconds(5));
  EXPECT_EQ(config.clusters().at("a").transport(), Cluster::TRANSPORT_AUTO);
  EXPECT_TRUE(config.clusters().at("a").balance().round_robin());
  EXPECT_FALSE(config.clusters().at("a").has_tls());
  const Frontend& web = config.frontends(0);
  EXPECT_EQ(web.json().unpopulated(), Json::UNPOPULATED_OMIT);
  EXPECT_EQ(web.json().enums(), Json::ENUMS_NAME);
  EXPECT_EQ(web.json().int64(), Json::INT64_STRING);
  EXPECT_EQ(web.json().names(), Json::NAMES_JSON);
  EXPECT_EQ(web.json().unknown_fields(), Json::UNKNOWN_FIELDS_REJECT);
  EXPECT_EQ(web.errors(), Frontend::ERRORS_STATUS);
  EXPECT_EQ(web.streams().envelope(), Streams::ENVELOPE_NONE);
  EXPECT_EQ(web.streams().buffer_bytes(), 65536u);
  EXPECT_EQ(web.streams().message_bytes(), 4194304u);
  EXPECT_EQ(ToDuration(web.streams().heartbeat()), absl::Seconds(15));
  EXPECT_EQ(ToDuration(web.streams().retry()), absl::Seconds(3));
  EXPECT_EQ(ToDuration(web.streams().ping()), absl::Seconds(30));
  EXPECT_FALSE(web.has_cors());
  EXPECT_EQ(web.limits().header_bytes(), 32768u);
  EXPECT_EQ(web.limits().headers(), 100u);
  EXPECT_EQ(web.limits().body_bytes(), 4194304u);
  EXPECT_EQ(ToDuration(web.limits().header_time()), absl::Seconds(10));
  EXPECT_EQ(ToDuration(web.limits().idle_time()), absl::Seconds(60));
  EXPECT_EQ(web.limits().in_flight(), 10000u);
  EXPECT_FALSE(config.has_admin());
  EXPECT_EQ(config.workers(), 0u);
}

TEST_F(ConfigLoaderTest, PositionsOfKeys) {
  const auto loaded = Load(R"(clusters:
  catalog:
    target: "h:1"
    services:
      - a.A
      - b.B
frontends:
  - name: web
    listen: 127.0.0.1:0
    expose: [ a.A, b.B ]
)");
  ASSERT_NE(loaded, nullptr) << diagnostics_.ToString();
  const std::string path = folder_.Path("conf/portico.yaml");
  EXPECT_EQ(loaded->PositionOf("clusters.catalog").ToString(), path + ":2:3");
  EXPECT_EQ(loaded->PositionOf("clusters.catalog.target").ToString(), path + ":3:13");
  EXPECT_EQ(loaded->PositionOf("clusters.catalog.services").ToString(), path + ":4:5");
  EXPECT_EQ(loaded->PositionOf("clusters.catalog.services[1]").ToString(), path + ":6:9");
  EXPECT_EQ(loaded->PositionOf("frontends[0]").ToString(), path + ":8:5");
  EXPECT_EQ(loaded->PositionOf("frontends[0].expose[1]").ToString(), path + ":10:20");
  EXPECT_EQ(loaded->PositionOf("clusters.catalog.timeout").ToString(), path + ":2:3") << "a default: its cluster";
  EXPECT_EQ(loaded->PositionOf("workers").ToString(), path);
}

TEST_F(ConfigLoaderTest, AnEmptyFileAndEmptyListsAreFine) {
  EXPECT_NE(Load(""), nullptr) << diagnostics_.ToString();
  EXPECT_NE(Load("# nothing yet\ncontracts:\nclusters:\nfrontends:\n"), nullptr) << diagnostics_.ToString();
}

TEST_F(ConfigLoaderTest, AMissingFile) {
  EXPECT_EQ(LoadConfig(folder_.Path("none.yaml"), diagnostics_), nullptr);
  EXPECT_EQ(diagnostics_.entries()[0].position.ToString(), folder_.Path("none.yaml"));
  EXPECT_THAT(diagnostics_.ToString(), HasSubstr("No such file or directory"));
}

TEST_F(ConfigLoaderTest, AFolderIsNoFile) {
  EXPECT_EQ(LoadConfig(folder_.path(), diagnostics_), nullptr);
  EXPECT_THAT(diagnostics_.ToString(), HasSubstr("Is a directory"));
}

struct Case {
  const char* name;
  const char* yaml;
  const char* mistakes;  // without the file's name
};

class BrokenConfigTest : public ::testing::TestWithParam<Case> {};

TEST_P(BrokenConfigTest, IsReportedWithLineAndColumn) {
  testing::TempFolder folder;
  const std::string path = folder.Write("portico.yaml", GetParam().yaml);
  schema::Diagnostics diagnostics;
  EXPECT_EQ(LoadConfig(path, diagnostics), nullptr);
  EXPECT_EQ(absl::StrReplaceAll(diagnostics.ToString(), {{path + ":", ""}}), GetParam().mistakes);
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Reading, BrokenConfigTest,
    ::testing::Values(
        Case{"Syntax", "clusters:\n  a: [\n", "3:1: end of sequence flow not found\n"},
        Case{"Tab", "clusters:\n\ta: b\n", "2:3: illegal map value\n"},
        Case{"SecondDocument", "workers: 1\n---\nworkers: 2\n", "3:1: a second document; only one is read\n"},
        Case{"NotAMapping", "- a\n", "1:1: expected a mapping, found a list\n"},
        Case{"UnknownKey", "workers: 1\nworker: 2\n",
             "2:1: unknown key \"worker\"; known: contracts, clusters, frontends, admin, workers\n"},
        Case{"UnknownNestedKey", "admin:\n  listen: 127.0.0.1:1\n  port: 5\n",
             "3:3: unknown key \"port\" in admin; known: listen\n"},
        Case{"AMistypedKeyIsNotMissingToo", "admin: { listne: 'h:1' }\n",
             "1:10: unknown key \"listne\" in admin; known: listen\n"},
        Case{"KeysAreNotCamelCase", "clusters: { a: { target: 'h:1', maxConcurrent: 5 } }\n",
             "1:33: unknown key \"maxConcurrent\" in clusters.a; known: target, services, transport, timeout, tls, "
             "balance, health, eject, breaker, retry, max_concurrent\n"},
        Case{"DuplicateKey", "workers: 1\nworkers: 2\n", "2:1: duplicate key \"workers\"\n"},
        Case{"DuplicateCluster", "clusters:\n  a: { target: 'h:1' }\n  a: { target: 'h:2' }\n",
             "3:3: duplicate key \"a\"\n"},
        Case{"KeyThatIsNoName", "? [a, b]\n: 1\n", "1:3: a key must be a name, not a list\n"},
        Case{"NoValue", "workers:\n", "1:1: workers has no value\n"},
        Case{"TextForANumber", "workers: many\n",
             "1:10: workers: expected a whole number from 0 to 4294967295, found \"many\"\n"},
        Case{"QuotedNumber", "workers: '4'\n",
             "1:10: workers: expected a whole number from 0 to 4294967295, found \"4\"\n"},
        Case{"NegativeNumber", "workers: -1\n",
             "1:10: workers: expected a whole number from 0 to 4294967295, found \"-1\"\n"},
        Case{"ListForAValue", "workers: [1]\n", "1:10: workers: expected a value, found a list\n"},
        Case{"ValueForAList", "contracts: ../proto\n", "1:12: contracts: expected a list, found a value\n"},
        Case{"ValueForAMapping", "admin: 9090\n", "1:8: admin: expected a mapping, found a value\n"},
        Case{"ListForAMapping", "clusters: []\n", "1:11: clusters: expected a mapping, found a list\n"},
        Case{"MalformedDuration", "clusters: { a: { target: 'h:1', timeout: 5 } }\n",
             "1:42: clusters.a.timeout: expected a duration such as \"150ms\" or \"2s\", found \"5\"\n"},
        Case{"UnknownEnum", "clusters: { a: { target: 'h:1', transport: GRPC } }\n",
             "1:44: clusters.a.transport: expected one of auto, http2, grpc, found \"GRPC\"\n"},
        Case{"MalformedBool", "frontends: [ { name: a, listen: 'h:1', cors: { credentials: yes } } ]\n",
             "1:61: frontends[0].cors.credentials: expected true or false, found \"yes\"\n"},
        Case{"TwoKindsOfContract", "contracts:\n  - protos: a\n    rules: b\n",
             "3:5: contracts[0].rules: only one of protos, descriptors, reflection, rules may be given\n"},
        Case{"NoKindOfContract", "contracts:\n  - {}\n",
             "2:5: contracts[0]: expected one of protos, descriptors, reflection, rules\n"},
        Case{"UnknownBalance", "clusters: { a: { target: 'h:1', balance: random } }\n",
             "1:42: clusters.a.balance: expected one of round_robin, least_request, hash, found \"random\"\n"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Values, BrokenConfigTest,
    ::testing::Values(
        Case{"NoTarget", "clusters:\n  a:\n    services: [x.X]\n", "2:3: clusters.a: \"target\" is missing\n"},
        Case{"TargetWithoutPort", "clusters: { a: { target: 'h:1,host' } }\n",
             "1:26: clusters.a.target: expected HOST:PORT,HOST:PORT or one of dns:///HOST:PORT, unix:PATH, "
             "file:///PATH, "
             "etcd:///PREFIX, xds:///NAME, found \"host\"\n"},
        Case{"TargetWithPortZero", "clusters: { a: { target: 'dns:///host:0' } }\n",
             "1:26: clusters.a.target: expected dns:///HOST:PORT or dns://SERVER/HOST:PORT, found \"dns:///host:0\"\n"},
        Case{"UnixTargetWithoutPath", "clusters: { a: { target: 'unix:' } }\n",
             "1:26: clusters.a.target: expected unix:PATH, found \"unix:\"\n"},
        Case{"ServicePattern", "clusters: { a: { target: 'h:1', services: ['shop.*'] } }\n",
             "1:44: clusters.a.services[0]: expected a service's full name or \"*\", found \"shop.*\"\n"},
        Case{"NoTimeAtAll", "clusters: { a: { target: 'h:1', timeout: 0s } }\n",
             "1:42: clusters.a.timeout: must be more than 0\n"},
        Case{"CertWithoutKey", "clusters: { a: { target: 'h:1', tls: { cert: x } } }\n",
             "1:33: clusters.a.tls: \"cert\" and \"key\" go together\n"},
        Case{"NoNameAndNoListen", "frontends:\n  - expose: ['*']\n",
             "2:5: frontends[0]: \"name\" is missing\n2:5: frontends[0]: \"listen\" is missing\n"},
        Case{"NameTwice",
             "frontends:\n  - { name: web, listen: '127.0.0.1:1' }\n  - { name: web, listen: '127.0.0.1:2' }\n",
             "3:13: frontends[1].name: \"web\" is the name of frontends[0] too\n"},
        Case{"AddressTwice", "frontends:\n  - { name: web, listen: '127.0.0.1:1' }\nadmin: { listen: '127.0.0.1:1' }\n",
             "3:18: admin.listen: 127.0.0.1:1 is also frontends[0].listen\n"},
        Case{"ListenWithoutHost", "admin: { listen: ':9090' }\n",
             "1:18: admin.listen: expected HOST:PORT, found \":9090\"\n"},
        Case{"AdminWithoutListen", "admin: {}\n", "1:1: admin: \"listen\" is missing\n"},
        Case{"ExposePattern", "frontends: [ { name: a, listen: 'h:1', expose: ['shop*', 'a.B/', 'a.B/C'] } ]\n",
             "1:49: frontends[0].expose[0]: expected \"*\", a service, SERVICE/METHOD or PACKAGE.*, found \"shop*\"\n"
             "1:58: frontends[0].expose[1]: expected \"*\", a service, SERVICE/METHOD or PACKAGE.*, found \"a.B/\"\n"},
        Case{"OriginWithAPath", "frontends: [ { name: a, listen: 'h:1', cors: { origins: ['http://x/'] } } ]\n",
             "1:58: frontends[0].cors.origins[0]: expected \"*\" or SCHEME://HOST[:PORT], found \"http://x/\"\n"},
        Case{"CredentialsToEveryOrigin",
             "frontends: [ { name: a, listen: 'h:1', cors: { origins: ['*'], credentials: true } } ]\n",
             "1:58: frontends[0].cors.origins[0]: credentials cannot be allowed to every origin; name the origins\n"},
        Case{"ReflectionOfNoCluster", "contracts: [ { reflection: a } ]\n",
             "1:28: contracts[0].reflection: there is no cluster \"a\"\n"},
        Case{"RefreshOfFiles", "contracts: [ { protos: a, refresh: 1s } ]\n",
             "1:36: contracts[0].refresh: only goes with \"reflection\"\n"},
        Case{"MetadataThatIsNoHeader",
             "frontends: [ { name: a, listen: 'h:1', metadata: { request: ['x y', '*'] } } ]\n",
             "1:62: frontends[0].metadata.request[0]: expected a header's name, or the beginning of names and \"*\", "
             "found \"x y\"\n"
             "1:69: frontends[0].metadata.request[1]: expected a header's name, or the beginning of names and \"*\", "
             "found \"*\"\n"},
        Case{
            "MetadataOfTheConnection",
            "frontends: [ { name: a, listen: 'h:1', metadata: { response: [Content-Length, 'te*', grpc-status, 'g*'] } "
            "} ]\n",
            "1:63: frontends[0].metadata.response[0]: \"Content-Length\" is the connection's, the content's or gRPC's "
            "own\n"
            "1:79: frontends[0].metadata.response[1]: \"te*\" is the connection's, the content's or gRPC's own\n"
            "1:86: frontends[0].metadata.response[2]: \"grpc-status\" is the connection's, the content's or gRPC's "
            "own\n"
            "1:99: frontends[0].metadata.response[3]: \"g*\" is the connection's, the content's or gRPC's own\n"},
        Case{"UnknownCoding", "frontends: [ { name: a, listen: 'h:1', compress: { codings: [deflate] } } ]\n",
             "1:62: frontends[0].compress.codings[0]: expected zstd, br or gzip, found \"deflate\"\n"},
        Case{"RequiredAndNoWayToShowIt", "frontends: [ { name: a, listen: 'h:1', auth: { default: required } } ]\n",
             "1:57: frontends[0].auth.default: nobody could call: there is neither \"jwt\" nor \"api_keys\"\n"},
        Case{"TokensWithoutKeys", "frontends: [ { name: a, listen: 'h:1', auth: { jwt: { issuer: i } } } ]\n",
             "1:48: frontends[0].auth.jwt: \"keys\" is missing\n"},
        Case{"EmptyPathsOfKeys",
             "frontends: [ { name: a, listen: 'h:1', auth: { jwt: { keys: '' }, api_keys: '' } } ]\n",
             "1:61: frontends[0].auth.jwt.keys: the path is empty\n"
             "1:77: frontends[0].auth.api_keys: the path is empty\n"},
        Case{"KeysByAnUnprovenUrl",
             "frontends: [ { name: a, listen: 'h:1', auth: { jwt: { keys: 'http://i.example/jwks' } } } ]\n",
             "1:61: frontends[0].auth.jwt.keys: keys have to come by https: whoever is between could put others in "
             "their "
             "place\n"},
        Case{"KeysByNoUrl", "frontends: [ { name: a, listen: 'h:1', auth: { jwt: { keys: 'ftp://i/jwks' } } } ]\n",
             "1:61: frontends[0].auth.jwt.keys: expected a file or an https URL\n"},
        Case{"AuthorityOfAFile",
             "frontends: [ { name: a, listen: 'h:1', auth: { jwt: { keys: jwks.json, ca: ca.pem, refresh: 1s } } } ]\n",
             "1:76: frontends[0].auth.jwt.ca: only goes with keys from a URL\n"
             "1:93: frontends[0].auth.jwt.refresh: only goes with keys from a URL\n"},
        Case{"LeewayWithoutEnd",
             "frontends: [ { name: a, listen: 'h:1', auth: { jwt: { keys: jwks.json, leeway: 1000000h } } } ]\n",
             "1:80: frontends[0].auth.jwt.leeway: expected 1h at most\n"},
        Case{"LeewayOfMoreThanAnHour",
             "frontends: [ { name: a, listen: 'h:1', auth: { jwt: { keys: jwks.json, leeway: 3600.001s } } } ]\n",
             "1:80: frontends[0].auth.jwt.leeway: expected 1h at most\n"},
        Case{"IdentityOfNobody", "frontends: [ { name: a, listen: 'h:1', identity: { key: k.pem } } ]\n",
             "1:40: frontends[0].identity: there is nobody whose identity it could be: there is neither auth.jwt nor "
             "auth.api_keys\n"},
        Case{"IdentityWithoutAKey", "frontends: [ { name: a, listen: 'h:1', auth: { api_keys: k }, identity: {} } ]\n",
             "1:63: frontends[0].identity: \"key\" is missing\n"},
        Case{
            "IdentityThatHoldsForNoTime",
            "frontends: [ { name: a, listen: 'h:1', auth: { api_keys: k }, identity: { key: '', issuer: '', ttl: 100ms "
            "} } ]\n",
            "1:80: frontends[0].identity.key: the path is empty\n"
            "1:92: frontends[0].identity.issuer: the name is empty\n"
            "1:101: frontends[0].identity.ttl: expected 1s to 24h\n"},
        Case{"RateOfNothing",
             "frontends: [ { name: a, listen: 'h:1', rate_limit: { by: address, rate: 0, burst: 0 } } ]\n",
             "1:73: frontends[0].rate_limit.rate: expected requests a second, 0.001 to 1000000\n"
             "1:83: frontends[0].rate_limit.burst: expected 1 to 1000000 requests\n"},
        Case{"RateOfSubjectsNobodyKnows", "frontends: [ { name: a, listen: 'h:1', rate_limit: { rate: 5 } } ]\n",
             "1:40: frontends[0].rate_limit.by: nobody is known by a subject without auth.jwt or auth.api_keys\n"},
        Case{"RateOfKeysNobodyHas", "frontends: [ { name: a, listen: 'h:1', rate_limit: { by: key, rate: 5 } } ]\n",
             "1:58: frontends[0].rate_limit.by: nobody is known by a key without auth.api_keys\n"},
        Case{"LimitOfZero", "frontends: [ { name: a, listen: 'h:1', limits: { headers: 0 } } ]\n",
             "1:59: frontends[0].limits.headers: must be more than 0\n"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Safeguards, BrokenConfigTest,
    ::testing::Values(
        Case{"BreakerRatioOfAHundred", "clusters: { a: { target: 'h:1', breaker: { failure_ratio: 50 } } }\n",
             "1:59: clusters.a.breaker.failure_ratio: expected a share, more than 0 and at most 1\n"},
        Case{"BreakerWithoutProbes", "clusters: { a: { target: 'h:1', breaker: { probes: 0 } } }\n",
             "1:52: clusters.a.breaker.probes: expected 1 to 1000\n"},
        Case{"BreakerThatNeverCounts", "clusters: { a: { target: 'h:1', breaker: { min_calls: 0 } } }\n",
             "1:55: clusters.a.breaker.min_calls: expected 1 to 1000000\n"},
        Case{"BreakerWindowOfADay", "clusters: { a: { target: 'h:1', breaker: { window: 24h } } }\n",
             "1:52: clusters.a.breaker.window: expected 100ms to 1h\n"},
        Case{"BreakerOpenForNoTime", "clusters: { a: { target: 'h:1', breaker: { open_for: 0s } } }\n",
             "1:54: clusters.a.breaker.open_for: expected 1ms to 1h\n"},
        Case{"RetryForEver", "clusters: { a: { target: 'h:1', retry: { attempts: 11 } } }\n",
             "1:52: clusters.a.retry.attempts: expected 1 to 10\n"},
        Case{"RetryWhatStaysWrong", "clusters: { a: { target: 'h:1', retry: { on: [UNAVAILABLE, NOT_FOUND] } } }\n",
             "1:60: clusters.a.retry.on[1]: expected UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNKNOWN, "
             "DATA_LOSS, DEADLINE_EXCEEDED or FAILED_PRECONDITION, found \"NOT_FOUND\"\n"},
        Case{"RetryBudgetOfNothing", "clusters: { a: { target: 'h:1', retry: { budget: 0 } } }\n",
             "1:50: clusters.a.retry.budget: expected a share, more than 0 and at most 1\n"},
        Case{"RetryBackoffBeyondItsMost",
             "clusters: { a: { target: 'h:1', retry: { backoff: 1s, max_backoff: 500ms } } }\n",
             "1:68: clusters.a.retry.max_backoff: is less than the backoff\n"},
        Case{"NothingAtOnce", "clusters: { a: { target: 'h:1', max_concurrent: 0 } }\n",
             "1:49: clusters.a.max_concurrent: expected 1 to 1000000\n"},
        Case{"SlowRatioOfNothingSlow", "clusters: { a: { target: 'h:1', breaker: { slow_ratio: 0.5 } } }\n",
             "1:56: clusters.a.breaker.slow_ratio: only goes with \"slow_call\", which says what slow is\n"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Servers, BrokenConfigTest,
    ::testing::Values(
        Case{"HashOfNoHeader", "clusters: { a: { target: 'h:1', balance: { hash: x } } }\n",
             "1:33: clusters.a.balance: expected \"hash: header.NAME\", found \"x\"\n"},
        Case{"EtcdOfNoPrefix", "clusters: { a: { target: 'etcd:///' } }\n",
             "1:26: clusters.a.target: expected etcd:///PREFIX or etcd://HOST:PORT/PREFIX, found \"etcd:///\"\n"},
        Case{"EtcdOfNoPort", "clusters: { a: { target: 'etcd://h:1,i/x' } }\n",
             "1:26: clusters.a.target: expected etcd:///PREFIX or etcd://HOST:PORT/PREFIX, found \"etcd://h:1,i/x\"\n"},
        Case{
            "DnsOfNoName", "clusters: { a: { target: 'dns://10.0.0.1' } }\n",
            "1:26: clusters.a.target: expected dns:///HOST:PORT or dns://SERVER/HOST:PORT, found \"dns://10.0.0.1\"\n"},
        Case{"HealthAllTheTime", "clusters: { a: { target: 'h:1', health: { interval: 0s } } }\n",
             "1:53: clusters.a.health.interval: must be more than 0\n"},
        Case{"EjectForNothing",
             "clusters: { a: { target: 'h:1', eject: { failures: 0, for: 0s, max_percent: 101 } } }\n",
             "1:52: clusters.a.eject.failures: must be more than 0\n"
             "1:60: clusters.a.eject.for: must be more than 0\n"
             "1:77: clusters.a.eject.max_percent: expected 1 to 100\n"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Xds, BrokenConfigTest,
    ::testing::Values(Case{"NoName", "clusters: { a: { target: 'xds:///' } }\n",
                           "1:26: clusters.a.target: expected xds:///NAME, found \"xds:///\"\n"},
                      Case{"OverHttp2", "clusters: { a: { target: 'xds:///x', transport: http2 } }\n",
                           "1:49: clusters.a.transport: \"http2\" does not speak xDS; \"auto\" and \"grpc\" do\n"},
                      Case{"WhatTheControlPlaneSays",
                           "clusters: { a: { target: 'xds:///x', balance: round_robin, health: {}, eject: {} } }\n",
                           "1:47: clusters.a.balance: does not go with xds:///: the control plane says that\n"
                           "1:60: clusters.a.health: does not go with xds:///: the control plane says that\n"
                           "1:72: clusters.a.eject: does not go with xds:///: the control plane says that\n"}),
    NameOf);

}  // namespace
}  // namespace portico::config
