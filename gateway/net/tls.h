#ifndef PORTICO_GATEWAY_NET_TLS_H_
#define PORTICO_GATEWAY_NET_TLS_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

typedef struct bio_st BIO;
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace portico::net {

// Whom to trust and who we are, for connections to servers that speak HTTP/2 (ALPN "h2"). Immutable and thread-safe.
class TlsContext {
 public:
  // All are PEM texts. Without `ca` the system's authorities are trusted; `cert` (a chain, the leaf first) and `key` go
  // together. INVALID_ARGUMENT says which of them cannot be used.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> ForClient(absl::string_view ca, absl::string_view cert,
                                                                     absl::string_view key);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsEngine;
  explicit TlsContext(SSL_CTX* context) : context_(context) {}

  SSL_CTX* const context_;
};

// The TLS of one connection, apart from its socket: ciphertext goes in and comes out as bytes. Not thread-safe.
class TlsEngine {
 public:
  // A client's side. The server's certificate must be for `server_name`, a DNS name (which is sent, too) or an address.
  TlsEngine(const TlsContext& context, const std::string& server_name);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  // Takes what the peer sent; hands on what it says. The first call, with nothing, begins the handshake. An error ends
  // the connection; what is in output() may still be sent, it tells the peer why. `plain` may not destroy the engine.
  absl::Status Receive(absl::string_view ciphertext, absl::FunctionRef<void(absl::string_view)> plain);

  // REQUIRES: established().
  absl::Status Send(absl::string_view plain);

  // The handshake is complete, the peer known, and HTTP/2 agreed on.
  bool established() const { return established_; }

  // Ciphertext for the peer; the caller takes away what it has sent.
  std::string& output() { return output_; }

 private:
  absl::Status Handshake();
  void TakeOutput();

  SSL* const ssl_;
  BIO* const in_;   // owned by ssl_
  BIO* const out_;  // owned by ssl_
  bool established_ = false;
  std::string output_;
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_TLS_H_
