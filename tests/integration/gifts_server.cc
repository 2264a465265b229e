// A server for contracts that the gateway does not know when it starts, with reflection:
//   gifts-server --listen HOST:PORT [--cards] [--ratings-of HOST:PORT]
// offers shop.gifts.v1.GiftService; with --cards also CardService, as another version would; with --ratings-of
// shop.ratings.v1.RatingService instead of both, which knows what the reviews server there knows.
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>

#include <cstring>
#include <iostream>
#include <memory>
#include <string>

#include "services/base/stable_maps.h"
#include "shop/gifts/v1/cards.grpc.pb.h"
#include "shop/gifts/v1/gifts.grpc.pb.h"
#include "shop/ratings/v1/ratings.grpc.pb.h"
#include "shop/reviews/v1/reviews.grpc.pb.h"

namespace {

class Gifts final : public shop::gifts::v1::GiftService::Service {
  // Gives the caller's metadata back whose keys begin with "x-gift", before the answer as they came and behind it with
  // "after-" in front.
  grpc::Status GetWrapping(grpc::ServerContext* context, const shop::gifts::v1::GetWrappingRequest* request,
                           shop::gifts::v1::Wrapping* wrapping) override {
    for (const auto& [key, value] : context->client_metadata()) {
      if (!key.starts_with("x-gift")) continue;
      const std::string name(key.data(), key.size());
      context->AddInitialMetadata(name, std::string(value.data(), value.size()));
      context->AddTrailingMetadata("after-" + name, std::string(value.data(), value.size()));
    }
    wrapping->set_product_id(request->product_id());
    wrapping->set_paper("red");
    return grpc::Status::OK;
  }
};

class Cards final : public shop::gifts::v1::CardService::Service {
  grpc::Status GetCard(grpc::ServerContext*, const shop::gifts::v1::GetCardRequest* request,
                       shop::gifts::v1::Card* card) override {
    card->set_text("Enjoy " + request->product_id());
    return grpc::Status::OK;
  }
};

class Ratings final : public shop::ratings::v1::RatingService::Service {
 public:
  explicit Ratings(const std::string& reviews)
      : reviews_(shop::reviews::v1::ReviewService::NewStub(
            grpc::CreateChannel(reviews, grpc::InsecureChannelCredentials()))) {}

 private:
  grpc::Status GetReviewSummary(grpc::ServerContext* context, const shop::reviews::v1::GetReviewSummaryRequest* request,
                                shop::reviews::v1::ReviewSummary* summary) override {
    const std::unique_ptr<grpc::ClientContext> call = grpc::ClientContext::FromServerContext(*context);
    return reviews_->GetReviewSummary(call.get(), *request, summary);
  }

  const std::unique_ptr<shop::reviews::v1::ReviewService::Stub> reviews_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string listen;
  std::string reviews;
  bool with_cards = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--cards") == 0) {
      with_cards = true;
    } else if (std::strcmp(argv[i], "--listen") == 0 && i + 1 < argc) {
      listen = argv[++i];
    } else if (std::strcmp(argv[i], "--ratings-of") == 0 && i + 1 < argc) {
      reviews = argv[++i];
    } else {
      std::cerr << "gifts-server: what is " << argv[i] << "?" << std::endl;
      return 2;
    }
  }
  shop::MakeMapsStable();
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  Gifts gifts;
  Cards cards;
  Ratings ratings(reviews);
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  if (reviews.empty()) builder.RegisterService(&gifts);
  if (with_cards) builder.RegisterService(&cards);
  if (!reviews.empty()) builder.RegisterService(&ratings);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "gifts-server: cannot listen on " << listen << std::endl;
    return 1;
  }
  std::cerr << "{\"event\":\"listening\"}" << std::endl;
  server->Wait();
}
