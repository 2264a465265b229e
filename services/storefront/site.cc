#include "services/storefront/site.h"

#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/storefront/assets.h"
#include "services/storefront/covers.h"
#include "services/storefront/pages.h"
#include "services/storefront/store_client.h"

namespace shop::storefront {
namespace {

// A thread for each connection that browsers keep open; more wait.
constexpr size_t kThreads = 32;
constexpr size_t kMostQueryBytes = 200;
constexpr size_t kMostTokenBytes = 500;
constexpr char kHtml[] = "text/html; charset=utf-8";

// A customer's id: digits. Who says one is believed; a real shop would ask for more.
bool IsCustomer(absl::string_view id) {
  return !id.empty() && id.size() <= 10 &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string CookieOf(const httplib::Request& request, absl::string_view name) {
  for (const absl::string_view pair : absl::StrSplit(request.get_header_value("Cookie"), "; ")) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    if (parts.first == name) return std::string(parts.second);
  }
  return "";
}

class HttpSite final : public Site {
 public:
  explicit HttpSite(const SiteOptions& options) : options_(options), store_(options.web) {}

  ~HttpSite() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Listen() {
    const std::pair<std::string, std::string> parts = absl::StrSplit(options_.listen, absl::MaxSplits(':', 1));
    int port = 0;
    if (parts.first.empty() || !absl::SimpleAtoi(parts.second, &port) || port < 0 || port > 65535) {
      return absl::InvalidArgumentError(absl::StrCat("\"", options_.listen, "\" is not HOST:PORT"));
    }
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    // Not SO_REUSEPORT, the library's choice: two sites would share an address unnoticed.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server_.set_payload_max_length(64 << 10);
    server_.set_read_timeout(5);
    server_.set_write_timeout(5);
    server_.set_keep_alive_timeout(2);
    SetHeaders();
    SetRoutes();
    if (port == 0) {
      port = server_.bind_to_any_port(parts.first);
      if (port < 0) return absl::UnavailableError(absl::StrCat("cannot listen on ", options_.listen));
    } else if (!server_.bind_to_port(parts.first, port)) {
      return absl::UnavailableError(absl::StrCat("cannot listen on ", options_.listen));
    }
    address_ = absl::StrCat(parts.first, ":", port);
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

 private:
  using Request = httplib::Request;
  using Response = httplib::Response;

  // Nothing from elsewhere is run, shown or asked, the two frontends excepted.
  void SetHeaders() {
    const std::string policy = absl::StrCat(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src http://", options_.web,
        " http://", options_.mobile, "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    server_.set_default_headers({{"Content-Security-Policy", policy},
                                 {"X-Content-Type-Options", "nosniff"},
                                 {"Referrer-Policy", "same-origin"},
                                 {"Cross-Origin-Opener-Policy", "same-origin"}});
  }

  void SetRoutes() {
    server_.Get("/", [this](const Request& request, Response& response) { Shelves(request, response); });
    server_.Get(R"(/books/([^/]+))", [this](const Request& request, Response& response) { Book(request, response); });
    server_.Post(R"(/books/([^/]+)/buy)",
                 [this](const Request& request, Response& response) { Buy(request, response); });
    server_.Get(R"(/m/books/([^/]+))", [this](const Request& request, Response& response) {
      const std::string id = request.matches[1];
      if (!IsProductId(id)) return NotFound(request, response);
      response.set_content(PhonePage(id, VisitOf(request, response)), kHtml);
    });
    server_.Get(R"(/covers/.+)", [this](const Request& request, Response& response) { CoverOf(request, response); });
    server_.Get(R"(/(assets/[a-z.]+))", [this](const Request& request, Response& response) {
      const std::string path = request.matches[1];
      const absl::string_view asset = Asset(path);
      if (asset.empty()) return NotFound(request, response);
      response.set_header("Cache-Control", "no-cache");
      response.set_content(asset.data(), asset.size(),
                           path.ends_with(".css")  ? "text/css; charset=utf-8"
                           : path.ends_with(".js") ? "text/javascript; charset=utf-8"
                                                   : "image/svg+xml");
    });
    server_.set_error_handler([this](const Request& request, Response& response) {
      if (!response.body.empty()) return;
      if (response.status == 404) return NotFound(request, response);
      response.set_content(MessagePage("That did not work", "The request could not be understood.", BareVisit()),
                           kHtml);
    });
  }

  Visit BareVisit() const {
    return {absl::StrCat("http://", options_.web), absl::StrCat("http://", options_.mobile), "", ""};
  }

  // Who looks: as `?customer=` says, which a cookie then remembers. `?customer=` with nothing forgets.
  Visit VisitOf(const Request& request, Response& response) const {
    Visit visit = BareVisit();
    if (request.has_param("customer")) {
      const std::string said = request.get_param_value("customer");
      if (IsCustomer(said)) visit.customer = said;
      response.set_header("Set-Cookie", absl::StrCat("customer=", visit.customer, "; Path=/; HttpOnly; SameSite=Lax",
                                                     visit.customer.empty() ? "; Max-Age=0" : ""));
    } else if (const std::string remembered = CookieOf(request, "customer"); IsCustomer(remembered)) {
      visit.customer = remembered;
    }
    response.set_header("Cache-Control", "no-store");
    return visit;
  }

