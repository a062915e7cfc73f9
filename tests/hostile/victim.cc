#include "tests/hostile/victim.h"

#include <nghttp2/nghttp2.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "tests/hostile/cores.h"
#include "tests/hostile/frames.h"
#include "tests/hostile/header_blocks.h"
#include "tests/hostile/messages.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kCallsInFlight = 50;
constexpr uint32_t kSlots = 256;  // more than calls in flight, so that none is used twice
constexpr size_t kCreditBytes = 32 * 1024;
constexpr uint32_t kLastStream = kWindowMax - 1000;

// Reads field sections and remembers those that have no state: a section of one-octet indexed
// fields means the same until something enters the dynamic table. Otherwise the client would be the
// slowest part of what it measures.
class SectionReader {
 public:
  SectionReader() { nghttp2_hd_inflate_new(&inflater_); }
  ~SectionReader() { nghttp2_hd_inflate_del(inflater_); }
  SectionReader(const SectionReader&) = delete;
  SectionReader& operator=(const SectionReader&) = delete;

  // Whether the section says grpc-status: 0. False, too, if it does not decode.
  bool IsOk(std::string_view block) {
    for (const Known& known : known_) {
      if (known.block == block) return known.is_ok;
    }
    const bool is_ok = Decode(block);
    const bool is_stateless =
        std::ranges::all_of(block, [](char octet) { return (octet & 0x80) != 0; });
    if (!is_stateless) known_.clear();
    if (is_stateless && known_.size() < 8) known_.push_back({std::string(block), is_ok});
    return is_ok;
  }

 private:
  struct Known {
    std::string block;
    bool is_ok;
  };

  bool Decode(std::string_view block) {
    bool is_ok = false;
    const auto* at = reinterpret_cast<const uint8_t*>(block.data());
    size_t left = block.size();
    for (;;) {
      nghttp2_nv field{};
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at, left, 1);
      if (used < 0) return false;
      at += used;
      left -= static_cast<size_t>(used);
      if (flags & NGHTTP2_HD_INFLATE_EMIT) {
        const std::string_view name(reinterpret_cast<const char*>(field.name), field.namelen);
        const std::string_view value(reinterpret_cast<const char*>(field.value), field.valuelen);
        is_ok |= name == "grpc-status" && value == "0";
      }
      if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return is_ok;
  }

  nghttp2_hd_inflater* inflater_ = nullptr;
  std::vector<Known> known_;
};

// One connection of the victim, from its first byte to its last.
class Caller {
 public:
  explicit Caller(std::unique_ptr<Transport> transport)
      : transport_(std::move(transport)), block_(Request(kEmptyCall)) {
    out_ = std::string(kPreface) + Settings() + WindowUpdate(0, 1 << 20);
  }

  // One turn: fills up to the calls in flight, writes, waits, reads. False when the connection is
  // over. `latencies` gets those of calls that ended.
  bool Step(std::vector<uint64_t>* latencies, uint64_t* errors) {
    const Clock::time_point now = Clock::now();
    for (; in_flight_ < kCallsInFlight && next_stream_ < kLastStream; ++in_flight_) {
      begun_[(next_stream_ / 2) % kSlots] = now;
      out_ += Headers(next_stream_, block_, false);
      out_ += Data(next_stream_, kEmptyMessage, true);
      next_stream_ += 2;
    }
    while (!out_.empty()) {
      const IoStep step = transport_->Write(out_);
      if (step.kind == IoStep::Kind::kEnded) return false;
      if (step.kind == IoStep::Kind::kWouldBlock) break;
      out_.erase(0, step.bytes);
    }
    transport_->Wait(false, 5ms);
    std::array<char, 16384> bytes;
    const IoStep step = transport_->Read(bytes.data(), bytes.size());
    if (step.kind == IoStep::Kind::kEnded) return false;
    if (step.kind == IoStep::Kind::kMoved) {
      in_.append(bytes.data(), step.bytes);
      ReadFrames(latencies, errors);
    }
    return next_stream_ < kLastStream;
  }

  uint32_t in_flight() const { return in_flight_; }

