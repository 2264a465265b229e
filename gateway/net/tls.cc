#include "gateway/net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace portico::net {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Free<&BIO_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<&X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;

BioPtr Source(absl::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// What OpenSSL last complained about, and clears it.
std::string Reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text == nullptr ? "unknown reason" : text;
}

absl::Status Unusable(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, " cannot be used: ", Reason()));
}

absl::Status Trust(SSL_CTX* context, absl::string_view ca) {
  if (ca.empty())
    return SSL_CTX_set_default_verify_paths(context) == 1 ? absl::OkStatus() : Unusable("the system's CA");
  const BioPtr source = Source(ca);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (true) {
    const CertificatePtr certificate(PEM_read_bio_X509_AUX(source.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) break;
    if (X509_STORE_add_cert(store, certificate.get()) != 1) return Unusable("tls.ca");
    ++count;
  }
  if (count == 0) return Unusable("tls.ca");
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  return absl::OkStatus();
}

absl::Status Identify(SSL_CTX* context, absl::string_view cert, absl::string_view key) {
  const BioPtr source = Source(cert);
  const CertificatePtr leaf(PEM_read_bio_X509_AUX(source.get(), nullptr, nullptr, nullptr));
  if (leaf == nullptr || SSL_CTX_use_certificate(context, leaf.get()) != 1) return Unusable("tls.cert");
  while (true) {
    CertificatePtr issuer(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
    if (issuer == nullptr) break;
    if (SSL_CTX_add0_chain_cert(context, issuer.get()) != 1) return Unusable("tls.cert");
    issuer.release();  // the context's
  }
  ERR_clear_error();
  const BioPtr key_source = Source(key);
  const KeyPtr private_key(PEM_read_bio_PrivateKey(key_source.get(), nullptr, nullptr, nullptr));
  if (private_key == nullptr || SSL_CTX_use_PrivateKey(context, private_key.get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return Unusable("tls.key");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::ForClient(absl::string_view ca, absl::string_view cert,
                                                                        absl::string_view key) {
  ERR_clear_error();
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return absl::InternalError(absl::StrCat("TLS: ", Reason()));
  std::shared_ptr<const TlsContext> owner(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  constexpr unsigned char kProtocols[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context, kProtocols, sizeof(kProtocols));  // 0 is its success
  absl::Status status = Trust(context, ca);
  if (status.ok() && !cert.empty()) status = Identify(context, cert, key);
  if (!status.ok()) return status;
  return owner;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

TlsEngine::TlsEngine(const TlsContext& context, const std::string& server_name)
    : ssl_(SSL_new(context.context_)), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
  BIO_set_mem_eof_return(in_, -1);  // empty means "later", not "end"
  SSL_set_bio(ssl_, in_, out_);
  SSL_set_connect_state(ssl_);
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl_);
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, server_name.c_str()) != 1) {
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(expected, server_name.data(), server_name.size());
    SSL_set_tlsext_host_name(ssl_, server_name.c_str());
  }
}

TlsEngine::~TlsEngine() {
  SSL_free(ssl_);
}

void TlsEngine::TakeOutput() {
  char* data = nullptr;
  const long size = BIO_get_mem_data(out_, &data);
  if (size <= 0) return;
  output_.append(data, static_cast<size_t>(size));
  (void)BIO_reset(out_);
}

absl::Status TlsEngine::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  TakeOutput();
  if (result == 1) {
    const unsigned char* protocol = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_, &protocol, &length);
    if (length != 2 || std::memcmp(protocol, "h2", 2) != 0) {
      return absl::UnavailableError("the server does not speak HTTP/2 over TLS");
    }
    established_ = true;
    return absl::OkStatus();
  }
  if (SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("TLS handshake: ", Reason()));
}

absl::Status TlsEngine::Receive(absl::string_view ciphertext, absl::FunctionRef<void(absl::string_view)> plain) {
  if (!ciphertext.empty()) BIO_write(in_, ciphertext.data(), static_cast<int>(ciphertext.size()));
  if (!established_) {
    const absl::Status status = Handshake();
    if (!status.ok() || !established_) return status;
  }
  char buffer[16384];  // what a record may hold
  while (true) {
    ERR_clear_error();  // what others on this thread have left there, `plain` too, would be taken for this connection's
    const int size = SSL_read(ssl_, buffer, sizeof(buffer));
    if (size > 0) {
      plain(absl::string_view(buffer, static_cast<size_t>(size)));
      continue;
    }
    TakeOutput();  // key updates are answered
    if (SSL_get_error(ssl_, size) == SSL_ERROR_WANT_READ) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("TLS: ", Reason()));
  }
}

absl::Status TlsEngine::Send(absl::string_view plain) {
  ERR_clear_error();
  if (!plain.empty() && SSL_write(ssl_, plain.data(), static_cast<int>(plain.size())) <= 0) {
    return absl::UnavailableError(absl::StrCat("TLS: ", Reason()));
  }
  TakeOutput();
  return absl::OkStatus();
}

}  // namespace portico::net
