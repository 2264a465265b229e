#ifndef PORTICO_TESTS_ACCESS_ISSUER_H_
#define PORTICO_TESTS_ACCESS_ISSUER_H_

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace portico::testing {

using Json = nlohmann::json;

// Base64url without padding.
inline std::string Base64Url(absl::string_view bytes) {
  std::string text = absl::WebSafeBase64Escape(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

// A key pair of an issuer of tokens, and what it signs. Written apart from the code it tests: it signs with OpenSSL
// what that verifies.
class SigningKey {
 public:
  // `algorithm` is RS256, PS256, ES256 or EdDSA.
  SigningKey(std::string id, std::string algorithm, unsigned bits = 2048)
      : id_(std::move(id)), algorithm_(std::move(algorithm)) {
    EVP_PKEY* made = algorithm_ == "ES256"   ? EVP_EC_gen("P-256")
                     : algorithm_ == "EdDSA" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                             : EVP_RSA_gen(bits);
    if (made == nullptr) std::abort();
    key_.reset(made, EVP_PKEY_free);
  }

  const std::string& id() const { return id_; }
  const std::string& algorithm() const { return algorithm_; }

  // The public key as a JWK.
  Json Jwk() const {
    Json jwk = {{"kid", id_}, {"use", "sig"}, {"alg", algorithm_}};
    if (algorithm_ == "EdDSA") {
      std::string raw(32, '\0');
      size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
      jwk.update({{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", Base64Url(raw)}});
    } else if (algorithm_ == "ES256") {
      jwk.update({{"kty", "EC"},
                  {"crv", "P-256"},
                  {"x", Base64Url(Number(OSSL_PKEY_PARAM_EC_PUB_X, 32))},
                  {"y", Base64Url(Number(OSSL_PKEY_PARAM_EC_PUB_Y, 32))}});
    } else {
      jwk.update({{"kty", "RSA"},
                  {"n", Base64Url(Number(OSSL_PKEY_PARAM_RSA_N, 0))},
                  {"e", Base64Url(Number(OSSL_PKEY_PARAM_RSA_E, 0))}});
    }
    return jwk;
  }

  // The signature of `text`, as JOSE has it; `algorithm` may be another one of the same type of key.
  std::string Signature(const std::string& text, const std::string& algorithm) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* context = nullptr;
    EVP_DigestSignInit(digest.get(), &context, algorithm == "EdDSA" ? nullptr : EVP_sha256(), nullptr, key_.get());
    if (algorithm == "PS256") {
      EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST);
    }
    std::string signature(1200, '\0');
    size_t size = signature.size();
    if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1) {
      std::abort();
    }
    signature.resize(size);
    if (algorithm != "ES256") return signature;
    const auto* der = reinterpret_cast<const unsigned char*>(signature.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> halves(
        d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size)), ECDSA_SIG_free);
    std::string raw(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(halves.get()), reinterpret_cast<unsigned char*>(raw.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(halves.get()), reinterpret_cast<unsigned char*>(raw.data() + 32), 32);
    return raw;
  }
  std::string Signature(const std::string& text) const { return Signature(text, algorithm_); }

  // A token with exactly these texts as header and claims.
  std::string SignTexts(const std::string& header, const std::string& claims) const {
    const std::string text = absl::StrCat(Base64Url(header), ".", Base64Url(claims));
    return absl::StrCat(text, ".", Base64Url(Signature(text)));
  }
  Json Header() const { return {{"alg", algorithm_}, {"typ", "JWT"}, {"kid", id_}}; }
  std::string Sign(const Json& claims) const { return SignTexts(Header().dump(), claims.dump()); }

 private:
  std::string Number(const char* name, int width) const {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key_.get(), name, &number) != 1) std::abort();
    std::string bytes(static_cast<size_t>(width > 0 ? width : BN_num_bytes(number)), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    BN_free(number);
    return bytes;
  }

  std::string id_;
  std::string algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

// The JWK set of some keys.
inline Json Jwks(const std::vector<SigningKey>& keys) {
  Json set = {{"keys", Json::array()}};
  for (const SigningKey& key : keys) set["keys"].push_back(key.Jwk());
  return set;
}

inline constexpr char kIssuer[] = "https://issuer.example";
inline constexpr char kAudience[] = "shop";

// Claims that are all right now, and an hour from now.
inline Json GoodClaims(absl::Time now = absl::Now()) {
  const int64_t seconds = absl::ToUnixSeconds(now);
  return {{"iss", kIssuer},     {"aud", kAudience},     {"sub", "cust-000001"}, {"scope", "orders.read profile"},
          {"iat", seconds - 5}, {"exp", seconds + 3600}};
}
inline Json With(Json claims, const char* name, const Json& value) {
  claims[name] = value;
  return claims;
}
inline Json Without(Json claims, const char* name) {
  claims.erase(name);
  return claims;
}

// A token that nobody may believe, and the reason it is refused for.
struct Forged {
  std::string name;
  std::string token;
  std::string reason;
};

// Every way we know to make a token that looks right to a careless verifier. `key` is an RS256 key whose public half
// the verifier has, by a kid; it has no other key.
inline std::vector<Forged> ForgedTokens(const SigningKey& key, absl::Time now = absl::Now()) {
  const Json good = GoodClaims(now);
  const int64_t seconds = absl::ToUnixSeconds(now);
  const std::string token = key.Sign(good);
  const std::string header = key.Header().dump(), claims = good.dump();
  const size_t second = token.rfind('.');
  const std::string text = token.substr(0, second), signature = token.substr(second + 1);
  const auto headed = [&](const Json& change) {
    Json changed = key.Header();
    changed.update(change);
    return key.SignTexts(changed.dump(), claims);
  };
  // Signed with the public key as if it were a shared secret: as its PEM, and as its JWK.
  const auto hmac = [&](const std::string& secret) {
    const std::string signed_text = absl::StrCat(
        Base64Url(Json({{"alg", "HS256"}, {"typ", "JWT"}, {"kid", key.id()}}).dump()), ".", Base64Url(claims));
    unsigned char mac[32];
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), mac, nullptr);
    return absl::StrCat(signed_text, ".", Base64Url(std::string(reinterpret_cast<char*>(mac), sizeof mac)));
  };
  std::string flipped = signature;
  flipped[10] = flipped[10] == 'A' ? 'B' : 'A';
  std::string other_claims = text.substr(0, text.find('.') + 1) + Base64Url(With(good, "sub", "cust-000002").dump());
  const SigningKey stranger(key.id(), "RS256");
  const SigningKey curve(key.id(), "ES256");
  const std::string unsigned_text = absl::StrCat(Base64Url(R"({"alg":"none","typ":"JWT"})"), ".", Base64Url(claims));
  const std::string many(16384, 'x');
  const char wrong[] = "the token's signature is wrong";
  const char malformed[] = "the token's claims are malformed";
  const char bad_header[] = "the token's header is malformed";
  const char algorithm[] = "the token's algorithm is not allowed";
  const char unknown[] = "the token is signed with a key that is not known";
  const char audience[] = "the token is for another audience";
  const char base64[] = "the token is not base64url";
  return {
      {"Nothing", "", "the token has not three parts"},
      {"OnePart", text.substr(0, text.find('.')), "the token has not three parts"},
      {"TwoParts", text, "the token has not three parts"},
      {"FourParts", token + ".x", "the token has not three parts"},
      {"FiveEmptyParts", "....", "the token has not three parts"},
      {"ThreeEmptyParts", "..", bad_header},
      {"None", unsigned_text + ".", algorithm},
      {"NoneInOtherCase", absl::StrCat(Base64Url(R"({"alg":"nOnE"})"), ".", Base64Url(claims), "."), algorithm},
      {"NoneWithASignature", absl::StrCat(unsigned_text, ".", signature), algorithm},
      {"HmacWithThePublicKeyAsJwk", hmac(key.Jwk().dump()), algorithm},
      {"HmacWithTheModulus", hmac(key.Jwk()["n"]), algorithm},
      {"AlgorithmOfAnotherKeyType", curve.Sign(good), unknown},
      {"AlgorithmThatTheKeyIsNotFor",
       [&] {
         const std::string ps =
             absl::StrCat(Base64Url(With(key.Header(), "alg", "PS256").dump()), ".", Base64Url(claims));
         return absl::StrCat(ps, ".", Base64Url(key.Signature(ps, "PS256")));
       }(),
       unknown},
      {"AlgorithmInOtherCase", headed({{"alg", "rs256"}}), algorithm},
      {"AlgorithmThatIsNoString", headed({{"alg", 1}}), bad_header},
      {"AlgorithmMissing", key.SignTexts(Without(key.Header(), "alg").dump(), claims), bad_header},
      {"AlgorithmTwice", key.SignTexts(absl::StrCat(R"({"alg":"none","alg":"RS256","kid":")", key.id(), "\"}"), claims),
       bad_header},
      {"AStrangersKey", stranger.Sign(good), wrong},
      {"AKeyItBringsAlong", stranger.SignTexts(With(stranger.Header(), "jwk", stranger.Jwk()).dump(), claims), wrong},
      {"AnotherKeyId", headed({{"kid", "other"}}), unknown},
      {"AnEmptyKeyId", headed({{"kid", ""}}), bad_header},
      {"AKeyIdThatIsNoString", headed({{"kid", 7}}), bad_header},
      {"AKeyIdThatIsAPath", headed({{"kid", "../../../dev/null"}}), unknown},
      {"CriticalExtensions", headed({{"crit", {"b64"}}, {"b64", false}}),
       "the token has critical extensions, none of which is known"},
      {"NoCriticalExtensions", headed({{"crit", Json::array()}}),
       "the token has critical extensions, none of which is known"},
      {"AnIdToken", headed({{"typ", "id_token+jwt"}}), "the token is no access token"},
      {"AnEncryptedToken", headed({{"typ", "JWE"}}), "the token is no access token"},
      {"HeaderThatIsAnArray", key.SignTexts("[]", claims), bad_header},
      {"HeaderWithMoreBehind", key.SignTexts(header + "{}", claims), bad_header},
      {"NoSignature", text + ".", wrong},
      {"ATruncatedSignature", absl::StrCat(text, ".", Base64Url(key.Signature(text).substr(0, 200))), wrong},
      {"AChangedSignature", absl::StrCat(text, ".", flipped), wrong},
      {"TheSignatureOfOtherClaims", absl::StrCat(other_claims, ".", signature), wrong},
      {"Truncated", token.substr(0, second - 20), "the token has not three parts"},
      {"Oversized", key.Sign(With(good, "filler", many)), "the token is too long"},
      {"Padding", token + "=", base64},
      {"PlainBase64", absl::StrCat(text, ".+", signature.substr(1)), base64},
      {"NotBase64", absl::StrCat(text.substr(0, 5), "*", text.substr(6), ".", signature), base64},
      {"WhiteSpace", absl::StrCat(text.substr(0, 5), " ", text.substr(5), ".", signature), base64},
      {"BitsBehindTheLastByte",
       absl::StrCat(Base64Url("{\"a\":1}").substr(0, 9), "_.", Base64Url(claims), ".", signature), base64},
      {"Base64InBase64", absl::StrCat(Base64Url(Base64Url(header)), ".", Base64Url(claims), ".", signature),
       bad_header},
      {"ClaimsThatAreBase64", key.SignTexts(header, Base64Url(claims)), malformed},
      {"ClaimsThatAreNoJson", key.SignTexts(header, "sub=cust-000001"), malformed},
      {"ClaimsThatAreAnArray", key.SignTexts(header, absl::StrCat("[", claims, "]")), malformed},
      {"ClaimsThatAreNotUtf8", key.SignTexts(header, "{\"sub\":\"\xff\"}"), malformed},
      {"ClaimsNestedTooDeep",
       key.SignTexts(header, absl::StrCat("{\"a\":", std::string(100, '['), std::string(100, ']'), "}")), malformed},
      {"AClaimTwice", key.SignTexts(header, absl::StrCat(R"({"sub":"cust-000002",)", claims.substr(1))), malformed},
      {"ASubjectThatIsNoString", key.Sign(With(good, "sub", 1)), malformed},
      {"Expired", key.Sign(With(good, "exp", seconds - 3600)), "the token has expired"},
      {"NoExpiry", key.Sign(Without(good, "exp")), "the token has no valid exp"},
      {"ExpiryThatIsAString", key.Sign(With(good, "exp", absl::StrCat(seconds + 3600))), "the token has no valid exp"},
      {"ExpiryBeyondAllTime",
       key.SignTexts(header, absl::StrCat(R"({"exp":1e400,)", Without(good, "exp").dump().substr(1))),
       "the token has no valid exp"},
      {"ExpiryBelowZero", key.Sign(With(good, "exp", -1)), "the token has no valid exp"},
      {"NotYet", key.Sign(With(good, "nbf", seconds + 3600)), "the token is not valid yet"},
      {"NotBeforeNothing", key.Sign(With(good, "nbf", "now")), "the token's nbf is no time"},
      {"AnotherIssuer", key.Sign(With(good, "iss", "https://issuer.example.evil")), "the token is of another issuer"},
      {"NoIssuer", key.Sign(Without(good, "iss")), "the token is of another issuer"},
      {"AnIssuerThatIsAList", key.Sign(With(good, "iss", Json::array({kIssuer}))), malformed},
      {"AnotherAudience", key.Sign(With(good, "aud", "bank")), audience},
      {"OtherAudiences", key.Sign(With(good, "aud", {"bank", "shop2"})), audience},
      {"NoAudience", key.Sign(Without(good, "aud")), audience},
  };
}

}  // namespace portico::testing

#endif  // PORTICO_TESTS_ACCESS_ISSUER_H_
