#include "gateway/access/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "gateway/access/base64url.h"

namespace portico::access {
namespace {

constexpr int kLeastRsaBits = 2048;  // RFC 7518, section 3.3
constexpr int kMostRsaBits = 8192;   // beyond it a verification takes milliseconds
constexpr int kMostExponentBits = 64;
constexpr size_t kCoordinateBytes = 32;  // of P-256 and Ed25519, and of either half of an ES256 signature

template <class T, void (*Free)(T*)>
struct Freeing {
  void operator()(T* object) const { Free(object); }
};
using BigNumber = std::unique_ptr<BIGNUM, Freeing<BIGNUM, BN_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freeing<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freeing<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freeing<ECDSA_SIG, ECDSA_SIG_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freeing<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freeing<OSSL_PARAM, OSSL_PARAM_free>>;
using Key = std::shared_ptr<EVP_PKEY>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

BigNumber Number(absl::string_view bytes) {
  return BigNumber(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

// A member of a JWK; nullopt when it is there and no string. Absent ones are "".
std::optional<std::string> Text(const nlohmann::json& jwk, const char* name) {
  const auto found = jwk.find(name);
  if (found == jwk.end()) return "";
  if (!found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

absl::StatusOr<std::string> Decoded(const nlohmann::json& jwk, const char* name) {
  const std::optional<std::string> text = Text(jwk, name);
  const std::optional<std::string> bytes = text.has_value() ? DecodeBase64Url(*text) : std::nullopt;
  if (bytes.has_value() && !bytes->empty()) return *bytes;
  return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is not base64url"));
}

absl::StatusOr<Key> FromParameters(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  const bool ok = parameters != nullptr && context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                  EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
  const Key key(made, EVP_PKEY_free);
  const KeyContext check(ok ? EVP_PKEY_CTX_new_from_pkey(nullptr, made, nullptr) : nullptr);
  // Of EC: that the point is on the curve.
  const bool sound = check != nullptr && EVP_PKEY_public_check(check.get()) == 1;
  ERR_clear_error();
  if (!sound) return absl::InvalidArgumentError("its numbers are no public key");
  return key;
}

absl::StatusOr<Key> RsaKey(const nlohmann::json& jwk) {
  const absl::StatusOr<std::string> n = Decoded(jwk, "n");
  if (!n.ok()) return n.status();
  const absl::StatusOr<std::string> e = Decoded(jwk, "e");
  if (!e.ok()) return e.status();
  const BigNumber modulus = Number(*n), exponent = Number(*e);
  if (BN_num_bits(modulus.get()) < kLeastRsaBits || BN_num_bits(modulus.get()) > kMostRsaBits) {
    return absl::NotFoundError(absl::StrCat("the modulus has ", BN_num_bits(modulus.get()), " bits, not ",
                                            kLeastRsaBits, " to ", kMostRsaBits));
  }
  if (BN_num_bits(exponent.get()) > kMostExponentBits) {
    return absl::NotFoundError(absl::StrCat("the exponent has more than ", kMostExponentBits, " bits"));
  }
  if (!BN_is_odd(exponent.get()) || BN_is_one(exponent.get())) {
    return absl::InvalidArgumentError("the exponent is none");
  }
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return FromParameters("RSA", builder.get());
}

absl::StatusOr<Key> P256Key(const nlohmann::json& jwk) {
  const absl::StatusOr<std::string> x = Decoded(jwk, "x");
  if (!x.ok()) return x.status();
  const absl::StatusOr<std::string> y = Decoded(jwk, "y");
  if (!y.ok()) return y.status();
  if (x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) {
    return absl::InvalidArgumentError("\"x\" and \"y\" have 32 bytes each");
  }
  const std::string point = absl::StrCat("\x04", *x, *y);
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return FromParameters("EC", builder.get());
}

absl::StatusOr<Key> Ed25519Key(const nlohmann::json& jwk) {
  const absl::StatusOr<std::string> x = Decoded(jwk, "x");
  if (!x.ok()) return x.status();
  if (x->size() != kCoordinateBytes) return absl::InvalidArgumentError("\"x\" has 32 bytes");
  Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(*x), x->size()), EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr) return absl::InvalidArgumentError("its numbers are no public key");
  return key;
}

// An ES256 signature as OpenSSL wants it: the two halves (RFC 7518, section 3.4) as DER. Empty when it is none.
std::string ToDer(absl::string_view halves) {
  if (halves.size() != 2 * kCoordinateBytes) return "";
  const Signature signature(ECDSA_SIG_new());
  BigNumber r = Number(halves.substr(0, kCoordinateBytes)), s = Number(halves.substr(kCoordinateBytes));
  if (signature == nullptr || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return "";
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return "";
  std::string result(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return result;
}

}  // namespace

std::optional<Algorithm> AlgorithmOf(absl::string_view name) {
  if (name == "RS256") return Algorithm::kRs256;
  if (name == "PS256") return Algorithm::kPs256;
  if (name == "ES256") return Algorithm::kEs256;
  if (name == "EdDSA") return Algorithm::kEdDsa;
  return std::nullopt;
}

absl::StatusOr<PublicKey> PublicKey::FromJwk(const nlohmann::json& jwk) {
  if (!jwk.is_object()) return absl::InvalidArgumentError("it is no JSON object");
  for (const char* name : {"kty", "use", "alg", "kid", "crv"}) {
    if (!Text(jwk, name).has_value()) return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is no string"));
  }
  const std::string type = *Text(jwk, "kty"), curve = *Text(jwk, "crv"), use = *Text(jwk, "use");
  if (type.empty()) return absl::InvalidArgumentError("\"kty\" is missing");
  if (type == "oct" || jwk.contains("d"))
    return absl::InvalidArgumentError("it is secret; only public keys belong here");
  if (!use.empty() && use != "sig") return absl::NotFoundError("it is not for signatures");
  const auto operations = jwk.find("key_ops");
  if (operations != jwk.end() && (!operations->is_array() || !absl::c_linear_search(*operations, "verify"))) {
    return absl::NotFoundError("it is not for signatures");
  }
  PublicKey key;
  key.id_ = *Text(jwk, "kid");
  absl::StatusOr<Key> made = absl::NotFoundError("its type is none that is known");
  if (type == "RSA") {
    key.type_ = Type::kRsa;
    made = RsaKey(jwk);
  } else if (type == "EC" && curve == "P-256") {
    key.type_ = Type::kP256;
    made = P256Key(jwk);
  } else if (type == "OKP" && curve == "Ed25519") {
    key.type_ = Type::kEd25519;
    made = Ed25519Key(jwk);
  }
  if (!made.ok()) return made.status();
  key.key_ = *std::move(made);
  if (const std::string name = *Text(jwk, "alg"); !name.empty()) {
    const std::optional<Algorithm> only = AlgorithmOf(name);
    if (!only.has_value() || !key.Allows(*only)) return absl::NotFoundError("its algorithm is none that is known");
    key.only_ = only;
  }
  return key;
}

bool PublicKey::Allows(Algorithm algorithm) const {
  if (only_.has_value() && *only_ != algorithm) return false;
  switch (algorithm) {
    case Algorithm::kRs256:
    case Algorithm::kPs256:
      return type_ == Type::kRsa;
    case Algorithm::kEs256:
      return type_ == Type::kP256;
    case Algorithm::kEdDsa:
      return type_ == Type::kEd25519;
  }
  return false;
}

bool PublicKey::Verify(Algorithm algorithm, absl::string_view text, absl::string_view signature) const {
  std::string der;
  if (algorithm == Algorithm::kEs256) {
    der = ToDer(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const Digest digest(EVP_MD_CTX_new());
  EVP_PKEY_CTX* context = nullptr;  // the digest's
  const EVP_MD* const hash = algorithm == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  bool ok = digest != nullptr && EVP_DigestVerifyInit(digest.get(), &context, hash, nullptr, key_.get()) == 1;
  if (ok && algorithm == Algorithm::kPs256) {
    ok = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  ok = ok && EVP_DigestVerify(digest.get(), Bytes(signature), signature.size(), Bytes(text), text.size()) == 1;
  // What OpenSSL has to say of a wrong signature would stay in this thread's queue for whoever looks next.
  ERR_clear_error();
  return ok;
}

}  // namespace portico::access
