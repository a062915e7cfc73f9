#include "transport/http2/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"
#include "tests/testing/segmenter.h"

namespace weir::http2 {
namespace {

using ::testing::ElementsAre;
using weir::testing::Octets;
namespace frame_flag = weir::testing::frame_flag;
namespace frame_type = weir::testing::frame_type;

// Frames as text: "type flags stream payload", with the pieces of DATA joined.
class FrameReaderTest : public ::testing::TestWithParam<weir::testing::Segmentation> {
 protected:
  std::vector<std::string> Read(std::string_view octets) {
    std::vector<std::string> frames;
    weir::testing::Segmenter(GetParam()).Split(octets, [&](ByteView piece) {
      reader_.Feed(piece);
      Frame frame;
      FrameReader::Step step;
      while ((step = reader_.Next(&frame)) == FrameReader::Step::kFrame) Note(frame, &frames);
      failed_ = step == FrameReader::Step::kViolation;
    });
    return frames;
  }
  std::vector<std::string> ReadAfterPreface(std::string_view octets) {
    EXPECT_THAT(Read(std::string(weir::testing::kPreface) + weir::testing::Settings()),
                ElementsAre("4 0 0 ''"));
    return Read(octets);
  }
  Violation violation() const { return failed_ ? reader_.violation() : Violation::kNone; }

  ConnectionOptions options_;
  FrameReader reader_{options_};

 private:
  void Note(const Frame& frame, std::vector<std::string>* frames) {
    const FrameHeader& header = frame.header;
    if (frame.begins) {
      EXPECT_TRUE(is_between_frames_);
      text_.clear();
    }
    text_ += AsText(frame.payload);
    is_between_frames_ = frame.ends;
    if (!frame.ends) return;
    std::string line = std::to_string(static_cast<int>(header.type)) + " " +
                       std::to_string(header.flags) + " " + std::to_string(header.stream_id) +
                       " '" + text_ + "'";
    if (frame.padding != 0) line += " padding " + std::to_string(frame.padding);
    frames->push_back(line);
    if (header.type == FrameType::kData) {
      EXPECT_EQ(text_.size() + frame.padding, header.length);
    }
  }

