// What should the messages of a call be: recycled objects, new ones, or in an arena?
//
// Each iteration is what a call does with its request: make a message, parse it, read one field of
// it, and be done with it. The arena is one for each call, as gRPC C++ offers it, with a first
// block that is used again and again. ARCHITECTURE.md has the figures that decided.
#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>
#include <google/protobuf/descriptor.pb.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#include "examples/greeter/greeter.pb.h"
#include "interop/protos/messages.pb.h"

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

namespace {

// One short text.
helloworld::HelloRequest Small() {
  helloworld::HelloRequest message;
  message.set_name("world");
  return message;
}

// Three messages deep, a KiB of payload.
grpc::testing::SimpleRequest Middling() {
  grpc::testing::SimpleRequest message;
  message.mutable_payload()->set_body(std::string(1024, 'x'));
  message.mutable_response_status()->set_message("a text that is not kept inside its object");
  message.mutable_orca_per_query_report();
  message.set_response_size(7);
  return message;
}

// Some two hundred messages and five hundred texts.
google::protobuf::FileDescriptorProto Large() {
  google::protobuf::FileDescriptorProto message;
  grpc::testing::SimpleRequest::descriptor()->file()->CopyTo(&message);
  return message;
}

class AllocationCounter {
 public:
  explicit AllocationCounter(benchmark::State& state) : state_(state) {}
  ~AllocationCounter() {
    state_.counters["allocations"] = benchmark::Counter(static_cast<double>(allocations - before_),
                                                        benchmark::Counter::kAvgIterations);
  }

 private:
  benchmark::State& state_;
  const uint64_t before_ = allocations;
};

// What weir does: a Call keeps its messages.
template <auto kMake>
void Recycled(benchmark::State& state) {
  const std::string bytes = kMake().SerializeAsString();
  auto message = kMake();
  const AllocationCounter counter(state);
  for (auto _ : state) {
    message.Clear();
    message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    benchmark::DoNotOptimize(message.GetCachedSize());
  }
}

template <auto kMake>
void New(benchmark::State& state) {
  const std::string bytes = kMake().SerializeAsString();
  const AllocationCounter counter(state);
  for (auto _ : state) {
    const auto message = std::make_unique<decltype(kMake())>();
    message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    benchmark::DoNotOptimize(message->GetCachedSize());
  }
}

template <auto kMake>
void InArena(benchmark::State& state) {
  const std::string bytes = kMake().SerializeAsString();
  std::string block(64 * 1024, '\0');
  google::protobuf::ArenaOptions options;
  options.initial_block = block.data();
  options.initial_block_size = block.size();
  const AllocationCounter counter(state);
  for (auto _ : state) {
    google::protobuf::Arena arena(options);
    auto* const message = google::protobuf::Arena::CreateMessage<decltype(kMake())>(&arena);
    message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    benchmark::DoNotOptimize(message->GetCachedSize());
  }
}

BENCHMARK(Recycled<Small>);
BENCHMARK(New<Small>);
BENCHMARK(InArena<Small>);
BENCHMARK(Recycled<Middling>);
BENCHMARK(New<Middling>);
BENCHMARK(InArena<Middling>);
BENCHMARK(Recycled<Large>);
BENCHMARK(New<Large>);
BENCHMARK(InArena<Large>);

}  // namespace

BENCHMARK_MAIN();
