#include "tests/testing/scripted_peer.h"

#include <gtest/gtest.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

#include "transport/http2/violation.h"

namespace weir::testing {

std::string Quoted(std::string_view text) {
  constexpr size_t kLong = 40;
  if (text.size() > kLong) return "[" + std::to_string(text.size()) + "]";
  return "'" + std::string(text) + "'";
}

ScriptedPeer::ScriptedPeer(Segmentation segmentation, const http2::ConnectionOptions& options)
    : options_(options),
      now_(std::chrono::hours(1)),
      connection_(std::make_unique<http2::Connection>(options_, counters_, now_)),
      segmenter_(segmentation) {}

ScriptedPeer::ScriptedPeer(Segmentation segmentation, const http2::ConnectionOptions& options,
                           const std::string& settings)
    : ScriptedPeer(segmentation, options) {
  Starts(settings);
}

ScriptedPeer::~ScriptedPeer() = default;

void ScriptedPeer::Starts(const std::string& settings) {
  Sends(std::string(kPreface) + settings + SettingsAck());
  const std::vector<std::string> heard = Hears();
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.back(), "SETTINGS ack");
  EXPECT_TRUE(Events().empty());
}

void ScriptedPeer::Sends(const std::string& octets) {
  reader_.NoteSent(octets);
  segmenter_.Split(octets, [this](ByteView piece) {
    connection_->Receive(piece, now_);
    Pump();
  });
}

void ScriptedPeer::Pump() {
  http2::Event event;
  while (connection_->Next(&event)) {
    Note(event);
    if (on_event) on_event(event);
  }
  EXPECT_FALSE(end_is_due_ && !on_event) << "ends_stream was promised";
  end_is_due_ = false;
}

void ScriptedPeer::Reads(size_t bytes) {
  std::array<iovec, 4> parts;
  while (bytes > 0) {
    const size_t count = connection_->Output(parts);
    if (count == 0) break;
    size_t taken = 0;
    for (size_t i = 0; i < count && taken < bytes; ++i) {
      const size_t size = std::min(parts[i].iov_len, bytes - taken);
      heard_octets_.append(static_cast<const char*>(parts[i].iov_base), size);
      taken += size;
    }
    connection_->OutputWritten(taken);
    bytes -= taken;
    Pump();
  }
}

std::vector<std::string> ScriptedPeer::Hears() {
  const bool had_output = connection_->HasOutput();
  const size_t before = heard_octets_.size();
  Reads(SIZE_MAX);
  EXPECT_EQ(had_output, heard_octets_.size() != before) << "HasOutput was wrong";
  EXPECT_FALSE(connection_->HasOutput());
  const std::string_view unread = std::string_view(heard_octets_).substr(octets_read_);
  octets_read_ = heard_octets_.size();
  return reader_.Read(unread);
}

std::vector<std::string> ScriptedPeer::Events() {
  Pump();
  data_stream_ = 0;
  return std::exchange(events_, {});
}

void ScriptedPeer::Note(const http2::Event& event) {
  using Kind = http2::Event::Kind;
  EXPECT_FALSE(has_failed_) << "an event after the last one";
  // Unless the layer above was quicker.
  EXPECT_TRUE(!end_is_due_ || on_event || event.kind == Kind::kStreamEnded);
  end_is_due_ = event.ends_stream;
  const std::string id = " " + std::to_string(event.stream_id);
  const std::string code(http2::ErrorCodeName(event.error_code));
  const std::string tag(http2::Describe(event.violation).tag);
  const bool continues = event.kind == Kind::kDataReceived && data_stream_ == event.stream_id;
  if (!continues) data_stream_ = 0;
  switch (event.kind) {
    case Kind::kRequestStarted:
      keys_[event.stream_id] = event.stream;
      fields_[event.stream_id] = event.fields;
      events_.push_back("request" + id + " " + std::string(event.fields->method()) + " " +
                        std::string(event.fields->path()) +
                        (event.fields->is_over_limit() ? " over limit" : ""));
      break;
    case Kind::kDataReceived:
      EXPECT_FALSE(event.data.empty());
      if (continues) {
        events_.pop_back();
      } else {
        data_.clear();
      }
      data_ += AsText(event.data);
      data_stream_ = event.stream_id;
      events_.push_back("data" + id + " " + Quoted(data_));
      break;
    case Kind::kTrailersReceived: {
      std::string line = "trailers" + id;
      for (const http2::FieldLine& field : event.fields->lines()) {
        line += " " + std::string(field.name) + "=" + std::string(field.value);
      }
      events_.push_back(line);
      break;
    }
    case Kind::kStreamEnded:
      events_.push_back("end" + id);
      break;
    case Kind::kStreamReset:
      EXPECT_EQ(event.by_peer, event.violation == http2::Violation::kNone);
      events_.push_back("reset" + id + (event.by_peer ? " by peer " : " by us ") + code +
                        (event.by_peer ? "" : " " + tag));
      break;
    case Kind::kStreamWritable:
      events_.push_back("writable" + id);
      break;
    case Kind::kPingAcked:
      events_.push_back("ping acked " + std::to_string(event.ping_payload));
      break;
    case Kind::kPeerGoingAway:
      events_.push_back("going away " + code);
      break;
    case Kind::kDrainBegun:
      events_.push_back("drain begun");
      break;
    case Kind::kConnectionFailed:
      EXPECT_TRUE(connection_->has_failed());
      has_failed_ = true;
      events_.push_back("failed " + code + " " + tag);
      break;
  }
}

void ScriptedPeer::Passes(Duration duration) {
  const TimePoint until = now_ + duration;
  for (int turns = 0; connection_->NextDeadline() <= until; ++turns) {
    ASSERT_LT(turns, 100) << "deadlines do not move on";
    now_ = std::max(now_, connection_->NextDeadline());
    connection_->OnDeadline(now_);
    Pump();
    SleepIfPossible();
  }
  now_ = until;
}

void ScriptedPeer::SleepIfPossible() {
  if (!connection_->CanFallDormant()) return;
  const TimePoint deadline = connection_->NextDeadline();
  const std::unique_ptr<http2::DormantConnection> dormant = connection_->FallDormant();
  EXPECT_EQ(dormant->NextDeadline(), deadline);
  connection_ = std::make_unique<http2::Connection>(*dormant);
  EXPECT_EQ(connection_->NextDeadline(), deadline);
}

http2::StreamKey ScriptedPeer::Key(uint32_t stream_id) const {
  const auto found = keys_.find(stream_id);
  return found != keys_.end() ? found->second : http2::StreamKey{};
}

const http2::FieldSection& ScriptedPeer::Fields(uint32_t stream_id) const {
  return *fields_.at(stream_id);
}

}  // namespace weir::testing
