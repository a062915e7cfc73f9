#include "tests/testing/output_reader.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include "tests/testing/frame_builder.h"
#include "tests/testing/scripted_peer.h"
#include "transport/base/bytes.h"
#include "transport/http2/error_code.h"

namespace weir::testing {
namespace {

const uint8_t* OctetsOf(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

std::string ErrorName(std::string_view octets) {
  return std::string(
      http2::ErrorCodeName(static_cast<http2::ErrorCode>(LoadBig32(OctetsOf(octets)))));
}

}  // namespace

void OutputReader::Deleter::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

OutputReader::OutputReader() {
  nghttp2_hd_inflater* inflater = nullptr;
  nghttp2_hd_inflate_new(&inflater);
  inflater_.reset(inflater);
}

OutputReader::~OutputReader() = default;

OutputReader::Stream& OutputReader::StreamOf(uint32_t stream_id) {
  return streams_.try_emplace(stream_id, Stream{.window = initial_window_}).first->second;
}

std::vector<std::string> OutputReader::Read(std::string_view octets) {
  pending_ += octets;
  std::vector<std::string> lines;
  std::string_view left = pending_;
  while (left.size() >= 9) {
    const uint8_t* const header = OctetsOf(left);
    const uint32_t length = LoadBig24(header);
    EXPECT_LE(length, max_frame_size_) << "a frame is longer than the client takes";
    if (left.size() < 9 + length) break;
    EXPECT_TRUE(!is_first_ || header[3] == frame_type::kSettings) << "SETTINGS comes first";
    is_first_ = false;
    EXPECT_EQ(header[5] & 0x80, 0) << "the reserved bit is set";
    const std::string line =
        ReadFrame(header[3], header[4], LoadBig32(header + 5), left.substr(9, length));
    if (!line.empty()) lines.push_back(line);
    left.remove_prefix(9 + length);
  }
  pending_ = std::string(left);
  return lines;
}

std::string OutputReader::ReadFrame(uint8_t type, uint8_t flags, uint32_t stream_id,
                                    std::string_view payload) {
  if (block_frames_ != 0) {
    EXPECT_EQ(type, frame_type::kContinuation) << "a header block is interrupted";
    EXPECT_EQ(stream_id, block_stream_);
  }
  const std::string id = " " + std::to_string(stream_id);
  const bool is_ack = (flags & frame_flag::kAck) != 0;
  switch (type) {
    case frame_type::kData:
      return ReadData(flags, stream_id, payload);
    case frame_type::kHeaders:
    case frame_type::kContinuation:
      return ReadHeaders(flags, stream_id, payload);
    case frame_type::kRstStream:
      StreamOf(stream_id).is_over = true;
      return "RST_STREAM" + id + " " + ErrorName(payload);
    case frame_type::kSettings: {
      std::string line = is_ack ? "SETTINGS ack" : "SETTINGS";
      for (; !payload.empty(); payload.remove_prefix(6)) {
        line += " " + std::to_string(LoadBig16(OctetsOf(payload))) + "=" +
                std::to_string(LoadBig32(OctetsOf(payload) + 2));
      }
      return line;
    }
    case frame_type::kPing:
      return (is_ack ? "PING ack " : "PING ") + std::to_string(LoadBig64(OctetsOf(payload)));
    case frame_type::kGoAway:
      return "GOAWAY " + std::to_string(LoadBig32(OctetsOf(payload))) + " " +
             ErrorName(payload.substr(4)) + " " + Quoted(payload.substr(8));
    case frame_type::kWindowUpdate:
      return "WINDOW_UPDATE" + id + " +" + std::to_string(LoadBig32(OctetsOf(payload)));
  }
  ADD_FAILURE() << "a frame that servers do not send: type " << int{type};
  return "?";
}

std::string OutputReader::ReadData(uint8_t flags, uint32_t stream_id, std::string_view payload) {
  Stream& stream = StreamOf(stream_id);
  EXPECT_TRUE(stream.has_headers && !stream.is_over) << "DATA on stream " << stream_id;
  const auto size = static_cast<int64_t>(payload.size());
  stream.window -= size;
  connection_window_ -= size;
  if (size > 0) {
    EXPECT_GE(stream.window, 0) << "beyond the window of stream " << stream_id;
    EXPECT_GE(connection_window_, 0) << "beyond the window of the connection";
  }
  EXPECT_EQ(flags, 0) << "our DATA neither ends streams nor has padding";
  return "DATA " + std::to_string(stream_id) + " " + Quoted(payload);
}

std::string OutputReader::ReadHeaders(uint8_t flags, uint32_t stream_id, std::string_view payload) {
  if (block_frames_++ == 0) {
    Stream& stream = StreamOf(stream_id);
    EXPECT_FALSE(stream.is_over) << "HEADERS on stream " << stream_id;
    block_stream_ = stream_id;
    block_ends_stream_ = (flags & frame_flag::kEndStream) != 0;
    EXPECT_TRUE(!stream.has_headers || block_ends_stream_) << "HEADERS twice";
    stream.has_headers = true;
    stream.is_over = block_ends_stream_;
  }
  block_ += payload;
  return (flags & frame_flag::kEndHeaders) != 0 ? EndBlock() : "";
}

std::string OutputReader::EndBlock() {
  std::string line = "HEADERS " + std::to_string(block_stream_);
  if (block_frames_ > 1) line += " in " + std::to_string(block_frames_) + " frames";
  if (block_ends_stream_) line += " end";
  const uint8_t* octets = OctetsOf(block_);
  size_t left = block_.size();
  for (;;) {
    nghttp2_nv nv;
    int flags = 0;
    const ssize_t read = nghttp2_hd_inflate_hd2(inflater_.get(), &nv, &flags, octets, left, 1);
    if (read < 0) {
      ADD_FAILURE() << "nghttp2 cannot decode a header block: " << nghttp2_strerror(int(read));
      break;
    }
    octets += read;
    left -= static_cast<size_t>(read);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      line += " ";
      line.append(reinterpret_cast<const char*>(nv.name), nv.namelen).append("=");
      line.append(reinterpret_cast<const char*>(nv.value), nv.valuelen);
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  block_.clear();
  block_frames_ = 0;
  return line;
}

// Illegal frames are skipped: they move no window.
void OutputReader::NoteSent(std::string_view octets) {
  if (octets.starts_with(kPreface)) octets.remove_prefix(kPreface.size());
  while (octets.size() >= 9) {
    const uint8_t* const header = OctetsOf(octets);
    const uint32_t length = LoadBig24(header);
    if (octets.size() < 9 + length) return;
    const std::string_view payload = octets.substr(9, length);
    const uint32_t stream_id = LoadBig32(header + 5);
    if (header[3] == frame_type::kHeaders && stream_id != 0) StreamOf(stream_id);
    if (header[3] == frame_type::kWindowUpdate && length == 4) {
      int64_t& window = stream_id == 0 ? connection_window_ : StreamOf(stream_id).window;
      window += LoadBig32(OctetsOf(payload));
    }
    if (header[3] == frame_type::kSettings && length % 6 == 0) {
      for (std::string_view entry = payload; !entry.empty(); entry.remove_prefix(6)) {
        const uint16_t id = LoadBig16(OctetsOf(entry));
        const uint32_t value = LoadBig32(OctetsOf(entry) + 2);
        if (id == 5) max_frame_size_ = value;
        if (id == 4) {
          for (auto& [_, stream] : streams_) stream.window += int64_t{value} - initial_window_;
          initial_window_ = value;
        }
      }
    }
    octets.remove_prefix(9 + length);
  }
}

}  // namespace weir::testing
