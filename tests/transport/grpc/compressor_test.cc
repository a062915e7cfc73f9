#include "transport/grpc/compressor.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/grpc/compressor_gzip.h"
#include "transport/grpc/compressor_zstd.h"

namespace weir::grpc {
namespace {

using Outcome = Compressor::DecompressOutcome;

constexpr size_t kNoLimit = SIZE_MAX;

// What every algorithm must do, run for each.
struct Algorithm {
  std::string_view name;
  std::unique_ptr<Compressor> (*make)();

  friend std::ostream& operator<<(std::ostream& out, const Algorithm& algorithm) {
    return out << algorithm.name;
  }
};

template <typename T>
std::unique_ptr<Compressor> Make() {
  return std::make_unique<T>();
}

class EveryCompressor : public ::testing::TestWithParam<Algorithm> {
 protected:
  std::string Compressed(std::string_view message) {
    Buffer out;
    EXPECT_TRUE(compressor_->Compress(AsBytes(message), &out));
    return std::string(AsText(out.view()));
  }

  std::pair<Outcome, std::string> Decompressed(std::string_view text, size_t size_max = kNoLimit) {
    Buffer out;
    const Outcome outcome = compressor_->Decompress(AsBytes(text), size_max, &out);
    return {outcome, std::string(AsText(out.view()))};
  }

  static std::pair<Outcome, std::string> Ok(std::string_view message) {
    return {Outcome::kOk, std::string(message)};
  }

