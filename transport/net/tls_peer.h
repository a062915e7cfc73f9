// Who is the client, according to its certificate?
#ifndef WEIR_TRANSPORT_NET_TLS_PEER_H_
#define WEIR_TRANSPORT_NET_TLS_PEER_H_

#include <string>
#include <vector>

struct ssl_st;

namespace weir::net {

// The client's certificate, taken apart. Names that contain a NUL are left out: they exist to be
// mistaken for what stands before the NUL.
struct TlsPeer {
  // Whether the certificate was verified against the roots; false in the modes that take any.
  bool is_verified = false;

  std::string subject;      // RFC 2253, as in "CN=alice,O=Example"
  std::string common_name;  // the last CN of the subject; empty if none

  // Subject alternative names by type, in order.
  std::vector<std::string> dns_names;
  std::vector<std::string> uris;  // SPIFFE ids are among them
  std::vector<std::string> email_addresses;
  std::vector<std::string> ip_addresses;

  std::string certificate_pem;
  std::string chain_pem;  // all certificates the client sent, its own first
};

// The client of an established session; false when it showed no certificate.
bool DescribeTlsPeer(ssl_st* ssl, TlsPeer& peer);

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_TLS_PEER_H_
