// Limits of calls: their metadata, their messages, and their place on the handler pool.
#include <future>
#include <string>

#include "tests/limits/limit_case.h"
#include "tests/server/server_fixture.h"

namespace weir::limits {
namespace {

using namespace weir::server;  // NOLINT: the vocabulary of the fixture
using http2::Limit;
using testing::Segmentation;

// Above all that the cases use.
constexpr uint32_t kLastStream = 1'000'001;

class CallScene final : private ServerTest {
 public:
  using ServerTest::blocking_;
  using ServerTest::Connect;
  using ServerTest::coroutine_;
  using ServerTest::options_;  // this and the next to be changed before Connect
  using ServerTest::pool_threads_;
  using ServerTest::RunUntil;
  using ServerTest::Settle;
  using ServerTest::worker_options_;

  CallScene() {
    coroutine_.unary = [](ServerContext&, const Text& request, Text& response) -> Task<Status> {
      response.value = std::to_string(request.value.size());
      co_return Status::OK;
    };
  }

  void Note(std::string line) { seen_.push_back(std::move(line)); }
  std::vector<std::string> Hear(RpcClient& client) {
    std::vector<std::string> heard = client.Hears();
    for (std::string& line : Notable(heard)) Note(std::move(line));
    return heard;
  }
  Outcome Finish(RpcClient& client) {
    Hear(client);
    client.Sends(UnaryCall(kLastStream, kUnary, "last"));
    Settle();
    const std::vector<std::string> heard = Hear(client);
    const bool is_served = !heard.empty() && heard.back() == TrailersLine(kLastStream);
    Note(is_served ? "served" : "not served");
    return {seen_, CountsOf(worker().counters().limits)};
  }

 private:
  void TestBody() override {}

