// Everything about a server that can be tuned. Every field has a default that suits most servers.
#ifndef WEIR_SERVER_OPTIONS_H_
#define WEIR_SERVER_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace weir {

// Where the methods of a blocking service (`Foo::Service`) run.
enum class Execution : uint8_t {
  // On the handler pool. The handler may block.
  kPool,
  // Unary methods run on the worker itself, with no thread change: the fastest way. They must never
  // block, since every connection of that worker waits for them. Streaming methods of the service
  // wait for their peer by nature and run on the pool all the same.
  kInline,
};

// Per method, or for all methods of a service. An empty field means: as one level up.
struct MethodOptions {
  // Blocking style only. Default kPool.
  std::optional<Execution> execution = {};
  // Largest request message, in bytes, compressed and decompressed. A larger one ends its call with
  // RESOURCE_EXHAUSTED before any of it is kept.
  std::optional<size_t> max_receive_message_bytes = {};
  // Largest response message, in bytes, before compression. A larger one ends its call with
  // RESOURCE_EXHAUSTED.
  std::optional<size_t> max_send_message_bytes = {};
};

enum class LogSeverity : uint8_t { kInfo, kWarning, kError };

// Receives one line, without its line feed. Called from any thread.
using LogSink = std::function<void(LogSeverity severity, std::string_view line)>;

struct ServerOptions {
  // ---- threads
  // Threads that own connections. 0: one per CPU the process may use. Each is an event loop; calls
  // of coroutine and inline handlers run here.
  size_t worker_threads = 0;

  // Threads that run blocking handlers, started when first needed. More of them allow more handlers
  // to block at once; each costs a stack. 0: four per CPU, at least 16.
  size_t handler_threads = 0;

  // Blocking calls that may wait for a handler thread. One more is refused with RESOURCE_EXHAUSTED.
  // Fewer shed load earlier; more let a burst wait, with the memory of its requests.
  size_t handler_queue_max = 10'000;

  // ---- messages
  size_t max_receive_message_bytes = 4 * 1024 * 1024;  // see MethodOptions
  size_t max_send_message_bytes = SIZE_MAX;            // see MethodOptions

  // ---- connections (HTTP/2)
  // Calls in progress on one connection; a further one is refused in a way that lets the client try
  // again (REFUSED_STREAM). A handler that is still running counts, even if its client is gone, and
  // so does a response that the client has not taken yet. (One that it takes less than 1 KiB of in
  // two minutes is given up.) More lets one client use more of the server at once.
  uint32_t max_concurrent_streams = 100;

  // Bytes that a client may send on one call before the handler has read any. More helps clients
  // that are far away send large messages; each call can pin this much memory.
  uint32_t stream_window_bytes = 256 * 1024;

  // Bytes of all calls of a connection in flight. Given back on arrival. More helps fast
  // connections over long distances; 65,535 to 2^31-1.
  uint32_t connection_window_bytes = 1024 * 1024;

  // Largest size of a call's metadata (names + values + 32 each) and number of its entries, `:path`
  // and the like included. A call above either ends with RESOURCE_EXHAUSTED; far above (four times
  // either, or an encoded block of twice the bytes and more than 32 KiB) its connection ends, since
  // that is no mistake. More lets clients send long tokens; each call can hold this much memory.
  uint32_t max_metadata_bytes = 16 * 1024;
  uint32_t max_metadata_entries = 128;

  // Bytes that a call may have buffered for sending before Write waits. More lets a handler run
  // further ahead of its client; each call can hold this much memory, and one message.
  size_t write_buffer_bytes = 64 * 1024;

  // Time for a new connection to finish its TLS handshake, and then its HTTP/2 preface. More
  // tolerates slower clients; idle strangers can hold a descriptor for that long.
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(10);

  // ---- the rest
  // Lines about the server's own problems (accept errors, exceptions of handlers, misuse of the
  // API). Default: standard error.
  LogSink log_sink;
};

}  // namespace weir

#endif  // WEIR_SERVER_OPTIONS_H_
