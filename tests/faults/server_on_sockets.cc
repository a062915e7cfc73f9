#include "tests/faults/server_on_sockets.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <utility>

#include "server/frame_memory.h"
#include "tests/testing/frame_builder.h"
#include "tests/transport/net/test_certificates.h"
#include "transport/base/check.h"
#include "transport/net/clock.h"

namespace weir::faults {
namespace {

// Made once: keys take long.
const net::TestIdentity& ServerIdentity() {
  static const net::TestIdentity identity =
      net::TestAuthority("test authority").Issue({.common_name = "server"});
  return identity;
}

}  // namespace

// ---- a client ----------------------------------------------------------------------------------

SocketClient::SocketClient(bool with_tls, net::UniqueFd* server_end) {
  int ends[2] = {-1, -1};
  WEIR_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
  fd_ = net::UniqueFd(ends[0]);
  *server_end = net::UniqueFd(ends[1]);
  if (with_tls) tls_ = std::make_unique<testing::TlsClient>();
  waiting_ = testing::kPreface;
}

void SocketClient::Sends(std::string_view octets) {
  reader_.NoteSent(octets);
  waiting_.append(octets);
  Exchange();
}

bool SocketClient::Exchange() {
  if (!fd_.is_valid()) return false;
  bool has_moved = false;
  std::array<char, 16384> part;
  for (;;) {
    const ssize_t count = ::recv(fd_.get(), part.data(), part.size(), 0);
    if (count <= 0) {
      const bool is_over = count == 0 || (errno != EAGAIN && errno != EINTR);
      has_moved = has_moved || (is_over && !was_hung_up_on_);
      was_hung_up_on_ = was_hung_up_on_ || is_over;
      break;
    }
    has_moved = true;
    const std::string_view octets(part.data(), static_cast<size_t>(count));
    if (tls_ == nullptr) {
      heard_.append(octets);
    } else {
      tls_->GiveCiphertext(octets);
    }
  }
  if (tls_ != nullptr) {
    if (!tls_->is_handshake_done()) tls_->Step();
    if (tls_->is_handshake_done()) {
      heard_.append(tls_->ReadAll());
      if (!waiting_.empty()) tls_->Write(std::exchange(waiting_, {}));
    }
    Write(tls_->TakeCiphertext());
  } else {
    Write(std::exchange(waiting_, {}));
  }
  return has_moved;
}

// The kernel's buffer holds all that a test sends at once. What a server that hung up does not get
// is no matter.
void SocketClient::Write(std::string_view octets) {
  if (octets.empty()) return;
  const ssize_t count = ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
  if (count < 0) {
    EXPECT_NE(errno, EAGAIN);
    return;
  }
  EXPECT_EQ(count, static_cast<ssize_t>(octets.size()));
}

std::vector<std::string> SocketClient::Hears() { return reader_.Read(std::exchange(heard_, {})); }

// ---- the server --------------------------------------------------------------------------------

ServerOnSockets::ServerOnSockets() {
  options.log_sink = [](LogSeverity, std::string_view) {};
  auto loop = net::EpollLoop::Create();
  WEIR_CHECK(loop.ok());
  loop_ = std::move(loop).value();
}

ServerOnSockets::~ServerOnSockets() {
  for (const std::unique_ptr<SocketClient>& client : clients_) client->HangsUp();
  if (worker_ != nullptr) {
    RunUntil([this] { return worker_->is_empty(); });
    pool_->StopAndJoin();
    worker_.reset();
    context_.reset();
  }
  loop_.reset();
  server::ReleaseIdleFrames();
}

void ServerOnSockets::Start() {
  server::Router router;
  const MethodOptions defaults = {.execution = blocking_execution,
                                  .max_receive_message_bytes = options.max_receive_message_bytes,
                                  .max_send_message_bytes = options.max_send_message_bytes};
  WEIR_CHECK(!router.AddService(blocking, defaults, {}, {}));
  WEIR_CHECK(!router.AddService(coroutine, defaults, {}, {}));
  config_ = std::make_unique<const server::ServerConfig>(
      options, std::move(router), server::InterceptorChain(std::move(interceptors)));
  pool_ = std::make_unique<server::HandlerPool>(2, options.handler_queue_max, config_->compressors);
  context_ = std::make_unique<server::WorkerContext>(*config_, *pool_);
  // How long something takes must not decide what happens.
  driver::WorkerOptions worker_options;
  worker_options.service_time_max = std::chrono::hours(1);
  worker_options.http2.idle_release_delay = idle_release_delay;
  worker_ = std::make_unique<driver::Worker>(worker_options, *context_, *loop_);
}

driver::Worker& ServerOnSockets::worker() {
  if (worker_ == nullptr) Start();
  return *worker_;
}

// Adopted inside a turn, as when another thread has accepted it.
SocketClient& ServerOnSockets::Connect(bool with_tls) {
  worker().PromiseConnection();
  if (with_tls && tls_ == nullptr) {
    auto context = net::TlsContext::Create(
        {.identities = {{.private_key_pem = ServerIdentity().private_key_pem,
                         .certificate_chain_pem = ServerIdentity().certificate_pem}}});
    WEIR_CHECK(context.ok());
    tls_ = std::move(context).value();
  }
  net::UniqueFd end;
  SocketClient& client = *clients_.emplace_back(std::make_unique<SocketClient>(with_tls, &end));
  std::unique_ptr<net::Socket> socket =
      std::make_unique<net::TcpSocket>(std::move(end), net::SocketAddress());
  if (wrap_socket) socket = wrap_socket(std::move(socket));
  loop_->PostFunction([this, socket = std::move(socket), with_tls]() mutable {
    worker_->Adopt(std::move(socket), with_tls ? tls_.get() : nullptr);
  });
  client.Sends(testing::Settings() + testing::SettingsAck());
  return client;
}

void ServerOnSockets::Turn(TimePoint wait_until) {
  if (around_turn) {
    around_turn([&] { loop_->RunOnce(wait_until); });
  } else {
    loop_->RunOnce(wait_until);
  }
}

bool ServerOnSockets::ExchangeAll() {
  bool has_moved = false;
  for (const std::unique_ptr<SocketClient>& client : clients_) {
    if (client->Exchange()) has_moved = true;
  }
  return has_moved;
}

uint64_t ServerOnSockets::Happenings() const {
  const net::LoopCounters& counters = loop_->counters();
  return counters.ready_events + counters.tasks_run + counters.timers_fired +
         counters.interest_changes;
}

void ServerOnSockets::Settle() {
  int quiet_turns = 0;
  // As many as it takes to move some kilobytes octet by octet.
  for (int turns = 0; turns < 50'000; ++turns) {
    const uint64_t before = Happenings();
    Turn(TimePoint::min());
    const bool has_moved = ExchangeAll();
    quiet_turns = has_moved || Happenings() != before ? 0 : quiet_turns + 1;
    if (quiet_turns == 3) return;
  }
  ADD_FAILURE() << "the worker does not come to rest";
}

void ServerOnSockets::RunUntil(const std::function<bool()>& condition) {
  for (int turns = 0; turns < 1000; ++turns) {
    if (condition()) return;
    Turn(net::MonotonicNow() + std::chrono::milliseconds(10));
    ExchangeAll();
  }
  ADD_FAILURE() << "what the test waits for does not happen";
}

}  // namespace weir::faults
