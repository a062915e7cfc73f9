// weir::ServerContext: the handler's view of a server::Call.
#include "weir/server_context.h"

#include <algorithm>
#include <utility>

#include "server/call.h"
#include "server/compressors.h"
#include "server/connection_calls.h"
#include "transport/grpc/compressor.h"
#include "transport/net/clock.h"

namespace weir {

// No call is const.
server::Call& ServerContext::call() const {
  return static_cast<server::Call&>(const_cast<ServerContext&>(*this));
}

std::string_view ServerContext::method() const { return call().path(); }

std::string_view ServerContext::authority() const { return call().head().authority; }

const ClientMetadata& ServerContext::client_metadata() { return call().client_metadata(); }

const std::string& ServerContext::peer() const { return peer_info().address; }

const Peer& ServerContext::peer_info() const { return call().connection().peer(); }

std::span<const std::string_view> ServerContext::services() const {
  return call().connection().worker().config().router.service_names();
}

std::chrono::system_clock::time_point ServerContext::deadline() const {
  using WallPoint = std::chrono::system_clock::time_point;
  if (call().deadline() == kNever) return WallPoint::max();
  const WallPoint now = net::WallNow();
  const Duration left = call().deadline() - net::MonotonicNow();
  if (left >= WallPoint::max() - now) return WallPoint::max();
  return now + std::chrono::duration_cast<WallPoint::duration>(left);
}

std::chrono::nanoseconds ServerContext::time_remaining() const {
  if (call().deadline() == kNever) return std::chrono::nanoseconds::max();
  return std::max(call().deadline() - net::MonotonicNow(), Duration::zero());
}

std::optional<std::chrono::nanoseconds> ServerContext::requested_timeout() const {
  return call().head().timeout;
}

bool ServerContext::IsCancelled() const { return call().is_cancelled(); }

void ServerContext::OnCancel(std::function<void()> callback) {
  call().OnCancel(std::move(callback));
}

void ServerContext::TryCancel() { call().TryCancel(); }

bool ServerContext::IsDraining() const { return call().connection().is_draining(); }

void ServerContext::OnDrain(std::function<void()> callback) { call().OnDrain(std::move(callback)); }

bool ServerContext::AddInitialMetadata(std::string_view key, std::string_view value) {
  return call().AddInitialMetadata(key, value);
}

bool ServerContext::AddTrailingMetadata(std::string_view key, std::string_view value) {
  return call().AddTrailingMetadata(key, value);
}

void ServerContext::set_compression_algorithm(CompressionAlgorithm algorithm) {
  const bool is_none = algorithm == CompressionAlgorithm::kNone;
  call().set_compression(is_none ? nullptr : &server::EncodingNameOf(algorithm));
}

bool ServerContext::set_compression_algorithm(std::string_view name) {
  const std::string_view* const known =
      call().connection().worker().config().compressors.Find(name);
  if (known == nullptr) return false;
  call().set_compression(known);
  return true;
}

CompressionAlgorithm ServerContext::compression_algorithm() const {
  return server::AlgorithmNamed(call().compression());
}

bool ServerContext::AcceptsCompression(CompressionAlgorithm algorithm) const {
  return AcceptsCompression(server::EncodingNameOf(algorithm));
}

bool ServerContext::AcceptsCompression(std::string_view name) const {
  return grpc::AcceptsEncoding(call().head().accept_encoding, name);
}

void ServerContext::SetRetryPushback(std::chrono::milliseconds delay) {
  call().SetRetryPushback(delay);
}

void ServerContext::set_compress_response(bool compress) { call().set_compress_response(compress); }

bool ServerContext::request_compressed() const { return call().request_compressed(); }

void ServerContext::RunOnWorker(std::function<void()> function) {
  const server::Log& log = call().connection().worker().config().log;
  call().connection().loop().PostFunction([&log, function = std::move(function)] {
    try {
      function();
    } catch (...) {
      log.Error("a function that was given to RunOnWorker threw an exception");
    }
  });
}

ServerContext::SleepAwaiter ServerContext::SleepFor(std::chrono::nanoseconds duration) {
  return {&call(), duration};
}

bool ServerContext::SleepAwaiter::await_suspend(std::coroutine_handle<> waiter) {
  if (call_->is_cancelled()) return false;
  return call_->StartSleep(duration_, waiter);
}

bool ServerContext::SleepAwaiter::await_resume() const { return !call_->is_cancelled(); }

}  // namespace weir
