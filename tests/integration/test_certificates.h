// Certificates for tests of TLS, made anew in each run.
#ifndef WEIR_TESTS_INTEGRATION_TEST_CERTIFICATES_H_
#define WEIR_TESTS_INTEGRATION_TEST_CERTIFICATES_H_

#include <memory>
#include <string>

namespace integration {

// A private key and its certificate as PEM text.
struct Certificate {
  std::string private_key;
  std::string certificate;
};

// An authority that signs certificates for one test.
class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // Its own certificate, which clients and servers trust.
  const std::string& certificate() const;

  // `alternative_names` as OpenSSL writes them: "DNS:localhost,URI:spiffe://test/client".
  Certificate Issue(const std::string& common_name, const std::string& alternative_names) const;

 private:
  struct Identity;
  std::unique_ptr<Identity> identity_;
};

}  // namespace integration

#endif  // WEIR_TESTS_INTEGRATION_TEST_CERTIFICATES_H_
