#include "tests/integration/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <random>

namespace integration {
namespace {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;

// OpenSSL fails here only if the test is wrong.
void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "OpenSSL cannot %s\n", what);
  std::abort();
}

KeyPtr MakeKey() {
  KeyPtr key(EVP_EC_gen("P-256"));
  Require(key != nullptr, "make a key");
  return key;
}

void SetName(X509_NAME* name, const std::string& common_name) {
  Require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.data()),
                                     static_cast<int>(common_name.size()), -1, 0) == 1,
          "set a name");
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  Require(extension != nullptr, "make an extension");
  Require(X509_add_ext(certificate, extension, -1) == 1, "add an extension");
  X509_EXTENSION_free(extension);
}

// An unsigned certificate for `key`, good for a day.
CertificatePtr MakeCertificate(EVP_PKEY* key, const std::string& common_name) {
  CertificatePtr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()),
                   static_cast<long>(std::random_device()() & 0x7fffffff));
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * 3600);
  X509_set_pubkey(certificate.get(), key);
  SetName(X509_get_subject_name(certificate.get()), common_name);
  return certificate;
}

template <typename Write>
std::string ToPem(Write write) {
  BioPtr memory(BIO_new(BIO_s_mem()));
  Require(write(memory.get()) == 1, "write PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

std::string ToPem(X509* certificate) {
  return ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string ToPem(EVP_PKEY* key) {
  return ToPem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace

struct TestAuthority::Identity {
  KeyPtr key;
  CertificatePtr certificate;
  std::string pem;
};

TestAuthority::TestAuthority() : identity_(std::make_unique<Identity>()) {
  identity_->key = MakeKey();
  // A name of its own, so that two authorities are not taken for one.
  identity_->certificate = MakeCertificate(
      identity_->key.get(), "test authority " + std::to_string(std::random_device()()));
  X509* certificate = identity_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  Require(X509_sign(certificate, identity_->key.get(), EVP_sha256()) > 0, "sign a certificate");
  identity_->pem = ToPem(certificate);
}

TestAuthority::~TestAuthority() = default;

const std::string& TestAuthority::certificate() const { return identity_->pem; }

Certificate TestAuthority::Issue(const std::string& common_name,
                                 const std::string& alternative_names) const {
  const KeyPtr key = MakeKey();
  const CertificatePtr certificate = MakeCertificate(key.get(), common_name);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(identity_->certificate.get()));
  AddExtension(certificate.get(), NID_subject_alt_name, alternative_names);
  Require(X509_sign(certificate.get(), identity_->key.get(), EVP_sha256()) > 0,
          "sign a certificate");
  return {.private_key = ToPem(key.get()), .certificate = ToPem(certificate.get())};
}

}  // namespace integration
