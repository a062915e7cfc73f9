#include "tests/hostile/inbox.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace hostile {
namespace {

// Received octets after which a client gives their window back.
constexpr size_t kCreditBytes = 16 * 1024;

}  // namespace

std::string_view ValueOf(const Fields& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Fields::value_type::first);
  return found == fields.end() ? std::string_view() : found->second;
}

void Inbox::InflaterDeleter::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

Inbox::Inbox() {
  nghttp2_hd_inflater* inflater = nullptr;
  nghttp2_hd_inflate_new(&inflater);
  inflater_.reset(inflater);
}

Inbox::~Inbox() = default;

void Inbox::Feed(std::string_view bytes) {
  buffer_ += bytes;
  std::string_view rest = buffer_;
  while (rest.size() >= kFrameHeaderBytes) {
    const size_t length = ReadBigEndian(rest.substr(0, 3));
    if (rest.size() < kFrameHeaderBytes + length) break;
    OnFrame(static_cast<FrameType>(rest[3]), static_cast<uint8_t>(rest[4]),
            ReadBigEndian(rest.substr(5, 4)) & kWindowMax, rest.substr(kFrameHeaderBytes, length));
    rest.remove_prefix(kFrameHeaderBytes + length);
  }
  buffer_.erase(0, buffer_.size() - rest.size());
}

const Answer* Inbox::Find(uint32_t stream) const {
  const auto found = answers_.find(stream);
  return found == answers_.end() ? nullptr : &found->second;
}

bool Inbox::IsAnswered(uint32_t stream) const {
  const Answer* answer = Find(stream);
  return answer != nullptr && answer->is_over();
}

int64_t Inbox::WindowOf(uint32_t stream) const {
  const auto found = window_changes_.find(stream);
  return initial_window_ + (found == window_changes_.end() ? 0 : found->second);
}

void Inbox::SpendWindow(uint32_t stream, size_t bytes) {
  connection_window -= static_cast<int64_t>(bytes);
  window_changes_[stream] -= static_cast<int64_t>(bytes);
}

void Inbox::SetTableSize(uint32_t bytes) {
  nghttp2_hd_inflate_change_table_size(inflater_.get(), bytes);
}

void Inbox::OnFrame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  switch (type) {
    case FrameType::kData:
      OnData(flags, stream, payload);
      break;
    case FrameType::kHeaders:
    case FrameType::kContinuation:
      if (type == FrameType::kHeaders) {
        block_.clear();
        block_ends_stream_ = (flags & kEndStream) != 0;
      }
      block_ += payload;
      if (flags & kEndHeaders) OnFieldSection(stream);
      break;
    case FrameType::kRstStream: {
      const uint32_t code = ReadBigEndian(payload.substr(0, 4));
      Answer& answer = answers_[stream];
      // RST_STREAM(NO_ERROR) behind a complete answer only stops our upload (RFC 9113 §8.1).
      if (!answer.has_ended) ++resets_[code];
      answer.reset = code;
      break;
    }
    case FrameType::kSettings:
      OnSettings(flags, payload);
      break;
    case FrameType::kPing:
      if (!(flags & kAck)) {
        replies_.append(FrameHeader(payload.size(), type, kAck, 0)).append(payload);
      }
      break;
    case FrameType::kGoAway:
      if (payload.size() >= 8) {
        go_away_ = {ReadBigEndian(payload.substr(0, 4)), ReadBigEndian(payload.substr(4, 4)),
                    std::string(payload.substr(8))};
      }
      break;
    case FrameType::kWindowUpdate:
      OnWindowUpdate(stream, payload);
      break;
    case FrameType::kPriority:
    case FrameType::kPushPromise:
    case FrameType::kAltSvc:
    case FrameType::kOrigin:
    case FrameType::kPriorityUpdate:
      break;
  }
}

void Inbox::OnSettings(uint8_t flags, std::string_view payload) {
  if (flags & kAck) {
    ++settings_acks_;
    return;
  }
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    if (ReadBigEndian(payload.substr(0, 2)) == kInitialWindowSize) {
      initial_window_ = ReadBigEndian(payload.substr(2, 4));
    }
  }
  has_settings_ = true;
  replies_ += SettingsAck();
}

void Inbox::OnData(uint8_t flags, uint32_t stream, std::string_view payload) {
  Answer& answer = answers_[stream];
  answer.data_bytes += payload.size();
  data_bytes_ += payload.size();
  answer.has_ended |= (flags & kEndStream) != 0;
  Credit(stream, payload.size(), answer.has_ended);
}

void Inbox::Credit(uint32_t stream, size_t bytes, bool is_last) {
  connection_credit_ += bytes;
  if (connection_credit_ >= kCreditBytes) {
    replies_ += WindowUpdate(0, static_cast<uint32_t>(std::exchange(connection_credit_, 0)));
  }
  if (is_last) {
    stream_credits_.erase(stream);
    return;
  }
  size_t& credit = stream_credits_[stream];
  credit += bytes;
  if (credit >= kCreditBytes) {
    replies_ += WindowUpdate(stream, static_cast<uint32_t>(std::exchange(credit, 0)));
  }
}

void Inbox::OnFieldSection(uint32_t stream) {
  Answer& answer = answers_[stream];
  answer.trailers = Decode(block_);
  if (answer.headers.empty()) answer.headers = answer.trailers;
  if (!block_ends_stream_) return;
  answer.has_ended = true;
  stream_credits_.erase(stream);
  window_changes_.erase(stream);
  const std::string_view status = ValueOf(answer.trailers, "grpc-status");
  int code = -1;
  std::from_chars(status.data(), status.data() + status.size(), code);
  ++statuses_[code];
}

void Inbox::OnWindowUpdate(uint32_t stream, std::string_view payload) {
  const int64_t increment = ReadBigEndian(payload.substr(0, 4)) & kWindowMax;
  if (stream == 0) {
    connection_window += increment;
  } else {
    window_changes_[stream] += increment;
  }
}

Fields Inbox::Decode(std::string_view block) {
  Fields fields;
  const auto* at = reinterpret_cast<const uint8_t*>(block.data());
  size_t left = block.size();
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const ssize_t used = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, at, left, 1);
    if (used < 0) {
      is_undecodable_ = true;
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

}  // namespace hostile
