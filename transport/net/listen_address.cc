#include "transport/net/listen_address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "transport/base/check.h"
#include "transport/net/percent_path.h"

namespace weir::net {

namespace {

using ParseResult = Result<ListenAddress, std::string>;

enum class Scheme : uint8_t { kNone, kDns, kIpv4, kIpv6, kUnix, kUnixAbstract };

struct SchemeName {
  std::string_view prefix;
  Scheme scheme;
};

// gRPC "Name Resolution".
constexpr std::array kSchemes = {
    SchemeName{"dns:", Scheme::kDns},
    SchemeName{"ipv4:", Scheme::kIpv4},
    SchemeName{"ipv6:", Scheme::kIpv6},
    SchemeName{"unix:", Scheme::kUnix},
    SchemeName{"unix-abstract:", Scheme::kUnixAbstract},
};

// The beginning of every error of this file.
std::string Complain(std::string_view text, std::string_view reason) {
  return "listen address \"" + std::string(text) + "\" " + std::string(reason);
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return port;
}

// Letters of any alphabet are left to the resolver; what can only be a mistake is not.
bool IsHostCharacter(char c) {
  const auto octet = static_cast<uint8_t>(c);
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool is_digit = c >= '0' && c <= '9';
  return is_letter || is_digit || c == '-' || c == '.' || c == '_' || octet >= 0x80;
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;
  bool has_brackets = false;
};

// Splits "host:port" and "[host]:port"; the error is the rest of a sentence.
Result<HostAndPort, std::string> SplitHostAndPort(std::string_view target) {
  if (target.starts_with('[')) {
    const size_t bracket = target.find(']');
    if (bracket == target.npos) return std::string("has a \"[\" without a \"]\"");
    const std::string_view rest = target.substr(bracket + 1);
    if (!rest.starts_with(':')) return std::string("has no port; write it as [address]:port");
    return HostAndPort{target.substr(1, bracket - 1), rest.substr(1), true};
  }
  const size_t colon = target.find(':');
  if (colon == target.npos) return std::string("has no port; write it as host:port");
  if (target.find(':', colon + 1) != target.npos) {
    return std::string(
        "has more than one colon; write an IPv6 address in brackets, as in [::1]:50051");
  }
  return HostAndPort{target.substr(0, colon), target.substr(colon + 1), false};
}

ParseResult ParseHostAndPort(std::string_view text, std::string_view target) {
  if (const size_t mark = target.find("://"); mark != target.npos) {
    return Complain(text,
                    "has a scheme that weir does not know; write host:port, or use dns:, "
                    "ipv4:, ipv6:, unix: or unix-abstract:");
  }
  const auto split = SplitHostAndPort(target);
  if (!split.ok()) return Complain(text, split.error());
  const HostAndPort& parts = split.value();
  const std::optional<uint16_t> port = ParsePort(parts.port);
  if (!port) return Complain(text, "has a port that is not a number from 0 to 65535");

  ListenAddress address;
  address.text = std::string(text);
  address.port = *port;
  const bool is_numeric = SocketAddress::ParseNumeric(parts.host, *port, address.numeric);
  if (parts.has_brackets) {
    if (is_numeric && address.numeric.family() == AF_INET6) return address;
    return Complain(text, "has something in brackets that is not an IPv6 address");
  }
  if (is_numeric) return address;
  if (parts.host.empty() || parts.host == "*") {
    address.kind = ListenAddress::Kind::kWildcard;
    return address;
  }
  if (!std::all_of(parts.host.begin(), parts.host.end(), IsHostCharacter)) {
    return Complain(text, "has a host name with characters that no host name has");
  }
  address.kind = ListenAddress::Kind::kName;
  address.host = std::string(parts.host);
  return address;
}

// "dns:host:port", "dns:///host:port", "dns:/host:port"; never "dns://server/host:port", which
// would say which name server to ask.
ParseResult ParseDns(std::string_view text, std::string_view target) {
  if (target.starts_with("//") && !target.starts_with("///")) {
    return Complain(text, "names a name server; write dns:host:port");
  }
  target.remove_prefix(std::min(target.find_first_not_of('/'), target.size()));
  return ParseHostAndPort(text, target);
}

ParseResult ParseIp(std::string_view text, std::string_view target, int family) {
  if (target.find(',') != target.npos) {
    return Complain(text, "lists several addresses; listen on each of them separately");
  }
  ParseResult result = ParseHostAndPort(text, target);
  if (!result.ok()) return result;
  if (result->kind != ListenAddress::Kind::kNumeric || result->numeric.family() != family) {
    return Complain(text, family == AF_INET ? "is not an IPv4 address and a port"
                                            : "is not an IPv6 address in brackets and a port");
  }
  return result;
}

ParseResult ParseUnix(std::string_view text, std::string_view target, bool is_abstract) {
  if (target.starts_with("//")) {
    if (is_abstract || !target.starts_with("///")) {
      return Complain(text, "has a host; write unix:path, or unix:///absolute/path");
    }
    target.remove_prefix(2);
  }
  ListenAddress address;
  address.kind = ListenAddress::Kind::kUnix;
  address.text = std::string(text);
  if (target.empty()) return Complain(text, "has no path");
  const bool fits = is_abstract ? SocketAddress::UnixAbstract(target, address.numeric)
                                : SocketAddress::Unix(target, address.numeric);
  if (!fits) {
    return Complain(text, "has a path that no Unix socket can have (107 bytes at most, no NUL)");
  }
  return address;
}

}  // namespace

ParseResult ListenAddress::Parse(std::string_view text) {
  Scheme scheme = Scheme::kNone;
  std::string target(text);
  for (const SchemeName& known : kSchemes) {
    if (!text.starts_with(known.prefix)) continue;
    scheme = known.scheme;
    if (!PercentDecodePath(text.substr(known.prefix.size()), target)) {
      return Complain(text, "has a \"%\" without two hexadecimal digits; write it as %25");
    }
  }
  switch (scheme) {
    case Scheme::kNone:
      return ParseHostAndPort(text, target);
    case Scheme::kDns:
      return ParseDns(text, target);
    case Scheme::kIpv4:
      return ParseIp(text, target, AF_INET);
    case Scheme::kIpv6:
      return ParseIp(text, target, AF_INET6);
    case Scheme::kUnix:
      return ParseUnix(text, target, /*is_abstract=*/false);
    case Scheme::kUnixAbstract:
      return ParseUnix(text, target, /*is_abstract=*/true);
  }
  WEIR_UNREACHABLE();
}

}  // namespace weir::net