  const std::unique_ptr<Compressor> compressor_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(Algorithms, EveryCompressor,
                         ::testing::Values(Algorithm{"gzip", Make<GzipCompressor>},
                                           Algorithm{"deflate", Make<DeflateCompressor>},
                                           Algorithm{"zstd", Make<ZstdCompressor>}),
                         [](const auto& algorithm) { return std::string(algorithm.param.name); });

// Text with some repetition in it.
std::string RandomMessage(size_t size, std::mt19937* random) {
  std::string message;
  while (message.size() < size) {
    if (message.empty() || (*random)() % 3 != 0) {
      message.push_back(static_cast<char>((*random)()));
    } else {
      const size_t start = (*random)() % message.size();
      message += message.substr(start, (*random)() % 64);
    }
  }
  message.resize(size);
  return message;
}

TEST_P(EveryCompressor, HasItsNameOnTheWire) { EXPECT_EQ(compressor_->name(), GetParam().name); }

TEST_P(EveryCompressor, RoundTripsMessagesOfAllSizes) {
  std::mt19937 random(5);
  for (size_t size : {0, 1, 2, 3, 100, 511, 512, 513, 4096, 65535, 65536, 65537, 1000000}) {
    const std::string message = RandomMessage(size, &random);
    ASSERT_EQ(Decompressed(Compressed(message)), Ok(message)) << size;
  }
}

TEST_P(EveryCompressor, MakesRepetitiveMessagesSmaller) {
  EXPECT_LT(Compressed(std::string(314159, '\0')).size(), 1000u);
}

TEST_P(EveryCompressor, LearnsNothingFromEarlierMessages) {
  std::mt19937 random(6);
  const std::string secret = RandomMessage(2000, &random);
  const std::string alone = Compressed(secret);
  EXPECT_EQ(Compressed(secret), alone);
  Buffer fresh;
  ASSERT_TRUE(GetParam().make()->Compress(AsBytes(secret), &fresh));
  EXPECT_EQ(AsText(fresh.view()), alone);
}

TEST_P(EveryCompressor, AppendsToWhatIsThere) {
  Buffer compressed = Buffer::CopyOf(AsBytes("head"));
  ASSERT_TRUE(compressor_->Compress(AsBytes("message"), &compressed));
  EXPECT_TRUE(AsText(compressed.view()).starts_with("head"));
  Buffer out = Buffer::CopyOf(AsBytes("head "));
  EXPECT_EQ(compressor_->Decompress(compressed.view().subspan(4), 7, &out), Outcome::kOk);
  EXPECT_EQ(AsText(out.view()), "head message");
}

TEST_P(EveryCompressor, HoldsTheLimitAtOneBelowAtAndOneAbove) {
  for (size_t size : {0u, 1u, 1000u, 100000u}) {
    const std::string message(size, 'x');
    const std::string text = Compressed(message);
    EXPECT_EQ(Decompressed(text, size), Ok(message));
    EXPECT_EQ(Decompressed(text, size + 1), Ok(message));
    if (size != 0) {
      EXPECT_EQ(Decompressed(text, size - 1), std::pair(Outcome::kTooLarge, std::string()));
    }
  }
}

TEST_P(EveryCompressor, StopsABombAtTheLimit) {
  constexpr size_t kLimit = 100'000;
  const std::string bomb = Compressed(std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000u);
  Buffer out;
  EXPECT_EQ(compressor_->Decompress(AsBytes(bomb), kLimit, &out), Outcome::kTooLarge);
  EXPECT_TRUE(out.empty());
  EXPECT_LE(out.capacity(), 2 * kLimit);
}

TEST_P(EveryCompressor, RefusesAMessageCutAnywhere) {
  std::mt19937 random(7);
  const std::string text = Compressed(RandomMessage(300, &random));
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(Decompressed(text.substr(0, size)), std::pair(Outcome::kCorrupt, std::string()))
        << size;
  }
}

TEST_P(EveryCompressor, RefusesWhatFollowsTheMessage) {
  const std::string text = Compressed("message");
  const auto kCorrupt = std::pair(Outcome::kCorrupt, std::string());
  EXPECT_EQ(Decompressed(text + '\0'), kCorrupt);
  EXPECT_EQ(Decompressed(text + "garbage"), kCorrupt);
  EXPECT_EQ(Decompressed(text + text), kCorrupt);
  EXPECT_EQ(Decompressed(text + Compressed("")), kCorrupt);
}

TEST_P(EveryCompressor, RefusesGarbage) {
  std::mt19937 random(8);
  for (int round = 0; round < 2000; ++round) {
    std::string garbage(random() % 40, '\0');
    for (char& c : garbage) c = static_cast<char>(random());
    ASSERT_EQ(Decompressed(garbage, 1000).first, Outcome::kCorrupt) << round;
  }
}

TEST_P(EveryCompressor, NeverGivesAnotherMessageForADamagedOne) {
  std::mt19937 random(9);
  const std::string message = RandomMessage(300, &random);
  const std::string text = Compressed(message);
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    const auto [outcome, decompressed] = Decompressed(damaged, 1 << 20);
    // Some bits of a header mean nothing to the content.
    if (outcome == Outcome::kOk) {
      ASSERT_EQ(decompressed, message) << bit;
    } else {
      ASSERT_EQ(decompressed, "") << bit;
    }
  }
}

TEST_P(EveryCompressor, WorksOnAfterAFailure) {
  const std::string text = Compressed("message");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Decompressed("garbage").first, Outcome::kCorrupt);
    EXPECT_EQ(Decompressed(text.substr(0, text.size() / 2)).first, Outcome::kCorrupt);
    EXPECT_EQ(Decompressed(text, 3).first, Outcome::kTooLarge);
    EXPECT_EQ(Decompressed(text), Ok("message"));
  }
}

