// What becomes of credentials, and the files they are read from.
#include "server/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/transport/net/test_certificates.h"

namespace weir::server {
namespace {

using ::testing::HasSubstr;

TEST(Credentials, AreRequired) {
  const auto context = MakeTlsContext(nullptr);
  EXPECT_EQ(context.status().error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(context.status().error_message(), HasSubstr("InsecureServerCredentials"));
}

TEST(Credentials, ThatAreInsecureNeedNoTls) {
  const auto context = MakeTlsContext(InsecureServerCredentials().get());
  ASSERT_TRUE(context.ok());
  EXPECT_EQ(*context, nullptr);
}

TEST(Credentials, WithAKeyAndItsCertificateMakeTls) {
  const net::TestAuthority authority("authority");
  const net::TestIdentity identity = authority.Issue({});
  for (const ClientCertificateRequest request :
       {ClientCertificateRequest::kDontRequest, ClientCertificateRequest::kRequestButDontVerify,
        ClientCertificateRequest::kRequestAndVerify,
        ClientCertificateRequest::kRequireButDontVerify,
        ClientCertificateRequest::kRequireAndVerify}) {
    SslServerCredentialsOptions options;
    options.pem_key_cert_pairs = {
        {.private_key = identity.private_key_pem, .cert_chain = identity.certificate_pem}};
    options.pem_root_certs = authority.certificate_pem();
    options.client_certificate_request = request;
    const auto context = MakeTlsContext(SslServerCredentials(options).get());
    ASSERT_TRUE(context.ok()) << context.status().ToString();
    EXPECT_NE(*context, nullptr);
  }
}

TEST(Credentials, ThatCannotVerifyAreRefused) {
  const net::TestAuthority authority("authority");
  const net::TestIdentity identity = authority.Issue({});
  SslServerCredentialsOptions options;
  options.pem_key_cert_pairs = {
      {.private_key = identity.private_key_pem, .cert_chain = identity.certificate_pem}};
  options.client_certificate_request = ClientCertificateRequest::kRequireAndVerify;
  const auto context = MakeTlsContext(SslServerCredentials(options).get());
  EXPECT_EQ(context.status().error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST(ReadFile, GivesTheWholeFile) {
  const std::string path = ::testing::TempDir() + "/weir_read_file.txt";
  std::ofstream(path, std::ios::binary) << std::string("a\0b\r\n", 5);
  const auto content = ReadFile(path);
  ASSERT_TRUE(content.ok()) << content.status().ToString();
  EXPECT_EQ(*content, std::string("a\0b\r\n", 5));
}

TEST(ReadFile, GivesNothingOfAnEmptyFile) {
  const std::string path = ::testing::TempDir() + "/weir_empty_file.txt";
  std::ofstream(path, std::ios::binary).flush();
  const auto content = ReadFile(path);
  ASSERT_TRUE(content.ok()) << content.status().ToString();
  EXPECT_EQ(*content, "");
}

TEST(ReadFile, NamesTheFileAndTheCause) {
  const auto missing = ReadFile("/does/not/exist");
  EXPECT_EQ(missing.status().error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(missing.status().error_message(),
            "cannot read /does/not/exist: No such file or directory");
  EXPECT_FALSE(ReadFile(::testing::TempDir()).ok());  // a folder
}

}  // namespace
}  // namespace weir::server
