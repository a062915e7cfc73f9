#include "transport/driver/worker.h"

#include <utility>

namespace weir::driver {

Worker::Worker(const WorkerOptions& options, ConnectionHandlerFactory& factory, net::Loop& loop)
    : options_(options),
      factory_(factory),
      loop_(loop),
      read_buffer_(std::make_unique_for_overwrite<uint8_t[]>(options.read_buffer_bytes)) {
  loop_.SetTurnEnd(this);
}

Worker::~Worker() {
  loop_.SetTurnEnd(nullptr);
  connections_.ForEach([](ConnectionDriver& connection) { delete &connection; });
}

std::span<uint8_t> Worker::plaintext_buffer() {
  if (plaintext_buffer_ == nullptr) {
    plaintext_buffer_ = std::make_unique_for_overwrite<uint8_t[]>(options_.read_buffer_bytes);
  }
  return {plaintext_buffer_.get(), options_.read_buffer_bytes};
}

void Worker::Adopt(std::unique_ptr<net::Socket> socket, const net::TlsContext* tls) {
  loop_.CheckOnThread();
  std::unique_ptr<net::TlsSession> session;
  if (tls != nullptr) {
    session = net::TlsSession::Create(*tls);
    if (session == nullptr) {
      load_.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
  }
  auto* connection = new ConnectionDriver(*this, std::move(socket), std::move(session));
  connections_.PushBack(*connection);
  ++connection_count_;
  connection->Start();
  if (is_aborting_) {
    connection->Abort();
  } else if (is_draining_) {
    connection->BeginDrain();
  }
}

void Worker::BeginDrain() {
  loop_.CheckOnThread();
  is_draining_ = true;
  connections_.ForEach([](ConnectionDriver& connection) { connection.BeginDrain(); });
}

void Worker::Abort() {
  loop_.CheckOnThread();
  is_aborting_ = true;
  connections_.ForEach([](ConnectionDriver& connection) { connection.Abort(); });
}

void Worker::NotifyWhenEmpty(std::function<void()> done) {
  loop_.CheckOnThread();
  if (connection_count_ == 0) {
    done();
  } else {
    when_empty_ = std::move(done);
  }
}

bool Worker::OnTurnEnd() {
  factory_.HandOverWork();
  // One pass over what is dirty now. Flushing can make connections dirty again (a stream became
  // writable and its handler wrote): they get their turn after every other connection.
  IntrusiveList<ConnectionDriver, DirtyListTag> batch;
  batch.TakeAll(dirty_);
  while (!batch.empty()) {
    ConnectionDriver& connection = batch.PopFront();
    connection.Flush();
    DestroyIfDone(connection);
  }
  factory_.HandOverWork();
  return !dirty_.empty();
}

void Worker::DestroyIfDone(ConnectionDriver& connection) {
  if (!connection.is_destructible()) return;
  delete &connection;
  --connection_count_;
  load_.fetch_sub(1, std::memory_order_relaxed);
  if (connection_count_ == 0 && when_empty_) std::exchange(when_empty_, nullptr)();
}

}  // namespace weir::driver
