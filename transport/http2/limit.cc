#include "transport/http2/limit.h"

namespace weir::http2 {
namespace {

using enum Limit;

constexpr std::array<LimitRow, kLimitCount> kRows = {{
    {kNone, "none", "", "", "", "no limit"},

    {kConcurrentStreams, "concurrent_streams", "ConnectionOptions.max_concurrent_streams",
     "streams, counted until their handlers have returned", "RST_STREAM(REFUSED_STREAM)",
     "one client must not have more of the server than its share; a handler that outlives its "
     "stream counts, so that opening and resetting streams starts no more work (CVE-2023-44487)"},
    {kRefusals, "refusals", "ConnectionOptions.refusals", "streams; burst and per second",
     "GOAWAY(ENHANCE_YOUR_CALM)", "who was told the limit and goes on costs work for nothing"},
    {kPrematureResets, "premature_resets", "ConnectionOptions.premature_resets",
     "streams; burst and per second", "GOAWAY(ENHANCE_YOUR_CALM)",
     "requests taken back before they are answered are work thrown away (CVE-2023-44487)"},
    {kGlitches, "glitches", "ConnectionOptions.glitches", "frames; burst and per second",
     "GOAWAY(ENHANCE_YOUR_CALM)",
     "stream errors and frames without effect are legal once and an attack without end "
     "(CVE-2019-9513, CVE-2019-9518, CVE-2025-8671)"},

    {kHeaderBlockBytes, "header_block_bytes", "ConnectionOptions.header_block_bytes_max",
     "bytes, compressed", "GOAWAY(ENHANCE_YOUR_CALM)",
     "a block is collected whole before it is decoded (CVE-2024-27316)"},
    {kContinuations, "continuations", "ConnectionOptions.continuation_frames_max",
     "frames of a block; of them two may be short", "GOAWAY(ENHANCE_YOUR_CALM)",
     "empty frames cost work and never meet the limit of bytes (CVE-2024-27316, CVE-2026-33871)"},
    {kHeaderBlockTime, "header_block_time", "ConnectionOptions.header_block_timeout", "time",
     "GOAWAY(PROTOCOL_ERROR)", "no other frame may come before the block ends"},
    {kHeaderList, "header_list",
     "ConnectionOptions.header_list_size_max, ConnectionOptions.header_fields_max",
     "bytes, decoded; field lines", "RESOURCE_EXHAUSTED; the block is decoded to its end",
     "a call holds its metadata while it lasts"},
    {kHeaderListAbuse, "header_list_abuse", "ConnectionOptions.header_list_size_max",
     "four times the bytes", "GOAWAY(ENHANCE_YOUR_CALM)",
     "one octet can stand for a field of 4,096 (CVE-2016-6581)"},
    {kHeaderFieldsAbuse, "header_fields_abuse", "ConnectionOptions.header_fields_max",
     "four times the field lines", "GOAWAY(ENHANCE_YOUR_CALM)",
     "one octet can stand for an empty field that costs more to keep (CVE-2026-49975)"},

    {kQueuedRepliesPause, "queued_replies_pause", "ConnectionOptions.queued_replies_pause",
     "replies", "reading stops until they are written",
     "replies are output without a window (CVE-2019-9512, CVE-2019-9514, CVE-2019-9515)"},
    {kQueuedReplies, "queued_replies", "ConnectionOptions.queued_replies_max", "replies",
     "the connection is closed without a word", "one read can bring more than pausing prevents"},
    {kSettingsEntries, "settings_entries", "ConnectionOptions.settings_entries_max",
     "entries in a frame", "GOAWAY(ENHANCE_YOUR_CALM)", "each entry is work for six octets"},
    {kSettingsAckTime, "settings_ack_time", "ConnectionOptions.settings_ack_timeout", "time",
     "GOAWAY(SETTINGS_TIMEOUT)", "limits hold only once they are acknowledged"},
    {kPings, "pings",
     "ConnectionOptions.peer_ping_interval_min, ConnectionOptions.peer_ping_strikes_max",
     "time between PINGs; strikes", "GOAWAY(ENHANCE_YOUR_CALM), \"too_many_pings\"",
     "thousands of clients that ask for signs of life too often are a load (gRFC A8)"},

    {kReceiveBudget, "receive_budget", "ConnectionOptions.receive_budget_bytes", "bytes",
     "the message waits for those before it",
     "a hundred large messages, each but for its last octet, are held at no cost to who sends "
     "them"},
    {kMessageSize, "message_size", "ServerOptions.max_receive_message_bytes", "bytes",
     "RESOURCE_EXHAUSTED, before any of it is kept", "a message is held whole"},

    {kTurnFrames, "turn_frames", "WorkerOptions.turn_frames_max", "frames of one read",
     "the connection is read in smaller pieces",
     "while the frames of one connection are handled, the others of its worker wait"},
    {kServiceTime, "service_time", "WorkerOptions.service_time_max", "time of one read's handling",
     "while others have work that takes less, the connection rests as long as it took, and three "
     "times as long after a millisecond",
     "one message can take milliseconds to inflate, and cost who sent it four kilobytes"},

    {kOutputPause, "output_pause", "ConnectionOptions.output_pause_bytes", "bytes",
     "reading stops until they are written", "who takes no answers may ask no questions"},
    {kWriteStall, "write_stall", "WorkerOptions.write_stall_timeout", "time without progress",
     "the connection is closed", "a peer that is gone, or does not read, holds its output"},
    {kStreamStall, "stream_stall",
     "ConnectionOptions.stream_stall_timeout, ConnectionOptions.stream_stall_bytes",
     "time; bytes of progress in it", "RST_STREAM(CANCEL); the handler is cancelled",
     "a response can be held by its window for ever while PINGs are answered (CVE-2019-9517)"},

    {kTlsHandshakeTime, "tls_handshake_time", "WorkerOptions.handshake_timeout", "time",
     "the connection is closed", "strangers hold a descriptor"},
    {kPrefaceTime, "preface_time", "ConnectionOptions.preface_timeout", "time",
     "GOAWAY(PROTOCOL_ERROR)", "strangers hold a descriptor (CVE-2026-56853)"},
    {kHandshakes, "handshakes", "WorkerOptions.handshakes_max",
     "connections without a finished preface, per worker", "the oldest of them is closed",
     "strangers must not crowd clients out"},
    {kConnections, "connections", "ServerOptions.max_connections", "connections",
     "accepting pauses until one ends", "each costs a descriptor and memory"},
    {kConnectionsPerAddress, "connections_per_address", "ServerOptions.max_connections_per_address",
     "connections from one IPv4 address or 64 bits of IPv6; 0 for no limit",
     "a further connection is closed at once", "one client must not take the places of all"},
    {kKeepalive, "keepalive",
     "ConnectionOptions.keepalive_time, ConnectionOptions.keepalive_timeout",
     "time without a read; time for the answer to a PING", "the connection is closed",
     "a peer that is gone without a word is noticed only by asking (gRFC A8)"},
    {kConnectionIdle, "connection_idle", "ConnectionOptions.connection_idle_max",
     "time without a stream", "graceful GOAWAY, \"max_idle\"",
     "descriptors and memory of clients that have nothing to ask (gRFC A9)"},
    {kConnectionAge, "connection_age",
     "ConnectionOptions.connection_age_max, ConnectionOptions.connection_age_grace",
     "time, and then time for its calls to end", "graceful GOAWAY, \"max_age\"",
     "clients that stay for ever never find new servers (gRFC A9)"},

    {kHandlerQueue, "handler_queue", "ServerOptions.handler_queue_max", "calls",
     "RESOURCE_EXHAUSTED", "what waits longer than its client is work for nobody"},
    {kMemoryGrowth, "memory_growth", "ServerOptions.memory_budget_bytes", "80 % of the bytes",
     "windows stay at their initial size", "large messages can wait; the process cannot"},
    {kMemoryNewCalls, "memory_new_calls", "ServerOptions.memory_budget_bytes", "90 % of the bytes",
     "RST_STREAM(REFUSED_STREAM)", "calls in progress come before new ones"},
    {kMemoryReap, "memory_reap", "ServerOptions.memory_budget_bytes", "95 % of the bytes",
     "RST_STREAM(CANCEL) on the largest response that waits for its client",
     "one client's slowness must not end the process"},
}};

constexpr bool RowsAreInOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].limit) != i) return false;
  }
  return true;
}
static_assert(RowsAreInOrder());

}  // namespace

const LimitRow& Describe(Limit limit) { return kRows[static_cast<size_t>(limit)]; }

}  // namespace weir::http2
