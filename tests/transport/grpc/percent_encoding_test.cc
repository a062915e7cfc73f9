#include "transport/grpc/percent_encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>

namespace weir::grpc {
namespace {

std::string Encode(std::string_view message) {
  std::string encoded;
  AppendPercentEncoded(message, &encoded);
  return encoded;
}

struct Prefix {
  std::string text;
  bool is_whole;

  friend bool operator==(const Prefix&, const Prefix&) = default;
};

Prefix EncodePrefix(std::string_view message, size_t size_max) {
  Prefix prefix;
  prefix.is_whole = AppendPercentEncodedPrefix(message, size_max, &prefix.text);
  return prefix;
}

void AppendUtf8(uint32_t code_point, std::string* out) {
  const auto push = [out](uint32_t octet) { out->push_back(static_cast<char>(octet)); };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xC0 | code_point >> 6);
    push(0x80 | (code_point & 63));
  } else if (code_point < 0x10000) {
    push(0xE0 | code_point >> 12);
    push(0x80 | (code_point >> 6 & 63));
    push(0x80 | (code_point & 63));
  } else {
    push(0xF0 | code_point >> 18);
    push(0x80 | (code_point >> 12 & 63));
    push(0x80 | (code_point >> 6 & 63));
    push(0x80 | (code_point & 63));
  }
}

constexpr bool IsSurrogate(uint32_t code_point) {
  return code_point >= 0xD800 && code_point <= 0xDFFF;
}

// Reads one code point the plain way: by length and bits, then by asking whether writing it again
// gives the same octets. Returns its size, or 0.
size_t Utf8SizeAt(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  const size_t size = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : 4;
  if (size > text.size()) return 0;
  uint32_t code_point = size == 1 ? first : first & (0x7Fu >> size);
  for (size_t i = 1; i < size; ++i) {
    code_point = code_point << 6 | (static_cast<uint8_t>(text[i]) & 63);
  }
  if (code_point > 0x10FFFF || IsSurrogate(code_point)) return 0;
  std::string again;
  AppendUtf8(code_point, &again);
  return text.starts_with(again) ? size : 0;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t size = Utf8SizeAt(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool IsFieldValue(std::string_view text) {
  if (text.starts_with(' ') || text.ends_with(' ')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

TEST(PercentEncoding, EscapesAllOctetsButSpaceAndVisibleAsciiWithoutPercent) {
  for (int octet = 0; octet < 0x80; ++octet) {
    // Between other characters, where a space may stand.
    const std::string message = {'a', static_cast<char>(octet), 'b'};
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "a%%%02Xb", static_cast<unsigned>(octet));
    const bool is_plain = octet >= 0x20 && octet <= 0x7E && octet != '%';
    EXPECT_EQ(Encode(message), is_plain ? message : escaped) << octet;
  }
}

TEST(PercentEncoding, EncodesTextAsUtf8) {
  EXPECT_EQ(Encode(""), "");
  EXPECT_EQ(Encode("not found: 100% of it"), "not found: 100%25 of it");
  EXPECT_EQ(Encode("\r\ngrpc-status: 0"), "%0D%0Agrpc-status: 0");
  EXPECT_EQ(Encode("\u00E9t\u00E9"), "%C3%A9t%C3%A9");
  EXPECT_EQ(Encode("\U0001F30A"), "%F0%9F%8C%8A");
  EXPECT_EQ(Encode(std::string_view("a\0b", 3)), "a%00b");
}

TEST(PercentEncoding, EscapesSpacesOnlyAtTheEnds) {
  EXPECT_EQ(Encode(" "), "%20");
  EXPECT_EQ(Encode("  "), "%20%20");
  EXPECT_EQ(Encode("   "), "%20 %20");
  EXPECT_EQ(Encode(" a b "), "%20a b%20");
  EXPECT_EQ(Encode("a  "), "a %20");
  EXPECT_EQ(Encode("  a"), "%20 a");
  EXPECT_EQ(Encode("\n \n"), "%0A %0A");
  EXPECT_EQ(Encode("\n "), "%0A%20");
}

TEST(PercentEncoding, AppendsToWhatIsThere) {
  std::string out = "status: ";
  AppendPercentEncoded("50%", &out);
  EXPECT_EQ(out, "status: 50%25");
}

// The rows are those of Unicode 15 §3.9, "U+FFFD Substitution of Maximal Subparts", and the borders
// of table 3-7.
TEST(PercentEncoding, ReplacesEachMaximalIllFormedPartOnce) {
  constexpr std::string_view kReplaced = "%EF%BF%BD";
  struct Row {
    std::string_view message;
    int replacements;
    std::string_view rest;
  };
  constexpr Row kRows[] = {
      {"\x80", 1, ""},              // continuation without a beginning
      {"\xC0\xAF", 2, ""},          // overlong '/'
      {"\xC1\xBF", 2, ""},          // overlong DEL
      {"\xE0\x9F\xBF", 3, ""},      // overlong three octets
      {"\xED\xA0\x80", 3, ""},      // surrogate U+D800
      {"\xED\xBF\xBF", 3, ""},      // surrogate U+DFFF
      {"\xF0\x8F\xBF\xBF", 4, ""},  // overlong four octets
      {"\xF4\x90\x80\x80", 4, ""},  // U+110000
      {"\xF5\x80\x80\x80", 4, ""},  // never a beginning
      {"\xFF", 1, ""},
      {"\xC3", 1, ""},                  // cut after 1 of 2
      {"\xE2\x82", 1, ""},              // cut after 2 of 3
      {"\xF0\x9F\x8C", 1, ""},          // cut after 3 of 4
      {"\xE2\x82x", 1, "x"},            // interrupted
      {"\xF0\x9F\x8C\xE2\x82", 2, ""},  // interrupted by another that is cut
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
       "A",
       4, "A"},
  };
  for (const Row& row : kRows) {
    std::string expected;
    for (int i = 0; i < row.replacements; ++i) expected += kReplaced;
    expected += row.rest;
    EXPECT_EQ(Encode(row.message), expected) << "row " << &row - kRows;
  }
}

TEST(PercentEncoding, KeepsEveryCodePoint) {
  for (uint32_t code_point = 0; code_point <= 0x10FFFF;
       code_point += code_point < 0x3000 ? 1 : 61) {
    if (IsSurrogate(code_point)) continue;
    std::string message = "x";
    AppendUtf8(code_point, &message);
    ASSERT_EQ(PercentDecode(Encode(message)), message) << code_point;
  }
}

TEST(PercentEncoding, GivesFieldValuesThatDecodeToUtf8WhateverTheInput) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string message(random() % 24, '\0');
    // Few distinct octets, so that sequences come about, whole and broken.
    constexpr std::string_view kOctets =
        "a %\n\xC3\xA9\xE2\x82\xAC\xED\xA0\xF0\x9F\x90\x8F\xF4\xFF";
    for (char& c : message) {
      c = random() % 8 == 0 ? static_cast<char>(random()) : kOctets[random() % kOctets.size()];
    }
    const std::string encoded = Encode(message);
    ASSERT_TRUE(IsFieldValue(encoded)) << encoded;
    const std::string decoded = PercentDecode(encoded);
    ASSERT_TRUE(IsUtf8(decoded)) << encoded;
    ASSERT_EQ(Encode(decoded), encoded);
    if (IsUtf8(message)) {
      ASSERT_EQ(decoded, message);
    }
    ASSERT_EQ(IsPercentEncodingIdentity(message), encoded == message) << encoded;
  }
}

