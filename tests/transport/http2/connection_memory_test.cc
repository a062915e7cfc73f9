// What a connection owns and when it allocates. Counts every operator new of the binary, so it has
// one of its own.
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/uio.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "tests/testing/frame_builder.h"
#include "transport/http2/connection.h"

namespace {

size_t allocations = 0;

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

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;

constexpr std::array<OutputField, 2> kOkFields = {
    {{.name = ":status", .value = "200"},
     {.name = "content-type", .value = "application/grpc", .indexed = true}}};
constexpr std::array<OutputField, 1> kEndFields = {
    {{.name = "grpc-status", .value = "0", .indexed = true}}};
const FieldTemplate ok_template(kOkFields);
const FieldTemplate end_template(kEndFields);

class ConnectionMemoryTest : public ::testing::Test {
 protected:
  ConnectionMemoryTest() : now_(1h) {
    options_.keepalive_time = kForever;
    connection_ = std::make_unique<Connection>(options_, counters_, now_);
    Turn(std::string(kPreface) + Settings() + SettingsAck());
  }

  // One turn of a loop: read, answer what is complete, write.
  void Turn(std::string_view octets) {
    connection_->Receive(AsBytes(octets), now_);
    Event event;
    while (connection_->Next(&event)) {
      if (event.kind == Event::Kind::kDataReceived) {
        connection_->ReleaseWindow(event.stream, event.data.size());
      }
      if (event.kind == Event::Kind::kStreamEnded) Answer(event.stream);
    }
    iovec part;
    while (connection_->Output({&part, 1}) != 0) {
      written_ += part.iov_len;
      connection_->OutputWritten(part.iov_len);
    }
  }

  void Answer(StreamKey stream) {
    connection_->SendHeaders(stream, ok_template);
    uint8_t* const place = connection_->PlaceData(stream, 10);
    if (place != nullptr) {
      std::memset(place, 'y', 10);
      ++placed_;
    }
    connection_->SendTrailers(stream, end_template);
    connection_->ReleaseStream(stream);
  }

  void Idles() {
    for (int i = 0; i < 3; ++i) {
      now_ += 2s;
      if (connection_->NextDeadline() <= now_) connection_->OnDeadline(now_);
    }
    ASSERT_EQ(connection_->NextDeadline(), kNever);
  }

  // A call as a client sends it again and again.
  static std::string Call(StreamId id) {
    const std::string block = id == 1 ? hpack::Insert("user-agent", "tester") : hpack::Indexed(62);
    return std::string(Headers(id).Block(hpack::Request("/a.B/C") + block)) +
           LastData(id, "request");
  }

  ConnectionOptions options_;
  ConnectionCounters counters_;
  TimePoint now_;
  std::unique_ptr<Connection> connection_;
  size_t written_ = 0;
  size_t placed_ = 0;
};

TEST_F(ConnectionMemoryTest, AUnaryCallAllocatesNothing) {
  StreamId id = 1;
  for (; id < 101; id += 2) Turn(Call(id));  // until everything has settled
  std::string calls;
  for (; id < 1101; id += 2) calls += Call(id);
  const size_t size = calls.size() / 500;
  const size_t placed = placed_;
  Turn(std::string_view(calls).substr(0, 100 * size));  // the output grows once
  Turn(WindowUpdate(0, 1 << 30));
  const size_t before = allocations;
  for (size_t i = 100; i < 200; ++i) Turn(std::string_view(calls).substr(i * size, size));
  for (size_t i = 200; i < 500; i += 100) {
    Turn(std::string_view(calls).substr(i * size, 100 * size));
  }
  EXPECT_EQ(allocations - before, 0u);
  EXPECT_EQ(placed_ - placed, 500u);
}

// Reads that end anywhere cost allocations once, not on every read.
TEST_F(ConnectionMemoryTest, ACallThatIsSplitAllocatesNothing) {
  StreamId id = 1;
  for (; id < 101; id += 2) Turn(Call(id));
  std::string calls;
  for (; id < 301; id += 2) calls += Call(id);
  for (const char& octet : std::string_view(calls).substr(0, calls.size() / 2)) {
    Turn(std::string_view(&octet, 1));
  }
  const size_t before = allocations;
  for (const char& octet : std::string_view(calls).substr(calls.size() / 2)) {
    Turn(std::string_view(&octet, 1));
  }
  EXPECT_EQ(allocations - before, 0u);
}

// Octets of the heap in use, by the allocator's own account; a sanitizer's allocator keeps none.
size_t HeapInUse() { return mallinfo2().uordblks; }
bool KeepsAccount() { return HeapInUse() != 0; }

TEST_F(ConnectionMemoryTest, AnIdleConnectionGivesItsBuffersBack) {
  if (!KeepsAccount()) GTEST_SKIP() << "the allocator keeps no account";
  Turn(WindowUpdate(0, 1 << 20));
  StreamId id = 1;
  std::string calls;
  for (; id < 201; id += 2) calls += Call(id);
  Turn(calls);
  // A body in pieces, so that something is carried over.
  const std::string split = Call(id);
  Turn(split.substr(0, 20));
  Turn(split.substr(20));
  EXPECT_EQ(connection_->buffered_bytes(), 0u);
  const size_t busy = HeapInUse();
  Idles();
  EXPECT_EQ(connection_->buffered_bytes(), 0u);
  EXPECT_LT(HeapInUse() + 3072, busy);
}

TEST_F(ConnectionMemoryTest, AnIdleConnectionThatServedCallsIsSmall) {
  if (!KeepsAccount()) GTEST_SKIP() << "the allocator keeps no account";
  const auto sample = [&] {
    const size_t before = HeapInUse();
    std::array<std::unique_ptr<Connection>, 100> connections;
    for (auto& connection : connections) {
      connection = std::make_unique<Connection>(options_, counters_, now_);
      std::swap(connection, connection_);
      Turn(std::string(kPreface) + Settings() + SettingsAck());
      for (StreamId id = 1; id < 51; id += 2) Turn(Call(id));
      Idles();
      std::swap(connection, connection_);
    }
    return (HeapInUse() - before) / connections.size();
  };
  const size_t bytes = sample();
  RecordProperty("bytes_per_idle_connection", static_cast<int>(bytes));
  EXPECT_LT(bytes, 1280u);
}

TEST_F(ConnectionMemoryTest, AConnectionGoesOnAfterIdleness) {
  StreamId id = 1;
  for (; id < 11; id += 2) Turn(Call(id));
  Idles();
  const size_t placed = placed_;
  for (; id < 21; id += 2) Turn(Call(id));
  EXPECT_EQ(placed_ - placed, 5u);
  EXPECT_FALSE(connection_->has_failed());
}

}  // namespace
}  // namespace weir::http2
