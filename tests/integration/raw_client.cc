#include "tests/integration/raw_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/integration/notification.h"

namespace integration {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kFrameHeaderBytes = 9;

uint32_t ReadBigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

// RFC 7541 §5.1 with a prefix of seven bits, and §5.2 without Huffman code.
void AppendString(std::string& block, std::string_view text) {
  size_t size = text.size();
  if (size < 127) {
    block += static_cast<char>(size);
  } else {
    block += '\x7f';
    for (size -= 127; size >= 128; size /= 128) block += static_cast<char>(size % 128 + 128);
    block += static_cast<char>(size);
  }
  block += text;
}

// RFC 7541 §6.2.2: literals without indexing, new names.
std::string Encode(const Fields& fields) {
  std::string block;
  for (const auto& [name, value] : fields) {
    block += '\0';
    AppendString(block, name);
    AppendString(block, value);
  }
  return block;
}

std::string FrameHeader(size_t size, FrameType type, uint8_t flags, uint32_t stream_id) {
  return BigEndian32(static_cast<uint32_t>(size)).substr(1) + static_cast<char>(type) +
         static_cast<char>(flags) + BigEndian32(stream_id);
}

void AddToResponse(const Frame& frame, Response& response) {
  switch (frame.type) {
    case FrameType::kHeaders:
      if (response.headers.empty()) response.headers = frame.fields;
      response.trailers = frame.fields;
      response.is_complete = frame.has_flag(kFlagEndStream);
      break;
    case FrameType::kData:
      response.data += frame.payload;
      response.is_complete = frame.has_flag(kFlagEndStream);
      break;
    case FrameType::kRstStream:
      response.reset = frame.error_code();
      break;
    case FrameType::kWindowUpdate:
      break;
    case FrameType::kPriority:
    case FrameType::kSettings:
    case FrameType::kPushPromise:
    case FrameType::kPing:
    case FrameType::kGoaway:
    case FrameType::kContinuation:
      ADD_FAILURE() << "unexpected frame of type " << static_cast<int>(frame.type) << " on stream "
                    << frame.stream_id;
      break;
  }
}

}  // namespace

ErrorCode Frame::error_code() const {
  const size_t at = type == FrameType::kGoaway ? 4 : 0;
  return static_cast<ErrorCode>(ReadBigEndian(std::string_view(payload).substr(at, 4)));
}

std::string ValueOf(const Fields& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Fields::value_type::first);
  return found == fields.end() ? "" : found->second;
}

std::string BigEndian32(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string Prefixed(std::string_view message, uint8_t flag) {
  return static_cast<char>(flag) + BigEndian32(static_cast<uint32_t>(message.size())) +
         std::string(message);
}

Fields RequestFields(std::string path, const Fields& others) {
  Fields fields = {{":method", "POST"},
                   {":scheme", "http"},
                   {":path", std::move(path)},
                   {":authority", "localhost"},
                   {"content-type", "application/grpc"},
                   {"te", "trailers"}};
  for (const auto& other : others) {
    const auto found = std::ranges::find(fields, other.first, &Fields::value_type::first);
    if (found == fields.end()) {
      fields.push_back(other);
    } else {
      found->second = other.second;
    }
  }
  return fields;
}

void RawClient::InflaterDeleter::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

RawClient::RawClient(int port) {
  nghttp2_hd_inflater* inflater = nullptr;
  nghttp2_hd_inflate_new(&inflater);
  inflater_.reset(inflater);

  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ADD_FAILURE() << "cannot connect to port " << port << ": " << std::strerror(errno);
  }
}

RawClient::~RawClient() { Close(); }