  std::vector<std::string> seen_;
};

// ---- Metadata (L4, L6).

// What OpenCall sends counts so much (RFC 9113 §6.5.2), in so many lines.
constexpr size_t kCallListSize = (7 + 4 + 32) + (7 + 4 + 32) + (5 + kUnary.size() + 32) +
                                 (10 + 9 + 32) + (12 + 16 + 32) + (2 + 8 + 32);
constexpr uint32_t kCallFields = 6;

Outcome CallsWith(const Fields& fields) {
  CallScene scene;
  RpcClient& client = scene.Connect();
  client.Sends(UnaryCall(1, kUnary, "hello", fields));
  scene.Settle();
  return scene.Finish(client);
}

Outcome SendsLargeMetadata(Step step, Segmentation) {
  const std::string value(UpTo(16 * 1024, step) - kCallListSize - 32 - 1, 'v');
  return CallsWith({{"x", value}});
}

Outcome SendsManyFields(Step step, Segmentation) {
  return CallsWith(Fields(UpTo(128, step) - kCallFields, {"x", "v"}));
}

// 60 cookies of 200 octets, through a proxy that keeps them apart.
Outcome SendsManyCookies(Segmentation) {
  const std::string cookie(200, 'c');
  return CallsWith(Fields(60, {"cookie", cookie}));
}

// ---- Messages (L20).

constexpr uint32_t kMessageMax = 1000;

Outcome SendsALargeMessage(Step step, Segmentation) {
  CallScene scene;
  scene.options_.max_receive_message_bytes = kMessageMax;
  RpcClient& client = scene.Connect();
  client.Sends(UnaryCall(1, kUnary, std::string(UpTo(kMessageMax, step), 'm')));
  scene.Settle();
  return scene.Finish(client);
}

// Refused by its prefix: nothing of the message has come, and nothing is waited for.
Outcome AnnouncesALargeMessage(Step step, Segmentation) {
  CallScene scene;
  scene.options_.max_receive_message_bytes = kMessageMax;
  RpcClient& client = scene.Connect();
  const std::string message = Framed(std::string(UpTo(kMessageMax, step), 'm'));
  client.Sends(OpenCall(1, kUnary) + testing::Data(1, message.substr(0, 5)));
  scene.Settle();
  scene.Hear(client);
  if (step != Step::kAbove) client.Sends(testing::LastData(1, message.substr(5)));
  scene.Settle();
  return scene.Finish(client);
}

// Many messages, none of them too large.
Outcome SendsManyMessages(Segmentation) {
  CallScene scene;
  scene.options_.max_receive_message_bytes = kMessageMax;
  scene.coroutine_.collect = [](ServerContext&, CoTextStream stream, Text& all) -> Task<Status> {
    size_t bytes = 0;
    Text text;
    while (co_await stream.Read(&text)) bytes += text.value.size();
    all.value = std::to_string(bytes);
    co_return Status::OK;
  };
  RpcClient& client = scene.Connect();
  client.Sends(OpenCall(1, kCollect));
  for (int i = 0; i < 100; ++i) {
    client.Sends(SendsMessage(1, std::string(kMessageMax, 'm')));
    scene.Settle();
  }
  client.Sends(SendsEnd(1));
  scene.Settle();
  const std::vector<std::string> heard = scene.Hear(client);
  const bool is_answered =
      heard.size() >= 2 && heard[heard.size() - 2] == MessageLine(1, std::to_string(100'000));
  if (!is_answered) scene.Note("not answered");
  return scene.Finish(client);
}

// ---- Calls that wait for a thread.

constexpr uint32_t kQueueMax = 3;

Outcome CallsBlockingHandlers(Step step, Segmentation) {
  std::promise<void> started;
  std::promise<void> gate;
  bool is_first = true;  // of the one thread's
  CallScene scene;
  scene.pool_threads_ = 1;
  scene.options_.handler_queue_max = kQueueMax;
  scene.blocking_.unary = [&](ServerContext*, const Text*, Text*) {
    if (is_first) {
      is_first = false;
      started.set_value();
      gate.get_future().wait();
    }
    return Status::OK;
  };
  RpcClient& client = scene.Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, ""));
  scene.Settle();
  started.get_future().wait();
  const uint32_t waiting = UpTo(kQueueMax, step);
  for (uint32_t i = 1; i <= waiting; ++i) client.Sends(UnaryCall(2 * i + 1, kBlockingUnary, ""));
  scene.Settle();
  scene.Hear(client);
  gate.set_value();
  uint32_t answered = 0;
  scene.RunUntil([&] {
    for (const std::string& line : scene.Hear(client)) answered += line.ends_with("grpc-status=0");
    return answered == 1 + std::min(waiting, kQueueMax);
  });
  return scene.Finish(client);
}

// As many as fit, over and over.
Outcome FillsTheQueueAgainAndAgain(Segmentation) {
  CallScene scene;
  scene.pool_threads_ = 1;
  scene.options_.handler_queue_max = kQueueMax;
  scene.blocking_.unary = [](ServerContext*, const Text*, Text*) { return Status::OK; };
  RpcClient& client = scene.Connect();
  for (uint32_t call = 0; call < 30;) {
    for (uint32_t i = 0; i < kQueueMax; ++i, ++call) {
      client.Sends(UnaryCall(2 * call + 1, kBlockingUnary, ""));
    }
    uint32_t answered = 0;
    scene.RunUntil([&] {
      for (const std::string& line : scene.Hear(client)) answered += line.ends_with("status=0");
      return answered == kQueueMax;
    });
  }
  return scene.Finish(client);
}

}  // namespace

std::vector<LimitCase> CallCases() {
  const std::vector<std::string> exhausted = {"call 1 ends with 8", "served"};
  // Refused before its end has come.
  const std::vector<std::string> refused = {"call 1 ends with 8", "RST_STREAM 1 NO_ERROR",
                                            "served"};
  return {
      {.limit = Limit::kHeaderList,
       .goes = SendsLargeMetadata,
       .beyond = refused,
       .innocent = SendsManyCookies,
       .is_split = false},
      {.limit = Limit::kHeaderList,
       .variant = "fields",
       .goes = SendsManyFields,
       .beyond = refused,
       .innocent = SendsManyCookies,
       .is_split = false},
      {.limit = Limit::kMessageSize,
       .goes = SendsALargeMessage,
       .beyond = exhausted,
       .innocent = SendsManyMessages,
       .is_split = false},
      {.limit = Limit::kMessageSize,
       .variant = "announced",
       .goes = AnnouncesALargeMessage,
       .beyond = refused,
       .innocent = SendsManyMessages,
       .is_split = false},
      {.limit = Limit::kHandlerQueue,
       .goes = CallsBlockingHandlers,
       .beyond = {"call 9 ends with 8", "served"},
       .innocent = FillsTheQueueAgainAndAgain,
       .is_split = false},
  };
}

}  // namespace weir::limits
