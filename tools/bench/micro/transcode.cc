// JSON to wire and back: Portico's tables beside protobuf's own JSON library, on messages of the shop, in one run.
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/schema/schema.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "shop/catalog/v1/catalog.pb.h"
#include "shop/reviews/v1/reviews.pb.h"
#include "tools/bench/micro/measure.h"

namespace portico {
namespace {

namespace pb = google::protobuf;

shop::catalog::v1::Product SomeProduct() {
  shop::catalog::v1::Product product;
  product.set_product_id("a-gateway-in-the-evening");
  product.set_title("A Gateway in the Evening: Bridges, Doors & \"Ports\"");
  for (const char* author : {"A. Writer", "B. Sch\u00f6ner", "C. Editor"}) product.add_authors(author);
  product.set_publisher("Example Press");
  product.set_isbn("9780000000002");
  product.set_description(
      "How does a request find its way from a telephone to the one process, among hundreds, that knows the answer? "
      "This book follows it: through names and addresses, past doors that let some in and keep others out, over "
      "bridges that change its language while it walks, and back again.\n\nEvery chapter builds one piece, measures "
      "it, and takes away what was not needed. Nothing is assumed but curiosity, a terminal, and an evening or two. "
      "The second edition has a chapter on what happens when a bridge falls.");
  product.set_page_count(412);
  product.set_publish_date("2021-10-05");
  product.set_category(shop::catalog::v1::Product::ARCHITECTURE);
  return product;
}

shop::reviews::v1::ListReviewsResponse SomeReviews() {
  shop::reviews::v1::ListReviewsResponse page;
  for (int i = 0; i < 10; ++i) {
    shop::reviews::v1::Review& review = *page.add_reviews();
    review.set_review_id(absl::StrCat("rev-00004", i));
    review.set_product_id("a-gateway-in-the-evening");
    review.set_customer_id(absl::StrCat(100 + i));
    review.set_author_name("A customer");
    review.set_rating(1 + i % 5);
    review.set_title("Read it twice");
    review.set_body("Clear from the first page to the last; the chapter about doors alone was worth the evening.");
    review.mutable_create_time()->set_seconds(1700000000 + i * 86461);
    review.mutable_create_time()->set_nanos(i % 2 * 250000000);
    review.set_verified_purchase(i % 3 == 0);
  }
  page.set_next_page_token("bmV4dCBwYWdl");
  page.set_total_size(137);
  return page;
}

// Runs the measurement for one message; false when the two sides do not say the same.
bool Measure(const schema::Schema& schema, pb::util::TypeResolver& resolver, const char* name,
             const pb::Message& message) {
  const std::string type = message.GetDescriptor()->full_name();
  const std::string url = absl::StrCat("type.googleapis.com/", type);
  const schema::MessageTable& table = *schema.FindMessage(type);
  const std::string wire = message.SerializeAsString();
  std::string json;
  std::string theirs;
  std::string back;
  if (!transcode::WireToJson(table, schema, wire, {}, &json).ok() ||
      !transcode::JsonToWire(table, schema, json, {}, &back, nullptr).ok() ||
      !pb::util::BinaryToJsonString(&resolver, url, wire, &theirs).ok() || json != theirs) {
    std::fprintf(stderr, "%s: the two libraries do not say the same\n%s\n%s\n", name, json.c_str(), theirs.c_str());
    return false;
  }
  const std::unique_ptr<pb::Message> parsed(message.New());
  if (!parsed->ParseFromString(back) || !pb::util::MessageDifferencer::Equals(*parsed, message)) {
    std::fprintf(stderr, "%s: reading the JSON gives another message\n", name);
    return false;
  }

  const std::vector<double> times = bench::MedianNanoseconds({
      [&] {
        std::string out;
        bench::Use(transcode::WireToJson(table, schema, wire, {}, &out).ok());
        bench::Use(out.data());
      },
      [&] {
        std::string out;
        bench::Use(pb::util::BinaryToJsonString(&resolver, url, wire, &out).ok());
        bench::Use(out.data());
      },
      [&] {
        const std::unique_ptr<pb::Message> of_wire(message.New());
        std::string out;
        bench::Use(of_wire->ParseFromString(wire));
        bench::Use(pb::util::MessageToJsonString(*of_wire, &out).ok());
        bench::Use(out.data());
      },
      [&] {
        std::string out;
        bench::Use(transcode::JsonToWire(table, schema, json, {}, &out, nullptr).ok());
        bench::Use(out.data());
      },
      [&] {
        std::string out;
        bench::Use(pb::util::JsonToBinaryString(&resolver, url, json, &out).ok());
        bench::Use(out.data());
      },
      [&] {
        const std::unique_ptr<pb::Message> of_json(message.New());
        bench::Use(pb::util::JsonStringToMessage(json, of_json.get()).ok());
        bench::Use(of_json->SerializeAsString().data());
      },
  });
  std::printf("%s: %zu bytes of wire, %zu of JSON\n", name, wire.size(), json.size());
  const auto row = [](const char* what, double ns, double portico) {
    std::printf("  %-44s %8.0f ns  %5.1f x\n", what, ns, ns / portico);
  };
  row("wire -> JSON, Portico", times[0], times[0]);
  row("wire -> JSON, BinaryToJsonString", times[1], times[0]);
  row("wire -> JSON, parse + MessageToJsonString", times[2], times[0]);
  row("JSON -> wire, Portico", times[3], times[3]);
  row("JSON -> wire, JsonToBinaryString", times[4], times[3]);
  row("JSON -> wire, JsonStringToMessage + serialize", times[5], times[3]);
  return true;
}

int Run() {
  schema::Diagnostics diagnostics;
  const auto schema = schema::Schema::Load(
      {{schema::ContractSource::Kind::kProtoFolder, PORTICO_SOURCE_DIR "/proto", {}}}, diagnostics);
  if (schema == nullptr) {
    std::fputs(diagnostics.ToString().c_str(), stderr);
    return 1;
  }
  const std::unique_ptr<pb::util::TypeResolver> resolver(
      pb::util::NewTypeResolverForDescriptorPool("type.googleapis.com", pb::DescriptorPool::generated_pool()));
  const bool product = Measure(*schema, *resolver, "Product", SomeProduct());
  const bool reviews = Measure(*schema, *resolver, "ListReviewsResponse, 10 reviews", SomeReviews());
  return product && reviews ? 0 : 1;
}

}  // namespace
}  // namespace portico

int main() {
  return portico::Run();
}
