#include "tests/sim/breach_maker.h"

#include <algorithm>

namespace weir::sim {
namespace {

using namespace frame_type;  // NOLINT: constants of this file's one subject

constexpr uint8_t kEndStream = frame_flag::kEndStream;
constexpr uint8_t kEndHeaders = frame_flag::kEndHeaders;

std::string Octets(uint64_t value, int count) {
  std::string octets;
  AppendNumber(value, count, &octets);
  return octets;
}

}  // namespace

void BreachMaker::TryToBreach() {
  if (!Breach()) return;
  client_.has_breached_ = true;
  client_.trace_.Note(NameOf(client_.profile_.breach), client_.index_);
  client_.coverage_.AddBreach(client_.profile_.breach);
}

bool BreachMaker::Breach() {
  switch (client_.profile_.breach) {
    case Breach::kNone:
    case Breach::kBadPreface:  // at the start
    case Breach::kFirstFrameNotSettings:
    case Breach::kNoSettingsAck:
    case Breach::kNoPreface:
    case Breach::kCount:
      return false;
    case Breach::kStreamWindowExceeded:
      return ExceedStreamWindow();
    case Breach::kConnectionWindowExceeded:
      return ExceedConnectionWindow();
    case Breach::kWindowUpdateZero:
      return UpdateByZero();
    case Breach::kStreamWindowOverflow:
      return OverflowStreamWindow();
    case Breach::kConnectionWindowOverflow:
      Write(kWindowUpdate, 0, 0, Octets(kWindowMax, 4));
      Write(kWindowUpdate, 0, 0, Octets(kWindowMax, 4));
      return true;
    case Breach::kSettingsOutOfRange:
      return SendBadSettings();
    case Breach::kSettingsLength:
      Write(kSettings, 0, 0, std::string(random_.Between(1, 5), '\0'));
      return true;
    case Breach::kSettingsAckWithPayload:
      Write(kSettings, frame_flag::kAck, 0, std::string(6, '\0'));
      return true;
    case Breach::kSettingsAckUnexpected:
      if (!client_.has_server_settings_) return false;
      Write(kSettings, frame_flag::kAck, 0, "");
      return true;
    case Breach::kInitialWindowOverflow:
      return OverflowInitialWindow();
    case Breach::kEvenStreamId:
      Write(random_.Pick({kHeaders, kData, kRstStream, kWindowUpdate}), kEndHeaders, 2,
            Octets(1, 4));
      return true;
    case Breach::kLowerStreamId:
      if (client_.streams_.empty()) return false;
      client_.next_stream_id_ += 4;
      Write(kHeaders, kEndHeaders | kEndStream, NewStream(), "\x83\x86\x84");
      Write(kHeaders, kEndHeaders | kEndStream, client_.next_stream_id_ - 4, "\x83\x86\x84");
      return true;
    case Breach::kFrameOnIdleStream:
      return SpeakOnIdleStream();
    case Breach::kAfterEndStream:
      return SpeakAfterEnd();
    case Breach::kAfterReset:
      return SpeakAfterReset();
    case Breach::kFrameTooLarge: {
      const uint32_t length = client_.server_.worker.http2.max_frame_size + 1;
      AppendFrameHeader({length, random_.Pick({kData, kHeaders, kPing, kUnknown}), 0, 1},
                        &client_.output_);
      client_.output_.append(100, 'l');
      client_.is_silent_ = true;  // the rest would have to follow
      return true;
    }
    case Breach::kFrameOnWrongStream:
      return SpeakOnWrongStream();
    case Breach::kFrameLength:
      return SendBadLength();
    case Breach::kContinuationAlone:
      Write(kContinuation, kEndHeaders, random_.Pick({0u, 1u, 3u}), "\x84");
      return true;
    case Breach::kBlockInterrupted:
      return InterruptBlock();
    case Breach::kPushPromise:
      Write(kPushPromise, kEndHeaders, 1, Octets(2, 4));
      return true;
    case Breach::kPadding:
      return SendBadPadding();
    case Breach::kCompression:
      return SendBadBlock();
    case Breach::kTrailersWithoutEnd: {
      const uint32_t id = FindSendable();
      if (id == 0) return false;
      Write(kHeaders, kEndHeaders, id, client_.encoder_.Encode({{"x-sim-trailer", "1"}}));
      return true;
    }
    case Breach::kSelfDependency:
      return DependOnItself();
    case Breach::kTooManyStreams:
      return OpenTooMany();
    case Breach::kTooManyPings:
    case Breach::kTooManyGlitches:
    case Breach::kUnreadReplies:
      return Flood();
    case Breach::kTooManyResets:
      return OpenAndReset();
    case Breach::kTooManySettings: {
      std::string payload;
      const uint32_t entries = client_.server_.worker.http2.settings_entries_max + 1;
      for (uint32_t i = 0; i < entries; ++i) AppendSetting(0x77, i, &payload);
      Write(kSettings, 0, 0, payload);
      return true;
    }
    case Breach::kTooManyContinuations:
      return SendManyContinuations();
    case Breach::kHeaderBlockTooLarge:
      return SendLargeBlock();
    case Breach::kHeaderListBomb:
      return SendBomb();
    case Breach::kUnfinishedBlock:
      Write(kHeaders, 0, NewStream(), "\x83\x86");
      client_.is_silent_ = true;
      return true;
  }
  return false;
}

// ---- streams -----------------------------------------------------------------------------------

uint32_t BreachMaker::FindSendable() const {
  for (const auto& [id, stream] : client_.streams_) {
    if (stream.can_send()) return id;
  }
  return 0;
}

uint32_t BreachMaker::FindWaiting() const {
  for (const auto& [id, stream] : client_.streams_) {
    if (!stream.is_over()) return id;
  }
  return 0;
}

uint32_t BreachMaker::FindEnded() const {
  for (const auto& [id, stream] : client_.streams_) {
    if (stream.call->has_sent_all && !stream.is_reset) return id;
  }
  return 0;
}

uint32_t BreachMaker::NewStream() {
  const uint32_t id = client_.next_stream_id_;
  client_.next_stream_id_ += 2;
  return id;
}

// ---- windows -----------------------------------------------------------------------------------

bool BreachMaker::ExceedStreamWindow() {
  const uint32_t id = FindSendable();
  if (id == 0) return false;
  // More than the stream may have been granted by now, and no more than the connection allows.
  const int64_t beyond = client_.streams_[id].send_window + (1 << 17);
  if (beyond > client_.send_window_ || beyond < 0) return false;
  // Octet by octet that would take for ever.
  if (client_.profile_.network.read_max < 100) return false;
  client_.streams_[id].call->is_garbled = true;
  const std::string payload(16'384, 'w');
  for (int64_t sent = 0; sent < beyond; sent += 16'384) {
    Write(kData, 0, id, payload);
    client_.send_window_ -= 16'384;
  }
  return true;
}

// What arrives is given back, half a window at a time: only a frame larger than the whole window is
// too much for sure.
bool BreachMaker::ExceedConnectionWindow() {
  const uint32_t id = FindSendable();
  const uint32_t window = client_.server_.worker.http2.connection_window;
  if (id == 0 || window >= client_.server_max_frame_) return false;
  client_.streams_[id].call->is_garbled = true;
  Write(kData, 0, id, std::string(window + 1, 'w'));
  return true;
}

bool BreachMaker::UpdateByZero() {
  const uint32_t id = random_.OneIn(2) ? 0 : FindWaiting();
  Write(kWindowUpdate, 0, id, Octets(0, 4));
  return true;
}

bool BreachMaker::OverflowStreamWindow() {
  const uint32_t id = FindWaiting();
  if (id == 0) return false;
  Write(kWindowUpdate, 0, id, Octets(kWindowMax, 4));
  Write(kWindowUpdate, 0, id, Octets(kWindowMax, 4));
  return true;
}

bool BreachMaker::OverflowInitialWindow() {
  const uint32_t id = FindWaiting();
  if (id == 0) return false;
  client_.unacknowledged_windows_.push_back(0);
  WriteSettings(setting_id::kInitialWindowSize, 0);
  Write(kWindowUpdate, 0, id, Octets(kWindowMax - (1 << 24), 4));
  client_.unacknowledged_windows_.push_back(1u << 30);
  WriteSettings(setting_id::kInitialWindowSize, 1u << 30);
  return true;
}

// ---- frames ------------------------------------------------------------------------------------

void BreachMaker::WriteSettings(uint16_t id, uint32_t value) {
  std::string payload;
  AppendSetting(id, value, &payload);
  Write(kSettings, 0, 0, payload);
}

bool BreachMaker::SendBadSettings() {
  switch (random_.Below(4)) {
    case 0:
      WriteSettings(setting_id::kEnablePush, 2);
      return true;
    case 1:
      WriteSettings(setting_id::kInitialWindowSize, 0x80000000);
      return true;
    case 2:
      WriteSettings(setting_id::kMaxFrameSize, 16'383);
      return true;
    default:
      WriteSettings(setting_id::kMaxFrameSize, 1 << 24);
      return true;
  }
}

bool BreachMaker::SpeakOnIdleStream() {
  const uint32_t id = client_.next_stream_id_ + 100;
  Write(random_.Pick({kData, kRstStream, kWindowUpdate}), 0, id, Octets(1, 4));
  return true;
}

bool BreachMaker::SpeakAfterEnd() {
  const uint32_t id = FindEnded();
  if (id == 0) return false;
  if (random_.OneIn(2)) {
    Write(kData, 0, id, "late");
  } else {
    Write(kHeaders, kEndHeaders | kEndStream, id, client_.encoder_.Encode({{"x-late", "1"}}));
  }
  return true;
}

bool BreachMaker::SpeakAfterReset() {
  const uint32_t id = FindWaiting();
  if (id == 0) return false;
  Client::Stream& stream = client_.streams_[id];
  Write(kRstStream, 0, id, Octets(error_code::kCancel, 4));
  stream.call->was_reset_by_client = true;
  client_.MarkReset(stream);
  if (random_.OneIn(2)) {
    Write(kData, 0, id, "late");
  } else {
    Write(kHeaders, kEndHeaders | kEndStream, id, client_.encoder_.Encode({{"x-late", "1"}}));
  }
  return true;
}

bool BreachMaker::SpeakOnWrongStream() {
  if (random_.OneIn(2)) {
    Write(random_.Pick({kSettings, kPing, kGoAway}), 0, 1,
          std::string(random_.Pick({8, 12}), '\0'));
  } else {
    Write(random_.Pick({kData, kHeaders, kPriority, kRstStream}), kEndHeaders, 0, Octets(1, 4));
  }
  return true;
}

bool BreachMaker::SendBadLength() {
  switch (random_.Below(5)) {
    case 0:
      Write(kPing, 0, 0, "seven..");
      return true;
    case 1:
      Write(kGoAway, 0, 0, "seven..");
      return true;
    case 2:
      Write(kWindowUpdate, 0, 0, "fiver");
      return true;
    case 3:
      Write(kRstStream, 0, 1, "thr");
      return true;
    default:
      Write(kPriority, 0, 1, "four");
      return true;
  }
}

bool BreachMaker::InterruptBlock() {
  const uint32_t id = NewStream();
  Write(kHeaders, 0, id, "\x83\x86");
  if (random_.OneIn(2)) {
    Write(kPing, 0, 0, "between!");
  } else {
    Write(kContinuation, kEndHeaders, id + 2, "\x84");
  }
  return true;
}

bool BreachMaker::SendBadPadding() {
  if (random_.OneIn(2)) {
    const uint32_t id = FindSendable();
    if (id == 0) return false;
    Write(kData, frame_flag::kPadded, id, std::string("\x05") + "pad");
  } else {
    Write(kHeaders, frame_flag::kPadded | kEndHeaders, NewStream(), std::string("\x09") + "\x83");
  }
  return true;
}

bool BreachMaker::SendBadBlock() {
  static constexpr std::string_view kBlocks[] = {
      "\x80",                      // index 0
      "\xff\xff\xff\xff\xff\xff",  // an integer without end
      "\xfe",                      // an index beyond both tables
      "\x40\x05"
      "ab",                // a name cut short
      "\x3f\xe1\xff\x03",  // a table larger than allowed
  };
  const uint32_t id = FindSendable();
  Write(kHeaders, kEndHeaders | kEndStream, id != 0 ? id : NewStream(),
        kBlocks[random_.Below(std::size(kBlocks))]);
  return true;
}

bool BreachMaker::DependOnItself() {
  if (random_.OneIn(2)) {
    const uint32_t id = NewStream();
    Write(kHeaders, frame_flag::kPriority | kEndHeaders, id, Octets(id, 4) + "\x0f\x83");
  } else {
    Write(kPriority, 0, 5, Octets(5, 4) + "\x0f");
  }
  return true;
}

// ---- too much ----------------------------------------------------------------------------------

bool BreachMaker::OpenTooMany() {
  const uint32_t most = client_.server_.worker.http2.max_concurrent_streams;
  if (!client_.has_server_settings_ || most > 10) return false;
  for (uint32_t i = 0; i < 2 * most + random_.Below(20); ++i) {
    const CallPlan plan;
    Write(kHeaders, kEndHeaders, NewStream(), client_.encoder_.Encode(RequestFields(plan, 0)));
  }
  return true;
}

bool BreachMaker::Flood() {
  const http2::ConnectionOptions& options = client_.server_.worker.http2;
  switch (client_.profile_.breach) {
    case Breach::kTooManyPings:
      for (uint32_t i = 0; i < options.peer_ping_strikes_max + 3; ++i) {
        Write(kPing, 0, 0, "flooding");
      }
      return true;
    case Breach::kTooManyGlitches:
      if (options.glitches.burst > 100) return false;
      for (uint32_t i = 0; i < options.glitches.burst + 3; ++i) {
        Write(random_.OneIn(2) ? kPriority : kUnknown, 0, 9, Octets(0, 5));
      }
      return true;
    default:
      if (options.queued_replies_max > 200) return false;
      client_.link_.StallClient(true);
      client_.is_silent_ = true;
      for (uint32_t i = 0; i < options.queued_replies_max + 5; ++i) {
        Write(kSettings, 0, 0, "");
      }
      return true;
  }
}

bool BreachMaker::OpenAndReset() {
  const uint32_t burst = client_.server_.worker.http2.premature_resets.burst;
  if (burst > 100) return false;
  for (uint32_t i = 0; i < burst + 3; ++i) {
    const CallPlan plan;
    const uint32_t id = NewStream();
    Write(kHeaders, kEndHeaders, id, client_.encoder_.Encode(RequestFields(plan, 0)));
    Write(kRstStream, 0, id, Octets(error_code::kCancel, 4));
  }
  return true;
}

bool BreachMaker::SendManyContinuations() {
  const uint32_t id = NewStream();
  Write(kHeaders, 0, id, "\x83\x86");
  const uint32_t most = client_.server_.worker.http2.continuation_frames_max;
  for (uint32_t i = 0; i < most + 2; ++i) Write(kContinuation, 0, id, "");
  return true;
}

bool BreachMaker::SendLargeBlock() {
  const uint32_t most = client_.server_.worker.http2.header_block_bytes_max;
  if (most > 40'000) return false;
  const uint32_t id = NewStream();
  Write(kHeaders, 0, id, std::string(16'384, '\x84'));
  for (uint32_t sent = 16'384; sent <= most; sent += 16'384) {
    Write(kContinuation, 0, id, std::string(16'384, '\x84'));
  }
  return true;
}

// One insertion, then a reference to it a thousand times over.
bool BreachMaker::SendBomb() {
  std::string block = "\x83\x86\x84";
  block += std::string("\x40\x01") + "a" + "\x7f\x81\x1e" + std::string(3'968, 'b');
  block.append(2'000, '\xbe');
  Write(kHeaders, kEndHeaders, NewStream(), block);
  return true;
}

}  // namespace weir::sim
