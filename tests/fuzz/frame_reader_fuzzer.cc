// The frame reader on its own.
//
// Property:
// - However the octets are cut, the frames are the same, and so is the violation behind them.
// - Each frame is the next one of the octets, as a second parser of ten lines reads them, and obeys
//   the limits that can be told from its header (RFC 9113 §4.2, §6).
// - Frames are held back only while they are incomplete, and no more octets than one frame has.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/targets.h"
#include "transport/base/bytes.h"
#include "transport/http2/frame_reader.h"

namespace weir::fuzz {
namespace {

using http2::ConnectionOptions;
using http2::Frame;
using http2::FrameReader;
using http2::FrameType;
using http2::Violation;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kHeaderSize = 9;
constexpr uint8_t kPadded = 8;

// A frame, with the pieces of DATA put together.
struct Record {
  http2::FrameHeader header;
  std::string payload;
  uint32_t padding = 0;
  bool has_ended = false;

  bool operator==(const Record& other) const {
    return header.length == other.header.length && header.type == other.header.type &&
           header.flags == other.header.flags && header.stream_id == other.header.stream_id &&
           payload == other.payload && padding == other.padding && has_ended == other.has_ended;
  }
};

struct Result {
  std::vector<Record> records;
  Violation violation = Violation::kNone;
};

class Runner {
 public:
  explicit Runner(const ConnectionOptions& options) : options_(options), reader_(options) {}

  // False once a violation was found.
  bool Feed(ByteView octets) {
    if (result_.violation != Violation::kNone) return false;
    // In a block of its own, so that a view that is kept is found out.
    const auto piece = std::make_unique<uint8_t[]>(octets.size());
    std::copy(octets.begin(), octets.end(), piece.get());
    reader_.Feed({piece.get(), octets.size()});
    fed_ += octets.size();
    for (;;) {
      Frame frame;
      switch (reader_.Next(&frame)) {
        case FrameReader::Step::kFrame:
          Note(frame);
          break;
        case FrameReader::Step::kNeedsInput:
          FUZZ_CHECK(
              reader_.buffered_bytes() <= std::min<size_t>(fed_, options_.max_frame_size + 9),
              "%zu octets held of %zu", reader_.buffered_bytes(), fed_);
          FUZZ_CHECK(result_.records.empty() || result_.records.back().has_ended ||
                         reader_.buffered_bytes() == 0,
                     "DATA is never held");
          reader_.ReleaseIdleMemory();
          return true;
        case FrameReader::Step::kViolation:
          result_.violation = reader_.violation();
          FUZZ_CHECK(result_.violation != Violation::kNone, "the violation");
          FUZZ_CHECK(reader_.Next(&frame) == FrameReader::Step::kViolation, "for good");
          return false;
      }
    }
  }

  Result& result() { return result_; }
  bool has_preface() const { return reader_.has_preface(); }

 private:
  void Note(const Frame& frame) {
    std::vector<Record>& records = result_.records;
    const bool is_open = !records.empty() && !records.back().has_ended;
    FUZZ_CHECK(frame.begins == !is_open, "a frame after the end of the one before");
    FUZZ_CHECK(frame.header.type == FrameType::kData || (frame.begins && frame.ends),
               "only DATA in pieces");
    if (frame.begins) records.emplace_back().header = frame.header;
    Record& record = records.back();
    record.payload.append(AsText(frame.payload));
    record.padding = frame.padding;
    record.has_ended = frame.ends;
  }

