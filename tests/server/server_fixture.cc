#include "tests/server/server_fixture.h"

#include <algorithm>
#include <thread>

namespace weir::server {

ServerTest::ServerTest() {
  options_.log_sink = [this](LogSeverity, std::string_view line) {
    const std::lock_guard lock(log_mutex_);
    log_lines_.emplace_back(line);
  };
}

// As a server stops: calls first, then the pool, then the worker. Every message has to be back.
ServerTest::~ServerTest() {
  if (worker_ != nullptr) {
    worker_->Abort();
    for (const std::unique_ptr<RpcClient>& client : clients_) client->wire.Breaks();
    RunUntil([this] { return worker_->is_empty(); });
    pool_->StopAndJoin();
    worker_.reset();
    context_.reset();
    EXPECT_EQ(live_texts, 0) << "messages leak";
    live_texts = 0;
  }
}

void ServerTest::Start() {
  Router router;
  const MethodOptions defaults = {.execution = Execution::kPool,
                                  .max_receive_message_bytes = options_.max_receive_message_bytes,
                                  .max_send_message_bytes = options_.max_send_message_bytes};
  EXPECT_FALSE(router.AddService(blocking_, defaults, blocking_options_, method_options_));
  EXPECT_FALSE(router.AddService(coroutine_, defaults, {}, method_options_));
  for (Service* service : more_services_) {
    EXPECT_FALSE(router.AddService(*service, defaults, {}, method_options_));
  }
  if (generic_service_ != nullptr) router.SetGenericService(*generic_service_, defaults, {});
  config_ = std::make_unique<const ServerConfig>(options_, std::move(router),
                                                 InterceptorChain(std::move(interceptors_)),
                                                 std::move(added_compressors_));
  pool_ = std::make_unique<HandlerPool>(pool_threads_, options_.handler_queue_max,
                                        config_->compressors);
  context_ = std::make_unique<WorkerContext>(*config_, *pool_);
  worker_ = std::make_unique<driver::Worker>(worker_options_, *context_, loop_);
}

driver::Worker& ServerTest::worker() {
  if (worker_ == nullptr) Start();
  return *worker_;
}

RpcClient& ServerTest::Connect(std::string_view settings) {
  RpcClient& client = *clients_.emplace_back(
      std::make_unique<RpcClient>(loop_, 100 + static_cast<int>(clients_.size())));
  client.wire.address = next_address_;
  client.wire.credentials = next_credentials_;
  worker().PromiseConnection();
  worker().Adopt(client.wire.MakeSocket(), nullptr);
  client.Sends(std::string(testing::kPreface) + std::string(settings) + testing::SettingsAck());
  Settle();
  client.Hears();
  client.TakeWindowUpdates();
  return client;
}

void ServerTest::Settle() {
  for (int turns = 0; turns < 1000; ++turns) {
    loop_.RunTurn();
    bool is_quiet = !loop_.has_work_left();
    for (const std::unique_ptr<RpcClient>& client : clients_) {
      const auto interest = loop_.InterestOf(client->wire.fd());
      if (interest && interest->read && client->wire.is_readable()) is_quiet = false;
    }
    // A turn more, for what was posted in this one.
    if (is_quiet) {
      loop_.RunTurn();
      return;
    }
  }
  ADD_FAILURE() << "the worker does not come to rest";
}

void ServerTest::RunUntil(const std::function<bool()>& condition) {
  // Far more turns than it ever takes; a turn without work takes less than a microsecond.
  for (int64_t turns = 0; turns < 50'000'000; ++turns) {
    if (condition()) return;
    loop_.RunTurn();
    std::this_thread::yield();
  }
  ADD_FAILURE() << "what the test waits for does not happen";
}

std::vector<std::string> ServerTest::RunUntilHears(RpcClient& client, const std::string& line) {
  std::vector<std::string> heard;
  RunUntil([&] {
    for (std::string& each : client.Hears()) heard.push_back(std::move(each));
    return std::find(heard.begin(), heard.end(), line) != heard.end();
  });
  return heard;
}

size_t ServerTest::OpenStreams() {
  size_t streams = 0;
  worker().ForEachConnection(
      [&](driver::ConnectionDriver& driver) { streams += driver.open_streams(); });
  return streams;
}

}  // namespace weir::server
