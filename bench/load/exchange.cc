#include "bench/load/exchange.h"

#include "bench/load/gzip.h"
#include "transport/base/bytes.h"

namespace load {
namespace {

// Protobuf's encoding (protobuf.dev/programming-guides/encoding). A field that has its default
// value is not written.
std::string Varint(uint64_t value) {
  std::string text;
  for (; value >= 128; value /= 128) text += static_cast<char>(value % 128 + 128);
  return text += static_cast<char>(value);
}

std::string NumberField(int number, uint64_t value) {
  if (value == 0) return {};
  return static_cast<char>(number << 3) + Varint(value);
}

std::string BytesField(int number, std::string_view value) {
  if (value.empty()) return {};
  return (static_cast<char>(number << 3 | 2) + Varint(value.size())).append(value);
}

std::string WithPrefix(std::string_view message, bool is_compressed) {
  std::string framed(kPrefixBytes, '\0');
  framed[0] = is_compressed ? 1 : 0;
  weir::StoreBig32(reinterpret_cast<uint8_t*>(framed.data()) + 1,
                   static_cast<uint32_t>(message.size()));
  return framed.append(message);
}

}  // namespace

std::string_view NameOf(Shape shape) {
  switch (shape) {
    case Shape::kUnary:
      return "unary";
    case Shape::kDownload:
      return "download";
    case Shape::kUpload:
      return "upload";
    case Shape::kChat:
      return "chat";
  }
  __builtin_unreachable();
}

std::string_view DefaultPathOf(Shape shape) {
  switch (shape) {
    case Shape::kUnary:
      return "/helloworld.Greeter/SayHello";
    case Shape::kDownload:
      return "/weir.bench.Streams/Download";
    case Shape::kUpload:
      return "/weir.bench.Streams/Upload";
    case Shape::kChat:
      return "/weir.bench.Streams/Chat";
  }
  __builtin_unreachable();
}

Exchange MakeExchange(Shape shape, uint32_t bytes, uint32_t messages, bool gzip) {
  const std::string payload(bytes, 'x');
  const std::string chunk = BytesField(1, payload);
  Exchange exchange{.shape = shape, .request = {}, .answer = {}, .payload_bytes = bytes};
  std::string request;
  std::string answer;
  switch (shape) {
    case Shape::kUnary: {
      const std::string name = bytes == 0 ? "world" : payload;
      request = BytesField(1, name);
      answer = BytesField(1, "Hello " + name);
      exchange.payload_bytes = 6 + name.size();
      break;
    }
    case Shape::kDownload:
      request = NumberField(1, messages) + NumberField(2, bytes);
      answer = chunk;
      exchange.answers = messages;
      break;
    case Shape::kUpload:
      request = chunk;
      exchange.requests = messages;
      answer = NumberField(1, messages) + NumberField(2, uint64_t{messages} * bytes);
      break;
    case Shape::kChat:
      request = answer = chunk;
      exchange.requests = exchange.answers = messages;
      break;
  }
  exchange.request = gzip ? WithPrefix(Gzip(request), true) : WithPrefix(request, false);
  exchange.answer = WithPrefix(answer, false);
  return exchange;
}

}  // namespace load