  bool failed_ = false;
  bool is_between_frames_ = true;
  std::string text_;
};

TEST_P(FrameReaderTest, DeliversFramesWholeHoweverTheyArrive) {
  EXPECT_THAT(ReadAfterPreface(weir::testing::RawFrame(frame_type::kHeaders, 5, 1, "block") +
                               weir::testing::Data(1, "some text") +
                               weir::testing::RawFrame(frame_type::kPing, 0, 0, "12345678") +
                               weir::testing::LastData(1, "")),
              ElementsAre("1 5 1 'block'", "0 0 1 'some text'", "6 0 0 '12345678'", "0 1 1 ''"));
  EXPECT_EQ(violation(), Violation::kNone);
  EXPECT_EQ(reader_.buffered_bytes(), 0u);
}

TEST_P(FrameReaderTest, TakesPaddingOffData) {
  EXPECT_THAT(
      ReadAfterPreface(weir::testing::PaddedData(1, "abc", 0, false) +
                       weir::testing::PaddedData(3, "abc", 7, true) +
                       weir::testing::PaddedData(5, "", 255, false) + weir::testing::Data(7, "x")),
      ElementsAre("0 8 1 'abc' padding 1", "0 9 3 'abc' padding 8", "0 8 5 '' padding 256",
                  "0 0 7 'x'"));
}

TEST_P(FrameReaderTest, RefusesPaddingAsLongAsThePayload) {
  EXPECT_THAT(ReadAfterPreface(weir::testing::RawFrame(frame_type::kData, frame_flag::kPadded, 1,
                                                       std::string("\x03xxx", 4))),
              ElementsAre("0 8 1 '' padding 4"));
  EXPECT_THAT(Read(weir::testing::RawFrame(frame_type::kData, frame_flag::kPadded, 1,
                                           std::string("\x04xxx", 4))),
              ElementsAre());
  EXPECT_EQ(violation(), Violation::kDataPadding);
}

TEST_P(FrameReaderTest, RefusesPaddedDataWithoutPadLength) {
  ReadAfterPreface(weir::testing::RawFrame(frame_type::kData, frame_flag::kPadded, 1, ""));
  EXPECT_EQ(violation(), Violation::kDataPadding);
}

TEST_P(FrameReaderTest, SkipsWhatNobodyReads) {
  const std::string unknown =
      weir::testing::RawFrame(frame_type::kUnknown, 0xff, 7, std::string(9000, 'u'));
  const std::string goaway = weir::testing::GoAway(0, ErrorCode::kNoError, std::string(9000, 'd'));
  EXPECT_THAT(ReadAfterPreface(unknown + goaway + weir::testing::Data(1, "x")),
              ElementsAre("10 255 7 ''", "7 0 0 '" + Octets(0, 8) + "'", "0 0 1 'x'"));
  EXPECT_EQ(reader_.buffered_bytes(), 0u);
}

TEST_P(FrameReaderTest, RefusesAWrongPrefaceAtItsFirstWrongOctet) {
  const std::string right(weir::testing::kPreface);
  for (size_t i = 0; i < right.size(); ++i) {
    FrameReader reader(options_);
    std::string wrong = right.substr(0, i + 1);
    wrong[i] = static_cast<char>(wrong[i] ^ 0x20);
    reader.Feed(AsBytes(wrong));
    Frame frame;
    EXPECT_EQ(reader.Next(&frame), FrameReader::Step::kViolation) << i;
    EXPECT_EQ(reader.violation(), Violation::kBadPreface);
  }
}

TEST_P(FrameReaderTest, ReadsNothingBehindAViolation) {
  EXPECT_THAT(ReadAfterPreface(weir::testing::RawFrame(frame_type::kPing, 0, 0, "7 bytes") +
                               weir::testing::Ping(1) + weir::testing::Data(1, "x")),
              ElementsAre());
  EXPECT_EQ(violation(), Violation::kPingLength);
}

TEST_P(FrameReaderTest, RefusesATooLongFrameByItsHeader) {
  ReadAfterPreface(weir::testing::FrameHeaderOnly(16385, frame_type::kHeaders, 4, 1));
  EXPECT_EQ(violation(), Violation::kFrameTooLarge);
  EXPECT_EQ(reader_.buffered_bytes(), 0u);
}

TEST_P(FrameReaderTest, AnnouncesDataByItsHeader) {
  Read(std::string(weir::testing::kPreface) + weir::testing::Settings());
  const std::string header = weir::testing::FrameHeaderOnly(100, frame_type::kData, 0, 1);
  reader_.Feed(AsBytes(header));
  Frame frame;
  ASSERT_EQ(reader_.Next(&frame), FrameReader::Step::kFrame);
  EXPECT_TRUE(frame.begins);
  EXPECT_FALSE(frame.ends);
  EXPECT_TRUE(frame.payload.empty());
  EXPECT_EQ(reader_.Next(&frame), FrameReader::Step::kNeedsInput);
}

TEST_P(FrameReaderTest, KnowsWhenItStopsInsideAHeaderBlock) {
  Read(std::string(weir::testing::kPreface) + weir::testing::Settings());
  EXPECT_FALSE(reader_.in_header_block());
  const std::string headers = weir::testing::RawFrame(frame_type::kHeaders, 0, 1, "abcd");
  Read(headers.substr(0, 11));
  EXPECT_TRUE(reader_.in_header_block());
  EXPECT_EQ(reader_.buffered_bytes(), 2u);
  Read(headers.substr(11));
  EXPECT_TRUE(reader_.in_header_block());
  Read(weir::testing::Continuation(1, "ef", true));
  EXPECT_FALSE(reader_.in_header_block());
  EXPECT_EQ(reader_.buffered_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Split, FrameReaderTest,
                         ::testing::ValuesIn(weir::testing::AllSegmentations()),
                         [](const auto& test) { return weir::testing::NameOf(test.param); });

TEST(FrameReader, CopiesNothingOfAFrameThatIsThereWhole) {
  ConnectionOptions options;
  FrameReader reader(options);
  const std::string octets = std::string(weir::testing::kPreface) + weir::testing::Settings() +
                             weir::testing::RawFrame(frame_type::kHeaders, 4, 1, "block") +
                             weir::testing::Data(1, "data");
  reader.Feed(AsBytes(octets));
  Frame frame;
  while (reader.Next(&frame) == FrameReader::Step::kFrame) {
    const char* const payload = AsText(frame.payload).data();
    EXPECT_TRUE(payload >= octets.data() && payload <= octets.data() + octets.size());
  }
}

}  // namespace
}  // namespace weir::http2
