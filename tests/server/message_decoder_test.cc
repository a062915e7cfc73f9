// Messages out of bytes: at every split, compressed or not, and every way in which one is refused.
#include "server/message_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/compressors.h"
#include "server/message_encoder.h"
#include "tests/server/text_message.h"
#include "tests/testing/segmenter.h"

namespace weir::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = grpc::Rejection::Kind;
using Outcome = MessageDecoder::Outcome;

class MessageDecoderTest : public ::testing::TestWithParam<testing::Segmentation> {
 protected:
  MessageDecoderTest() { Compressors().MakeFor(&compressors_); }

  std::string Compressed(std::string_view text, std::string_view encoding) {
    Buffer out;
    EXPECT_TRUE(compressors_.Find(encoding)->Compress(AsBytes(text), &out));
    return std::string(AsText(out.view()));
  }

  // All messages in `octets`; stops at a rejection.
  std::vector<std::string> Decode(std::string_view octets, std::string_view encoding = "",
                                  size_t size_max = 1'000) {
    decoder_.Reset(size_max, encoding);
    std::vector<std::string> texts;
    bool is_rejected = false;
    testing::Segmenter(GetParam()).Split(octets, [&](ByteView piece) {
      Outcome outcome = Outcome::kMessage;
      while (outcome == Outcome::kMessage && !is_rejected) {
        Text text;
        outcome = decoder_.Pull(&piece, kTextCodec, &text, compressors_);
        if (outcome == Outcome::kMessage) texts.push_back(text.value);
        is_rejected = outcome == Outcome::kRejected;
      }
      EXPECT_TRUE(piece.empty() || outcome != Outcome::kNeedMore);
    });
    EXPECT_EQ(is_rejected, decoder_.rejection().is_rejected());
    return texts;
  }

  Kind rejection() const { return decoder_.rejection().kind; }

  grpc::CompressorRegistry compressors_;
  MessageDecoder decoder_;
};

INSTANTIATE_TEST_SUITE_P(Split, MessageDecoderTest,
                         ::testing::ValuesIn(testing::AllSegmentations()),
                         [](const auto& test) { return testing::NameOf(test.param); });

TEST_P(MessageDecoderTest, FindsEveryMessage) {
  EXPECT_THAT(Decode(Framed("one") + Framed("") + Framed(std::string(900, 'x'))),
              ElementsAre("one", "", std::string(900, 'x')));
  EXPECT_TRUE(decoder_.IsAtBoundary());
  EXPECT_EQ(decoder_.message_size(), 900u);
  EXPECT_EQ(decoder_.content_size(), 900u);
  EXPECT_FALSE(decoder_.is_compressed());
}

TEST_P(MessageDecoderTest, UndoesEachCompression) {
  for (const std::string_view encoding : {"gzip", "deflate", "zstd"}) {
    const std::string compressed = Compressed(std::string(900, 'x'), encoding);
    EXPECT_THAT(Decode(Framed("plain") + Framed(compressed, true), encoding),
                ElementsAre("plain", std::string(900, 'x')));
    EXPECT_TRUE(decoder_.is_compressed());
    EXPECT_EQ(decoder_.message_size(), compressed.size());
    EXPECT_EQ(decoder_.content_size(), 900u);
  }
}

TEST_P(MessageDecoderTest, KnowsWhetherTheStreamMayEnd) {
  const std::string framed = Framed("hello");
  for (size_t size = 0; size <= framed.size(); ++size) {
    Decode(framed.substr(0, size));
    EXPECT_EQ(decoder_.IsAtBoundary(), size == 0 || size == framed.size()) << size;
    const size_t missing = size == 0 ? 0 : size < 5 ? 5 - size : framed.size() - size;
    EXPECT_EQ(decoder_.missing_bytes(), missing) << size;
  }
}

TEST_P(MessageDecoderTest, RefusesAMessageThatIsTooLargeAtItsPrefix) {
  EXPECT_THAT(Decode(Framed("1234567890") + Framed("12345678901").substr(0, 5), "", 10),
              ElementsAre("1234567890"));
  EXPECT_EQ(rejection(), Kind::kMessageTooLarge);
  EXPECT_THAT(decoder_.rejection().message, HasSubstr("of 11 bytes exceeds the limit of 10"));
}

