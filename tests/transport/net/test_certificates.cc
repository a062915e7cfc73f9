#include "tests/transport/net/test_certificates.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>

#include "transport/net/tls_handle.h"

namespace weir::net {

namespace {

using BioPtr = TlsHandle<BIO, BIO_free_all>;
using KeyPtr = TlsHandle<EVP_PKEY, EVP_PKEY_free>;
using CertificatePtr = TlsHandle<X509, X509_free>;

constexpr long kHour = 60 * 60;

template <typename Write>
std::string PemOf(Write write) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  EXPECT_EQ(write(bio.get()), 1);
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string PemOfCertificate(X509* certificate) {
  return PemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string PemOfKey(EVP_PKEY* key) {
  return PemOf([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  EXPECT_EQ(X509_add_ext(certificate, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

X509_NAME* NameOf(const std::string& common_name) {
  X509_NAME* name = X509_NAME_new();
  // With its length: a name with a NUL inside is one of the things to test.
  EXPECT_EQ(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                       reinterpret_cast<const uint8_t*>(common_name.data()),
                                       static_cast<int>(common_name.size()), -1, 0),
            1);
  return name;
}

void SetSubject(X509* certificate, const std::string& common_name) {
  X509_NAME* name = NameOf(common_name);
  EXPECT_EQ(X509_set_subject_name(certificate, name), 1);
  X509_NAME_free(name);
}

CertificatePtr NewCertificate(EVP_PKEY* key, const std::string& common_name, long not_after) {
  static long next_serial = 1;
  CertificatePtr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), next_serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24 * kHour);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), not_after);
  SetSubject(certificate.get(), common_name);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

}  // namespace

struct TestAuthority::Signer {
  KeyPtr key;
  CertificatePtr certificate;

  TestIdentity Issue(KeyPtr subject_key, const TestSubject& subject, long not_after) const {
    const CertificatePtr issued = NewCertificate(subject_key.get(), subject.common_name, not_after);
    X509_set_issuer_name(issued.get(), X509_get_subject_name(certificate.get()));
    if (!subject.alternative_names.empty()) {
      AddExtension(issued.get(), NID_subject_alt_name, subject.alternative_names);
    }
    EXPECT_GT(X509_sign(issued.get(), key.get(), EVP_sha256()), 0);
    return {PemOfKey(subject_key.get()), PemOfCertificate(issued.get())};
  }
};

TestAuthority::TestAuthority(const std::string& name) : signer_(std::make_unique<Signer>()) {
  signer_->key.reset(EVP_EC_gen("P-256"));
  signer_->certificate = NewCertificate(signer_->key.get(), name, 24 * kHour);
  X509* certificate = signer_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  AddExtension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  EXPECT_GT(X509_sign(certificate, signer_->key.get(), EVP_sha256()), 0);
  certificate_pem_ = PemOfCertificate(certificate);
}

TestAuthority::~TestAuthority() = default;

TestIdentity TestAuthority::Issue(const TestSubject& subject) const {
  return signer_->Issue(KeyPtr(EVP_EC_gen("P-256")), subject, 24 * kHour);
}

TestIdentity TestAuthority::IssueRsa(const TestSubject& subject) const {
  return signer_->Issue(KeyPtr(EVP_RSA_gen(2048)), subject, 24 * kHour);
}

TestIdentity TestAuthority::IssueExpired(const TestSubject& subject) const {
  return signer_->Issue(KeyPtr(EVP_EC_gen("P-256")), subject, -kHour);
}

}  // namespace weir::net
