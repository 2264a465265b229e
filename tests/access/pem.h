#ifndef PORTICO_TESTS_ACCESS_PEM_H_
#define PORTICO_TESTS_ACCESS_PEM_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace portico::testing {

using PemKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// A new key: RSA, RSA1024, EC (on P-256), P-384, ED25519 or X25519.
inline PemKey NewKey(absl::string_view type) {
  EVP_PKEY* const made = type == "RSA"       ? EVP_RSA_gen(2048)
                         : type == "RSA1024" ? EVP_RSA_gen(1024)
                         : type == "EC"      ? EVP_EC_gen("P-256")
                         : type == "P-384"   ? EVP_EC_gen("P-384")
                                             : EVP_PKEY_Q_keygen(nullptr, nullptr, std::string(type).c_str());
  if (made == nullptr) std::abort();
  return PemKey(made, EVP_PKEY_free);
}

template <class Write>
std::string Pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  if (write(bio.get()) != 1) std::abort();
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

inline std::string PemOf(EVP_PKEY* key) {
  return Pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

// A new private key in PEM.
inline std::string NewPem(absl::string_view type) {
  return PemOf(NewKey(type).get());
}
inline std::string PublicPem(absl::string_view type) {
  return Pem([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, NewKey(type).get()); });
}
inline std::string EncryptedPem(absl::string_view type) {
  unsigned char password[] = "secret";
  return Pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, NewKey(type).get(), EVP_aes_256_cbc(), password, 6, nullptr, nullptr);
  });
}

}  // namespace portico::testing

#endif  // PORTICO_TESTS_ACCESS_PEM_H_
