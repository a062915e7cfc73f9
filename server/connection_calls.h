// The calls of one connection: turns its events into calls and hands each event to its call.
#ifndef WEIR_SERVER_CONNECTION_CALLS_H_
#define WEIR_SERVER_CONNECTION_CALLS_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include "server/call.h"
#include "server/unsent_responses.h"
#include "server/worker_context.h"
#include "transport/base/intrusive_list.h"
#include "transport/base/long_lived.h"
#include "transport/driver/connection_driver.h"
#include "transport/driver/connection_handler.h"
#include "transport/grpc/rejection.h"
#include "transport/http2/connection.h"
#include "weir/server_context.h"

namespace weir::server {

// Confined to its worker's thread, except for what is marked.
class ConnectionCalls final : public LongLived, public driver::ConnectionHandler {
 public:
  ConnectionCalls(WorkerContext& worker, driver::ConnectionDriver& driver);

  // driver::ConnectionHandler
  void OnEvent(const http2::Event& event) override;
  void OnDrain() override;
  void OnAbort() override;
  void OnClosed() override;
  bool is_idle() const override { return live_calls_ == 0; }

  WorkerContext& worker() { return worker_; }
  http2::Connection& connection() { return driver_.connection(); }
  driver::ConnectionDriver& driver() { return driver_; }
  net::Loop& loop() { return driver_.worker().loop(); }

  // Immutable; any thread.
  const Peer& peer() const;
  // Any thread.
  bool is_draining() const { return is_draining_.load(); }
  const std::atomic<bool>& draining() const { return is_draining_; }

  // By a call, as its last action.
  void OnCallFinished(Call& call);
  // By a call that is about to release its stream with data still queued.
  void WatchUnsentResponse(http2::StreamKey stream, TimePoint deadline) {
    unsent_responses_.Add(stream, deadline);
  }

 private:
  void StartCall(const http2::Event& event);
  // Answers a request that gets no handler.
  void Reject(http2::StreamKey stream, const grpc::Rejection& rejection);
  // The method of a request, remembered with its header block; nullptr after answering it.
  const Method* Route(http2::StreamKey stream, const grpc::RequestHead& head);
  template <typename Visit>
  void ForEachCall(Visit visit);

  WorkerContext& worker_;
  driver::ConnectionDriver& driver_;
  UnsentResponses unsent_responses_;
  IntrusiveList<Call, CallListTag> calls_;
  size_t live_calls_ = 0;
  bool is_closed_ = false;
  std::atomic<bool> is_draining_ = false;
  // Made when somebody asks for it first, since most handlers do not.
  mutable std::once_flag peer_once_;
  mutable std::unique_ptr<const Peer> peer_;
};

template <typename Work>
bool Call::RunOrClose(Work work) {
  return connection_->driver().RunOrClose(std::move(work));
}

}  // namespace weir::server

#endif  // WEIR_SERVER_CONNECTION_CALLS_H_
