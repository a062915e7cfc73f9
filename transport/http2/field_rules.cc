#include "transport/http2/field_rules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace weir::http2 {
namespace {

// Sets of octets, one bit of a table entry each.
enum OctetSet : uint8_t {
  kToken = 1 << 0,       // tchar (RFC 9110 §5.6.2)
  kName = 1 << 1,        // tchar without upper case (RFC 9113 §8.2.1)
  kSchemeRest = 1 << 2,  // RFC 3986 §3.1, behind the first letter
  kAuthority = 1 << 3,   // RFC 3986 §3.2 without userinfo
  kVisible = 1 << 4,     // no white space and no control character
  kValue = 1 << 5,       // RFC 9113 §8.2.1
};

constexpr bool IsAlpha(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool IsDigit(int c) { return c >= '0' && c <= '9'; }
constexpr bool IsIn(int c, std::string_view set) {
  return c != 0 && set.find(static_cast<char>(c)) != std::string_view::npos;
}

constexpr uint8_t SetsOf(int c) {
  uint8_t sets = 0;
  if (IsAlpha(c) || IsDigit(c) || IsIn(c, "!#$%&'*+-.^_`|~")) {
    sets |= kToken;
    if (!(c >= 'A' && c <= 'Z')) sets |= kName;
  }
  if (IsAlpha(c) || IsDigit(c) || IsIn(c, "+-.")) sets |= kSchemeRest;
  if (IsAlpha(c) || IsDigit(c) || IsIn(c, "-._~%!$&'()*+,;=:[]")) sets |= kAuthority;
  if (c > ' ' && c != 0x7f) sets |= kVisible;
  if (c != '\0' && c != '\r' && c != '\n') sets |= kValue;
  return sets;
}

constexpr std::array<uint8_t, 256> kOctetSets = [] {
  std::array<uint8_t, 256> sets{};
  for (int c = 0; c < 256; ++c) sets[static_cast<size_t>(c)] = SetsOf(c);
  return sets;
}();

// No early exit: the strings are short, and the loop without a branch is the faster one.
bool ConsistsOf(std::string_view text, OctetSet set) {
  uint8_t common = set;
  for (const char c : text) common &= kOctetSets[static_cast<uint8_t>(c)];
  return common != 0;
}

// Looks at eight octets at a time: one that is below 0x20 has its highest bit set by the
// subtraction, and had it clear before.
bool HasControlOctet(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  uint64_t found = 0;
  for (; end - at >= 8; at += 8) {
    uint64_t octets;
    std::memcpy(&octets, at, 8);
    found |= (octets - 0x2020202020202020) & ~octets & 0x8080808080808080;
  }
  for (; at != end; ++at) found |= static_cast<uint8_t>(*at) < 0x20;
  return found != 0;
}

bool IsWhiteSpace(char c) { return c == ' ' || c == '\t'; }

bool IsFieldValue(std::string_view value) {
  if (value.empty()) return true;
  if (IsWhiteSpace(value.front()) || IsWhiteSpace(value.back())) return false;
  return !HasControlOctet(value) || ConsistsOf(value, kValue);  // all of what is banned is below
}

// RFC 9113 §8.2.2, and RFC 9110 §7.6.1 for the first two.
bool IsConnectionSpecific(std::string_view name) {
  switch (name.size()) {
    case 7:
      return name == "upgrade";
    case 10:
      return name == "connection" || name == "keep-alive";
    case 16:
      return name == "proxy-connection";
    case 17:
      return name == "transfer-encoding";
  }
  return false;
}

}  // namespace

FieldRole RoleOf(std::string_view name) {
  if (name.empty() || name[0] != ':') return FieldRole::kRegular;
  if (name == ":path") return FieldRole::kPath;
  if (name == ":method") return FieldRole::kMethod;
  if (name == ":scheme") return FieldRole::kScheme;
  if (name == ":authority") return FieldRole::kAuthority;
  return FieldRole::kUnknownPseudo;
}

Violation FieldRules::OnField(FieldRole role, std::string_view name, std::string_view value) {
  if (role == FieldRole::kRegular) return OnRegularField(name, value);
  if (kind_ == SectionKind::kTrailers) return Violation::kPseudoFieldInTrailers;
  if (role == FieldRole::kUnknownPseudo) return Violation::kPseudoFieldUnknown;
  if (Has(FieldRole::kRegular)) return Violation::kPseudoFieldAfterRegular;
  if (Has(role)) return Violation::kPseudoFieldDuplicate;
  seen_ |= Bit(role);
  return OnPseudoField(role, value);
}

Violation FieldRules::OnPseudoField(FieldRole role, std::string_view value) {
  switch (role) {
    case FieldRole::kMethod:
      is_connect_ = value == "CONNECT";
      return !value.empty() && ConsistsOf(value, kToken) ? Violation::kNone : Violation::kMethod;
    case FieldRole::kScheme:
      return !value.empty() && IsAlpha(value[0]) && ConsistsOf(value, kSchemeRest)
                 ? Violation::kNone
                 : Violation::kScheme;
    case FieldRole::kAuthority:
      return ConsistsOf(value, kAuthority) ? Violation::kNone : Violation::kAuthority;
    case FieldRole::kPath:
      // Whether it names something is for the layer above to say.
      return !value.empty() && ConsistsOf(value, kVisible) ? Violation::kNone : Violation::kPath;
    case FieldRole::kRegular:
    case FieldRole::kUnknownPseudo:
      break;
  }
  return Violation::kPseudoFieldUnknown;
}

Violation FieldRules::OnRegularField(std::string_view name, std::string_view value) {
  seen_ |= Bit(FieldRole::kRegular);
  if (name.empty() || !ConsistsOf(name, kName)) return Violation::kFieldName;
  if (!IsFieldValue(value)) return Violation::kFieldValue;
  if (IsConnectionSpecific(name)) return Violation::kConnectionSpecificField;
  if (name == "te" && value != "trailers") return Violation::kTe;
  if (kind_ == SectionKind::kRequest && name == "content-length") return OnContentLength(value);
  return Violation::kNone;
}

Violation FieldRules::OnContentLength(std::string_view value) {
  constexpr int64_t kMax = int64_t{1} << 62;
  if (value.empty()) return Violation::kContentLength;
  int64_t length = 0;
  for (const char c : value) {
    if (!IsDigit(c) || length > kMax / 10 - 1) return Violation::kContentLength;
    length = length * 10 + (c - '0');
  }
  // The same value twice is the same message (RFC 9110 §8.6).
  if (content_length_ >= 0 && content_length_ != length) return Violation::kContentLength;
  content_length_ = length;
  return Violation::kNone;
}

Violation FieldRules::OnEnd() const {
  if (kind_ == SectionKind::kTrailers) return Violation::kNone;
  if (!Has(FieldRole::kMethod)) return Violation::kPseudoFieldMissing;
  if (is_connect_) {
    const bool is_plain =
        Has(FieldRole::kAuthority) && !Has(FieldRole::kScheme) && !Has(FieldRole::kPath);
    return is_plain ? Violation::kNone : Violation::kConnectRequest;
  }
  const bool is_complete = Has(FieldRole::kScheme) && Has(FieldRole::kPath);
  return is_complete ? Violation::kNone : Violation::kPseudoFieldMissing;
}

}  // namespace weir::http2