TEST_P(MessageDecoderTest, RefusesAMessageThatInflatesTooFar) {
  EXPECT_THAT(Decode(Framed(Compressed(std::string(1'000, 'x'), "gzip"), true), "gzip"),
              ElementsAre(std::string(1'000, 'x')));
  EXPECT_THAT(Decode(Framed(Compressed(std::string(1'001, 'x'), "gzip"), true), "gzip"),
              ElementsAre());
  EXPECT_EQ(rejection(), Kind::kInflatedMessageTooLarge);
}

TEST_P(MessageDecoderTest, RefusesAFlagThatIsNeitherZeroNorOne) {
  EXPECT_THAT(Decode(Framed("one") + std::string("\2\0\0\0\0", 5)), ElementsAre("one"));
  EXPECT_EQ(rejection(), Kind::kMessageFlagUnknown);
}

TEST_P(MessageDecoderTest, RefusesCompressionWithoutAnEncoding) {
  for (const std::string_view encoding : {"", "identity"}) {
    Decode(Framed("text", true), encoding);
    EXPECT_EQ(rejection(), Kind::kMessageCompressedWithoutEncoding);
  }
}

TEST_P(MessageDecoderTest, RefusesAnEncodingThatItLacks) {
  Decode(Framed("text", true), "snappy");
  EXPECT_EQ(rejection(), Kind::kEncodingUnsupported);
}

TEST_P(MessageDecoderTest, RefusesWhatIsNotCompressed) {
  Decode(Framed("no gzip at all", true), "gzip");
  EXPECT_EQ(rejection(), Kind::kMessageCorrupt);
}

TEST_P(MessageDecoderTest, RefusesWhatCannotBeParsed) {
  Decode(Framed(kMalformedText));
  EXPECT_EQ(rejection(), Kind::kMessageMalformed);
  Decode(Framed(Compressed(kMalformedText, "gzip"), true), "gzip");
  EXPECT_EQ(rejection(), Kind::kMessageMalformed);
}

TEST_P(MessageDecoderTest, DeliversNothingAfterARejection) {
  for (const std::string& bad : {Framed(kMalformedText), Framed("text", true)}) {
    EXPECT_THAT(Decode(bad), ElementsAre());
    Text text;
    const std::string next = Framed("next");
    ByteView bytes = AsBytes(next);
    EXPECT_EQ(decoder_.Pull(&bytes, kTextCodec, &text, compressors_), Outcome::kRejected);
    EXPECT_EQ(text.value, "");
  }
}

TEST_P(MessageDecoderTest, StartsAnewAfterReset) {
  Decode(Framed("text").substr(0, 7));
  EXPECT_THAT(Decode(Framed("one")), ElementsAre("one"));
  Decode(Framed(kMalformedText));
  EXPECT_THAT(Decode(Framed("two")), ElementsAre("two"));
  EXPECT_FALSE(decoder_.rejection().is_rejected());
}

// ---- the other direction -----------------------------------------------------------------------

TEST(MessageEncoder, PutsThePrefixBeforeTheMessage) {
  const Text text("hello");
  Buffer encoded;
  EncodePlain(kTextCodec, &text, 5, &encoded);
  EXPECT_EQ(AsText(encoded.view()), Framed("hello"));
  EXPECT_EQ(encoded.capacity(), 10u);
}

TEST(MessageEncoder, EncodesAnEmptyMessage) {
  const Text text;
  Buffer encoded;
  EncodePlain(kTextCodec, &text, 0, &encoded);
  EXPECT_EQ(AsText(encoded.view()), Framed(""));
}

TEST(MessageEncoder, CompressesSoThatADecoderUndoesIt) {
  grpc::CompressorRegistry compressors;
  Compressors().MakeFor(&compressors);
  const Text text(std::string(5'000, 'x'));
  Buffer encoded;
  EncodeMessage(kTextCodec, &text, 5'000, compressors, "gzip", &encoded);
  EXPECT_LT(encoded.size(), 200u);
  MessageDecoder decoder;
  decoder.Reset(10'000, "gzip");
  ByteView bytes = encoded.view();
  Text decoded;
  ASSERT_EQ(decoder.Pull(&bytes, kTextCodec, &decoded, compressors), Outcome::kMessage);
  EXPECT_EQ(decoded.value, text.value);
}

TEST(MessageEncoder, SendsAMessagePlainThatCannotBeCompressed) {
  class Unable final : public grpc::Compressor {
   public:
    std::string_view name() const override { return "unable"; }
    bool Compress(ByteView, Buffer*) override { return false; }
    DecompressOutcome Decompress(ByteView, size_t, Buffer*) override {
      return DecompressOutcome::kCorrupt;
    }
  };
  grpc::CompressorRegistry compressors;
  compressors.Add(std::make_unique<Unable>());
  const Text text("hello");
  Buffer encoded;
  EncodeMessage(kTextCodec, &text, 5, compressors, "unable", &encoded);
  EXPECT_EQ(AsText(encoded.view()), Framed("hello"));
}

}  // namespace
}  // namespace weir::server
