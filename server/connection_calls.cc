#include "server/connection_calls.h"

#include <utility>

#include "server/plain_responder.h"
#include "transport/grpc/request_head.h"
#include "transport/grpc/response_head.h"

namespace weir::server {
namespace {

Peer DescribePeer(const driver::ConnectionDriver& driver) {
  Peer peer;
  peer.address = driver.socket().peer_address().ToString();
  if (const auto credentials = driver.socket().PeerCredentials()) {
    peer.unix_credentials =
        Peer::UnixCredentials{.process_id = static_cast<uint32_t>(credentials->process_id),
                              .user_id = static_cast<uint32_t>(credentials->user_id),
                              .group_id = static_cast<uint32_t>(credentials->group_id)};
  }
  if (const net::TlsSession* tls = driver.tls(); tls != nullptr) {
    Peer::TlsIdentity& identity = peer.tls.emplace();
    identity.protocol = tls->version();
    if (std::optional<net::TlsPeer> client = tls->Peer()) {
      identity.common_name = std::move(client->common_name);
      identity.dns_names = std::move(client->dns_names);
      identity.uris = std::move(client->uris);
      identity.email_addresses = std::move(client->email_addresses);
      identity.certificate_pem = std::move(client->certificate_pem);
    }
  }
  return peer;
}

}  // namespace

ConnectionCalls::ConnectionCalls(WorkerContext& worker, driver::ConnectionDriver& driver)
    : worker_(worker), driver_(driver), unsent_responses_(driver) {
  // Whatever needs more than an immutable address is asked for on this thread.
  if (!driver.socket().peer_address().is_ip() || driver.tls() != nullptr) peer();
}

const Peer& ConnectionCalls::peer() const {
  std::call_once(peer_once_,
                 [this] { peer_ = std::make_unique<const Peer>(DescribePeer(driver_)); });
  return *peer_;
}

void ConnectionCalls::OnEvent(const http2::Event& event) {
  Call* const call = static_cast<Call*>(event.user);
  switch (event.kind) {
    case http2::Event::Kind::kRequestStarted:
      StartCall(event);
      return;
    case http2::Event::Kind::kDataReceived:
      if (call != nullptr) call->OnData(event.data, event.ends_stream);
      return;
    case http2::Event::Kind::kStreamEnded:
      if (call != nullptr) {
        call->OnEnd();
      } else {
        // Of the streams without a call, only those of plain requests are not released yet.
        AnswerPlainly(connection(), event.stream);
        driver_.MarkDirty();
      }
      return;
    case http2::Event::Kind::kStreamReset:
      if (call != nullptr) {
        // Not a whim of the client's, however often it happens.
        if (event.by_peer && call->IsNearDeadline()) connection().ExcuseReset();
        call->OnStreamLost();
      } else {
        connection().ReleaseStream(event.stream);
      }
      return;
    case http2::Event::Kind::kStreamWritable:
      if (call != nullptr) call->OnWritable();
      return;
    case http2::Event::Kind::kConnectionFailed:
      OnClosed();
      return;
    case http2::Event::Kind::kTrailersReceived:  // gRPC gives them no meaning
    case http2::Event::Kind::kDrainBegun:        // OnDrain says so, too
    case http2::Event::Kind::kPingAcked:
    case http2::Event::Kind::kPeerGoingAway:  // calls in progress go on (RFC 9113 §6.8)
      return;
  }
}

void ConnectionCalls::StartCall(const http2::Event& event) {
  const grpc::RequestHead& head = grpc::ParseRequestHead(*event.fields);
  if (head.rejection.is_rejected()) {
    if (worker_.config().has_plain_responder && IsPlainRequest(head)) return;
    Reject(event.stream, head.rejection);
    return;
  }
  const Method* method = Route(event.stream, head);
  if (method == nullptr) return;
  Call* call = worker_.AcquireCall();
  calls_.PushBack(*call);
  ++live_calls_;
  call->Begin(*this, *method, event.stream, event.fields);
}

const Method* ConnectionCalls::Route(http2::StreamKey stream, const grpc::RequestHead& head) {
  if (head.route != nullptr) return static_cast<const Method*>(head.route);
  const Router& router = worker_.config().router;
  const Method* method = router.Find(head.path);
  if (method == nullptr) method = router.generic_method();
  if (method == nullptr) {
    Reject(stream, router.HasService(head.service)
                       ? grpc::MakeRejection(grpc::Rejection::Kind::kMethodUnknown, head.path)
                       : grpc::MakeRejection(grpc::Rejection::Kind::kServiceUnknown, head.service));
  }
  head.route = method;
  return method;
}

void ConnectionCalls::Reject(http2::StreamKey stream, const grpc::Rejection& rejection) {
  grpc::FieldList& fields = worker_.ClearedFieldList();
  grpc::BuildRejection(rejection, worker_.compressors().accept_encoding(),
                       connection().peer_header_list_size_max(), &fields);
  connection().SendTrailers(stream, fields.fields());
  connection().ReleaseStream(stream);
  driver_.MarkDirty();
}

// What `visit` does may finish any call of the connection, so no iterator is kept. It may also lose
// the connection, for lack of memory: OnClosed then reaches the calls that had their turn, and the
// others hear of it here.
template <typename Visit>
void ConnectionCalls::ForEachCall(Visit visit) {
  IntrusiveList<Call, CallListTag> batch;
  batch.TakeAll(calls_);
  while (!batch.empty()) {
    Call& call = batch.PopFront();
    calls_.PushBack(call);
    if (is_closed_) {
      call.OnStreamLost();
    } else {
      driver_.RunOrClose([&] { visit(call); });
    }
  }
}

void ConnectionCalls::OnDrain() {
  is_draining_.store(true);  // in one order with Call::callbacks_
  ForEachCall([](Call& call) { call.OnDrain(); });
}

void ConnectionCalls::OnAbort() {
  ForEachCall(
      [](Call& call) { call.EndAtOnce(StatusCode::UNAVAILABLE, "the server is shutting down"); });
}

void ConnectionCalls::OnClosed() {
  is_closed_ = true;
  unsent_responses_.Clear();
  ForEachCall([](Call&) {});  // each hears of it
}

void ConnectionCalls::OnCallFinished(Call& call) {
  static_cast<ListNode<CallListTag>&>(call).Unlink();
  --live_calls_;
  if (live_calls_ == 0) driver_.HandlerBecameIdle();
}

}  // namespace weir::server
