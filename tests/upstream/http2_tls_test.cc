// http2_transport over TLS, against the gRPC library's servers, and against one that speaks no HTTP/2.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "gateway/upstream/http2_transport.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/certificates.h"
#include "tests/upstream/test_server.h"

namespace portico::upstream {
namespace {

using absl::StatusCode;

class Http2TlsTest : public CallingTest {
 protected:
  Http2TlsTest()
      : authority_(Certificate::Authority("tests")),
        stranger_(Certificate::Authority("somebody else")),
        server_(Certificate::SignedBy(authority_, "server", "DNS:localhost,DNS:shop.test,IP:127.0.0.1")),
        client_(Certificate::SignedBy(authority_, "client", "DNS:client.test")) {}

  std::shared_ptr<grpc::ServerCredentials> Credentials(bool ask_for_client) const {
    grpc::SslServerCredentialsOptions options(ask_for_client
                                                  ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_key_cert_pairs.push_back({server_.key(), server_.cert()});
    if (ask_for_client) options.pem_root_certs = authority_.cert();
    return grpc::SslServerCredentials(options);
  }

  absl::Status CallOver(const std::string& address, const Tls& tls) {
    TransportOptions options;
    options.tls = tls;
    absl::StatusOr<std::unique_ptr<Transport>> transport = factory_.Create(worker(), address, options);
    if (!transport.ok()) return transport.status();
    const absl::StatusOr<rpc::Reply> reply = Call(**transport, "echo:secret");
    if (reply.ok()) EXPECT_EQ(reply->message, "secret");
    return reply.status();
  }

  Tls Trusting(const Certificate& authority) const {
    Tls tls;
    tls.enabled = true;
    tls.ca = authority.cert();
    return tls;
  }

  const Certificate authority_, stranger_, server_, client_;
  Http2TransportFactory factory_;
};

TEST_F(Http2TlsTest, TheServersCertificateMustBeTrustedAndItsOwn) {
  TestServer server("127.0.0.1:0", Credentials(false));
  const std::string port = std::to_string(server.port());
  EXPECT_EQ(CallOver("127.0.0.1:" + port, Trusting(authority_)), absl::OkStatus()) << "by address";
  EXPECT_EQ(CallOver("localhost:" + port, Trusting(authority_)), absl::OkStatus()) << "by name";
  Tls named = Trusting(authority_);
  named.server_name = "shop.test";
  EXPECT_EQ(CallOver("127.0.0.1:" + port, named), absl::OkStatus()) << "by the name it is expected to have";

  EXPECT_EQ(CallOver("127.0.0.1:" + port, Trusting(stranger_)).code(), StatusCode::kUnavailable) << "wrong CA";
  named.server_name = "bank.test";
  EXPECT_EQ(CallOver("127.0.0.1:" + port, named).code(), StatusCode::kUnavailable) << "wrong name";
  named.server_name = "127.0.0.2";
  EXPECT_EQ(CallOver("127.0.0.1:" + port, named).code(), StatusCode::kUnavailable) << "wrong address";
  Tls roots;
  roots.enabled = true;
  EXPECT_EQ(CallOver("127.0.0.1:" + port, roots).code(), StatusCode::kUnavailable) << "the system's authorities";
  EXPECT_EQ(CallOver("127.0.0.1:" + port, Tls()).code(), StatusCode::kUnavailable) << "plaintext to a TLS server";
  EXPECT_EQ(server.calls(), 3);
}

TEST_F(Http2TlsTest, AServerMayAskWhoCalls) {
  TestServer server("127.0.0.1:0", Credentials(true));
  Tls tls = Trusting(authority_);
  EXPECT_EQ(CallOver(server.address(), tls).code(), StatusCode::kUnavailable) << "nobody";
  tls.cert = client_.cert();
  tls.key = client_.key();
  EXPECT_EQ(CallOver(server.address(), tls), absl::OkStatus());
  const Certificate forged = Certificate::SignedBy(stranger_, "client", "DNS:client.test");
  tls.cert = forged.cert();
  tls.key = forged.key();
  EXPECT_EQ(CallOver(server.address(), tls).code(), StatusCode::kUnavailable) << "signed by somebody else";
  tls.key = client_.key();
  EXPECT_EQ(CallOver(server.address(), tls).code(), StatusCode::kInvalidArgument) << "another's key";
  EXPECT_EQ(server.calls(), 1);
}

TEST_F(Http2TlsTest, LargeMessagesSpanRecords) {
  TestServer server("127.0.0.1:0", Credentials(false));
  TransportOptions options;
  options.tls = Trusting(authority_);
  auto transport = *factory_.Create(worker(), server.address(), options);
  std::string text(3 << 20, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 >> 4);
  const absl::StatusOr<rpc::Reply> reply = Call(*transport, "echo:" + text);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->message == text);
}

TEST_F(Http2TlsTest, AServerWithoutHttp2IsUnavailable) {
  // A handshake that is right but for ALPN, which it does not know.
  int listening = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listening, 8), 0);
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string where = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  bool shaken = false;
  std::thread server([&] {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    const std::string cert = server_.cert(), key = server_.key();
    const std::unique_ptr<BIO, decltype(&BIO_free)> cert_bio(BIO_new_mem_buf(cert.data(), -1), &BIO_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> key_bio(BIO_new_mem_buf(key.data(), -1), &BIO_free);
    X509* const leaf = PEM_read_bio_X509(cert_bio.get(), nullptr, nullptr, nullptr);
    EVP_PKEY* const own = PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context.get(), leaf);
    SSL_CTX_use_PrivateKey(context.get(), own);
    X509_free(leaf);
    EVP_PKEY_free(own);
    const int peer = ::accept(listening, nullptr, nullptr);
    // It writes to a client that has left; the signal is this thread's own.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    SSL* const ssl = SSL_new(context.get());
    SSL_set_fd(ssl, peer);
    shaken = SSL_accept(ssl) == 1;
    char byte;
    SSL_read(ssl, &byte, 1);  // until the client has left
    SSL_free(ssl);
    ::close(peer);
  });
  EXPECT_EQ(CallOver(where, Trusting(authority_)).code(), StatusCode::kUnavailable);
  ::shutdown(listening, SHUT_RDWR);
  ::close(listening);
  server.join();
  EXPECT_TRUE(shaken);
}

