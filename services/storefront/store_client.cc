#include "services/storefront/store_client.h"

#include <httplib.h>

#include "absl/strings/str_cat.h"

namespace shop::storefront {
namespace {

// Larger than any page; what is larger still is no page.
constexpr size_t kMostBytes = 4 << 20;

StoreAnswer Send(const std::string& address, httplib::Request request) {
  httplib::Client client(absl::StrCat("http://", address));
  client.set_connection_timeout(1);
  client.set_read_timeout(5);
  client.set_write_timeout(5);
  StoreAnswer answer;
  std::string body;
  request.headers.emplace("Accept", "application/json");
  request.content_receiver = [&body](const char* data, size_t size, uint64_t, uint64_t) {
    if (body.size() + size > kMostBytes) return false;
    body.append(data, size);
    return true;
  };
  const httplib::Result result = client.send(request);
  if (!result) return answer;
  answer.status = result->status;
  answer.body = Json::parse(body, nullptr, false);
  if (answer.body.is_discarded()) answer.body = nullptr;
  return answer;
}

}  // namespace

StoreAnswer StoreClient::Get(const std::string& target) const {
  httplib::Request request;
  request.method = "GET";
  request.path = target;
  return Send(address_, std::move(request));
}

StoreAnswer StoreClient::Post(const std::string& target, const Json& body) const {
  httplib::Request request;
  request.method = "POST";
  request.path = target;
  request.headers.emplace("Content-Type", "application/json");
  request.body = body.dump();
  return Send(address_, std::move(request));
}

}  // namespace shop::storefront
