#include "bench/load/answer_checker.h"

#include <gtest/gtest.h>

#include <string>

#include "bench/load/gzip.h"

namespace load {
namespace {

// Feeds `bytes` in pieces of `size`, then the end. The kind of the first failure.
std::optional<FailureKind> Judge(const Exchange& exchange, const std::string& bytes, size_t size,
                                 bool allows_gzip = false) {
  AnswerChecker checker(&exchange);
  AnswerState state;
  state.allows_gzip = allows_gzip;
  for (size_t at = 0; at < bytes.size(); at += size) {
    const std::string piece = bytes.substr(at, size);
    if (auto failure = checker.Take(weir::AsBytes(piece), &state)) return failure->kind;
  }
  if (auto failure = checker.End(state)) return failure->kind;
  return std::nullopt;
}

std::string Compressed(const Exchange& exchange) {
  const std::string body = Gzip(std::string_view(exchange.answer).substr(kPrefixBytes));
  std::string message(kPrefixBytes, '\0');
  message[0] = 1;
  weir::StoreBig32(reinterpret_cast<uint8_t*>(message.data()) + 1,
                   static_cast<uint32_t>(body.size()));
  return message + body;
}

std::string Times(const std::string& text, uint64_t count) {
  std::string all;
  for (uint64_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Exchange, OfAGreetingIsWhatProtobufWrites) {
  const Exchange exchange = MakeExchange(Shape::kUnary, 0, 1, false);
  EXPECT_EQ(exchange.request, std::string("\0\0\0\0\x07\x0a\x05world", 12));
  EXPECT_EQ(exchange.answer, std::string("\0\0\0\0\x0d\x0a\x0bHello world", 18));
}

TEST(Exchange, LeavesFieldsOutThatHaveTheirDefault) {
  const Exchange exchange = MakeExchange(Shape::kDownload, 0, 3, false);
  EXPECT_EQ(exchange.request, std::string("\0\0\0\0\x02\x08\x03", 7));
  EXPECT_EQ(exchange.answer, std::string(5, '\0'));
  EXPECT_EQ(MakeExchange(Shape::kUpload, 200, 3, false).answer,
            std::string("\0\0\0\0\x05\x08\x03\x10\xd8\x04", 10));
}

TEST(AnswerChecker, AcceptsTheAnswerInPiecesOfAnySize) {
  for (const Shape shape : {Shape::kUnary, Shape::kDownload, Shape::kUpload, Shape::kChat}) {
    const Exchange exchange = MakeExchange(shape, 300, 4, false);
    const std::string answer = Times(exchange.answer, exchange.answers);
    const std::string compressed = Times(Compressed(exchange), exchange.answers);
    const std::string mixed = Times(exchange.answer, exchange.answers - 1) + Compressed(exchange);
    for (size_t size = 1; size < 40; ++size) {
      EXPECT_EQ(Judge(exchange, answer, size), std::nullopt);
      EXPECT_EQ(Judge(exchange, compressed, size, true), std::nullopt);
      EXPECT_EQ(Judge(exchange, mixed, size, true), std::nullopt);
    }
  }
}

TEST(AnswerChecker, RefusesEveryOctetThatIsChanged) {
  const Exchange exchange = MakeExchange(Shape::kDownload, 20, 2, false);
  const std::string answer = Times(exchange.answer, 2);
  for (size_t at = 0; at < answer.size(); ++at) {
    std::string changed = answer;
    changed[at] ^= 1;
    for (const size_t size : {size_t{1}, size_t{7}, answer.size()}) {
      EXPECT_NE(Judge(exchange, changed, size), std::nullopt) << at;
    }
  }
}

TEST(AnswerChecker, RefusesTooFewAndTooManyMessages) {
  const Exchange exchange = MakeExchange(Shape::kChat, 20, 3, false);
  const std::string answer = Times(exchange.answer, 3);
  EXPECT_EQ(Judge(exchange, Times(exchange.answer, 2), 9), FailureKind::kWrongMessageCount);
  EXPECT_EQ(Judge(exchange, answer + '\0', 9), FailureKind::kWrongMessageCount);
  EXPECT_EQ(Judge(exchange, answer.substr(0, answer.size() - 1), 9),
            FailureKind::kWrongMessageCount);
}

TEST(AnswerChecker, RefusesCompressionThatWasNotAnnounced) {
  const Exchange exchange = MakeExchange(Shape::kUnary, 500, 1, false);
  EXPECT_EQ(Judge(exchange, Compressed(exchange), 1000), FailureKind::kWrongPayload);
}

TEST(AnswerChecker, RefusesDamagedAndForeignGzip) {
  const Exchange exchange = MakeExchange(Shape::kUnary, 500, 1, false);
  std::string damaged = Compressed(exchange);
  damaged.back() ^= 1;
  EXPECT_EQ(Judge(exchange, damaged, 1000, true), FailureKind::kWrongPayload);
  EXPECT_EQ(Judge(exchange, Compressed(MakeExchange(Shape::kUnary, 499, 1, false)), 1000, true),
            FailureKind::kWrongPayload);
  EXPECT_EQ(Judge(exchange, Compressed(MakeExchange(Shape::kUnary, 50'000, 1, false)), 1000, true),
            FailureKind::kWrongPayload);
}

}  // namespace
}  // namespace load