 private:
  void ReadFrames(std::vector<uint64_t>* latencies, uint64_t* errors) {
    const Clock::time_point now = Clock::now();
    std::string_view rest = in_;
    while (rest.size() >= kFrameHeaderBytes) {
      const size_t length = ReadBigEndian(rest.substr(0, 3));
      if (rest.size() < kFrameHeaderBytes + length) break;
      const auto type = static_cast<FrameType>(rest[3]);
      const auto flags = static_cast<uint8_t>(rest[4]);
      const uint32_t stream = ReadBigEndian(rest.substr(5, 4));
      const std::string_view payload = rest.substr(kFrameHeaderBytes, length);
      rest.remove_prefix(kFrameHeaderBytes + length);

      bool has_ended = false;
      bool is_ok = false;
      if (type == FrameType::kHeaders) {
        is_ok = sections_.IsOk(payload);
        has_ended = (flags & kEndStream) != 0;
      } else if (type == FrameType::kRstStream) {
        has_ended = true;
      } else if (type == FrameType::kData) {
        unreturned_ += payload.size();
      } else if (type == FrameType::kSettings && !(flags & kAck)) {
        out_ += SettingsAck();
      } else if (type == FrameType::kPing && !(flags & kAck)) {
        out_.append(FrameHeader(payload.size(), type, kAck, 0)).append(payload);
      }
      if (!has_ended) continue;
      --in_flight_;
      if (!is_ok) ++*errors;
      const auto taken = now - begun_[(stream / 2) % kSlots];
      latencies->push_back(static_cast<uint64_t>(std::chrono::nanoseconds(taken).count()));
    }
    in_.erase(0, in_.size() - rest.size());
    if (unreturned_ >= kCreditBytes) {
      out_ += WindowUpdate(0, static_cast<uint32_t>(std::exchange(unreturned_, 0)));
    }
  }

  std::unique_ptr<Transport> transport_;
  const std::string block_;
  SectionReader sections_;
  std::string out_;
  std::string in_;
  std::array<Clock::time_point, kSlots> begun_{};
  uint32_t next_stream_ = 1;
  uint32_t in_flight_ = 0;
  size_t unreturned_ = 0;
};

double Percentile(std::vector<uint64_t>& values, double part) {
  if (values.empty()) return 0;
  const auto index = static_cast<size_t>(part * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + static_cast<ptrdiff_t>(index));
  return static_cast<double>(values[index]) / 1e3;
}

}  // namespace

Victim::Victim(int port, bool uses_tls, int core)
    : thread_([=, this] { Run(port, uses_tls, core); }) {}

Victim::~Victim() {
  is_stopping_ = true;
  thread_.join();
}

void Victim::Run(int port, bool uses_tls, int core) {
  PinThisThread(core);
  thread_id_ = gettid();
  while (!is_stopping_) {
    std::unique_ptr<Transport> transport =
        uses_tls ? MakeTlsTransport(ConnectTcp(port)) : MakeClearTransport(ConnectTcp(port));
    if (transport == nullptr) {
      Record({}, 1);
      std::this_thread::sleep_for(10ms);
      continue;
    }
    Caller caller(std::move(transport));
    std::vector<uint64_t> latencies;
    bool is_open = true;
    while (is_open && !is_stopping_) {
      uint64_t errors = 0;
      latencies.clear();
      is_open = caller.Step(&latencies, &errors);
      Record(latencies, errors);
    }
    if (!is_open && !is_stopping_) Record({}, caller.in_flight());
  }
}

void Victim::Record(const std::vector<uint64_t>& latencies_ns, uint64_t errors) {
  const std::lock_guard lock(mutex_);
  latencies_ns_.insert(latencies_ns_.end(), latencies_ns.begin(), latencies_ns.end());
  errors_ += errors;
}

uint64_t Victim::waited_ns() const { return ReadOwnThreadTimes(thread_id_).wait_ns; }

VictimStats Victim::Take() {
  std::vector<uint64_t> latencies;
  VictimStats stats;
  {
    const std::lock_guard lock(mutex_);
    latencies.swap(latencies_ns_);
    stats.errors = std::exchange(errors_, 0);
    const Clock::time_point now = Clock::now();
    stats.seconds = std::chrono::duration<double>(now - std::exchange(since_, now)).count();
  }
  stats.calls = latencies.size();
  stats.p50_us = Percentile(latencies, 0.50);
  stats.p99_us = Percentile(latencies, 0.99);
  stats.max_us = Percentile(latencies, 1.0);
  return stats;
}

}  // namespace hostile
