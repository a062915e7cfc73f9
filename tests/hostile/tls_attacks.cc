// Family 6, second half: TLS (A67-A71).
#include <openssl/err.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"
#include "tests/hostile/tls_records.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

// A ClientHello as OpenSSL writes it, without the header of its record.
std::string ClientHello() {
  const SslPtr ssl = MakeTlsClient(-1, {});
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_do_handshake(ssl.get());
  ERR_clear_error();
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl.get()), &bytes);
  constexpr size_t kRecordHeader = 5;
  return std::string(bytes, static_cast<size_t>(size)).substr(kRecordHeader);
}

std::string Record(std::string_view fragment) {
  std::string record = "\x16\x03\x01";
  record += static_cast<char>(fragment.size() >> 8);
  record += static_cast<char>(fragment.size());
  return record.append(fragment);
}

// Whether the server closes within `timeout`; what it says meanwhile is dropped.
bool IsClosedWithin(int fd, Duration timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  char bytes[4096];
  while (Clock::now() < deadline) {
    const ssize_t size = recv(fd, bytes, sizeof bytes, 0);
    if (size == 0 || (size < 0 && errno != EAGAIN)) return true;
    if (size < 0) std::this_thread::sleep_for(5ms);
  }
  return false;
}

// Sends all of it, unless the connection ends, or takes nothing for a second.
Peer::Sent SendRecords(int fd, std::string_view bytes) {
  const Clock::time_point deadline = Clock::now() + 1s;
  while (!bytes.empty()) {
    const ssize_t size = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size >= 0) {
      bytes.remove_prefix(static_cast<size_t>(size));
    } else if (errno != EAGAIN) {
      return Peer::Sent::kClosed;
    } else if (Clock::now() >= deadline) {
      return Peer::Sent::kBlocked;
    } else {
      std::this_thread::sleep_for(1ms);
    }
  }
  return Peer::Sent::kAll;
}

// ---- A67: handshakes that do not end

Outcome SendSlowly(Attack& attack, size_t octets) {
  const Fd socket = ConnectTcp(attack.port());
  if (!socket.is_valid()) return Refuses();
  const std::string hello = ClientHello();
  for (size_t i = 0; i < std::min(octets, hello.size()); ++i) {
    const std::string record = Record(hello.substr(i, 1));
    send(socket.get(), record.data(), record.size(), MSG_NOSIGNAL);
  }
  return IsClosedWithin(socket.get(), 15s) ? Closes() : NoReaction();
}

Outcome SendHugeHello(Attack& attack) {
  const Fd socket = ConnectTcp(attack.port());
  if (!socket.is_valid()) return Refuses();
  // A handshake message that announces 16 MiB, and brings 256 KiB of them.
  std::string message = "\x01\xff\xff\xff\x03\x03";
  message.resize(16384, 'h');
  for (int i = 0; i < 16; ++i) {
    const std::string record = Record(message);
    send(socket.get(), record.data(), record.size(), MSG_NOSIGNAL);
    std::this_thread::sleep_for(1ms);
  }
  return IsClosedWithin(socket.get(), 3s) ? Closes() : NoReaction();
}

// Whole handshakes, as fast as they go; TLS 1.3 servers remember each in tickets or in a cache.
Outcome FloodOfHandshakes(Attack& attack) {
  while (!attack.IsTimeUp()) {
    const std::unique_ptr<Transport> transport = MakeTlsTransport(ConnectTcp(attack.port()));
    if (transport == nullptr) return Refuses();
    ++attack.traffic().frames;
  }
  return Survives();
}

// ---- A68, A69: after the handshake

Outcome Renegotiate(Attack& attack) {
  const Fd socket = ConnectTcp(attack.port());
  if (!socket.is_valid()) return Refuses();
  const SslPtr ssl = MakeTlsClient(socket.get(), {.newest = TLS1_2_VERSION});
  if (!ShakeHands(ssl.get(), 3s).is_done) return Refuses();
  SSL_renegotiate(ssl.get());
  const Handshake second = ShakeHands(ssl.get(), 3s);
  if (second.is_done) return Wrong("the server renegotiates");
  return second.has_timed_out ? NoReaction() : Refuses();
}

