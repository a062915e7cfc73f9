#include "transport/net/tls_peer.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string_view>

#include "transport/net/tls_handle.h"

namespace weir::net {

namespace {

using BioPtr = TlsHandle<BIO, BIO_free_all>;
using CertificatePtr = TlsHandle<X509, X509_free>;
using NamesPtr = TlsHandle<GENERAL_NAMES, GENERAL_NAMES_free>;

BioPtr MemoryBio() { return BioPtr(BIO_new(BIO_s_mem())); }

std::string ContentOf(BIO* bio) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string PemOf(X509* certificate) {
  const BioPtr bio = MemoryBio();
  return PEM_write_bio_X509(bio.get(), certificate) == 1 ? ContentOf(bio.get()) : std::string();
}

std::string_view BytesOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

std::string CommonNameOf(const X509_NAME* subject) {
  int last = -1;
  for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) last = i;
  if (last < 0) return std::string();
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last));
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) return std::string();
  const std::string name(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return HasNul(name) ? std::string() : name;
}

std::string SubjectOf(const X509_NAME* subject) {
  const BioPtr bio = MemoryBio();
  X509_NAME_print_ex(bio.get(), subject, 0, XN_FLAG_RFC2253);
  return ContentOf(bio.get());
}

// RFC 5280 §4.2.1.6: 4 octets for IPv4, 16 for IPv6.
std::string FormatIp(std::string_view octets) {
  std::array<char, INET6_ADDRSTRLEN> text;
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  if (octets.size() != 4 && octets.size() != 16) return std::string();
  return ::inet_ntop(family, octets.data(), text.data(), text.size());
}

void Append(std::vector<std::string>& names, std::string_view name) {
  if (!name.empty() && !HasNul(name)) names.emplace_back(name);
}

void AppendAlternativeNames(X509* certificate, TlsPeer& peer) {
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    const auto* text = static_cast<const ASN1_STRING*>(value);
    if (type == GEN_DNS) Append(peer.dns_names, BytesOf(text));
    if (type == GEN_URI) Append(peer.uris, BytesOf(text));
    if (type == GEN_EMAIL) Append(peer.email_addresses, BytesOf(text));
    if (type == GEN_IPADD) Append(peer.ip_addresses, FormatIp(BytesOf(text)));
  }
}

}  // namespace

bool DescribeTlsPeer(ssl_st* ssl, TlsPeer& peer) {
  const CertificatePtr certificate(SSL_get1_peer_certificate(ssl));
  if (certificate == nullptr) return false;
  peer = TlsPeer();
  peer.is_verified = SSL_get_verify_result(ssl) == X509_V_OK;
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  peer.subject = SubjectOf(subject);
  peer.common_name = CommonNameOf(subject);
  AppendAlternativeNames(certificate.get(), peer);
  peer.certificate_pem = PemOf(certificate.get());
  peer.chain_pem = peer.certificate_pem;
  // On a server OpenSSL keeps the client's own certificate apart from the rest.
  STACK_OF(X509)* rest = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; rest != nullptr && i < sk_X509_num(rest); ++i) {
    peer.chain_pem += PemOf(sk_X509_value(rest, i));
  }
  return true;
}

}  // namespace weir::net
