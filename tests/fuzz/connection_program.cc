#include "tests/fuzz/connection_program.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include "tests/fuzz/header_blocks.h"
#include "transport/base/bytes.h"

namespace weir::fuzz {
namespace {

constexpr uint8_t kData = 0, kHeaders = 1, kPriority = 2, kRstStream = 3, kSettings = 4, kPing = 6,
                  kGoAway = 7, kWindowUpdate = 8, kContinuation = 9;
constexpr uint8_t kPadded = 8, kPriorityFlag = 0x20;

// Values at which something changes.
constexpr std::array<uint32_t, 12> kSizes = {
    0, 1, 2, 5, 16383, 16384, 16385, 65535, 1 << 20, 0x7ffffffe, 0x7fffffff, 0x80000000};

std::string Octets(uint64_t value, int count) {
  std::string octets;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
    octets += static_cast<char>(value >> shift);
  }
  return octets;
}

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload) {
  return (Octets(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) +
          Octets(stream_id, 4))
      .append(payload);
}

// Most streams that anybody talks about are the first few of a connection.
uint32_t ReadStreamId(ByteSource& program) {
  const uint8_t octet = program.Octet();
  if (octet < 200) return octet;
  if (octet < 240) return 2u * octet + 1;
  return program.Number32() & 0x7fffffff;
}

uint32_t ReadSize(ByteSource& program) {
  const uint8_t octet = program.Octet();
  return octet < 128 ? kSizes[octet % kSizes.size()] : program.Number();
}

// Adds what the flags announce, or something that is not what they announce.
std::string Decorate(uint8_t flags, std::string body, ByteSource& program) {
  std::string front;
  std::string back;
  if ((flags & kPadded) != 0) {
    const uint8_t padding = program.Octet();
    front += static_cast<char>(padding);
    back.assign(padding, '\0');
    if (program.Octet() > 240) back.clear();
  }
  if ((flags & kPriorityFlag) != 0) {
    front += Octets(ReadStreamId(program), 4);
    front += '\x10';
  }
  return front + body + back;
}

// Of many octets one value, of a few those of the program.
std::string ReadBody(ByteSource& program) {
  const uint8_t how = program.Octet();
  if (how < 128) return std::string(AsText(program.Take(how)));
  return std::string(how < 192 ? how * 8 : how * 64, static_cast<char>(how));
}

std::string ReadHeadersFrame(uint8_t type, ByteSource& program) {
  const uint32_t id = ReadStreamId(program);
  const uint8_t flags = program.Octet();
  std::string block = ReadHeaderBlock(program);
  if (type == kContinuation) return Frame(type, flags, id, block);
  return Frame(type, flags, id, Decorate(flags, std::move(block), program));
}

std::string ReadSettingsFrame(ByteSource& program) {
  const uint8_t shape = program.Octet();
  std::string payload;
  for (int i = shape & 7; i > 0; --i) {
    payload += Octets(program.Octet() % 10, 2);
    payload += Octets(ReadSize(program), 4);
  }
  return Frame(kSettings, shape >> 7, 0, payload);
}

}  // namespace

http2::ConnectionOptions ReadOptions(ByteSource& program) {
  http2::ConnectionOptions options;
  const uint8_t limits = program.Octet();
  const uint8_t windows = program.Octet();
  constexpr std::array<uint32_t, 4> kStreams = {100, 1, 2, 5};
  constexpr std::array<uint32_t, 4> kStreamWindows = {256 * 1024, 1000, 65535, 0};
  constexpr std::array<uint32_t, 4> kConnectionWindows = {1024 * 1024, 65535, 70000, 0x7fffffff};
  constexpr std::array<uint32_t, 2> kFrameSizes = {16384, 20000};
  constexpr std::array<size_t, 4> kMarks = {64 * 1024, 1000, 1, 16 * 1024};
  options.max_concurrent_streams = kStreams[limits & 3];
  options.stream_window = kStreamWindows[windows & 3];
  options.connection_window = kConnectionWindows[windows >> 2 & 3];
  options.max_frame_size = kFrameSizes[windows >> 4 & 1];
  options.stream_high_mark_bytes = kMarks[windows >> 5 & 3];
  options.stream_low_mark_bytes = options.stream_high_mark_bytes / 4;
  if ((limits & 4) != 0) {
    options.header_list_size_max = 1024;
    options.header_fields_max = 16;
    options.header_block_bytes_max = 2048;
    options.continuation_frames_max = 3;
  }
  if ((limits & 8) != 0) {
    options.queued_replies_pause = 3;
    options.queued_replies_max = 10;
    options.settings_entries_max = 3;
  }
  if ((limits & 16) != 0) {
    options.glitches = {.burst = 3, .per_second = 1};
    options.premature_resets = {.burst = 2, .per_second = 1};
    options.refusals = {.burst = 2, .per_second = 1};
  }
  if ((limits & 32) != 0) {
    options.peer_ping_interval_min = std::chrono::seconds(1);
    options.peer_ping_interval_min_idle = std::chrono::seconds(2);
  }
  if ((limits & 64) != 0) {
    options.output_pause_bytes = 5000;
    options.output_batch_bytes = 2000;
  }
  return options;
}

std::string ReadPeerOctets(Op op, ByteSource& program) {
  switch (op) {
    case Op::kWriteRequest:
    case Op::kWriteTrailers:
      return ReadHeadersFrame(kHeaders, program);
    case Op::kWriteContinuation:
      return ReadHeadersFrame(kContinuation, program);
    case Op::kWriteData: {
      const uint32_t id = ReadStreamId(program);
      const uint8_t flags = program.Octet();
      std::string body = ReadBody(program);
      return Frame(kData, flags, id, Decorate(flags & kPadded, std::move(body), program));
    }
    case Op::kWriteSettings:
      return ReadSettingsFrame(program);
    case Op::kWriteWindowUpdate: {
      const uint32_t id = ReadStreamId(program);
      return Frame(kWindowUpdate, 0, id, Octets(ReadSize(program), 4));
    }
    case Op::kWriteRstStream: {
      const uint32_t id = ReadStreamId(program);
      return Frame(kRstStream, 0, id, Octets(program.Octet(), 4));
    }
    case Op::kWritePing: {
      const uint8_t flags = program.Octet();
      // Zeros acknowledge the PINGs that kPing sends, the other text that of a drain.
      return Frame(kPing, flags & 1, 0, (flags & 2) != 0 ? "drain!!!" : std::string(8, '\0'));
    }
    case Op::kWriteGoAway: {
      const uint32_t id = ReadStreamId(program);
      const std::string code = Octets(program.Octet(), 4);
      return Frame(kGoAway, 0, 0, Octets(id, 4) + code + ReadBody(program));
    }
    case Op::kWritePriority: {
      const uint32_t id = ReadStreamId(program);
      return Frame(kPriority, 0, id, Octets(ReadStreamId(program), 4) + '\x0f');
    }
    case Op::kWriteAnyFrame: {
      const uint8_t type = program.Octet() % 13;
      const uint8_t flags = program.Octet();
      const uint32_t id = ReadStreamId(program);
      std::string frame = Frame(type, flags, id, ReadBody(program));
      const uint8_t lie = program.Octet();
      if (lie >= 192) frame[lie % 3] = static_cast<char>(program.Octet());
      return frame;
    }
    case Op::kWriteRaw:
    default:
      return std::string(AsText(program.Run()));
  }
}

}  // namespace weir::fuzz
