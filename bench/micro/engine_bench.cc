// What does a unary call cost the HTTP/2 engine alone?
//
// Each iteration feeds the octets of a batch of requests (HEADERS and one DATA with END_STREAM),
// answers each as an ordinary gRPC server does (a header template, one message, a trailer
// template), and takes the output. The octets are made as a client makes them: the first request
// fills its HPACK table, the others repeat it.
#include <benchmark/benchmark.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "transport/base/check.h"
#include "transport/http2/connection.h"
#include "transport/http2/frame_header.h"

namespace {

uint64_t allocations = 0;

}  // namespace

// Not inlined: the compiler would find that free does not match operator new.
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace weir::http2 {
namespace {

constexpr std::array<OutputField, 2> kHeaders = {{
    {.name = ":status", .value = "200", .indexed = true},
    {.name = "content-type", .value = "application/grpc", .indexed = true},
}};
constexpr std::array<OutputField, 1> kTrailers = {{
    {.name = "grpc-status", .value = "0", .indexed = true},
}};
const FieldTemplate headers_template(kHeaders);
const FieldTemplate trailers_template(kTrailers);

constexpr size_t kRequestSize = 12;
constexpr size_t kResponseSize = 18;

void AppendFrame(std::string* out, FrameType type, uint8_t frame_flags, StreamId id,
                 std::string_view payload) {
  uint8_t header[kFrameHeaderSize];
  StoreFrameHeader(header, {.length = static_cast<uint32_t>(payload.size()),
                            .type = type,
                            .flags = frame_flags,
                            .stream_id = id});
  out->append(reinterpret_cast<const char*>(header), sizeof(header));
  out->append(payload);
}

std::string Literal(uint8_t first, std::string_view name, std::string_view value) {
  std::string text(1, static_cast<char>(first));
  text += static_cast<char>(name.size());
  text += name;
  text += static_cast<char>(value.size());
  text += value;
  return text;
}

// The first request inserts its fields into the dynamic table.
std::string FirstBlock() {
  return "\x83\x86" + Literal(0x00, ":path", "/helloworld.Greeter/SayHello") +
         Literal(0x40, ":authority", "localhost:50051") +
         Literal(0x40, "user-agent", "h2load nghttp2/1.52.0") +
         Literal(0x40, "content-type", "application/grpc") + Literal(0x40, "te", "trailers");
}

// The others index them. h2load never indexes :path.
std::string NextBlock() {
  return "\x83\x86" + Literal(0x00, ":path", "/helloworld.Greeter/SayHello") + "\xc1\xc0\xbf\xbe";
}

class Bench {
 public:
  explicit Bench(size_t batch) : batch_(batch), connection_(options_, counters_, TimePoint()) {
    std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    AppendFrame(&preface, FrameType::kSettings, 0, 0, "");
    AppendFrame(&preface, FrameType::kSettings, flags::kAck, 0, "");
    AppendFrame(&preface, FrameType::kWindowUpdate, 0, 0, std::string_view("\x7f\xff\0\0", 4));
    AppendFrame(&preface, FrameType::kHeaders, flags::kEndHeaders, 1, FirstBlock());
    AppendFrame(&preface, FrameType::kData, flags::kEndStream, 1, std::string(kRequestSize, 'x'));
    Run(preface);
    id_ = 3;
    for (size_t i = 0; i < batch; ++i) {
      AppendFrame(&batch_octets_, FrameType::kHeaders, flags::kEndHeaders, 0, NextBlock());
      AppendFrame(&batch_octets_, FrameType::kData, flags::kEndStream, 0,
                  std::string(kRequestSize, 'x'));
    }
  }

  void RunBatch() {
    Renumber();
    Run(batch_octets_);
  }

  uint64_t answered() const { return answered_; }

 private:
  // The cost of these few stores is part of the figures.
  void Renumber() {
    const size_t request = batch_octets_.size() / batch_;
    const size_t data = request - kRequestSize - kFrameHeaderSize;
    auto* octets = reinterpret_cast<uint8_t*>(batch_octets_.data());
    for (size_t i = 0; i < batch_; ++i, octets += request, id_ += 2) {
      StoreBig32(octets + 5, id_);
      StoreBig32(octets + data + 5, id_);
    }
  }

  void Run(std::string_view octets) {
    connection_.Receive(AsBytes(octets), TimePoint());
    Event event;
    while (connection_.Next(&event)) {
      if (event.kind == Event::Kind::kStreamEnded) Answer(event.stream);
    }
    iovec out[4];
    while (const size_t count = connection_.Output(out)) {
      size_t size = 0;
      for (size_t i = 0; i < count; ++i) size += out[i].iov_len;
      benchmark::DoNotOptimize(out[0].iov_base);
      connection_.OutputWritten(size);
    }
  }

  void Answer(StreamKey stream) {
    connection_.SendHeaders(stream, headers_template);
    uint8_t* const message = connection_.PlaceData(stream, kResponseSize);
    WEIR_CHECK(message != nullptr);
    std::memset(message, 'y', kResponseSize);
    connection_.SendTrailers(stream, trailers_template);
    connection_.ReleaseStream(stream);
    ++answered_;
  }

  size_t batch_;
  ConnectionOptions options_;
  ConnectionCounters counters_;
  Connection connection_;
  std::string batch_octets_;
  StreamId id_ = 1;
  uint64_t answered_ = 0;
};

void BM_UnaryCalls(benchmark::State& state) {
  const auto batch = static_cast<size_t>(state.range(0));
  auto bench = std::make_unique<Bench>(batch);
  for (int i = 0; i < 8; ++i) bench->RunBatch();
  uint64_t allocations_before = allocations;
  uint64_t calls = 0;
  uint64_t allocated = 0;
  for (auto _ : state) {
    bench->RunBatch();
    calls += batch;
    if (bench->answered() > 50'000'000) {  // identifiers and windows have an end
      state.PauseTiming();
      allocated += allocations - allocations_before;
      bench = std::make_unique<Bench>(batch);
      for (int i = 0; i < 8; ++i) bench->RunBatch();
      allocations_before = allocations;
      state.ResumeTiming();
    }
  }
  allocated += allocations - allocations_before;
  state.SetItemsProcessed(static_cast<int64_t>(calls));
  state.counters["per_call"] = benchmark::Counter(
      static_cast<double>(calls), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["allocations"] =
      benchmark::Counter(static_cast<double>(allocated) / static_cast<double>(calls));
}
BENCHMARK(BM_UnaryCalls)->Arg(1)->Arg(10)->Arg(100);

}  // namespace
}  // namespace weir::http2

BENCHMARK_MAIN();
