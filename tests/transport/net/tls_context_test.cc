// Which keys and certificates does a server accept for itself, and what does it say about others?
#include "transport/net/tls_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <string>

#include "tests/transport/net/test_certificates.h"
#include "transport/net/tls_handle.h"

namespace weir::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TlsOptions OptionsOf(const TestIdentity& identity) {
  return {.identities = {{identity.private_key_pem, identity.certificate_pem}}};
}

std::string ErrorOf(const TlsOptions& options) {
  const auto context = TlsContext::Create(options);
  return context.ok() ? "no error" : context.error();
}

class TlsContextTest : public ::testing::Test {
 protected:
  TestAuthority authority_{"authority"};
  TestIdentity identity_ = authority_.Issue({});
};

TEST_F(TlsContextTest, AcceptsKeysOfBothKinds) {
  EXPECT_EQ(ErrorOf(OptionsOf(identity_)), "no error");
  EXPECT_EQ(ErrorOf(OptionsOf(authority_.IssueRsa({}))), "no error");
}

TEST_F(TlsContextTest, AcceptsAChainWithWordsAround) {
  identity_.certificate_pem = "subject: test\n" + identity_.certificate_pem +
                              "issuer: authority\n" + authority_.certificate_pem() + "\n\n";
  EXPECT_EQ(ErrorOf(OptionsOf(identity_)), "no error");
}

TEST_F(TlsContextTest, WantsAnIdentity) {
  EXPECT_EQ(ErrorOf({}), "TLS needs an identity: a private key and a certificate chain");
}

TEST_F(TlsContextTest, SaysWhenTheKeyIsNoKey) {
  for (const std::string& text : {std::string(), std::string("hello"), identity_.certificate_pem}) {
    TlsOptions options = OptionsOf(identity_);
    options.identities[0].private_key_pem = text;
    EXPECT_THAT(ErrorOf(options), StartsWith("the private key is not PEM of a private key: "));
  }
}

TEST_F(TlsContextTest, SaysWhenTheKeyIsEncryptedAndDoesNotAskForThePassword) {
  const TlsHandle<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
  const TlsHandle<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  const unsigned char password[] = "secret";
  ASSERT_EQ(PEM_write_bio_PrivateKey(bio.get(), key.get(), EVP_aes_128_cbc(), password, 6, nullptr,
                                     nullptr),
            1);
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  identity_.private_key_pem.assign(data, static_cast<size_t>(size));
  EXPECT_EQ(ErrorOf(OptionsOf(identity_)),
            "the private key is encrypted; give it without a password");
}

TEST_F(TlsContextTest, SaysWhenTheChainHoldsNoCertificate) {
  for (const std::string& text : {std::string(), std::string("hello"), identity_.private_key_pem}) {
    TlsOptions options = OptionsOf(identity_);
    options.identities[0].certificate_chain_pem = text;
    EXPECT_EQ(ErrorOf(options), "the certificate chain holds no certificate");
  }
}

TEST_F(TlsContextTest, SaysWhenTheChainIsDamaged) {
  TlsOptions options = OptionsOf(identity_);
  std::string& chain = options.identities[0].certificate_chain_pem;
  chain += authority_.certificate_pem();
  chain[chain.size() - 100] = '?';
  EXPECT_THAT(ErrorOf(options), StartsWith("the certificate chain is not PEM of certificates: "));
  chain = identity_.certificate_pem.substr(0, identity_.certificate_pem.size() / 2);
  EXPECT_THAT(ErrorOf(options), StartsWith("the certificate chain is not PEM of certificates: "));
}

TEST_F(TlsContextTest, SaysWhenKeyAndCertificateDoNotMatch) {
  identity_.private_key_pem = authority_.Issue({}).private_key_pem;
  EXPECT_EQ(ErrorOf(OptionsOf(identity_)),
            "the private key does not belong to the first certificate of the chain");
  identity_.private_key_pem = authority_.IssueRsa({}).private_key_pem;  // of another kind
  EXPECT_EQ(ErrorOf(OptionsOf(identity_)),
            "the private key does not belong to the first certificate of the chain");
}

TEST_F(TlsContextTest, SaysWhichOfSeveralIdentitiesIsBad) {
  TlsOptions options = OptionsOf(identity_);
  options.identities.push_back({"", ""});
  EXPECT_THAT(ErrorOf(options), StartsWith("TLS identity 2: the private key "));
}

TEST_F(TlsContextTest, WantsRootsToVerifyClients) {
  for (const auto mode :
       {ClientCertificateMode::kRequestAndVerify, ClientCertificateMode::kRequireAndVerify}) {
    TlsOptions options = OptionsOf(identity_);
    options.client_certificates = mode;
    EXPECT_EQ(ErrorOf(options), "verifying client certificates needs client roots");
    options.client_roots_pem = "hello";
    EXPECT_EQ(ErrorOf(options), "the client root text holds no certificate");
    options.client_roots_pem = authority_.certificate_pem();
    EXPECT_EQ(ErrorOf(options), "no error");
  }
}

TEST_F(TlsContextTest, NeedsNoRootsToTakeAnyClient) {
  for (const auto mode : {ClientCertificateMode::kNone, ClientCertificateMode::kRequest,
                          ClientCertificateMode::kRequire}) {
    TlsOptions options = OptionsOf(identity_);
    options.client_certificates = mode;
    EXPECT_EQ(ErrorOf(options), "no error");
  }
}

}  // namespace
}  // namespace weir::net
