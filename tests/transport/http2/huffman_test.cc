// The code is judged by nghttp2: its encoder says what our decoder must read, and its decoder what
// ours must refuse.
#include "transport/http2/huffman.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"
#include "transport/http2/hpack_cursor.h"

namespace weir::http2 {
namespace {

std::optional<std::string> Decode(std::string_view coded) {
  // Of exactly the promised size, so that one octet more is found out.
  const auto place = std::make_unique<uint8_t[]>(HuffmanTextMax(coded.size()));
  const std::optional<size_t> size = DecodeHuffman(AsBytes(coded), place.get());
  if (!size) return std::nullopt;
  return std::string(AsText({place.get(), *size}));
}

std::string Encode(std::string_view text) {
  std::string coded(HuffmanSize(text), '\0');
  EncodeHuffman(text, reinterpret_cast<uint8_t*>(coded.data()));
  return coded;
}

// As nghttp2 codes it as the value of a field; nullopt when it finds the text itself shorter.
std::optional<std::string> EncodeWithNghttp2(std::string_view text) {
  nghttp2_hd_deflater* deflater = nullptr;
  EXPECT_EQ(nghttp2_hd_deflate_new(&deflater, 0), 0);
  std::string value(text);
  uint8_t name = 'x';
  nghttp2_nv nv = {&name, reinterpret_cast<uint8_t*>(value.data()), 1, value.size(),
                   NGHTTP2_NV_FLAG_NO_INDEX};
  std::vector<uint8_t> block(nghttp2_hd_deflate_bound(deflater, &nv, 1));
  const ssize_t size = nghttp2_hd_deflate_hd(deflater, block.data(), block.size(), &nv, 1);
  nghttp2_hd_deflate_del(deflater);
  EXPECT_GT(size, 0);
  HpackCursor cursor(ByteView(block).first(static_cast<size_t>(size)));
  uint64_t index;
  HpackString string;
  while (HpackFormOf(cursor.Peek()) == HpackForm::kSizeUpdate) {
    EXPECT_TRUE(cursor.ReadInteger(5, &index));
  }
  EXPECT_TRUE(cursor.ReadInteger(4, &index));
  EXPECT_TRUE(cursor.ReadString(&string));  // the name
  EXPECT_TRUE(cursor.ReadString(&string));
  if (!string.is_huffman) return std::nullopt;
  return std::string(AsText(string.octets));
}

std::optional<std::string> DecodeWithNghttp2(std::string_view coded) {
  const std::string block = std::string("\x00\x01x", 3) +
                            testing::hpack::Integer(0x80, 7, coded.size()) + std::string(coded);
  nghttp2_hd_inflater* inflater = nullptr;
  EXPECT_EQ(nghttp2_hd_inflate_new(&inflater), 0);
  nghttp2_nv nv;
  int flags = 0;
  std::optional<std::string> text;
  if (nghttp2_hd_inflate_hd2(inflater, &nv, &flags, AsBytes(block).data(), block.size(), 1) >= 0 &&
      (flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
    text.emplace(reinterpret_cast<const char*>(nv.value), nv.valuelen);
  }
  nghttp2_hd_inflate_del(inflater);
  return text;
}

TEST(Huffman, KnowsEverySymbol) {
  for (int symbol = 0; symbol < 256; ++symbol) {
    // Among so many short ones, any symbol is worth its code; and in all positions within an octet.
    for (size_t before = 0; before < 8; ++before) {
      const std::string text =
          std::string(before, 'a') + static_cast<char>(symbol) + std::string(40, 'e');
      const std::optional<std::string> coded = EncodeWithNghttp2(text);
      ASSERT_TRUE(coded.has_value()) << symbol;
      EXPECT_EQ(Decode(*coded), text) << symbol;
      EXPECT_EQ(Encode(text), *coded) << symbol;
    }
  }
}

TEST(Huffman, ReadsTextOfAnyLength) {
  std::mt19937 random(7);
  for (size_t size = 0; size < 300; ++size) {
    std::string text;
    while (text.size() < size) text += static_cast<char>("0123456789abcdef-/.:%"[random() % 21]);
    const std::optional<std::string> coded = EncodeWithNghttp2(text);
    if (coded) {
      EXPECT_EQ(Decode(*coded), text);
      EXPECT_EQ(Encode(text), *coded);
    }
  }
  EXPECT_EQ(Decode(""), "");
}

TEST(Huffman, AgreesWithNghttp2OnWhatIsAString) {
  std::mt19937 random(11);
  int accepted = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string coded(random() % 12, '\0');
    // Ones begin the long codes, and are the padding.
    for (char& octet : coded) octet = static_cast<char>(random() % 3 == 0 ? 0xff : random());
    const std::optional<std::string> expected = DecodeWithNghttp2(coded);
    ASSERT_EQ(Decode(coded), expected) << ::testing::PrintToString(coded);
    accepted += expected.has_value();
  }
  EXPECT_GT(accepted, 10000);
}

TEST(Huffman, RefusesWrongPadding) {
  EXPECT_EQ(Decode("\x1f"), "a");               // 00011 111
  EXPECT_EQ(Decode("\x18"), std::nullopt);      // 00011 000
  EXPECT_EQ(Decode("\x1e"), std::nullopt);      // 00011 110
  EXPECT_EQ(Decode("\x1f\xff"), std::nullopt);  // an octet of padding too much
  EXPECT_EQ(Decode("\xff"), std::nullopt);
}

TEST(Huffman, RefusesTheEndOfStringSymbol) {
  EXPECT_EQ(Decode("\xff\xff\xff\xff"), std::nullopt);
  EXPECT_EQ(Decode("\x1f\xff\xff\xff\xff"), std::nullopt);
  EXPECT_EQ(Decode("\xff\xff\xff\xfc"), std::nullopt);
}

}  // namespace
}  // namespace weir::http2
