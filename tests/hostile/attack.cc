#include "tests/hostile/attack.h"

#include <cstdlib>
#include <thread>
#include <utility>

namespace hostile {
namespace {

using namespace std::chrono_literals;

// A server has this long to close a connection after its GOAWAY.
constexpr Duration kCloseTimeout = 1s;

Outcome GoAwayOutcome(Outcome::Kind kind, const GoAwayFrame& frame) {
  return {kind, frame.code, frame.debug};
}

}  // namespace

Outcome OutcomeOf(const Answer& answer) {
  if (answer.reset.has_value() && !answer.has_ended) return Resets(*answer.reset);
  const std::string_view status = ValueOf(answer.trailers, "grpc-status");
  if (!status.empty()) return Status(std::atoi(std::string(status).c_str()));
  const std::string http(ValueOf(answer.headers, ":status"));
  return http.empty() ? Wrong("an answer with neither :status nor grpc-status")
                      : HttpStatus(std::atoi(http.c_str()));
}

std::unique_ptr<Peer> Attack::Connect(const PeerOptions& options) {
  Fd socket = ConnectTcp(port(), options.receive_buffer);
  std::unique_ptr<Transport> transport =
      uses_tls_ ? MakeTlsTransport(std::move(socket)) : MakeClearTransport(std::move(socket));
  if (transport == nullptr) {
    ++refused_;
    return nullptr;
  }
  return std::make_unique<Peer>(std::move(transport), options, traffic_);
}

std::unique_ptr<Peer> Attack::Open(const PeerOptions& options, SettingsList settings) {
  std::unique_ptr<Peer> peer = Connect(options);
  if (peer == nullptr) return nullptr;
  peer->Send(std::string(kPreface) + Settings(settings));
  for (const auto& [id, value] : settings) {
    if (id == kInitialWindowSize) peer->set_initial_window(value);
  }
  if (!options.reads) return peer;
  const Inbox& inbox = peer->inbox();
  if (!peer->WaitFor([&] { return inbox.has_settings() && inbox.settings_acks() > 0; }, 5s)) {
    return nullptr;
  }
  return peer;
}

Outcome HowItEnded(Peer& peer, Duration timeout) {
  const auto has_said = [&] { return peer.inbox().go_away().has_value(); };
  peer.WaitFor(has_said, timeout);
  const bool is_closed = peer.WaitFor([&] { return !peer.is_open(); }, kCloseTimeout);
  if (!has_said()) {
    return is_closed ? Closes() : NoReaction();
  }
  const GoAwayFrame& frame = *peer.inbox().go_away();
  return GoAwayOutcome(is_closed ? Outcome::Kind::kGoAway : Outcome::Kind::kGoAwayOpen, frame);
}

Outcome StillGood(Peer& peer, Duration timeout) {
  const uint32_t stream = peer.NextStream();
  std::string frames =
      Headers(stream, Request(kEmptyCall), false) + Data(stream, kEmptyMessage, true);
  // The answer has to fit through a window that the attack may have shut.
  if (peer.initial_window() < kPrefixBytes) frames += WindowUpdate(stream, 1000);
  peer.Send(frames, 2, timeout);
  const auto is_over = [&] { return peer.inbox().IsAnswered(stream); };
  if (peer.WaitFor(is_over, timeout)) {
    const Outcome outcome = OutcomeOf(*peer.inbox().Find(stream));
    return outcome == Status(0) ? Survives() : outcome;
  }
  if (!peer.is_open() || peer.inbox().go_away().has_value()) return HowItEnded(peer);
  return NoReaction();
}

Outcome HowStreamEnded(Peer& peer, uint32_t stream, Duration timeout) {
  const auto is_over = [&] {
    return peer.inbox().go_away().has_value() || peer.inbox().IsAnswered(stream);
  };
  if (!peer.WaitFor(is_over, timeout)) return peer.is_open() ? NoReaction() : Closes();
  if (peer.inbox().is_undecodable()) return Wrong("a header block that does not decode");
  if (peer.inbox().go_away().has_value()) return HowItEnded(peer);
  const Outcome outcome = OutcomeOf(*peer.inbox().Find(stream));
  const Outcome after = StillGood(peer);
  return after == Survives() ? outcome : after;
}

Outcome Call(Attack& attack, std::string_view block, std::string_view body, SettingsList settings) {
  const std::unique_ptr<Peer> peer = attack.Open({}, settings);
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  std::string frames = Headers(stream, block, false);
  for (; body.size() > kMaxFrameBytes; body.remove_prefix(kMaxFrameBytes)) {
    frames += Data(stream, body.substr(0, kMaxFrameBytes), false);
  }
  peer->Send(frames + Data(stream, body, true), 2);
  return HowStreamEnded(*peer, stream);
}

Outcome SendAndSee(Attack& attack, std::string_view frames, uint64_t count) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  peer->Send(frames, count);
  const auto has_reacted = [&] { return peer->inbox().go_away().has_value(); };
  peer->WaitFor(has_reacted, 500ms);
  if (has_reacted() || !peer->is_open()) return HowItEnded(*peer);
  return StillGood(*peer);
}

Outcome Flood(Attack& attack, Peer& peer, const NextChunk& next) {
  std::string chunk;
  while (!attack.IsTimeUp()) {
    chunk.clear();
    const uint64_t frames = next(&chunk);
    switch (peer.Send(chunk, frames)) {
      case Peer::Sent::kAll:
        break;
      case Peer::Sent::kClosed:
        return HowItEnded(peer);
      case Peer::Sent::kBlocked:
        // Holds on to what it has pinned.
        while (!attack.IsTimeUp()) std::this_thread::sleep_for(5ms);
        return StopsReading();
    }
    if (peer.inbox().go_away().has_value()) return HowItEnded(peer);
    peer.inbox().Forget();
  }
  peer.set_reads(true);
  return StillGood(peer);
}

Outcome Flood(Attack& attack, const PeerOptions& options, const NextChunk& next) {
  const std::unique_ptr<Peer> peer = attack.Open(options);
  return peer == nullptr ? Refuses() : Flood(attack, *peer, next);
}

Outcome FloodWith(Attack& attack, const PeerOptions& options, std::string_view chunk,
                  uint64_t frames) {
  return Flood(attack, options, [&](std::string* out) {
    out->append(chunk);
    return frames;
  });
}

Outcome WaitForServerToClose(Attack& attack, size_t files_before, Duration timeout) {
  const ServerProcess& server = attack.server();
  // The connection may be in the listener's backlog still.
  server.WaitForFiles([&](size_t files) { return files > files_before; }, 1s);
  const bool is_closed =
      server.WaitForFiles([&](size_t files) { return files <= files_before; }, timeout);
  return is_closed ? Closes() : NoReaction();
}

}  // namespace hostile