void RawClient::SendBytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
    if (sent <= 0) {
      ADD_FAILURE() << "cannot send: " << std::strerror(errno);
      return;
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void RawClient::SendFrame(FrameType type, uint8_t flags, uint32_t stream_id,
                          std::string_view payload) {
  SendBytes(FrameHeader(payload.size(), type, flags, stream_id) + std::string(payload));
}

void RawClient::StartHttp2(std::string_view settings) {
  SendBytes(kPreface);
  SendFrame(FrameType::kSettings, 0, 0, settings);
  ++settings_unacknowledged_;
}

void RawClient::SendHeaders(uint32_t stream_id, const Fields& fields, bool is_last) {
  SendFrame(FrameType::kHeaders,
            static_cast<uint8_t>(kFlagEndHeaders | (is_last ? kFlagEndStream : 0)), stream_id,
            Encode(fields));
}

void RawClient::SendData(uint32_t stream_id, std::string_view data, bool is_last) {
  SendFrame(FrameType::kData, is_last ? kFlagEndStream : 0, stream_id, data);
}

void RawClient::SendWindowUpdate(uint32_t stream_id, uint32_t increment) {
  SendFrame(FrameType::kWindowUpdate, 0, stream_id, BigEndian32(increment));
}

void RawClient::EndSending() { shutdown(socket_, SHUT_WR); }

void RawClient::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

bool RawClient::ReadExactly(char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t got = recv(socket_, bytes, size, 0);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return false;
    if (got < 0) {
      ADD_FAILURE() << "nothing comes from the server: " << std::strerror(errno);
      return false;
    }
    bytes += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

std::optional<Frame> RawClient::ReadFrame() {
  char header[kFrameHeaderBytes];
  if (!ReadExactly(header, sizeof header)) return std::nullopt;
  const std::string_view bytes(header, sizeof header);
  Frame frame{.type = static_cast<FrameType>(header[3]),
              .flags = static_cast<uint8_t>(header[4]),
              .stream_id = ReadBigEndian(bytes.substr(5)) & 0x7fffffffu,
              .payload = std::string(ReadBigEndian(bytes.substr(0, 3)), '\0'),
              .fields = {}};
  if (!ReadExactly(frame.payload.data(), frame.payload.size())) return std::nullopt;
  const bool is_ack = frame.has_flag(kFlagAck);
  if (frame.type == FrameType::kHeaders) {
    frame.fields = Decode(frame.payload);
  } else if (frame.type == FrameType::kSettings && is_ack) {
    --settings_unacknowledged_;
  } else if (frame.type == FrameType::kSettings) {
    SendFrame(FrameType::kSettings, kFlagAck, 0, {});
  } else if (frame.type == FrameType::kPing && !is_ack) {
    SendFrame(FrameType::kPing, kFlagAck, 0, frame.payload);
  }
  return frame;
}

std::optional<Frame> RawClient::ReadUntil(FrameType type) {
  std::optional<Frame> frame = ReadFrame();
  while (frame && frame->type != type) frame = ReadFrame();
  return frame;
}

std::optional<ErrorCode> RawClient::ReadToEnd() {
  std::optional<ErrorCode> code;
  while (std::optional<Frame> frame = ReadFrame()) {
    if (frame->type == FrameType::kGoaway) code = frame->error_code();
  }
  return code;
}

Response RawClient::ReadResponse(uint32_t stream_id) {
  Response response;
  while (!response.is_complete && !response.reset) {
    const std::optional<Frame> frame = ReadFrame();
    if (!frame) break;
    if (frame->stream_id == stream_id) AddToResponse(*frame, response);
  }
  return response;
}

std::optional<std::vector<Frame>> RawClient::Synchronise() {
  SendFrame(FrameType::kSettings, 0, 0, {});
  ++settings_unacknowledged_;
  std::vector<Frame> skipped;
  while (settings_unacknowledged_ > 0) {
    std::optional<Frame> frame = ReadFrame();
    if (!frame) return std::nullopt;
    skipped.push_back(*std::move(frame));
  }
  return skipped;
}

Fields RawClient::Decode(std::string_view block) {
  Fields fields;
  const auto* at = reinterpret_cast<const uint8_t*>(block.data());
  size_t left = block.size();
  while (true) {
    nghttp2_nv field{};
    int flags = 0;
    const ssize_t used =
        nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, at, left, /*in_final=*/1);
    if (used < 0) {
      ADD_FAILURE() << "the server sent a header block that does not decode";
      return fields;
    }
    at += used;
    left -= static_cast<size_t>(used);
    if (flags & NGHTTP2_HD_INFLATE_EMIT) {
      fields.emplace_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                          std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
    }
    if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  return fields;
}

}  // namespace integration
