// What the tests of the driver share: a worker on a fake loop, connections on fake sockets, and a
// handler that notes what it is told.
#ifndef WEIR_TESTS_TRANSPORT_DRIVER_DRIVER_FIXTURE_H_
#define WEIR_TESTS_TRANSPORT_DRIVER_DRIVER_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/testing/fake_loop.h"
#include "tests/testing/fake_socket.h"
#include "tests/testing/frame_builder.h"
#include "tests/testing/output_reader.h"
#include "transport/driver/connection_driver.h"
#include "transport/driver/connection_handler.h"
#include "transport/driver/worker.h"

namespace weir::driver {

// What a handler saw; outlives it.
struct HandlerRecord {
  // "request 1", "data 1 'text'", "end 1", "reset 1", "writable 1", "failed", "drain", "abort",
  // "closed", "destroyed"; other events by number.
  std::vector<std::string> lines;
  bool is_idle = true;  // what the handler answers
  std::function<void(ConnectionDriver&, const http2::Event&)> on_event;
  std::function<void()> on_drain;
  std::function<void()> on_abort;
  std::function<void()> on_closed;
  ConnectionDriver* driver = nullptr;
};

class NotingHandler final : public ConnectionHandler {
 public:
  NotingHandler(ConnectionDriver& driver, HandlerRecord& record)
      : driver_(driver), record_(record) {
    record_.driver = &driver;
  }
  ~NotingHandler() override {
    record_.lines.push_back("destroyed");
    record_.driver = nullptr;
  }

  void OnEvent(const http2::Event& event) override;
  void OnDrain() override { Note("drain", record_.on_drain); }
  void OnAbort() override { Note("abort", record_.on_abort); }
  void OnClosed() override { Note("closed", record_.on_closed); }
  bool is_idle() const override { return record_.is_idle; }

 private:
  void Note(std::string line, const std::function<void()>& then) {
    record_.lines.push_back(std::move(line));
    if (then) then();
  }

  ConnectionDriver& driver_;
  HandlerRecord& record_;
};

inline void NotingHandler::OnEvent(const http2::Event& event) {
  using Kind = http2::Event::Kind;
  const std::string id = " " + std::to_string(event.stream_id);
  switch (event.kind) {
    case Kind::kRequestStarted:
      record_.lines.push_back("request" + id);
      break;
    case Kind::kDataReceived:
      record_.lines.push_back("data" + id + " '" + std::string(AsText(event.data)) + "'");
      break;
    case Kind::kStreamEnded:
      record_.lines.push_back("end" + id);
      break;
    case Kind::kStreamReset:
      record_.lines.push_back("reset" + id);
      break;
    case Kind::kStreamWritable:
      record_.lines.push_back("writable" + id);
      break;
    case Kind::kConnectionFailed:
      record_.lines.push_back("failed");
      break;
    case Kind::kTrailersReceived:
    case Kind::kDrainBegun:
    case Kind::kPingAcked:
    case Kind::kPeerGoingAway:
      record_.lines.push_back("event " + std::to_string(static_cast<int>(event.kind)));
      break;
  }
  if (record_.on_event) record_.on_event(driver_, event);
}

// One client of the worker.
class Client {
 public:
  Client(net::FakeLoop& loop, int fd) : wire(loop, fd) {}

  void Sends(std::string_view octets) {
    std::string_view frames = octets;
    if (frames.starts_with(testing::kPreface)) frames.remove_prefix(testing::kPreface.size());
    reader_.NoteSent(frames);
    wire.Sends(octets);
  }
  // Lines of the frames that were written since the last call; see OutputReader.
  std::vector<std::string> Hears() { return reader_.Read(wire.TakeWritten()); }

  net::FakeWire wire;
  HandlerRecord record;

 private:
  testing::OutputReader reader_;
};

class DriverTest : public ::testing::Test, public ConnectionHandlerFactory {
 protected:
  ~DriverTest() override {
    // As a server does before it destroys its workers.
    for (auto& [_, client] : clients_) client->record.is_idle = true;
    worker_.reset();
  }

  WorkerOptions options_;  // to be changed before worker()
  net::FakeLoop loop_;

  Worker& worker() {
    if (worker_ == nullptr) worker_ = std::make_unique<Worker>(options_, *this, loop_);
    return *worker_;
  }

  // A client whose connection has been accepted; nothing was exchanged yet.
  Client& Connect(const net::TlsContext* tls = nullptr) {
    const int fd = 100 + static_cast<int>(clients_.size());
    Client& client = *clients_.emplace(fd, std::make_unique<Client>(loop_, fd)).first->second;
    worker().PromiseConnection();
    worker().Adopt(client.wire.MakeSocket(), tls);
    return client;
  }

  // A client behind the prefaces, about which nothing is noted yet.
  Client& ConnectAndStart(std::string_view settings = testing::Settings()) {
    Client& client = Connect();
    client.Sends(std::string(testing::kPreface) + std::string(settings) + testing::SettingsAck());
    Settle();
    client.Hears();
    client.record.lines.clear();
    client.wire.TakeReadCount();
    client.wire.TakeWriteCount();
    return client;
  }

  // Turns until nothing happens any more.
  void Settle() {
    for (int turns = 0; turns < 1000; ++turns) {
      loop_.RunTurn();
      bool is_quiet = !loop_.has_work_left();
      for (auto& [fd, client] : clients_) is_quiet = is_quiet && IsQuiet(fd, client->wire);
      if (is_quiet) return;
    }
    ADD_FAILURE() << "the worker does not come to rest";
  }

  int handovers_ = 0;

  // ConnectionHandlerFactory
  std::unique_ptr<ConnectionHandler> MakeHandler(ConnectionDriver& driver) override {
    return std::make_unique<NotingHandler>(driver, clients_.at(driver.socket().fd())->record);
  }
  void HandOverWork() override { ++handovers_; }

 private:
  bool IsQuiet(int fd, const net::FakeWire& wire) {
    const auto interest = loop_.InterestOf(fd);
    return !interest || !interest->read || !wire.is_readable();
  }

  std::map<int, std::unique_ptr<Client>> clients_;
  std::unique_ptr<Worker> worker_;
};

inline constexpr http2::OutputField kHeaderFields[] = {{":status", "200", true}};
inline constexpr http2::OutputField kTrailerFields[] = {{"grpc-status", "0", true}};

// Answers each request, when it is complete, with headers, `body` and trailers.
inline std::function<void(ConnectionDriver&, const http2::Event&)> AnswerWith(std::string body) {
  return [body = std::move(body)](ConnectionDriver& driver, const http2::Event& event) {
    if (event.kind != http2::Event::Kind::kStreamEnded) return;
    http2::Connection& connection = driver.connection();
    connection.SendHeaders(event.stream, http2::OutputFields(kHeaderFields));
    if (!body.empty()) connection.SendData(event.stream, Buffer::CopyOf(AsBytes(body)));
    connection.SendTrailers(event.stream, http2::OutputFields(kTrailerFields));
    connection.ReleaseStream(event.stream);
  };
}

}  // namespace weir::driver

#endif  // WEIR_TESTS_TRANSPORT_DRIVER_DRIVER_FIXTURE_H_