Outcome FloodOfKeyUpdates(Attack& attack) {
  const Fd socket = ConnectTcp(attack.port());
  if (!socket.is_valid()) return Refuses();
  const SslPtr ssl = MakeTlsClient(socket.get(), {.oldest = TLS1_3_VERSION});
  if (!ShakeHands(ssl.get(), 3s).is_done) return Refuses();
  const std::string hello = std::string(kPreface) + Settings();
  SSL_write(ssl.get(), hello.data(), static_cast<int>(hello.size()));
  char bytes[16384];
  int idle_turns = 0;
  while (!attack.IsTimeUp()) {
    if (SSL_key_update(ssl.get(), SSL_KEY_UPDATE_REQUESTED) != 1) {
      // The last one is still on its way out.
      ERR_clear_error();
    } else {
      ++attack.traffic().frames;
    }
    SSL_do_handshake(ssl.get());
    const int size = SSL_read(ssl.get(), bytes, sizeof bytes);
    const int error = SSL_get_error(ssl.get(), size);
    ERR_clear_error();
    if (size <= 0 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      return Closes();
    }
    if (++idle_turns % 1000 == 0) std::this_thread::yield();
  }
  return Survives();
}

// Records that carry nothing, once a call has shown that ours are understood.
Outcome FloodOfEmptyRecords(Attack& attack, ContentType type, std::string_view content) {
  const Fd socket = ConnectTcp(attack.port());
  if (!socket.is_valid()) return Refuses();
  std::optional<RecordWriter> writer = RecordWriter::ShakeHands(socket.get());
  if (!writer.has_value()) return Refuses();
  const std::string hello =
      writer->Write(ContentType::kApplicationData, std::string(kPreface) + Settings() +
                                                       Headers(1, Request(kEmptyCall), false) +
                                                       Data(1, kEmptyMessage, true));
  if (SendRecords(socket.get(), hello) != Peer::Sent::kAll || IsClosedWithin(socket.get(), 50ms)) {
    return Wrong("the server does not understand the bench's records");
  }
  constexpr uint64_t kRecords = 100;
  while (!attack.IsTimeUp()) {
    std::string chunk;
    for (uint64_t i = 0; i < kRecords; ++i) chunk += writer->Write(type, content);
    switch (SendRecords(socket.get(), chunk)) {
      case Peer::Sent::kAll:
        break;
      case Peer::Sent::kBlocked:
        return StopsReading();
      case Peer::Sent::kClosed:
        return Closes();
    }
    attack.traffic().frames += kRecords;
    attack.traffic().bytes += chunk.size();
    if (IsClosedWithin(socket.get(), 0ms)) return Closes();
  }
  return Survives();
}

// ---- A71: what a server must not agree to

Outcome Offer(Attack& attack, const TlsOffer& offer) {
  const Fd socket = ConnectTcp(attack.port());
  if (!socket.is_valid()) return Refuses();
  const SslPtr ssl = MakeTlsClient(socket.get(), offer);
  const Handshake handshake = ShakeHands(ssl.get(), 3s);
  if (handshake.has_timed_out) return NoReaction();
  if (!handshake.is_done) return Refuses();
  // Some servers agree first, and close then.
  if (IsClosedWithin(socket.get(), 300ms)) return Closes();
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl.get(), &protocol, &size);
  const std::string alpn =
      size == 0 ? "none" : std::string(reinterpret_cast<const char*>(protocol), size);
  return Wrong(std::string("agrees to ") + SSL_get_version(ssl.get()) + ", " +
               SSL_get_cipher_name(ssl.get()) + ", ALPN " + alpn);
}

Outcome LookForEarlyData(Attack& attack) {
  const Fd socket = ConnectTcp(attack.port());
  if (!socket.is_valid()) return Refuses();
  const SslPtr ssl = MakeTlsClient(socket.get(), {.oldest = TLS1_3_VERSION});
  if (!ShakeHands(ssl.get(), 3s).is_done) return Refuses();
  char bytes[4096];
  std::this_thread::sleep_for(20ms);
  SSL_read(ssl.get(), bytes, sizeof bytes);  // takes in the tickets
  ERR_clear_error();
  const uint32_t most = SSL_SESSION_get_max_early_data(SSL_get_session(ssl.get()));
  return most == 0 ? Survives() : Wrong("the server takes data before the handshake");
}

}  // namespace