TEST(PercentEncodingPrefix, IsWholeWhenItFitsExactly) {
  EXPECT_EQ(EncodePrefix("abc", 3), (Prefix{"abc", true}));
  EXPECT_EQ(EncodePrefix("abc", 2), (Prefix{"ab", false}));
  EXPECT_EQ(EncodePrefix("", 0), (Prefix{"", true}));
  EXPECT_EQ(EncodePrefix("a", 0), (Prefix{"", false}));
  EXPECT_EQ(EncodePrefix("a%", 4), (Prefix{"a%25", true}));
}

TEST(PercentEncodingPrefix, NeverCutsACharacter) {
  EXPECT_EQ(EncodePrefix("a\U0001F30A", 13), (Prefix{"a%F0%9F%8C%8A", true}));
  EXPECT_EQ(EncodePrefix("a\U0001F30A", 12), (Prefix{"a", false}));
  EXPECT_EQ(EncodePrefix("a%b", 3), (Prefix{"a", false}));
  EXPECT_EQ(EncodePrefix("a\xFF", 9), (Prefix{"a", false}));
}

TEST(PercentEncodingPrefix, DoesNotEndInASpace) {
  EXPECT_EQ(EncodePrefix("ab  cd", 4), (Prefix{"ab", false}));
  EXPECT_EQ(EncodePrefix("a %", 3), (Prefix{"a", false}));
  EXPECT_EQ(EncodePrefix("a ", 3), (Prefix{"a", false}));
  EXPECT_EQ(EncodePrefix("a ", 4), (Prefix{"a%20", true}));
}

TEST(PercentEncodingPrefix, RemovesNoSpaceThatWasThereBefore) {
  std::string out = "x ";
  EXPECT_FALSE(AppendPercentEncodedPrefix("%", 2, &out));
  EXPECT_EQ(out, "x ");
  EXPECT_FALSE(AppendPercentEncodedPrefix("abc", 0, &out));
  EXPECT_EQ(out, "x ");
}

TEST(PercentEncodingPrefix, IsAPrefixOfTheMessageAtEverySize) {
  const std::string message = " 10% of \u00E9t\u00E9 \U0001F30A is gone \n ";
  const std::string whole = Encode(message);
  for (size_t size_max = 0; size_max <= whole.size() + 1; ++size_max) {
    const Prefix prefix = EncodePrefix(message, size_max);
    ASSERT_LE(prefix.text.size(), size_max);
    ASSERT_TRUE(IsFieldValue(prefix.text)) << size_max;
    const std::string decoded = PercentDecode(prefix.text);
    ASSERT_TRUE(IsUtf8(decoded)) << size_max;
    ASSERT_TRUE(std::string_view(message).starts_with(decoded)) << size_max;
    ASSERT_EQ(prefix.is_whole, size_max >= whole.size());
    // Nothing that would have fitted is missing: the longest character takes 12 octets, and at most
    // two spaces are taken back.
    if (!prefix.is_whole) {
      ASSERT_GE(prefix.text.size() + 14, size_max);
    }
  }
}

TEST(PercentDecode, AcceptsEitherCaseAndLeavesWhatIsNoEscape) {
  EXPECT_EQ(PercentDecode("%C3%A9%c3%a9"), "\u00E9\u00E9");
  EXPECT_EQ(PercentDecode("100%"), "100%");
  EXPECT_EQ(PercentDecode("100%2"), "100%2");
  EXPECT_EQ(PercentDecode("%zz%2"), "%zz%2");
  EXPECT_EQ(PercentDecode("%%41"), "%A");
  EXPECT_EQ(PercentDecode("%2541"), "%41");
  EXPECT_EQ(PercentDecode("%4G"), "%4G");
  EXPECT_EQ(PercentDecode(""), "");
  EXPECT_EQ(PercentDecode("\xC3\xA9"), "\u00E9");  // bytes that should have been escaped
}

}  // namespace
}  // namespace weir::grpc
