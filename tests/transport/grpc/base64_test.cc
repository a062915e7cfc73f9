#include "transport/grpc/base64.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace weir::grpc {
namespace {

struct Pair {
  std::string_view bytes;
  std::string_view unpadded;
  std::string_view padded;
};

// RFC 4648 §10, and the value that the gRPC interoperability tests send.
constexpr Pair kPairs[] = {
    {"", "", ""},
    {"f", "Zg", "Zg=="},
    {"fo", "Zm8", "Zm8="},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg", "Zm9vYg=="},
    {"fooba", "Zm9vYmE", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xAB\xAB\xAB", "q6ur", "q6ur"},
    {"\xFB\xEF\xBE", "++++", "++++"},
    {"\xFF\xFF\xFF", "////", "////"},
};

bool Decodes(std::string_view text) {
  std::string bytes;
  const bool is_decoded = Base64Decode(text, &bytes);
  EXPECT_EQ(IsBase64(text), is_decoded) << text;
  return is_decoded;
}

std::string Decoded(std::string_view text) {
  std::string bytes = "what was there before";
  EXPECT_TRUE(Base64Decode(text, &bytes)) << text;
  EXPECT_TRUE(IsBase64(text)) << text;
  return bytes;
}

TEST(Base64, EncodesWithoutPadding) {
  for (const Pair& pair : kPairs) {
    EXPECT_EQ(Base64Encode(pair.bytes), pair.unpadded);
    EXPECT_EQ(Base64EncodedSize(pair.bytes.size()), pair.unpadded.size());
  }
}

TEST(Base64, DecodesWithAndWithoutPadding) {
  for (const Pair& pair : kPairs) {
    EXPECT_EQ(Decoded(pair.unpadded), pair.bytes);
    EXPECT_EQ(Decoded(pair.padded), pair.bytes);
  }
}

TEST(Base64, RefusesPaddingThatDoesNotFillTheLastGroup) {
  for (std::string_view text : {"=", "==", "===", "====", "Zg=", "Zg===", "Zm8==", "Zm9v=",
                                "Zm9v==", "Zm9v====", "Z===", "Zg==Zg==", "Z=g=", "=Zg="}) {
    EXPECT_FALSE(Decodes(text)) << text;
  }
}

TEST(Base64, RefusesALoneCharacter) {
  EXPECT_FALSE(Decodes("Z"));
  EXPECT_FALSE(Decodes("Zm9vY"));
}

TEST(Base64, RefusesUnusedBitsThatAreSet) {
  EXPECT_TRUE(Decodes("Zg"));
  EXPECT_FALSE(Decodes("Zh"));    // the lowest of four unused bits
  EXPECT_FALSE(Decodes("Zo=="));  // the highest
  EXPECT_TRUE(Decodes("Zm8"));
  EXPECT_FALSE(Decodes("Zm9"));
  EXPECT_FALSE(Decodes("Zm+="));
}

TEST(Base64, RefusesEveryCharacterOutsideTheStandardAlphabet) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    const std::string text = {'A', c, 'A', 'A'};
    EXPECT_EQ(Decodes(text), kAlphabet.find(c) != std::string_view::npos) << octet;
  }
}

TEST(Base64, RoundTripsRandomBytesOfEverySize) {
  std::mt19937 random(2);
  for (size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    std::string text = Base64Encode(bytes);
    ASSERT_EQ(text.size(), Base64EncodedSize(size));
    ASSERT_EQ(Decoded(text), bytes);
    text.append((4 - text.size() % 4) % 4, '=');
    ASSERT_EQ(Decoded(text), bytes);
  }
}

TEST(Base64, AcceptsRandomTextOnlyIfItIsTheOneSpellingOfItsBytes) {
  std::mt19937 random(3);
  int accepted = 0;
  for (int round = 0; round < 50000; ++round) {
    constexpr std::string_view kCharacters = "AQgwBZ8/+==-";
    std::string text(random() % 9, '\0');
    for (char& c : text) c = kCharacters[random() % kCharacters.size()];
    if (!Decodes(text)) continue;
    ++accepted;
    std::string unpadded = text.substr(0, text.find('='));
    ASSERT_EQ(Base64Encode(Decoded(text)), unpadded);
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace weir::grpc
