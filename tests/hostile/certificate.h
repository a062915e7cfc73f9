// A key and a certificate for the server under attack, made anew in each run.
#ifndef WEIR_TESTS_HOSTILE_CERTIFICATE_H_
#define WEIR_TESTS_HOSTILE_CERTIFICATE_H_

#include <optional>
#include <string>
#include <utility>

namespace hostile {

// Paths of two PEM files in a directory that goes away with this object.
class CertificateFiles {
 public:
  // Self-signed, for "localhost", good for a day. Not made when the system refuses.
  static std::optional<CertificateFiles> Make();
  CertificateFiles(CertificateFiles&& other) noexcept;
  CertificateFiles& operator=(CertificateFiles&& other) noexcept;
  ~CertificateFiles();

  std::string certificate() const { return directory_ + "/certificate.pem"; }
  std::string key() const { return directory_ + "/key.pem"; }

 private:
  explicit CertificateFiles(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;  // empty in an object that was moved from
};

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_CERTIFICATE_H_