  const ConnectionOptions& options_;
  FrameReader reader_;
  Result result_;
  size_t fed_ = 0;
};

// Whether `record` is the frame that `octets` begin with, or its beginning. Takes it off.
bool TakeFrame(const Record& record, ByteView* octets) {
  if (octets->size() < kHeaderSize) return false;
  const uint8_t* const at = octets->data();
  const uint32_t length = LoadBig24(at);
  const uint32_t id = LoadBig32(at + 5) & 0x7fffffff;
  const uint8_t type = std::min<uint8_t>(at[3], static_cast<uint8_t>(FrameType::kExtension));
  const http2::FrameHeader& header = record.header;
  if (header.length != length || static_cast<uint8_t>(header.type) != type ||
      header.flags != at[4] || header.stream_id != id) {
    return false;
  }
  ByteView payload = octets->subspan(kHeaderSize);
  const bool is_whole = payload.size() >= length;
  payload = payload.first(std::min<size_t>(payload.size(), length));
  *octets = octets->subspan(kHeaderSize + payload.size());
  if (type != 0) {
    // Types of which only the beginning is used are cut, and come when that is there.
    constexpr uint8_t kGoAway = 7, kExtension = 10;
    const bool is_cut = (type == kGoAway && record.payload.size() == 8) ||
                        (type == kExtension && record.payload.empty());
    return AsText(payload).starts_with(record.payload) &&
           (is_cut || record.payload.size() == length);
  }
  uint32_t padding = 0;
  if ((header.flags & kPadded) != 0) {
    // Without this octet nothing is known of the frame.
    if (payload.empty()) return false;
    padding = 1u + payload[0];
    if (padding > length) return false;
    payload = payload.subspan(1);
  }
  const size_t data = std::min<size_t>(payload.size(), length - padding);
  return record.padding == padding && record.payload == AsText(payload.first(data)) &&
         record.has_ended == is_whole;
}

// What the header alone says.
void CheckLegal(const http2::FrameHeader& header, const ConnectionOptions& options) {
  const bool needs_stream = header.type == FrameType::kData || header.type == FrameType::kHeaders ||
                            header.type == FrameType::kPriority ||
                            header.type == FrameType::kRstStream ||
                            header.type == FrameType::kContinuation;
  const bool needs_none = header.type == FrameType::kSettings || header.type == FrameType::kPing ||
                          header.type == FrameType::kGoAway;
  FUZZ_CHECK(header.length <= options.max_frame_size, "frame of %u octets", header.length);
  FUZZ_CHECK(!needs_stream || header.stream_id != 0, "a stream for type %d",
             static_cast<int>(header.type));
  FUZZ_CHECK(!needs_none || header.stream_id == 0, "no stream for type %d",
             static_cast<int>(header.type));
  FUZZ_CHECK(header.type != FrameType::kPushPromise, "no PUSH_PROMISE of a client");
  FUZZ_CHECK(header.type != FrameType::kPing || header.length == 8, "PING of 8 octets");
  FUZZ_CHECK(header.type != FrameType::kSettings || header.length % 6 == 0, "whole settings");
}

// The frames against the octets that they are made of.
void CheckAgainst(ByteView octets, const Result& result, const ConnectionOptions& options) {
  if (octets.size() < kPreface.size() || !AsText(octets).starts_with(kPreface)) {
    FUZZ_CHECK(result.records.empty(), "no frame without the preface");
    const bool is_wrong = !kPreface.starts_with(AsText(octets).substr(0, kPreface.size()));
    FUZZ_CHECK(is_wrong == (result.violation == Violation::kBadPreface), "the wrong preface");
    return;
  }
  octets = octets.subspan(kPreface.size());
  for (size_t i = 0; i < result.records.size(); ++i) {
    const Record& record = result.records[i];
    FUZZ_CHECK(TakeFrame(record, &octets), "frame %zu as it was sent", i);
    FUZZ_CHECK(i != 0 || record.header.type == FrameType::kSettings, "SETTINGS first");
    FUZZ_CHECK(record.has_ended || i + 1 == result.records.size(), "one frame at a time");
    CheckLegal(record.header, options);
  }
  if (result.violation != Violation::kNone) return;
  // What is left is no whole frame, nor DATA of which something could be told.
  const bool has_whole_frame =
      octets.size() >= kHeaderSize && octets.size() - kHeaderSize >= LoadBig24(octets.data());
  FUZZ_CHECK(!has_whole_frame, "all whole frames, but one of type %d", octets[3]);
}

Result RunInPieces(ByteView octets, ByteView sizes, const ConnectionOptions& options) {
  Runner runner(options);
  for (size_t next = 0; !octets.empty();) {
    // An empty piece is one, too.
    size_t size = sizes.empty() ? 1 : sizes[next++ % sizes.size()];
    if (next > sizes.size() && size == 0) size = 1;
    size = std::min(size, octets.size());
    if (!runner.Feed(octets.first(size))) break;
    octets = octets.subspan(size);
  }
  return std::move(runner.result());
}

void CheckSame(const Result& whole, const Result& pieces) {
  FUZZ_CHECK(whole.records == pieces.records, "%zu frames, and the same in pieces, not %zu",
             whole.records.size(), pieces.records.size());
  FUZZ_CHECK(whole.violation == pieces.violation, "the same violation: %s, not %s",
             std::string(Describe(whole.violation).tag).c_str(),
             std::string(Describe(pieces.violation).tag).c_str());
}

}  // namespace

void FuzzFrameReader(ByteView input) {
  ByteSource program(input);
  const uint8_t choices = program.Octet();
  ConnectionOptions options;
  if ((choices & 1) != 0) options.header_block_bytes_max = 50;
  if ((choices & 2) != 0) options.continuation_frames_max = 1;
  if ((choices & 4) != 0) options.settings_entries_max = 1;
  const ByteView sizes = program.Take(choices >> 4);
  std::string stream;
  if ((choices & 8) == 0) {
    stream.append(kPreface).append(std::string_view("\0\0\0\4\0\0\0\0\0", 9));
  }
  stream.append(AsText(program.TakeRest()));
  const ByteView octets = AsBytes(stream);

  Runner whole(options);
  whole.Feed(octets);
  CheckAgainst(octets, whole.result(), options);
  CheckSame(whole.result(), RunInPieces(octets, sizes, options));
  CheckSame(whole.result(), RunInPieces(octets, {}, options));
}

}  // namespace weir::fuzz
