#include "transport/http2/hpack_huffman.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace weir::http2 {
namespace {

std::optional<std::string> Decode(std::string_view coded) {
  std::string text(HuffmanDecodedSizeMax(coded.size()), '\0');
  const char* const end = HuffmanDecode(AsBytes(coded), text.data());
  if (end == nullptr) return std::nullopt;
  text.resize(static_cast<size_t>(end - text.data()));
  return text;
}

std::string Bits(std::string_view bits) {
  std::string octets;
  for (size_t i = 0; i < bits.size(); i += 8) {
    octets += static_cast<char>(std::stoi(std::string(bits.substr(i, 8)), nullptr, 2));
  }
  return octets;
}

// RFC 7541 appendix C.4 and C.6.
TEST(HpackHuffman, DecodesTheExamplesOfTheRfc) {
  EXPECT_EQ(Decode("\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"), "www.example.com");
  EXPECT_EQ(Decode("\xa8\xeb\x10\x64\x9c\xbf"), "no-cache");
  EXPECT_EQ(Decode("\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f"), "custom-key");
  EXPECT_EQ(Decode("\x64\x02"), "302");
  EXPECT_EQ(Decode("\x9b\xd9\xab"), std::nullopt);  // the start of C.6.3's gzip, cut
  EXPECT_EQ(Decode(""), "");
}

TEST(HpackHuffman, TakesUpToSevenBitsOfOnesAsPadding) {
  EXPECT_EQ(Decode(Bits("00011111")), "a");          // 5 bits and 3 of padding
  EXPECT_EQ(Decode(Bits("1111100011111111")), "&");  // 8 and 8: too much
}

TEST(HpackHuffman, RefusesOtherPadding) {
  EXPECT_EQ(Decode(Bits("00011000")), std::nullopt);          // zeros
  EXPECT_EQ(Decode(Bits("00011110")), std::nullopt);          // not all ones
  EXPECT_EQ(Decode(Bits("0001111111111111")), std::nullopt);  // 11 bits
  EXPECT_EQ(Decode("\xff"), std::nullopt);                    // 8 bits of nothing else
}

TEST(HpackHuffman, RefusesTheEndOfStringSymbol) {
  EXPECT_EQ(Decode("\xff\xff\xff\xff"), std::nullopt);
  EXPECT_EQ(Decode(Bits("00011111") + "\xff\xff\xff\xff"), std::nullopt);
}

TEST(HpackHuffman, RefusesASymbolThatIsCut) {
  // Newline has 30 bits, all ones but the last two.
  const std::string newline = Bits("11111111111111111111111111110011");
  EXPECT_EQ(Decode(newline), "\n");
  EXPECT_EQ(Decode(newline.substr(0, 3)), std::nullopt);
  EXPECT_EQ(Decode(Bits("11111111")), std::nullopt);
}

}  // namespace
}  // namespace weir::http2
