#ifndef PORTICO_TESTS_UPSTREAM_CERTIFICATES_H_
#define PORTICO_TESTS_UPSTREAM_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace portico::upstream {

// A certificate with its key, made for one test: an authority's own, or signed by one.
class Certificate {
 public:
  // Its own issuer, good for signing.
  static Certificate Authority(const std::string& name) { return Certificate(name, "", nullptr); }
  // `names` as in a configuration of OpenSSL: "DNS:localhost,IP:127.0.0.1".
  static Certificate SignedBy(const Certificate& authority, const std::string& name, const std::string& names) {
    return Certificate(name, names, &authority);
  }

  std::string cert() const {
    return Pem([this](BIO* out) { PEM_write_bio_X509(out, cert_.get()); });
  }
  std::string key() const {
    return Pem([this](BIO* out) { PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }

 private:
  Certificate(const std::string& name, const std::string& names, const Certificate* issuer)
      : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), cert_(X509_new(), &X509_free) {
    static long serial = 0;
    X509* const cert = cert_.get();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* const signer = issuer == nullptr ? cert : issuer->cert_.get();
    X509_set_issuer_name(cert, X509_get_subject_name(signer));
    X509_set_pubkey(cert, key_.get());
    X509V3_CTX context;
    X509V3_set_ctx(&context, signer, cert, nullptr, nullptr, 0);
    Extend(context, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    if (!names.empty()) Extend(context, NID_subject_alt_name, names);
    X509_sign(cert, issuer == nullptr ? key_.get() : issuer->key_.get(), EVP_sha256());
  }

  void Extend(X509V3_CTX& context, int nid, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(cert_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  template <class Write>
  static std::string Pem(const Write& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    write(out.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<size_t>(size));
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> cert_;
};

}  // namespace portico::upstream

#endif  // PORTICO_TESTS_UPSTREAM_CERTIFICATES_H_
