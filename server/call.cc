#include "server/call.h"

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "server/blocking_bridge.h"
#include "server/connection_calls.h"
#include "server/request_input.h"
#include "server/worker_context.h"
#include "transport/grpc/message_reader.h"
#include "transport/grpc/response_head.h"
#include "transport/net/clock.h"

namespace weir::server {

// Of the C library's allocator such an object takes 208 bytes, and 224 if it were larger by one.
static_assert(sizeof(Call) <= 200 || sizeof(void*) != 8);

Call::Call() = default;
Call::~Call() { delete callbacks_.load(std::memory_order_relaxed); }

http2::Connection& Call::http2() { return connection_->connection(); }
WorkerContext& Call::worker() { return connection_->worker(); }
void Call::CountHit(http2::Limit limit) { connection_->driver().worker().counters().Hit(limit); }
void Call::MarkDirty() { connection_->driver().MarkDirty(); }

void Call::Begin(ConnectionCalls& connection, const Method& method, http2::StreamKey stream,
                 http2::FieldSectionPtr fields) {
  connection_ = &connection;
  method_ = &method;
  fields_ = std::move(fields);
  const grpc::RequestHead& head = this->head();
  stream_ = stream;
  http2().SetUser(stream, this);
  const bool is_intercepted = !worker().config().interceptors.is_empty();
  if (is_intercepted) {
    if (interception_ == nullptr) interception_ = std::make_unique<Interception>();
    interception_->started = connection.loop().Now();
  }
  if (method.shape() != MethodShape::kUnary && method.style != HandlerStyle::kPool) DropParts();
  if (HasSingleRequest()) request_ = worker().AcquireRequest(method);
  if (head.timeout) ArmDeadline(*head.timeout);
  // An encoding we lack is refused whether or not a message uses it (gRPC compression.md).
  if (!head.encoding.empty() && head.encoding != grpc::EncodingName(grpc::Encoding::kIdentity) &&
      worker().compressors().Find(head.encoding) == nullptr) {
    EndWithRejection(
        grpc::MakeRejection(grpc::Rejection::Kind::kEncodingUnsupported, head.encoding));
    return;
  }
  // Interceptors see a call before its messages; a handler with a single request needs that first.
  if (!HasSingleRequest() || is_intercepted) StartHandler();
}

// A stream may be silent for long: what other calls have left in the object is not for it.
void Call::DropParts() {
  bridge_.reset();
  timers_.reset();
}

Call::Timers& Call::timers() {
  if (timers_ == nullptr) timers_ = std::make_unique<Timers>(*this);
  return *timers_;
}

void Call::ArmDeadline(Duration timeout) {
  Timers& all = timers();
  net::Loop& loop = connection_->loop();
  all.started = loop.Now();
  all.at = AddSaturated(all.started, timeout);
  loop.Arm(all, all.at);
}

// ---- the request's bytes -----------------------------------------------------------------------

RequestInput& Call::input() {
  if (input_ == nullptr) {
    input_ = &worker().AcquireInput();
    input_->Reset(method_->receive_bytes_max, head().encoding);
  }
  return *input_;
}

void Call::DropInput() { worker().RecycleInput(*std::exchange(input_, nullptr)); }

void Call::OnData(ByteView data, bool ends_stream) {
  if (is_stream_over_) {
    http2().ReleaseWindow(stream_, data.size());
  } else if (HasSingleRequest()) {
    OnSingleRequestData(data, ends_stream);
  } else {
    OnStreamData(data);
  }
}

void Call::OnSingleRequestData(ByteView data, bool ends_stream) {
  if (!has_request_) {
    const size_t consumed = TakeSingleRequest(&data);
    if (consumed == 0) return;
    has_request_ = true;
    if (!ends_stream) {
      http2().ReleaseWindow(stream_, consumed);
      MarkDirty();
    }
  }
  if (!data.empty()) EndWithRejection(grpc::MakeRejection(grpc::Rejection::Kind::kMessageTooMany));
}

// Takes the message off `*data` if it is complete with that. Returns how many bytes it had, in this
// event and before; 0 if there is no message, and then `*data` is of no use any more.
size_t Call::TakeSingleRequest(ByteView* data) {
  const internal::MessageCodec& codec = *method_->descriptor->request;
  ByteView rest = *data;
  grpc::Message whole;
  if (input_ != nullptr || !grpc::TakeWholeMessage(&rest, method_->receive_bytes_max, &whole) ||
      whole.compressed) [[unlikely]] {
    return AssembleSingleRequest(data);
  }
  is_request_large_ = !WorkerContext::IsWorthKeeping(whole.payload.size());
  if (!codec.parse(request_, whole.payload.data(), whole.payload.size())) {
    EndWithRejection(grpc::MakeRejection(grpc::Rejection::Kind::kMessageMalformed));
    return 0;
  }
  NoteReceived(codec, request_, whole.payload.size());
  *data = rest;
  return grpc::kMessagePrefixSize + whole.payload.size();
}

size_t Call::AssembleSingleRequest(ByteView* data) {
  const internal::MessageCodec& codec = *method_->descriptor->request;
  RequestInput& from = input();
  from.Offer(*data);
  switch (from.Pull(codec, request_, worker().compressors())) {
    case RequestInput::Outcome::kNeedMore:
      AskForMissingBytes();
      return 0;
    case RequestInput::Outcome::kRejected:
      EndWithRejection(from.rejection());
      return 0;
    case RequestInput::Outcome::kMessage:
      break;
  }
  request_compressed_ = from.is_compressed();
  NoteReceived(codec, request_, from.message_size());
  *data = from.TakeOffered();
  const size_t consumed = from.TakeConsumedBytes();
  DropSingleRequestInput();
  return consumed;
}

// A message larger than the window would stall without this. What has come of it stays in the
// window until it is complete, since it is held.
void Call::AskForMissingBytes() {
  if (http2().ExtendWindow(stream_, input_->missing_bytes())) input_->ExpectMissingBytes();
  MarkDirty();
}

// Whatever became of the message, even if it could not be parsed.
void Call::DropSingleRequestInput() {
  is_request_large_ = !WorkerContext::IsWorthKeeping(input_->content_size());
  DropInput();
}

void Call::OnEnd() {
  is_input_ended_ = true;
  if (is_stream_over_) return;
  if (HasSingleRequest()) {
    OnSingleRequestEnd();
  } else if (is_on_pool_) {
    bridge_->EndInput();
  } else {
    const Pin pin(*this);
    ResumeReadIfReady();
  }
}

void Call::OnSingleRequestEnd() {
  if (has_request_) {
    OnRequestReady();
    return;
  }
  EndWithRejection(grpc::MakeRejection(input_ == nullptr
                                           ? grpc::Rejection::Kind::kMessageMissing
                                           : grpc::Rejection::Kind::kMessageTruncated));
}

// ---- the end -----------------------------------------------------------------------------------

void Call::OnStreamLost() {
  if (is_stream_over_) return;
  NoteEnd(StatusCode::CANCELLED, {});
  EndStream();
}

// Whether nine tenths of the time for the call are over. A deadline within a few milliseconds is
// always near: how long ago the request was sent cannot be told from when it was read.
bool Call::IsNearDeadline() const {
  if (deadline() == kNever) return false;
  constexpr Duration kNear = std::chrono::milliseconds(10);
  const Duration left = timers_->at - connection_->loop().Now();
  return left <= kNear || left <= (timers_->at - timers_->started) / 10;
}

void Call::Timers::OnTimer(TimePoint) { call.OnDeadline(); }

void Call::OnDeadline() {
  RunOrClose([this] {
    EndAtOnce(StatusCode::DEADLINE_EXCEEDED, "the deadline passed before the server had answered");
  });
}

// Posted, because it may come from any thread; by then the object may serve another call. (It is
// not freed before that.)
void Call::TryCancel() {
  is_cancel_requested_.store(true, std::memory_order_relaxed);
  cancels_on_way_.fetch_add(1, std::memory_order_relaxed);
  try {
    connection_->loop().PostFunction([this, serial = serial_] {
      cancels_on_way_.fetch_sub(1, std::memory_order_release);
      if (serial_ == serial && !is_finished_) RunOrClose([this] { CancelByServer(); });
    });
  } catch (const std::bad_alloc&) {
    // The end of the handler finds the request.
    cancels_on_way_.fetch_sub(1, std::memory_order_release);
  }
}

void Call::CancelByServer() { EndAtOnce(StatusCode::CANCELLED, "the server cancelled the call"); }

void Call::EndAtOnce(StatusCode code, std::string_view message) {
  if (is_stream_over_ || http2().QueuedBytes(stream_) == 0) {
    EndWithStatus(code, message);
    return;
  }
  http2().ResetStream(stream_, http2::ErrorCode::kCancel);
  MarkDirty();
  NoteEnd(code, message);
  EndStream();
}

void Call::EndWithStatus(StatusCode code, std::string_view message) {
  if (is_stream_over_) return;
  SendStatus(code, message, {});
  NoteEnd(code, message);
  EndStream();
}

void Call::EndWithRejection(const grpc::Rejection& rejection) {
  if (is_stream_over_) return;
  if (rejection.kind == grpc::Rejection::Kind::kMessageTooLarge ||
      rejection.kind == grpc::Rejection::Kind::kInflatedMessageTooLarge) {
    CountHit(http2::Limit::kMessageSize);
  }
  if (are_headers_sent_) {
    EndWithStatus(static_cast<StatusCode>(rejection.code), rejection.message);
    return;
  }
  grpc::FieldList& fields = worker().ClearedFieldList();
  grpc::BuildRejection(rejection, worker().compressors().accept_encoding(),
                       http2().peer_header_list_size_max(), &fields);
  http2().SendTrailers(stream_, fields.fields());
  MarkDirty();
  NoteEnd(static_cast<StatusCode>(rejection.code), rejection.message);
  EndStream();
}

void Call::NoteEnd(StatusCode code, std::string_view message) {
  if (interception_ == nullptr) return;
  interception_->end_code = code;
  interception_->end_message = message;
}

void Call::EndStream() {
  is_stream_over_ = true;
  const Pin pin(*this);
  Cancel();
  if (!is_handler_running_ && !is_finished_) Complete();
}

void Call::Cancel() {
  if (is_cancelled_.exchange(true)) return;
  RunCallbacks(&Callbacks::on_cancel);
  if (is_on_pool_) bridge_->Cancel();
  WakeWaiters();
}

void Call::OnDrain() {
  const Pin pin(*this);
  RunCallbacks(&Callbacks::on_drain);
}

// One after the other off the list: when one of them makes the handler end, the others must not
// run.
void Call::RunCallbacks(Callbacks::List Callbacks::*list) {
  Callbacks* const callbacks = callbacks_.load();
  if (callbacks == nullptr) return;
  const std::lock_guard lock(callbacks->mutex);
  Callbacks::List& left = callbacks->*list;
  while (!left.empty()) {
    const std::function<void()> callback = std::move(left.front());
    left.erase(left.begin());
    RunCallback(callback);
  }
}

void Call::RunCallback(const std::function<void()>& callback) const {
  try {
    callback();
  } catch (...) {
    LogException("registered a callback that", std::current_exception());
  }
}

void Call::DropCallbacks() {
  Callbacks* const callbacks = callbacks_.load(std::memory_order_relaxed);  // made by this thread
  const std::lock_guard lock(callbacks->mutex);
  callbacks->on_cancel.clear();
  callbacks->on_drain.clear();
}

void Call::Finish(Status status) {
  const Pin pin(*this);
  is_handler_running_ = false;
  RunOrClose([&] {
    if (is_cancel_requested_.load(std::memory_order_relaxed)) CancelByServer();
    if (!is_stream_over_) SendResponse(status);
  });
  is_stream_over_ = true;
  // Whoever waits waits for a call that is over, and must not be taken for one of the next call.
  if (IsAnybodyWaiting()) {
    LogMisuse("ended while a Read, a Write or a SleepFor of it was waiting");
    WakeWaiters();
  }
  if (!is_finished_) Complete();
}

void Call::Complete() {
  is_finished_ = true;
  if (timers_ != nullptr && timers_->is_armed()) connection_->loop().Disarm(*timers_);
  RunOrClose([this] {
    if (deadline() != kNever && http2().QueuedBytes(stream_) != 0) {
      connection_->WatchUnsentResponse(stream_, deadline());
    }
    http2().ReleaseStream(stream_);
  });
  connection_->OnCallFinished(*this);
  if (pins_ == 0) Recycle();
}

void Call::NoteResponseSize(size_t size) {
  is_response_measured_ = true;
  is_response_large_ = !WorkerContext::IsWorthKeeping(size);
}

// Leaves the object as if newly made, but for memory worth keeping.
void Call::Recycle() {
  WorkerContext& owner = worker();
  ++serial_;  // whoever remembers the call finds it gone
  if (HasSingleRequest()) {
    if (input_ != nullptr) DropSingleRequestInput();
    if (request_ != nullptr) owner.RecycleRequest(*method_, request_, !is_request_large_);
  }
  if (response_ != nullptr) {
    // The handler may have failed after it had filled it.
    if (!is_response_measured_) {
      NoteResponseSize(method_->descriptor->response->byte_size(response_));
    }
    owner.RecycleResponse(*method_, response_, !is_response_large_);
  }
  request_ = response_ = nullptr;
  is_request_large_ = is_response_measured_ = false;
  if (input_ != nullptr) DropInput();
  if (bridge_ != nullptr) bridge_->ReleaseMemory();
  fields_.reset();
  has_request_ = is_input_ended_ = is_request_ready_ = request_compressed_ = false;
  is_reading_stopped_ = false;
  are_headers_sent_ = is_initial_metadata_sealed_ = has_initial_metadata_ = false;
  is_compression_decided_ = is_response_encoded_ = false;
  compress_response_ = true;
  compression_ = nullptr;
  is_on_pool_ = is_stream_over_ = is_finished_ = false;
  is_cancelled_.store(false, std::memory_order_relaxed);
  is_cancel_requested_.store(false, std::memory_order_relaxed);
  if (timers_ != nullptr) timers_->at = kNever;
  if (interception_ != nullptr) interception_->Reset();
  if (extras_ != nullptr) extras_.reset();
  if (callbacks_.load(std::memory_order_relaxed) != nullptr) delete callbacks_.exchange(nullptr);
  owner.RecycleCall(this);
}

Status Call::EndStatus() const {
  const std::string& message = interception_->end_message;
  return Status(interception_->end_code,
                message.empty() ? "the client cancelled the call or disconnected" : message);
}

void Call::Interception::Reset() {
  statistics = {};
  observers.clear();
  was_handler_called = false;
  if (!pool_status.ok()) pool_status = Status();
  end_code = StatusCode::OK;
  end_message.clear();
}

// ---- facts and settings ------------------------------------------------------------------------

Call::Extras& Call::extras() {
  if (extras_ == nullptr) extras_ = std::make_unique<Extras>();
  return *extras_;
}

const ClientMetadata& Call::client_metadata() {
  Extras& all = extras();
  if (!all.has_client_view) {
    all.has_client_view = true;
    // The head was accepted, so every binary value is known to decode.
    static_cast<void>(grpc::DecodeMetadata(*fields_, &all.received));
    for (const grpc::Metadata::Entry& entry : all.received) {
      if (!entry.key.starts_with(':')) all.client_view.emplace(entry.key, entry.value);
    }
    // What an interceptor added comes after what the client sent.
    for (const grpc::Metadata::Entry& entry : all.added) {
      all.client_view.emplace(entry.key, entry.value);
    }
  }
  return all.client_view;
}

void Call::AddClientMetadata(std::string_view key, std::string_view value) {
  Extras& all = extras();
  const grpc::Metadata::Entry& entry =
      all.added.emplace_back(grpc::Metadata::Entry{std::string(key), std::string(value)});
  if (all.has_client_view) all.client_view.emplace(entry.key, entry.value);
}

bool Call::IsMetadataValid(std::string_view what, std::string_view key,
                           std::string_view value) const {
  if (grpc::IsValidMetadataKey(key) && !grpc::IsReservedMetadataKey(key) &&
      (grpc::IsBinaryMetadataKey(key) || grpc::IsValidAsciiMetadataValue(value))) {
    return true;
  }
  LogMisuse("adds " + std::string(what) +
            " metadata with an invalid or reserved key, or an invalid value");
  return false;
}

bool Call::AddInitialMetadata(std::string_view key, std::string_view value) {
  if (is_initial_metadata_sealed_) {
    LogMisuse("adds initial metadata after it was sent");
    return false;
  }
  if (!IsMetadataValid("initial", key, value)) return false;
  extras().initial.Add(key, value);
  return true;
}

bool Call::AddTrailingMetadata(std::string_view key, std::string_view value) {
  if (!IsMetadataValid("trailing", key, value)) return false;
  extras().trailing.Add(key, value);
  return true;
}

// gRFC A6: a decimal number; a client takes anything negative for "do not retry".
void Call::SetRetryPushback(std::chrono::milliseconds delay) {
  extras().trailing.Set("grpc-retry-pushback-ms", std::to_string(delay.count()));
}

void Call::OnCancel(std::function<void()> callback) {
  if (!KeepCallback(&Callbacks::on_cancel, is_cancelled_, &callback)) RunCallback(callback);
}

void Call::OnDrain(std::function<void()> callback) {
  if (!KeepCallback(&Callbacks::on_drain, connection_->draining(), &callback)) {
    RunCallback(callback);
  }
}

// False if what it waits for has happened already: then it is to run at once, and not under the
// lock, since it may end the call.
bool Call::KeepCallback(Callbacks::List Callbacks::*list, const std::atomic<bool>& has_happened,
                        std::function<void()>* callback) {
  Callbacks* callbacks = callbacks_.load(std::memory_order_relaxed);  // made by this thread
  if (callbacks == nullptr) callbacks_.store(callbacks = new Callbacks);
  const std::lock_guard lock(callbacks->mutex);
  if (has_happened.load()) return false;
  (callbacks->*list).push_back(std::move(*callback));
  return true;
}

void Call::AddObserver(MessageObserver* observer) { interception_->observers.push_back(observer); }

void Call::CountReceived(const internal::MessageCodec& codec, const void* message,
                         size_t wire_size) {
  ++interception_->statistics.messages_received;
  interception_->statistics.bytes_received += wire_size;
  ShowToObservers(&MessageObserver::OnMessageReceived, codec, message);
}

void Call::ShowToObservers(void (MessageObserver::*show)(const google::protobuf::MessageLite&),
                           const internal::MessageCodec& codec, const void* message) {
  if (codec.as_protobuf == nullptr) return;
  for (MessageObserver* observer : interception_->observers) {
    try {
      (observer->*show)(*codec.as_protobuf(message));
    } catch (...) {
      LogException("is watched by an observer that", std::current_exception());
    }
  }
}

InterceptedCall::Statistics Call::statistics() const {
  InterceptedCall::Statistics result = interception_->statistics;
  // Not the loop's time: a call may begin and end in one turn.
  result.elapsed = net::MonotonicNow() - interception_->started;
  return result;
}

void Call::LogMisuse(std::string_view what) const noexcept {
  try {
    std::string line = "the handler of ";
    line.append(path()).append(" ").append(what);
    connection_->worker().config().log.Error(line);
  } catch (...) {
    // See Log.
  }
}

}  // namespace weir::server
