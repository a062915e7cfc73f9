// What does a call of each shape send, and what must come back?
//
// All messages of one direction are equal, so a call is known by one message and a count for each
// direction. Their octets are made once, with gRPC's prefix (gRPC PROTOCOL-HTTP2
// "Length-Prefixed-Message") and by hand: protobuf's canonical form of one or two small fields.
#ifndef WEIR_BENCH_LOAD_EXCHANGE_H_
#define WEIR_BENCH_LOAD_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace load {

inline constexpr size_t kPrefixBytes = 5;

enum class Shape : uint8_t {
  kUnary,     // helloworld.Greeter/SayHello
  kDownload,  // weir.bench.Streams/Download
  kUpload,    // weir.bench.Streams/Upload
  kChat,      // weir.bench.Streams/Chat; one message at a time goes out and is echoed
};

std::string_view NameOf(Shape shape);
std::string_view DefaultPathOf(Shape shape);

struct Exchange {
  Shape shape = Shape::kUnary;
  // One message of ours with its prefix, compressed if that is wanted.
  std::string request;
  uint64_t requests = 1;
  // One message of the server with its prefix, as it is without compression.
  std::string answer;
  uint64_t answers = 1;
  // Octets of payload in a message of the direction that counts: ours for an upload, the server's
  // otherwise.
  uint64_t payload_bytes = 0;
  // A chat that is left open after its first echo.
  bool is_held = false;

  bool counts_requests() const { return shape == Shape::kUpload; }
};

// `bytes` is the size of the name or payload; for a unary call, 0 means "world". `messages` is how
// many a streaming call has.
Exchange MakeExchange(Shape shape, uint32_t bytes, uint32_t messages, bool gzip);

}  // namespace load

#endif  // WEIR_BENCH_LOAD_EXCHANGE_H_