  void NotFound(const Request& request, Response& response) const {
    const Visit visit = VisitOf(request, response);
    response.status = 404;
    response.set_content(MessagePage("We do not have that book",
                                     "Nothing in the shop has this address. It may have been sold out for good, or the "
                                     "address has a slip in it.",
                                     visit),
                         kHtml);
  }

  void Trouble(Response& response, const Visit& visit) const {
    response.status = 503;
    response.set_header("Retry-After", "5");
    response.set_content(
        MessagePage("We will be right back",
                    "The shelves cannot be reached at the moment. Please try again in a little while.", visit),
        kHtml);
  }

  void Shelves(const Request& request, Response& response) const {
    Visit visit = VisitOf(request, response);
    visit.query = request.get_param_value("q").substr(0, kMostQueryBytes);
    const std::string token = request.get_param_value("page").substr(0, kMostTokenBytes);
    const bool finds = visit.query.find_first_not_of(" \t") != std::string::npos;
    const StoreAnswer answer = store_.Get(absl::StrCat(
        finds ? absl::StrCat("/v1/browse:find?query=", QueryEscape(visit.query), "&") : std::string("/v1/browse?"),
        "page_size=24", token.empty() ? "" : absl::StrCat("&page_token=", QueryEscape(token))));
    // A query that the catalog refuses, or a token of another list.
    if (answer.status == 400) return NotFound(request, response);
    if (answer.status != 200) return Trouble(response, visit);
    response.set_content(ShelfPage(answer.body, visit), kHtml);
  }

  void Book(const Request& request, Response& response) const {
    const Visit visit = VisitOf(request, response);
    const std::string id = request.matches[1];
    if (!IsProductId(id)) return NotFound(request, response);
    // One request, whatever the page is made of.
    const StoreAnswer answer = store_.Get(absl::StrCat(
        "/v1/products/", id, "/page", visit.customer.empty() ? "" : absl::StrCat("?customer_id=", visit.customer)));
    if (answer.status == 404) return NotFound(request, response);
    if (answer.status != 200 || !HasAt(answer.body, "/product")) return Trouble(response, visit);
    response.set_content(ProductPage(answer.body, request.get_param_value("ordered").substr(0, 40), visit), kHtml);
  }

  // Places an order for who looks, at the price the shop asks now.
  void Buy(const Request& request, Response& response) const {
    const Visit visit = VisitOf(request, response);
    const std::string id = request.matches[1];
    if (!IsProductId(id)) return NotFound(request, response);
    // The cookie does not come along from other sites; a browser without that says where the form was.
    const std::string origin = request.get_header_value("Origin");
    int quantity = 0;
    if (visit.customer.empty() || (!origin.empty() && origin != "http://" + request.get_header_value("Host")) ||
        !absl::SimpleAtoi(request.get_param_value("quantity"), &quantity) || quantity < 1 || quantity > 10) {
      response.status = 400;
      response.set_content(MessagePage("Your order was not placed", "Please go back to the book and try again.", visit),
                           kHtml);
      return;
    }
    const StoreAnswer book = store_.Get(absl::StrCat("/v1/products/", id, "/page?fields=product.title,price.price"));
    if (book.status == 404) return NotFound(request, response);
    if (book.status != 200 || !HasAt(book.body, "/price/price")) return Trouble(response, visit);
    const StoreAnswer order =
        store_.Post(absl::StrCat("/v1/customers/", visit.customer, "/orders"),
                    {{"lines", Json::array({{{"productId", id},
                                             {"title", TextAt(book.body, "/product/title")},
                                             {"quantity", quantity},
                                             {"unitPrice", PartAt(book.body, "/price/price")}}})}});
    if (order.status != 200) return Trouble(response, visit);
    response.set_redirect(absl::StrCat("/books/", id, "?ordered=", QueryEscape(TextAt(order.body, "/orderId"))).c_str(),
                          303);
  }

  void CoverOf(const Request& request, Response& response) const {
    const std::string id(ProductOfCover(request.path));
    if (!IsProductId(id)) return NotFound(request, response);
    const StoreAnswer answer =
        store_.Get(absl::StrCat("/v1/products/", id, "/page?fields=product.title,product.authors"));
    if (answer.status != 200) {
      response.status = answer.status == 404 ? 404 : 503;
      response.set_content("no cover\n", "text/plain; charset=utf-8");
      return;
    }
    const std::string title = TextAt(answer.body, "/product/title");
    const std::string author = NamesText(ListAt(answer.body, "/product/authors"));
    response.set_header("Cache-Control", "public, max-age=3600");
    response.set_content(DrawCover({id, title, author}), "image/svg+xml");
  }

  const SiteOptions options_;
  const StoreClient store_;
  httplib::Server server_;
  std::string address_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Site>> Site::Start(const SiteOptions& options) {
  auto site = std::make_unique<HttpSite>(options);
  const absl::Status listens = site->Listen();
  if (!listens.ok()) return listens;
  return site;
}

}  // namespace shop::storefront
