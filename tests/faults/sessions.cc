#include "tests/faults/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "tests/server/server_fixture.h"
#include "tests/testing/frame_builder.h"

namespace weir::faults {
namespace {

using server::CoTextStream;
using server::OpenCall;
using server::SendsEnd;
using server::SendsLast;
using server::SendsMessage;
using server::Text;
using server::TextStream;
using server::UnaryCall;

// Longer than what a std::string keeps in itself, so that it has to be allocated.
constexpr std::string_view kText = "a text that is too long for the small string";

class HandlerRun {
 public:
  explicit HandlerRun(HandlerAccount& account) : account_(account) { ++account_.begun; }
  ~HandlerRun() { ++account_.ended; }
  HandlerRun(const HandlerRun&) = delete;
  HandlerRun& operator=(const HandlerRun&) = delete;

 private:
  HandlerAccount& account_;
};

// Coroutines are functions: what a lambda captures would not outlive its first suspension.
Task<Status> AnswerUnary(HandlerAccount* account, ServerContext* context, const Text* request,
                         Text* response) {
  const HandlerRun run(*account);
  context->OnCancel([] {});
  for (const auto& [key, value] : context->client_metadata()) {
    if (key.starts_with("echo")) context->AddInitialMetadata(key, value);
  }
  if (request->value == "sleep") co_await context->SleepFor(std::chrono::hours(1));
  if (request->value == "fail") co_return Status(StatusCode::NOT_FOUND, std::string(kText));
  if (request->value == "throw") throw std::runtime_error(std::string(kText));
  if (request->value == "large") {
    context->AddTrailingMetadata("size", "two hundred kilobytes and some more");
    response->value = std::string(200'000, 'x');
    co_return Status::OK;
  }
  if (request->value == "gzip") {
    context->set_compression_algorithm(CompressionAlgorithm::kGzip);
  }
  response->value = request->value + "!";
  co_return Status::OK;
}

Task<Status> AnswerCollect(HandlerAccount* account, CoTextStream stream, Text* response) {
  const HandlerRun run(*account);
  for (;;) {
    Text text;
    if (!co_await stream.Read(&text)) break;
    response->value += text.value;
  }
  co_return Status::OK;
}

Task<Status> AnswerExpand(HandlerAccount* account, const Text* request, CoTextStream stream) {
  const HandlerRun run(*account);
  stream.SendInitialMetadata();
  for (int i = 0; i < 4; ++i) {
    const Text text(request->value == "large" ? std::string(50'000, 'y') : request->value);
    if (!co_await stream.Write(text)) co_return Status::CANCELLED;
  }
  co_return Status::OK;
}

Task<Status> AnswerChat(HandlerAccount* account, ServerContext* context, CoTextStream stream) {
  const HandlerRun run(*account);
  context->OnDrain([] {});
  for (;;) {
    Text text;
    if (!co_await stream.Read(&text)) break;
    if (!co_await stream.Write(text)) break;
  }
  co_return Status::OK;
}

class PassThrough final : public Interceptor {
 public:
  Task<Outcome> Intercept(InterceptedCall& call, Continuation next) override {
    call.AddClientMetadata("echo-added", kText);
    co_return co_await next(call);
  }
};

std::string ManyCalls() {
  std::string octets;
  for (uint32_t id = 1; id < 60; id += 2) octets += OpenCall(id, server::kChat);
  for (uint32_t id = 1; id < 60; id += 2) octets += SendsMessage(id, kText);
  for (uint32_t id = 1; id < 60; id += 2) octets += SendsEnd(id);
  return octets;
}

// A message of `size` octets, a part in each step, to a method that sends it back.
std::vector<std::string> LongMessage(uint32_t id, std::string_view path, size_t size) {
  std::vector<std::string> steps = {OpenCall(id, path) + testing::WindowUpdate(0, 500'000) +
                                    testing::WindowUpdate(id, 500'000)};
  const std::string framed = server::Framed(std::string(size, 'z'));
  for (size_t at = 0; at < framed.size(); at += 16'000) {
    const std::string piece = framed.substr(at, 16'000);
    const bool is_last = at + 16'000 >= framed.size();
    steps.push_back(is_last ? testing::LastData(id, piece) : testing::Data(id, piece));
  }
  return steps;
}

}  // namespace

void InstallHandlers(ServerOnSockets& server, HandlerAccount& account) {
  HandlerAccount* const all = &account;
  server.coroutine.unary = [all](ServerContext& context, const Text& request, Text& response) {
    return AnswerUnary(all, &context, &request, &response);
  };
  server.coroutine.collect = [all](ServerContext&, CoTextStream stream, Text& response) {
    return AnswerCollect(all, stream, &response);
  };
  server.coroutine.expand = [all](ServerContext&, const Text& request, CoTextStream stream) {
    return AnswerExpand(all, &request, stream);
  };
  server.coroutine.chat = [all](ServerContext& context, CoTextStream stream) {
    return AnswerChat(all, &context, stream);
  };
  server.blocking.unary = [all](ServerContext* context, const Text* request, Text* response) {
    const HandlerRun run(*all);
    if (request->value == "metadata") context->AddTrailingMetadata("trailing", kText);
    if (request->value == "throw") throw std::runtime_error(std::string(kText));
    response->value = request->value + "!";
    return Status::OK;
  };
  server.blocking.chat = [all](ServerContext*, TextStream stream) {
    const HandlerRun run(*all);
    for (Text text; stream.Read(&text);) {
      if (!stream.Write(text.value)) break;
    }
    return Status::OK;
  };
}

Bystander::Bystander(ServerOnSockets& server) : server_(server), client_(server.Connect()) {
  client_.Sends(OpenCall(1, server::kChat));
  server_.Settle();
  client_.Hears();
}

void Bystander::ExpectServed() {
  client_.Sends(SendsMessage(1, "still there"));
  server_.Settle();
  EXPECT_THAT(client_.Hears(), ::testing::Contains(server::MessageLine(1, "still there")));
}

int OpenStreams(ServerOnSockets& server) {
  size_t streams = 0;
  server.worker().ForEachConnection(
      [&](driver::ConnectionDriver& connection) { streams += connection.open_streams(); });
  return static_cast<int>(streams);
}

std::vector<Session> AllSessions() {
  const std::string text(kText);
  const std::string unary = UnaryCall(1, server::kUnary, text);
  const auto intercept = [](ServerOnSockets& server) {
    server.interceptors.push_back(std::make_unique<PassThrough>());
    server.interceptors.push_back(std::make_unique<PassThrough>());
  };
  const auto drain = [](ServerOnSockets& server) { server.worker().BeginDrain(); };
  const auto abort = [](ServerOnSockets& server) { server.worker().Abort(); };
  const auto sleep_at_once = [](ServerOnSockets& server) {
    server.idle_release_delay = Duration::zero();
  };
  // Timers are served some milliseconds late.
  const auto sleep = [](ServerOnSockets& server) {
    const auto has_slept = [&] { return server.worker().counters().dormancies != 0; };
    for (int i = 0; i < 100 && !has_slept(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      server.Settle();
    }
  };
  const std::string ok = server::TrailersLine(1);
  const std::string split = testing::Headers(1).Post(server::kUnary).Unfinished();
  const std::string rest = testing::hpack::Literal("content-type", "application/grpc") +
                           testing::hpack::Literal("te", "trailers");

  std::vector<Session> all;
  const auto add = [&all](Session session) { all.push_back(std::move(session)); };
  add({.name = "Unary", .steps = {unary}, .hears = ok});
  add({.name = "UnaryTwice",
       .steps = {unary, UnaryCall(3, server::kUnary, text)},
       .hears = server::TrailersLine(3)});
  add({.name = "UnaryAfterItWasDormant",
       .prepare = sleep_at_once,
       .steps = {unary, UnaryCall(3, server::kUnary, text)},
       .before_last = sleep,
       .hears = server::TrailersLine(3)});
  add({.name = "UnaryInline", .steps = {UnaryCall(1, server::kBlockingUnary, text)}, .hears = ok});
  add({.name = "UnaryInlineWithMetadata",
       .steps = {UnaryCall(1, server::kBlockingUnary, "metadata")},
       .hears = server::TrailersLine(1, "grpc-status=0 trailing=" + text)});
  add({.name = "UnaryIntercepted", .prepare = intercept, .steps = {unary}, .hears = ok});
  add({.name = "InlineIntercepted",
       .prepare = intercept,
       .steps = {UnaryCall(1, server::kBlockingUnary, text)},
       .hears = ok});
  add({.name = "Metadata",
       .steps = {UnaryCall(1, server::kUnary, text,
                           {{"echo-text", kText}, {"echo-bin", "AAECAwQFBgcICQoLDA0ODw"}})},
       .hears = ok});
  add({.name = "HeadersInTwoFrames",
       .steps = {split, testing::Continuation(1, rest, true) + SendsLast(1, text)},
       .hears = ok});
  add({.name = "Failing", .steps = {UnaryCall(1, server::kUnary, "fail")}});
  add({.name = "Throwing", .steps = {UnaryCall(1, server::kUnary, "throw")}});
  add({.name = "ThrowingInline", .steps = {UnaryCall(1, server::kBlockingUnary, "throw")}});
  add({.name = "Collecting",
       .steps = {OpenCall(1, server::kCollect), SendsMessage(1, text), SendsMessage(1, text),
                 SendsEnd(1)},
       .hears = ok});
  add({.name = "Expanding", .steps = {UnaryCall(1, server::kExpand, text)}, .hears = ok});
  add({.name = "Chatting",
       .steps = {OpenCall(1, server::kChat), SendsMessage(1, text),
                 SendsMessage(1, text) + SendsMessage(1, text), SendsEnd(1)},
       .hears = ok});
  add({.name = "ManyChats", .steps = {ManyCalls()}, .hears = server::TrailersLine(59)});
  // Waits for windows, with trailers behind it, and for the deadline of its call.
  add({.name = "LargeResponse",
       .steps = {UnaryCall(1, server::kUnary, "large", {{"grpc-timeout", "1H"}}),
                 testing::WindowUpdate(0, 500'000), testing::WindowUpdate(1, 500'000)},
       .hears = server::TrailersLine(1, "grpc-status=0 size=two hundred kilobytes and some more")});
  add({.name = "LargeStream",
       .steps = {UnaryCall(1, server::kExpand, "large"), testing::WindowUpdate(0, 500'000),
                 testing::WindowUpdate(1, 500'000)},
       .hears = ok});
  add({.name = "LargeRequest", .steps = LongMessage(1, server::kUnary, 300'000), .hears = ok});
  add({.name = "LargeMessageOfStream",
       .steps = LongMessage(1, server::kCollect, 300'000),
       .hears = ok});
  add({.name = "Compressed",
       .steps = {UnaryCall(1, server::kUnary, "gzip", {{"grpc-accept-encoding", "gzip"}})},
       .hears = ok});
  add({.name = "Cancelled",
       .steps = {OpenCall(1, server::kChat) + SendsMessage(1, text), testing::RstStream(1)}});
  add({.name = "CancelledInItsSleep",
       .steps = {UnaryCall(1, server::kUnary, "sleep"), testing::RstStream(1)}});
  add({.name = "LostInItsSleep", .steps = {UnaryCall(1, server::kUnary, "sleep")}});
  add({.name = "Rejected",
       .steps = {UnaryCall(1, "/no.Such/Method", text) +
                 UnaryCall(3, "/text.Coroutine/Nothing", text) +
                 UnaryCall(5, server::kUnary, server::kMalformedText) +
                 std::string(testing::Headers(7).Post(server::kUnary).EndStream()) +
                 OpenCall(9, server::kCollect) + testing::LastData(9, "\x7f")}});
  add({.name = "TruncatedMessage",
       .steps = {OpenCall(1, server::kChat),
                 testing::LastData(1, server::Framed(text).substr(1))}});
  add({.name = "Failed",  // by a frame of a length that there is not
       .steps = {OpenCall(1, server::kChat) + SendsMessage(1, text),
                 testing::RawFrame(testing::frame_type::kPing, 0, 0, "short")},
       .hears = "GOAWAY 1 FRAME_SIZE_ERROR 'ping_length'"});
  add({.name = "Drained",
       .steps = {OpenCall(1, server::kChat) + SendsMessage(1, text), SendsEnd(1)},
       .before_last = drain,
       .hears = ok});
  add({.name = "Aborted",
       .steps = {OpenCall(1, server::kChat) + OpenCall(3, server::kChat) +
                     OpenCall(5, server::kCollect) + SendsMessage(1, text),
                 ""},
       .before_last = abort});
  add({.name = "UnaryOverTls", .with_tls = true, .steps = {unary}, .hears = ok});
  add({.name = "LargeResponseOverTls",
       .with_tls = true,
       .steps = {UnaryCall(1, server::kUnary, "large"),
                 testing::WindowUpdate(0, 500'000) + testing::WindowUpdate(1, 500'000)},
       .hears = server::TrailersLine(1, "grpc-status=0 size=two hundred kilobytes and some more")});
  return all;
}

}  // namespace weir::faults
