#include "transport/base/bytes.h"

#include <gtest/gtest.h>

#include <array>

namespace weir {
namespace {

TEST(Bytes, LoadsIntegersInNetworkOrder) {
  constexpr std::array<uint8_t, 8> kOctets = {0x81, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xf8};
  EXPECT_EQ(LoadBig16(kOctets.data()), 0x8102);
  EXPECT_EQ(LoadBig24(kOctets.data()), 0x810203u);
  EXPECT_EQ(LoadBig32(kOctets.data()), 0x81020304u);
  EXPECT_EQ(LoadBig64(kOctets.data()), 0x81020304050607f8u);
  static_assert(LoadBig32(kOctets.data() + 4) == 0x050607f8u);
}

TEST(Bytes, StoresWhatItLoads) {
  std::array<uint8_t, 8> octets = {};
  StoreBig16(octets.data(), 0xfedc);
  EXPECT_EQ(LoadBig16(octets.data()), 0xfedc);
  StoreBig24(octets.data(), 0xfedcba);
  EXPECT_EQ(LoadBig24(octets.data()), 0xfedcbau);
  EXPECT_EQ(octets[3], 0);
  StoreBig32(octets.data(), 0xfedcba98);
  EXPECT_EQ(LoadBig32(octets.data()), 0xfedcba98u);
  StoreBig64(octets.data(), 0xfedcba9876543210);
  EXPECT_EQ(LoadBig64(octets.data()), 0xfedcba9876543210u);
  EXPECT_EQ(octets[0], 0xfe);
}

TEST(Bytes, ViewsTextAsBytesAndBack) {
  EXPECT_EQ(AsText(AsBytes("text")), "text");
  EXPECT_EQ(AsBytes("\xff")[0], 0xff);
  EXPECT_EQ(AsText(ByteView()), "");
}

}  // namespace
}  // namespace weir