void AddTlsAttacks(Scenarios* rows) {
  const auto add = [rows](Scenario row) {
    row.over = Over::kTls;
    rows->push_back(std::move(row));
  };
  const std::vector<Outcome> refused = {Refuses(), Closes()};

  add({.id = "A67",
       .variant = "a",
       .title = "a connection without a handshake",
       .pace = Pace::kPatience,
       .expected = {Closes()},
       .earliest = 9,
       .latest = 13,
       .run = [](Attack& attack) { return SendSlowly(attack, 0); }});
  add({.id = "A67",
       .variant = "b",
       .title = "half a ClientHello in records of one octet",
       .pace = Pace::kPatience,
       .expected = {Closes()},
       .earliest = 0,
       .latest = 13,
       .run = [](Attack& attack) { return SendSlowly(attack, 100); }});
  add({.id = "A67",
       .variant = "c",
       .title = "a handshake that stops after the ClientHello",
       .pace = Pace::kPatience,
       .expected = {Closes()},
       .earliest = 9,
       .latest = 13,
       .run = [](Attack& attack) {
         const Fd socket = ConnectTcp(attack.port());
         const std::string record = Record(ClientHello());
         send(socket.get(), record.data(), record.size(), MSG_NOSIGNAL);
         return IsClosedWithin(socket.get(), 15s) ? Closes() : NoReaction();
       }});
  add({.id = "A67",
       .variant = "d",
       .title = "a ClientHello of 16 MiB",
       .expected = {Closes()},
       .run = SendHugeHello});
  add({.id = "A68",
       .title = "renegotiation by the client",
       .cve = "CVE-2011-1473",
       .expected = refused,
       .rounds = 3,
       .run = Renegotiate});
  add({.id = "A69",
       .variant = "a",
       .title = "KeyUpdate flood",
       .cve = "CVE-2016-8610",
       .pace = Pace::kFlood,
       .expected = {Survives(), Closes()},
       .is_short = true,
       .run = FloodOfKeyUpdates});
  add({.id = "A69",
       .variant = "b",
       .title = "empty records",
       .cve = "CVE-2016-8610",
       .pace = Pace::kFlood,
       .expected = {Survives(), Closes()},
       .run = [](Attack& attack) {
         return FloodOfEmptyRecords(attack, ContentType::kApplicationData, {});
       }});
  add({.id = "A69",
       .variant = "c",
       .title = "warnings without end",
       .cve = "CVE-2016-8610",
       .pace = Pace::kFlood,
       .expected = {Survives(), Closes()},
       .run = [](Attack& attack) {
         return FloodOfEmptyRecords(attack, ContentType::kAlert, "\x01\x5a");  // user_canceled
       }});
  add({.id = "A70",
       .title = "handshakes without end",
       .cve = "CVE-2024-2511",
       .pace = Pace::kFlood,
       .expected = {Survives()},
       .is_short = true,
       .run = FloodOfHandshakes});
  const auto add_offer = [&](const char* variant, const char* title, TlsOffer offer) {
    add({.id = "A71",
         .variant = variant,
         .title = title,
         .expected = refused,
         .run = [=](Attack& attack) { return Offer(attack, offer); }});
  };
  add_offer("a", "TLS 1.0",
            {.oldest = TLS1_VERSION, .newest = TLS1_VERSION, .tls12_ciphers = "ALL:@SECLEVEL=0"});
  add_offer(
      "b", "TLS 1.1",
      {.oldest = TLS1_1_VERSION, .newest = TLS1_1_VERSION, .tls12_ciphers = "ALL:@SECLEVEL=0"});
  add_offer("c", "a cipher of RFC 9113's appendix A",
            {.newest = TLS1_2_VERSION, .tls12_ciphers = "ECDHE-ECDSA-AES128-SHA256"});
  add_offer("d", "no ALPN", {.alpn = ""});
  add_offer("e", "ALPN http/1.1 only", {.alpn = "http/1.1"});
  add({.id = "A71",
       .variant = "f",
       .title = "0-RTT",
       .expected = {Survives()},
       .run = LookForEarlyData});
}

}  // namespace hostile
