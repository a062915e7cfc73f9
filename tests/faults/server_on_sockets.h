// A server as it ships but for its threads: a worker on its real event loop, real sockets, real
// TLS, and the two text services; clients of one thread that speak frames.
#ifndef WEIR_TESTS_FAULTS_SERVER_ON_SOCKETS_H_
#define WEIR_TESTS_FAULTS_SERVER_ON_SOCKETS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/handler_pool.h"
#include "server/worker_context.h"
#include "tests/server/text_service.h"
#include "tests/testing/output_reader.h"
#include "tests/testing/tls_client.h"
#include "transport/driver/worker.h"
#include "transport/net/epoll_loop.h"
#include "transport/net/socket.h"
#include "transport/net/tls_context.h"
#include "transport/net/unique_fd.h"
#include "weir/interceptor.h"

namespace weir::faults {

// One end of a connection. Never blocks.
class SocketClient {
 public:
  // The other end of the connection goes to `server_end`.
  SocketClient(bool with_tls, net::UniqueFd* server_end);

  // Whole frames; the first time, the client preface in front of them.
  void Sends(std::string_view octets);
  // Takes what has arrived, and answers what TLS wants answered. True when there was anything.
  bool Exchange();
  // Lines of the frames heard since the last call (see OutputReader).
  std::vector<std::string> Hears();
  // Closes its end.
  void HangsUp() { fd_.Reset(); }

  // The server has closed its end, or its sending side.
  bool was_hung_up_on() const { return was_hung_up_on_; }

 private:
  void Write(std::string_view octets);

  net::UniqueFd fd_;
  std::unique_ptr<testing::TlsClient> tls_;
  std::string waiting_;  // for the end of the handshake
  testing::OutputReader reader_;
  std::string heard_;
  bool was_hung_up_on_ = false;
};

class ServerOnSockets {
 public:
  ServerOnSockets();
  ~ServerOnSockets();
  ServerOnSockets(const ServerOnSockets&) = delete;
  ServerOnSockets& operator=(const ServerOnSockets&) = delete;

  // ---- before the first Connect
  ServerOptions options;
  std::vector<std::unique_ptr<Interceptor>> interceptors;
  Duration idle_release_delay = http2::ConnectionOptions().idle_release_delay;
  // Called around each turn of the loop, to set up what is to happen in it.
  std::function<void(const std::function<void()>& turn)> around_turn;

  server::BlockingTextService blocking;  // inline, unless told otherwise
  server::CoroutineTextService coroutine;
  Execution blocking_execution = Execution::kInline;

  // Put between the server and the socket of the next connections; nothing by default.
  std::function<std::unique_ptr<net::Socket>(std::unique_ptr<net::Socket>)> wrap_socket;

  // A client that has sent its preface and SETTINGS; nothing was read yet.
  SocketClient& Connect(bool with_tls = false);

  // Turns until nothing happens any more. A server that does not come to rest fails the test.
  void Settle();
  // Turns until `condition` holds, sleeping until something happens in between.
  void RunUntil(const std::function<bool()>& condition);

  driver::Worker& worker();

 private:
  void Start();
  void Turn(TimePoint wait_until);
  bool ExchangeAll();
  uint64_t Happenings() const;

  std::unique_ptr<net::EpollLoop> loop_;
  std::unique_ptr<net::TlsContext> tls_;
  std::unique_ptr<const server::ServerConfig> config_;
  std::unique_ptr<server::HandlerPool> pool_;
  std::unique_ptr<server::WorkerContext> context_;
  std::unique_ptr<driver::Worker> worker_;
  std::vector<std::unique_ptr<SocketClient>> clients_;
};

}  // namespace weir::faults

#endif  // WEIR_TESTS_FAULTS_SERVER_ON_SOCKETS_H_
