#include "transport/grpc/percent_encoding.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace weir::grpc {

namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

constexpr bool IsPlain(char c) { return c >= 0x20 && c <= 0x7E && c != '%'; }

// One character of UTF-8 text, or a part of what is none.
struct Character {
  size_t size;  // octets it takes up in the text, at least 1
  bool is_well_formed;
};

// What the second octet may be after a given first octet (Unicode 15, table 3-7): the narrower
// ranges keep out overlong forms, surrogates and what lies beyond U+10FFFF.
struct LeadOctet {
  size_t size;  // of the whole sequence; 0 if no sequence begins like this
  uint8_t second_min;
  uint8_t second_max;
};

constexpr LeadOctet ClassifyLeadOctet(uint8_t octet) {
  if (octet < 0x80) return {1, 0, 0};
  if (octet < 0xC2) return {0, 0, 0};
  if (octet < 0xE0) return {2, 0x80, 0xBF};
  if (octet == 0xE0) return {3, 0xA0, 0xBF};
  if (octet == 0xED) return {3, 0x80, 0x9F};
  if (octet < 0xF0) return {3, 0x80, 0xBF};
  if (octet == 0xF0) return {4, 0x90, 0xBF};
  if (octet < 0xF4) return {4, 0x80, 0xBF};
  if (octet == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// `text` must not be empty. An ill-formed character covers the longest beginning of a sequence that
// could still have become well-formed, so that each such part is replaced once.
Character FirstCharacter(std::string_view text) {
  const LeadOctet lead = ClassifyLeadOctet(static_cast<uint8_t>(text[0]));
  if (lead.size == 0) return {1, false};
  uint8_t least = lead.second_min;
  uint8_t most = lead.second_max;
  for (size_t i = 1; i < lead.size; ++i) {
    const uint8_t octet = i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
    if (octet < least || octet > most) return {i, false};
    least = 0x80;
    most = 0xBF;
  }
  return {lead.size, true};
}

void AppendEscaped(std::string_view octets, std::string* out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : octets) {
    const auto octet = static_cast<uint8_t>(c);
    out->push_back('%');
    out->push_back(kDigits[octet >> 4]);
    out->push_back(kDigits[octet & 15]);
  }
}

// How many characters at the front of `message` stay as they are. `is_start` says that nothing
// comes before them.
size_t PlainRun(std::string_view message, bool is_start) {
  if (is_start && message.starts_with(' ')) return 0;
  const size_t run = static_cast<size_t>(std::find_if_not(message.begin(), message.end(), IsPlain) -
                                         message.begin());
  return run == message.size() && message.ends_with(' ') ? run - 1 : run;
}

// Removes spaces from the end of `*out`, but not more than `count` characters.
void RemoveLastSpaces(size_t count, std::string* out) {
  for (; count > 0 && out->back() == ' '; --count) out->pop_back();
}

// The value of a hex digit of either case, or -1.
constexpr int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void AppendPercentEncoded(std::string_view message, std::string* out) {
  AppendPercentEncodedPrefix(message, std::numeric_limits<size_t>::max(), out);
}

bool AppendPercentEncodedPrefix(std::string_view message, size_t size_max, std::string* out) {
  size_t room = size_max;
  bool is_start = true;
  while (!message.empty()) {
    const size_t plain = PlainRun(message, is_start);
    if (plain > room) {
      out->append(message.substr(0, room));
      RemoveLastSpaces(room, out);
      return false;
    }
    out->append(message.substr(0, plain));
    room -= plain;
    message.remove_prefix(plain);
    if (message.empty()) break;

    const Character character = FirstCharacter(message);
    const std::string_view octets =
        character.is_well_formed ? message.substr(0, character.size) : kReplacementCharacter;
    if (octets.size() * 3 > room) {
      RemoveLastSpaces(plain, out);
      return false;
    }
    AppendEscaped(octets, out);
    room -= octets.size() * 3;
    message.remove_prefix(character.size);
    is_start = false;
  }
  return true;
}

bool IsPercentEncodingIdentity(std::string_view message) {
  return PlainRun(message, true) == message.size();
}

std::string PercentDecode(std::string_view encoded) {
  std::string decoded;
  decoded.reserve(encoded.size());
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%' && encoded.size() - i > 2) {
      const int high = HexValue(encoded[i + 1]);
      const int low = HexValue(encoded[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded.push_back(static_cast<char>(high << 4 | low));
        i += 2;
        continue;
      }
    }
    decoded.push_back(encoded[i]);
  }
  return decoded;
}

}  // namespace weir::grpc
