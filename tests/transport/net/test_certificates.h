// Keys and certificates for tests, made when they are needed: the repository holds none.
#ifndef WEIR_TESTS_TRANSPORT_NET_TEST_CERTIFICATES_H_
#define WEIR_TESTS_TRANSPORT_NET_TEST_CERTIFICATES_H_

#include <memory>
#include <string>

namespace weir::net {

// PEM of a key and of its certificate.
struct TestIdentity {
  std::string private_key_pem;
  std::string certificate_pem;
};

// What a certificate says.
struct TestSubject {
  std::string common_name = "test";
  // As in openssl.cnf: "DNS:example.com,URI:spiffe://example/a,email:a@example.com,IP:192.0.2.1".
  std::string alternative_names = "";
};

// Signs certificates with a key of its own. ECDSA P-256; valid for a day on either side of now.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  const std::string& certificate_pem() const { return certificate_pem_; }

  TestIdentity Issue(const TestSubject& subject) const;
  // With an RSA key of 2048 bits.
  TestIdentity IssueRsa(const TestSubject& subject) const;
  // Its validity ended an hour ago.
  TestIdentity IssueExpired(const TestSubject& subject) const;

 private:
  struct Signer;
  std::unique_ptr<Signer> signer_;
  std::string certificate_pem_;
};

}  // namespace weir::net

#endif  // WEIR_TESTS_TRANSPORT_NET_TEST_CERTIFICATES_H_
