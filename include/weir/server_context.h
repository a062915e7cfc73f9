// What a handler can learn about its call and say beside its messages.
#ifndef WEIR_SERVER_CONTEXT_H_
#define WEIR_SERVER_CONTEXT_H_

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/status.h"

namespace weir {

namespace server {
class Call;
}  // namespace server

// Who is at the other end of the connection. One per connection; calls refer to it.
struct Peer {
  // As gRPC writes it: "ipv4:192.0.2.7:51234", "ipv6:%5B::1%5D:51234", "unix:/run/app.sock".
  std::string address;

  // Of the peer's process at the time it connected, for unix sockets (SO_PEERCRED).
  struct UnixCredentials {
    uint32_t process_id;
    uint32_t user_id;
    uint32_t group_id;
  };
  std::optional<UnixCredentials> unix_credentials;

  // Present when the connection is encrypted. The names are empty when the client showed no
  // certificate; whether one is asked for and verified is a matter of the server's credentials.
  struct TlsIdentity {
    std::string protocol;  // "TLSv1.3"
    std::string common_name;
    std::vector<std::string> dns_names;
    std::vector<std::string> uris;  // SPIFFE ids are here
    std::vector<std::string> email_addresses;
    std::string certificate_pem;
  };
  std::optional<TlsIdentity> tls;
};

// Codecs for messages (gRPC "Compression"). A codec is used only when the client accepts it.
enum class CompressionAlgorithm : uint8_t { kNone, kGzip, kDeflate, kZstd };

// Metadata of the client; values of `-bin` keys are decoded. Valid while the handler runs.
using ClientMetadata = std::multimap<std::string_view, std::string_view>;

// Valid from the start of the handler to its end. To be used by the handler's thread; IsCancelled,
// TryCancel and RunOnWorker by any thread. What keeps something (metadata, callbacks, RunOnWorker,
// and a first question about the peer) throws std::bad_alloc when there is no memory for it, and
// nothing else throws.
class ServerContext {
 public:
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  // ---- the call
  // "/helloworld.Greeter/SayHello". In a generic service it is what the client has sent: up to
  // max_metadata_bytes of any octets above 0x20, valid as long as the context. Not for labels of
  // metrics, then.
  std::string_view method() const;
  // `:authority` as the client sent it; may be empty.
  std::string_view authority() const;
  const ClientMetadata& client_metadata();
  // Address of the client, as gRPC writes it. Same as peer_info().address.
  const std::string& peer() const;
  const Peer& peer_info() const;

  // ---- the server
  // Full names of its services ("helloworld.Greeter"), in the order in which they were registered;
  // a generic service has none. Valid as long as the server.
  std::span<const std::string_view> services() const;

  // ---- time
  // Wall-clock point by which the client wants its answer; time_point::max() when it did not say.
  // The server itself ends the call with DEADLINE_EXCEEDED when it passes.
  std::chrono::system_clock::time_point deadline() const;
  // What is left of it, never negative; duration::max() when there is no deadline.
  std::chrono::nanoseconds time_remaining() const;
  // The timeout exactly as the client asked for it in `grpc-timeout`.
  std::optional<std::chrono::nanoseconds> requested_timeout() const;

  // ---- cancellation
  // True once nobody waits for the answer any more: the client cancelled or is gone, the deadline
  // passed, or the server is being stopped by force.
  bool IsCancelled() const;
  // `callback` runs once, on the worker's thread, when the call is cancelled; at once, on the
  // calling thread, if it already is. It must not block. What it throws is logged. When the handler
  // has returned it is dropped, or has run to its end, before anything else happens to the call;
  // but it may run while a blocking handler is returning, so what it refers to must not be a
  // variable of the handler: share it (std::shared_ptr).
  void OnCancel(std::function<void()> callback);
  // Ends the call with CANCELLED from the server's side.
  void TryCancel();
  // True once the server (or this connection) is being drained: a long-lived stream should come to
  // its end. Calls in progress are not cut until the shutdown's deadline.
  bool IsDraining() const;
  // Like OnCancel, for the start of a drain.
  void OnDrain(std::function<void()> callback);

  // ---- metadata of the response
  // Keys are lower-case `0-9 a-z _ - .`; a key that ends in `-bin` takes any bytes, others take
  // printable ASCII. An invalid key or value, a key that gRPC reserves, and initial metadata that
  // comes after the initial metadata was sent, are refused: false, and a line in the log.
  bool AddInitialMetadata(std::string_view key, std::string_view value);
  bool AddTrailingMetadata(std::string_view key, std::string_view value);

  // For a call that fails: tells a client that retries (gRFC A6) to do so after `delay`, or not at
  // all if it is negative. Travels as `grpc-retry-pushback-ms`; the last value counts.
  void SetRetryPushback(std::chrono::milliseconds delay);

  // ---- compression
  // For all messages of the response, if set before the first of them (and before the initial
  // metadata is sent; no effect later) and the client accepts the algorithm.
  // WriteOptions::set_no_compression exempts one message. Default: kNone.
  void set_compression_algorithm(CompressionAlgorithm algorithm);
  CompressionAlgorithm compression_algorithm() const;
  // The same by the name of any algorithm that the server offers, as in `grpc-encoding` ("gzip", or
  // one of ServerBuilder::AddCompressor). False, and nothing changes, when it has none of that
  // name. compression_algorithm() is kNone for those that weir does not bring along.
  bool set_compression_algorithm(std::string_view name);
  // Whether the client said that it reads messages in `algorithm`. Always true for kNone.
  bool AcceptsCompression(CompressionAlgorithm algorithm) const;
  bool AcceptsCompression(std::string_view name) const;
  // For the message of a unary or client-streaming response: false sends it uncompressed.
  void set_compress_response(bool compress);
  // Whether the message read last came compressed.
  bool request_compressed() const;

  // ---- the worker
  // Runs `function` on the thread that serves this call's connection, soon. The way for another
  // thread to wake a coroutine. `function` still runs if the call has ended meanwhile, so it must
  // not assume that the context lives.
  void RunOnWorker(std::function<void()> function);

  class [[nodiscard]] SleepAwaiter;
  // In a coroutine: `co_await context.SleepFor(10ms)` gives true after that time, false as soon as
  // the call is cancelled.
  SleepAwaiter SleepFor(std::chrono::nanoseconds duration);

 private:
  friend class server::Call;
  ServerContext() = default;
  ~ServerContext() = default;

  // A context is what a handler sees of its call, and a part of it.
  server::Call& call() const;
};

class [[nodiscard]] ServerContext::SleepAwaiter {
 public:
  SleepAwaiter(server::Call* call, std::chrono::nanoseconds duration)
      : call_(call), duration_(duration) {}
  bool await_ready() const noexcept { return false; }
  // False (resume at once) when the call is cancelled already.
  bool await_suspend(std::coroutine_handle<> waiter);
  bool await_resume() const;

 private:
  server::Call* call_;
  std::chrono::nanoseconds duration_;
};

}  // namespace weir

#endif  // WEIR_SERVER_CONTEXT_H_
