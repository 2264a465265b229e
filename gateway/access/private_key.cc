#include "gateway/access/private_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/access/base64url.h"

namespace portico::access {
namespace {

constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;
constexpr int kCoordinateBytes = 32;  // of P-256 and Ed25519

template <class T, void (*Free)(T*)>
struct Freeing {
  void operator()(T* object) const { Free(object); }
};
using BigNumber = std::unique_ptr<BIGNUM, Freeing<BIGNUM, BN_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freeing<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Halves = std::unique_ptr<ECDSA_SIG, Freeing<ECDSA_SIG, ECDSA_SIG_free>>;
using Source = std::unique_ptr<BIO, Freeing<BIO, BIO_free_all>>;

// OpenSSL would ask the terminal.
int NoPassword(char*, int, int, void*) {
  return -1;
}

// A big-endian number of the key, padded to `width` bytes; 0: as long as it is.
std::string Number(EVP_PKEY* key, const char* name, int width) {
  BIGNUM* found = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &found) != 1) return "";
  const BigNumber number(found);
  std::string bytes(static_cast<size_t>(width > 0 ? width : BN_num_bytes(number.get())), '\0');
  BN_bn2binpad(number.get(), reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return bytes;
}

// The two halves of an ES256 signature (RFC 7518, section 3.4), which OpenSSL writes as DER; empty when it is none.
std::string FromDer(absl::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const Halves halves(d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())));
  std::string raw(2 * kCoordinateBytes, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(raw.data());
  const bool ok = halves != nullptr && BN_bn2binpad(ECDSA_SIG_get0_r(halves.get()), out, kCoordinateBytes) > 0 &&
                  BN_bn2binpad(ECDSA_SIG_get0_s(halves.get()), out + kCoordinateBytes, kCoordinateBytes) > 0;
  return ok ? raw : "";
}

}  // namespace

absl::StatusOr<PrivateKey> PrivateKey::Of(std::shared_ptr<evp_pkey_st> key) {
  PrivateKey result;
  char group[32] = "";
  const int bits = EVP_PKEY_get_bits(key.get());
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
    if (bits < kLeastRsaBits || bits > kMostRsaBits) {
      return absl::InvalidArgumentError(
          absl::StrCat("the RSA key has ", bits, " bits, not ", kLeastRsaBits, " to ", kMostRsaBits));
    }
    result.algorithm_ = Algorithm::kRs256;
  } else if (EVP_PKEY_is_a(key.get(), "EC") == 1 &&
             EVP_PKEY_get_group_name(key.get(), group, sizeof group, nullptr) == 1 &&
             absl::string_view(group) == "prime256v1") {
    result.algorithm_ = Algorithm::kEs256;
  } else if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) {
    result.algorithm_ = Algorithm::kEdDsa;
  } else {
    return absl::InvalidArgumentError("a key is none of EC on P-256, Ed25519 and RSA");
  }
  result.key_ = std::move(key);
  const std::string members = result.Members().dump();  // members in order of their names, as RFC 7638 has them
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(members.data()), members.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  result.id_ = EncodeBase64Url(digest);
  return result;
}

absl::StatusOr<std::vector<PrivateKey>> PrivateKey::ParsePem(absl::string_view pem) {
  constexpr absl::string_view kBegin = "-----BEGIN ", kDashes = "-----", kEnd = "PRIVATE KEY";
  std::vector<PrivateKey> keys;
  // One block at a time: what OpenSSL says at the end of several does not tell a broken one from none.
  for (size_t at = pem.find(kBegin); at != absl::string_view::npos;) {
    const size_t next = pem.find(kBegin, at + kBegin.size());
    const absl::string_view block = pem.substr(at, next - at);
    const absl::string_view label = block.substr(kBegin.size(), block.find(kDashes, kBegin.size()) - kBegin.size());
    at = next;
    if (!absl::EndsWith(label, kEnd)) continue;  // parameters, certificates
    if (keys.size() == kMostKeys) {
      return absl::InvalidArgumentError(absl::StrCat("it has more than ", kMostKeys, " keys"));
    }
    const Source source(BIO_new_mem_buf(block.data(), static_cast<int>(block.size())));
    std::shared_ptr<evp_pkey_st> read(PEM_read_bio_PrivateKey(source.get(), nullptr, NoPassword, nullptr),
                                      EVP_PKEY_free);
    ERR_clear_error();
    if (read == nullptr) return absl::InvalidArgumentError("a private key in it is broken, or behind a password");
    absl::StatusOr<PrivateKey> key = Of(std::move(read));
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) return absl::InvalidArgumentError("it has no private key in PEM");
  return keys;
}

absl::string_view PrivateKey::algorithm() const {
  switch (algorithm_) {
    case Algorithm::kRs256:
      return "RS256";
    case Algorithm::kEdDsa:
      return "EdDSA";
    default:
      return "ES256";
  }
}

nlohmann::json PrivateKey::Members() const {
  if (algorithm_ == Algorithm::kRs256) {
    return {{"kty", "RSA"},
            {"n", EncodeBase64Url(Number(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0))},
            {"e", EncodeBase64Url(Number(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0))}};
  }
  if (algorithm_ == Algorithm::kEs256) {
    return {{"kty", "EC"},
            {"crv", "P-256"},
            {"x", EncodeBase64Url(Number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, kCoordinateBytes))},
            {"y", EncodeBase64Url(Number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinateBytes))}};
  }
  std::string raw(kCoordinateBytes, '\0');
  size_t size = raw.size();
  EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
  return {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", EncodeBase64Url(raw)}};
}

nlohmann::json PrivateKey::PublicJwk() const {
  nlohmann::json jwk = Members();
  jwk["kid"] = id_;
  jwk["use"] = "sig";
  jwk["alg"] = std::string(algorithm());
  return jwk;
}

absl::StatusOr<std::string> PrivateKey::Sign(absl::string_view text) const {
  const Digest digest(EVP_MD_CTX_new());
  const EVP_MD* const hash = algorithm_ == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::string signature(static_cast<size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  size_t size = signature.size();
  const bool ok =
      digest != nullptr && EVP_DigestSignInit(digest.get(), nullptr, hash, nullptr, key_.get()) == 1 &&
      EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) == 1;
  ERR_clear_error();
  signature.resize(ok ? size : 0);
  if (ok && algorithm_ == Algorithm::kEs256) signature = FromDer(signature);
  if (signature.empty()) return absl::InternalError("signing failed");
  return signature;
}

}  // namespace portico::access
