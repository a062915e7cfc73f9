// Octets of HTTP/2 frames as a client would write them, legal or not (RFC 9113 §4, §6).
//
// Written without the engine's own writer, so that one does not excuse the other.
#ifndef WEIR_TESTS_TESTING_FRAME_BUILDER_H_
#define WEIR_TESTS_TESTING_FRAME_BUILDER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "transport/http2/error_code.h"

namespace weir::testing {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

namespace frame_type {
inline constexpr uint8_t kData = 0, kHeaders = 1, kPriority = 2, kRstStream = 3, kSettings = 4,
                         kPushPromise = 5, kPing = 6, kGoAway = 7, kWindowUpdate = 8,
                         kContinuation = 9, kUnknown = 0xbe;
}  // namespace frame_type

namespace frame_flag {
inline constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8, kPriority = 0x20;
}  // namespace frame_flag

// Big-endian octets.
std::string Octets(uint64_t value, int count);

// Header blocks (RFC 7541 §6), without Huffman coding.
namespace hpack {
std::string Integer(uint8_t first, int prefix_bits, uint64_t value);
std::string Indexed(uint64_t index);
std::string Literal(std::string_view name, std::string_view value);  // without indexing
std::string Insert(std::string_view name, std::string_view value);   // with indexing
std::string TableSize(uint64_t size);
// :method POST, :scheme http, :path, :authority localhost. Changes no table.
std::string Request(std::string_view path);
}  // namespace hpack

// Any frame; `length` other than that of the payload makes a header that lies.
std::string RawFrame(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload);
std::string FrameHeaderOnly(uint32_t length, uint8_t type, uint8_t flags, uint32_t stream_id);

// HEADERS with END_HEADERS unless told otherwise:
//   peer.Sends(Headers(1).Post("/a.B/C").Field("te", "trailers").EndStream());
class Headers {
 public:
  explicit Headers(uint32_t stream_id) : stream_id_(stream_id) {}

  Headers& Post(std::string_view path) { return Block(hpack::Request(path)); }
  Headers& Field(std::string_view name, std::string_view value) {
    return Block(hpack::Literal(name, value));
  }
  Headers& Block(std::string_view octets) {
    block_ += octets;
    return *this;
  }
  Headers& EndStream() { return With(frame_flag::kEndStream); }
  Headers& Unfinished() {
    flags_ = static_cast<uint8_t>(flags_ & ~frame_flag::kEndHeaders);
    return *this;
  }
  Headers& Padding(uint8_t length) {
    padding_ = std::string(length, '\0');
    return With(frame_flag::kPadded);
  }
  Headers& DependsOn(uint32_t stream_id) {
    priority_ = Octets(stream_id, 4) + '\x0f';
    return With(frame_flag::kPriority);
  }
  Headers& With(uint8_t flag) {
    flags_ = static_cast<uint8_t>(flags_ | flag);
    return *this;
  }

  operator std::string() const;  // NOLINT: a Headers is its octets

 private:
  uint32_t stream_id_;
  uint8_t flags_ = frame_flag::kEndHeaders;
  std::string priority_;
  std::string block_;
  std::string padding_;
};

// A complete request without a body.
std::string Request(uint32_t stream_id);
// The same, with a body to come.
std::string OpenRequest(uint32_t stream_id);

std::string Continuation(uint32_t stream_id, std::string_view fragment, bool end_headers);
std::string Data(uint32_t stream_id, std::string_view payload);
std::string LastData(uint32_t stream_id, std::string_view payload);
std::string PaddedData(uint32_t stream_id, std::string_view payload, uint8_t padding,
                       bool end_stream);
std::string Settings(std::initializer_list<std::pair<uint16_t, uint32_t>> settings = {});
std::string SettingsAck();
std::string Ping(uint64_t payload);
std::string PingAck(uint64_t payload);
std::string GoAway(uint32_t last_stream_id, http2::ErrorCode code, std::string_view debug = "");
std::string WindowUpdate(uint32_t stream_id, uint32_t increment);
std::string RstStream(uint32_t stream_id, http2::ErrorCode code = http2::ErrorCode::kCancel);
std::string Priority(uint32_t stream_id, uint32_t depends_on);

}  // namespace weir::testing

#endif  // WEIR_TESTS_TESTING_FRAME_BUILDER_H_