// A thread's errors stand in one queue, where those of a token that was verified in between may still be.
TEST_F(Http2TlsTest, OthersErrorsAreNotTheConnections) {
  const auto others = [] { ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR); };
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  const std::string cert = server_.cert(), key = server_.key();
  const std::unique_ptr<BIO, decltype(&BIO_free)> cert_bio(BIO_new_mem_buf(cert.data(), -1), &BIO_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> key_bio(BIO_new_mem_buf(key.data(), -1), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> leaf(PEM_read_bio_X509(cert_bio.get(), nullptr, nullptr, nullptr),
                                                         &X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> own(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  SSL_CTX_use_certificate(context.get(), leaf.get());
  SSL_CTX_use_PrivateKey(context.get(), own.get());
  SSL_CTX_set_alpn_select_cb(
      context.get(),
      [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned, void*) {
        *size = in[0];
        *out = in + 1;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  const std::unique_ptr<SSL, decltype(&SSL_free)> server(SSL_new(context.get()), &SSL_free);
  BIO* const to_server = BIO_new(BIO_s_mem());
  BIO* const from_server = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(to_server, -1);
  SSL_set_bio(server.get(), to_server, from_server);
  SSL_set_accept_state(server.get());

  net::TlsEngine client(**net::TlsContext::ForClient(authority_.cert(), "", ""), "shop.test");
  std::string heard;
  const auto exchange = [&] {
    char* data = nullptr;
    const long size = BIO_get_mem_data(from_server, &data);
    const std::string sent(data, static_cast<size_t>(size));
    (void)BIO_reset(from_server);
    others();
    const absl::Status status = client.Receive(sent, [&](absl::string_view plain) {
      heard.append(plain.data(), plain.size());
      others();
    });
    BIO_write(to_server, client.output().data(), static_cast<int>(client.output().size()));
    client.output().clear();
    return status;
  };
  for (int i = 0; i < 10 && !client.established(); ++i) {
    ASSERT_EQ(exchange(), absl::OkStatus());
    ERR_clear_error();
    SSL_do_handshake(server.get());
  }
  ASSERT_TRUE(client.established());
  for (const char* record : {"one ", "two"}) {
    ERR_clear_error();
    SSL_write(server.get(), record, static_cast<int>(std::strlen(record)));
  }
  EXPECT_EQ(exchange(), absl::OkStatus());
  EXPECT_EQ(heard, "one two");
  others();
  EXPECT_EQ(client.Send("three"), absl::OkStatus());
}

TEST_F(Http2TlsTest, AServerWithoutTlsIsUnavailable) {
  TestServer server;
  EXPECT_EQ(CallOver(server.address(), Trusting(authority_)).code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace portico::upstream
