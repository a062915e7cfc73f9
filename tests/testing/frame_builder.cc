#include "tests/testing/frame_builder.h"

namespace weir::testing {

std::string Octets(uint64_t value, int count) {
  std::string octets;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
    octets += static_cast<char>(value >> shift);
  }
  return octets;
}

namespace hpack {
namespace {

std::string Text(std::string_view text) { return Integer(0x00, 7, text.size()).append(text); }

}  // namespace

std::string Integer(uint8_t first, int prefix_bits, uint64_t value) {
  const uint64_t limit = (1u << prefix_bits) - 1;
  if (value < limit) return std::string(1, static_cast<char>(first | value));
  std::string octets(1, static_cast<char>(first | limit));
  for (value -= limit; value >= 0x80; value >>= 7) {
    octets += static_cast<char>(0x80 | (value & 0x7f));
  }
  return octets += static_cast<char>(value);
}

std::string Indexed(uint64_t index) { return Integer(0x80, 7, index); }

std::string Literal(std::string_view name, std::string_view value) {
  return std::string(1, '\x00') + Text(name) + Text(value);
}

std::string Insert(std::string_view name, std::string_view value) {
  return std::string(1, '\x40') + Text(name) + Text(value);
}

std::string TableSize(uint64_t size) { return Integer(0x20, 5, size); }

std::string Request(std::string_view path) {
  constexpr uint64_t kPathName = 4, kAuthorityName = 1, kMethodPost = 3, kSchemeHttp = 6;
  return Indexed(kMethodPost) + Indexed(kSchemeHttp) + Integer(0x00, 4, kPathName) + Text(path) +
         Integer(0x00, 4, kAuthorityName) + Text("localhost");
}

}  // namespace hpack

std::string FrameHeaderOnly(uint32_t length, uint8_t type, uint8_t flags, uint32_t stream_id) {
  return Octets(length, 3) + static_cast<char>(type) + static_cast<char>(flags) +
         Octets(stream_id, 4);
}

std::string RawFrame(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload) {
  return FrameHeaderOnly(static_cast<uint32_t>(payload.size()), type, flags, stream_id)
      .append(payload);
}

Headers::operator std::string() const {
  std::string payload;
  if ((flags_ & frame_flag::kPadded) != 0) payload += static_cast<char>(padding_.size());
  payload += priority_ + block_ + padding_;
  return RawFrame(frame_type::kHeaders, flags_, stream_id_, payload);
}

std::string Request(uint32_t stream_id) { return Headers(stream_id).Post("/a.B/C").EndStream(); }

std::string OpenRequest(uint32_t stream_id) { return Headers(stream_id).Post("/a.B/C"); }

std::string Continuation(uint32_t stream_id, std::string_view fragment, bool end_headers) {
  return RawFrame(frame_type::kContinuation, end_headers ? frame_flag::kEndHeaders : 0, stream_id,
                  fragment);
}

std::string Data(uint32_t stream_id, std::string_view payload) {
  return RawFrame(frame_type::kData, 0, stream_id, payload);
}

std::string LastData(uint32_t stream_id, std::string_view payload) {
  return RawFrame(frame_type::kData, frame_flag::kEndStream, stream_id, payload);
}

std::string PaddedData(uint32_t stream_id, std::string_view payload, uint8_t padding,
                       bool end_stream) {
  std::string padded(1, static_cast<char>(padding));
  padded.append(payload).append(padding, '\0');
  const int flags = frame_flag::kPadded | (end_stream ? frame_flag::kEndStream : 0);
  return RawFrame(frame_type::kData, static_cast<uint8_t>(flags), stream_id, padded);
}

std::string Settings(std::initializer_list<std::pair<uint16_t, uint32_t>> settings) {
  std::string payload;
  for (const auto& [id, value] : settings) payload += Octets(id, 2) + Octets(value, 4);
  return RawFrame(frame_type::kSettings, 0, 0, payload);
}

std::string SettingsAck() { return RawFrame(frame_type::kSettings, frame_flag::kAck, 0, ""); }

std::string Ping(uint64_t payload) { return RawFrame(frame_type::kPing, 0, 0, Octets(payload, 8)); }

std::string PingAck(uint64_t payload) {
  return RawFrame(frame_type::kPing, frame_flag::kAck, 0, Octets(payload, 8));
}

std::string GoAway(uint32_t last_stream_id, http2::ErrorCode code, std::string_view debug) {
  return RawFrame(
      frame_type::kGoAway, 0, 0,
      Octets(last_stream_id, 4) + Octets(static_cast<uint32_t>(code), 4) + std::string(debug));
}

std::string WindowUpdate(uint32_t stream_id, uint32_t increment) {
  return RawFrame(frame_type::kWindowUpdate, 0, stream_id, Octets(increment, 4));
}

std::string RstStream(uint32_t stream_id, http2::ErrorCode code) {
  return RawFrame(frame_type::kRstStream, 0, stream_id, Octets(static_cast<uint32_t>(code), 4));
}

std::string Priority(uint32_t stream_id, uint32_t depends_on) {
  return RawFrame(frame_type::kPriority, 0, stream_id, Octets(depends_on, 4) + '\x0f');
}

}  // namespace weir::testing