class NamedCompressor final : public Compressor {
 public:
  explicit NamedCompressor(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  bool Compress(ByteView, Buffer*) override { return false; }
  DecompressOutcome Decompress(ByteView, size_t, Buffer*) override {
    return DecompressOutcome::kCorrupt;
  }

 private:
  const std::string name_;
};

TEST(CompressorRegistry, OffersIdentityWhenEmpty) {
  CompressorRegistry registry;
  EXPECT_EQ(registry.accept_encoding(), "identity");
  EXPECT_EQ(registry.Find("gzip"), nullptr);
}

TEST(CompressorRegistry, FindsByNameAndOffersInOrder) {
  CompressorRegistry registry;
  auto deflate = std::make_unique<DeflateCompressor>();
  auto gzip = std::make_unique<GzipCompressor>();
  Compressor* const expected_deflate = deflate.get();
  Compressor* const expected_gzip = gzip.get();
  registry.Add(std::move(deflate));
  registry.Add(std::move(gzip));
  EXPECT_EQ(registry.accept_encoding(), "identity,deflate,gzip");
  EXPECT_EQ(registry.Find("deflate"), expected_deflate);
  EXPECT_EQ(registry.Find("gzip"), expected_gzip);
  EXPECT_EQ(registry.Find("identity"), nullptr);
  EXPECT_EQ(registry.Find("GZIP"), nullptr);
  EXPECT_EQ(registry.Find(""), nullptr);
}

TEST(CompressorRegistry, ReplacesACompressorOfTheSameName) {
  CompressorRegistry registry;
  registry.Add(std::make_unique<NamedCompressor>("gzip"));
  auto gzip = std::make_unique<GzipCompressor>(9);
  Compressor* const expected = gzip.get();
  registry.Add(std::move(gzip));
  EXPECT_EQ(registry.accept_encoding(), "identity,gzip");
  EXPECT_EQ(registry.Find("gzip"), expected);
}

// A frame of one block that repeats an octet, behind a header that asks for such a window.
std::string FrameWithWindow(int log) {
  const std::string descriptor(1, static_cast<char>((log - 10) << 3));
  return std::string("\x28\xb5\x2f\xfd\0", 5) + descriptor + std::string("\x23\0\0x", 4);
}

TEST(ZstdCompressor, DoesNotKeepALargeWindow) {
  ZstdCompressor compressor;
  Buffer out;
  const std::string usual = FrameWithWindow(14);
  ASSERT_EQ(compressor.Decompress(AsBytes(usual), 100, &out), Compressor::DecompressOutcome::kOk);
  EXPECT_EQ(AsText(out.view()), "xxxx");
  EXPECT_GT(compressor.kept_bytes(), 0u);
  out.Truncate(0);
  const std::string large = FrameWithWindow(23);
  ASSERT_EQ(compressor.Decompress(AsBytes(large), 100, &out), Compressor::DecompressOutcome::kOk);
  EXPECT_EQ(AsText(out.view()), "xxxx");
  EXPECT_LE(compressor.kept_bytes(), 512u * 1024);
}

// Found by fuzzing: the library also decodes formats older than RFC 8878, and for those it reserves
// 128 MiB when 30 octets ask for it.
TEST(ZstdCompressor, KnowsNoFormatOlderThanTheSpecification) {
  const uint8_t legacy[] = {0x27, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x80, 0x00, 0x10, 0x7a, 0x7a};
  ZstdCompressor compressor;
  Buffer out;
  EXPECT_EQ(compressor.Decompress(legacy, 4 << 20, &out), Compressor::DecompressOutcome::kCorrupt);
  Buffer frame;
  ASSERT_TRUE(compressor.Compress(AsBytes("text"), &frame));
  const ByteView cut_short = frame.view().first(3);
  EXPECT_EQ(compressor.Decompress(cut_short, 4 << 20, &out),
            Compressor::DecompressOutcome::kCorrupt);
  EXPECT_EQ(compressor.Decompress(frame.view(), 4 << 20, &out), Compressor::DecompressOutcome::kOk);
}

TEST(CompressorRegistry, TakesAlgorithmsOfTheUser) {
  CompressorRegistry registry;
  registry.Add(std::make_unique<NamedCompressor>("x-rot13"));
  EXPECT_EQ(registry.accept_encoding(), "identity,x-rot13");
  EXPECT_NE(registry.Find("x-rot13"), nullptr);
}

TEST(AcceptsEncoding, LooksForAnElementOfTheList) {
  EXPECT_TRUE(AcceptsEncoding("identity,deflate,gzip", "gzip"));
  EXPECT_TRUE(AcceptsEncoding("gzip", "gzip"));
  EXPECT_TRUE(AcceptsEncoding("identity, gzip , zstd", "gzip"));
  EXPECT_FALSE(AcceptsEncoding("identity,deflate", "gzip"));
  EXPECT_FALSE(AcceptsEncoding("gzipped,x-gzip", "gzip"));
  EXPECT_FALSE(AcceptsEncoding("", "gzip"));
}

TEST(AcceptsEncoding, IsAlwaysTrueForIdentity) {
  EXPECT_TRUE(AcceptsEncoding("", "identity"));
  EXPECT_TRUE(AcceptsEncoding("gzip", "identity"));
}

TEST(EncodingName, IsTheNameOnTheWire) {
  EXPECT_EQ(EncodingName(Encoding::kIdentity), "identity");
  EXPECT_EQ(EncodingName(Encoding::kGzip), GzipCompressor().name());
  EXPECT_EQ(EncodingName(Encoding::kDeflate), DeflateCompressor().name());
  EXPECT_EQ(EncodingName(Encoding::kZstd), ZstdCompressor().name());
}

}  // namespace
}  // namespace weir::grpc
