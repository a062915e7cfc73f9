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

// How often something may happen: `burst` times at once, and `per_second` times in the long run.
// Both at least 1.
struct Allowance {
  uint32_t burst;
  uint32_t per_second;
};

// For times in ServerOptions: never.
inline constexpr std::chrono::nanoseconds kNoTimeout = std::chrono::nanoseconds::max();

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

  // ---- connections
  // Connections at once. At this number accepting pauses until one ends, and new clients wait. More
  // needs as many file descriptors (`ulimit -n`).
  size_t max_connections = 20'000;

  // Connections at once from one IPv4 address, or from one IPv6 network (its first 64 bits, since
  // one client has them all). One more is closed before it costs anything. Unix sockets are not
  // counted. Less keeps one client from taking the places of all others; clients behind one proxy
  // or translated address share what there is. 0: no limit but max_connections.
  size_t max_connections_per_address = 0;

  // What the process may use of memory. From 80 % on, large messages come one at a time on each
  // connection; from 90 % on, new calls are refused in a way that lets clients go elsewhere; from
  // 95 % on, the responses that slow clients leave lying are given up, the largest first. 0: what
  // the machine, or the control group of the process, has. SIZE_MAX: no limit.
  size_t memory_budget_bytes = 0;

  // ---- one connection (HTTP/2)
  // Calls in progress on one connection; a further one is refused in a way that lets the client try
  // again (REFUSED_STREAM). A handler that is still running counts, even if its client is gone, and
  // so does a response that the client has not taken yet. More lets one client use more of the
  // server at once.
  uint32_t max_concurrent_streams = 100;

  // Bytes that a client may have under way on one call before the handler has read any: the first
  // 64 KiB of it at once, and more while the handler keeps up and the budget below allows. More
  // helps clients that are far away send fast; each call can pin this much memory.
  uint32_t stream_window_bytes = 256 * 1024;

  // Bytes that all calls of a connection together may have under way beyond their first 64 KiB.
  // Messages larger than that come out of this, and wait for each other when it is used up; one
  // that is larger than the budget comes alone. More lets a client send more large messages at
  // once; each connection can pin this much memory.
  uint64_t receive_budget_bytes = 6 * 1024 * 1024;

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

  // ---- clients that are slow, idle, or gone
  // A client that takes none of what is ready for its connection for this long is disconnected.
  std::chrono::nanoseconds write_stall_timeout = std::chrono::seconds(20);

  // A response of which the client lets less than 1 KiB through in this time (by its flow control)
  // is given up, and its handler cancelled. Shorter frees memory sooner; clients that pause for
  // longer lose their call.
  std::chrono::nanoseconds stream_stall_timeout = std::chrono::seconds(120);

  // After this long without a byte from the client it is asked for a sign of life (PING), and
  // without one in the second time it is disconnected. Shorter notices dead clients sooner, for
  // traffic on idle connections. kNoTimeout: never.
  std::chrono::nanoseconds keepalive_time = std::chrono::hours(2);
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds(20);

  // Clients that ask for signs of life more often than this are disconnected ("too_many_pings") at
  // their third offence; without calls in progress they may ask every two hours, unless
  // permit_pings_without_calls. Sending to a client forgives it. Shorter suits clients with short
  // keepalive times, for traffic (gRFC A8).
  std::chrono::nanoseconds min_client_ping_interval = std::chrono::minutes(5);
  bool permit_pings_without_calls = false;

  // A connection without calls for this long is closed gracefully, and so is one of this age (give
  // or take a tenth, so that clients do not all come back at once); calls that are still running
  // that long after it are cancelled. Shorter spreads clients over servers sooner (gRFC A9).
  std::chrono::nanoseconds max_connection_idle = kNoTimeout;
  std::chrono::nanoseconds max_connection_age = kNoTimeout;
  std::chrono::nanoseconds max_connection_age_grace = kNoTimeout;

  // ---- what no client needs, and no server can afford
  // A client that does more of one of these is disconnected (ENHANCE_YOUR_CALM). Glitches are
  // frames that break a rule of a stream or have no effect; premature resets are calls taken back
  // before the first byte of an answer and before their deadline, less those that were answered;
  // refused calls are those beyond max_concurrent_streams.
  Allowance glitches = {.burst = 1000, .per_second = 100};
  Allowance premature_resets = {.burst = 1000, .per_second = 100};
  Allowance refused_calls = {.burst = 1000, .per_second = 100};

  // ---- the rest
  // Lines about the server's own problems (accept errors, exceptions of handlers, misuse of the
  // API). Default: standard error.
  LogSink log_sink;
};

}  // namespace weir

#endif  // WEIR_SERVER_OPTIONS_H_
