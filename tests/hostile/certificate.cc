#include "tests/hostile/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

namespace hostile {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using CertificatePtr = std::unique_ptr<X509, void (*)(X509*)>;
using FilePtr = std::unique_ptr<FILE, int (*)(FILE*)>;

CertificatePtr MakeCertificate(EVP_PKEY* key) {
  CertificatePtr certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

FilePtr OpenForWriting(const std::string& path) {
  return FilePtr(std::fopen(path.c_str(), "w"), std::fclose);
}

}  // namespace

std::optional<CertificateFiles> CertificateFiles::Make() {
  std::string directory = std::filesystem::temp_directory_path() / "hostile_XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) return std::nullopt;
  CertificateFiles files(std::move(directory));
  const KeyPtr key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const CertificatePtr certificate = MakeCertificate(key.get());
  const FilePtr key_file = OpenForWriting(files.key());
  const FilePtr certificate_file = OpenForWriting(files.certificate());
  if (key_file == nullptr || certificate_file == nullptr) return std::nullopt;
  PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_X509(certificate_file.get(), certificate.get());
  return files;
}

CertificateFiles::CertificateFiles(CertificateFiles&& other) noexcept
    : directory_(std::exchange(other.directory_, {})) {}

CertificateFiles& CertificateFiles::operator=(CertificateFiles&& other) noexcept {
  std::swap(directory_, other.directory_);
  return *this;
}

CertificateFiles::~CertificateFiles() {
  if (directory_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace hostile
