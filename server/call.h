// One call: from its headers to its trailers, whatever the style of its handler.
//
//   Begin ─► request arrives ─► handler runs ─► Finish ─► recycled
//                └────────── cancelled, past its deadline, rejected ──────────┘
//
// Rules:
//  1. Everything happens on the worker's thread, except what BlockingBridge does for a handler on
//     the pool and what is marked "any thread".
//  2. The stream can be over (reset, connection lost, status sent) before the handler is, and the
//     other way round. The stream's place is given back when both are.
//  3. The status is sent once: by Finish, or earlier by End* when the library ends the call itself.
//     The handler's own status is then ignored.
//  4. When memory runs out, the connection is closed (ConnectionDriver::RunOrClose), and the call
//     ends with it. So ending a call (OnStreamLost to Recycle) allocates nothing that it cannot do
//     without, and whoever calls from outside the connection's own events goes through RunOrClose.
//  5. Resuming a coroutine, running a callback or ending the stream may end the call. Code that
//     goes on afterwards holds a Pin.
#ifndef WEIR_SERVER_CALL_H_
#define WEIR_SERVER_CALL_H_

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/router.h"
#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/base/intrusive_list.h"
#include "transport/base/time.h"
#include "transport/grpc/metadata.h"
#include "transport/grpc/request_head.h"
#include "transport/http2/connection.h"
#include "transport/http2/field_section.h"
#include "transport/net/timer.h"
#include "weir/interceptor.h"
#include "weir/server_context.h"
#include "weir/stream.h"
#include "weir/task.h"

namespace weir::server {

class BlockingBridge;
class ConnectionCalls;
class RequestInput;
class WorkerContext;

struct CallListTag {};

// A server may hold a hundred thousand calls that wait for their clients, so what not every call
// needs, or not all the time, is a part of its own: RequestInput, BlockingBridge and the structs
// below.
class Call final : private internal::TaskOwner,
                   public ListNode<CallListTag>,
                   public internal::CoroutineStream,
                   private ServerContext {
 public:
  Call();
  ~Call();

  // ---- life (call.cc)

  // Takes up a request, whose head was parsed.
  void Begin(ConnectionCalls& connection, const Method& method, http2::StreamKey stream,
             http2::FieldSectionPtr fields);

  // Events of the stream.
  void OnData(ByteView data, bool ends_stream);
  void OnEnd();
  void OnWritable();
  // The client's patience is over, and so is the server's, or nearly.
  bool IsNearDeadline() const;
  // The client reset the stream, or the connection is gone.
  void OnStreamLost();

  // The server ends the call.
  void EndWithStatus(StatusCode code, std::string_view message);
  // Does not let the status wait behind data that the client does not take: resets the stream then.
  void EndAtOnce(StatusCode code, std::string_view message);
  void EndWithRejection(const grpc::Rejection& rejection);
  // Any thread.
  void TryCancel();
  // Whether a TryCancel is still on its way to the worker.
  bool is_referred_to() const { return cancels_on_way_.load(std::memory_order_acquire) != 0; }
  void OnDrain();

  // ---- handler (call_handler.cc)

  // From the request to the handler's status, as a coroutine: the innermost part of a chain of
  // interceptors.
  Task<Status> RunHandler();
  // Runs a handler of the blocking style on the calling thread and contains what it throws.
  Status InvokeBlocking(internal::BlockingStream* stream);
  // The pool is done with the handler.
  void OnPoolHandlerDone(Status status);

  // ---- response (call_response.cc)

  // Sends the initial metadata unless that was done.
  void SendInitialMetadata() override;
  // Sends one message from the worker's thread. False when the call is over or that ends it.
  bool SendMessage(const internal::MessageCodec& codec, const void* message, bool compress);
  // Sends a message that is encoded already, with its prefix. Takes a large one over.
  void SendEncoded(Buffer& encoded);

  // ---- coroutine streams (call_stream.cc)
  bool StartRead(void* message) override;
  bool StartWrite(const void* message, WriteOptions options) override;
  void StopReading() override;
  // False when memory is exhausted, which ends the call: `waiter` is not resumed then.
  bool StartSleep(Duration duration, std::coroutine_handle<> waiter);

  // ---- facts and settings, for the handler and its interceptors
  const Method& method() const { return *method_; }
  const grpc::RequestHead& head() const { return grpc::HeadOf(*fields_); }
  // "/helloworld.Greeter/SayHello". Of a generic service it is the client's own word.
  std::string_view path() const {
    return method_->path.empty() ? std::string_view(head().path) : method_->path;
  }
  ConnectionCalls& connection() { return *connection_; }
  ServerContext& context() { return *this; }
  TimePoint deadline() const { return timers_ == nullptr ? kNever : timers_->at; }
  bool is_cancelled() const { return is_cancelled_.load(std::memory_order_acquire); }  // any thread
  bool is_stream_over() const { return is_stream_over_; }
  http2::StreamKey stream() const { return stream_; }
  void* response() { return response_; }

  const ClientMetadata& client_metadata();
  void AddClientMetadata(std::string_view key, std::string_view value);
  bool AddInitialMetadata(std::string_view key, std::string_view value);
  bool AddTrailingMetadata(std::string_view key, std::string_view value);
  void SetRetryPushback(std::chrono::milliseconds delay);
  void OnCancel(std::function<void()> callback);
  void OnDrain(std::function<void()> callback);

  // By its name in `grpc-encoding`, which must outlive the call; null for none. No effect once it
  // is decided.
  void set_compression(const std::string_view* encoding) {
    if (!is_compression_decided_) compression_ = encoding;
  }
  std::string_view compression() const {
    return compression_ == nullptr ? std::string_view() : *compression_;
  }
  void set_compress_response(bool compress) { compress_response_ = compress; }
  bool compress_response() const { return compress_response_; }
  // Ends the time in which the handler may set the compression, or that and initial metadata. By
  // the thread that runs the handler, before the first message is encoded or the headers are sent.
  // Idempotent.
  void DecideCompression();
  void SealInitialMetadata();
  // What messages are compressed with; "" for none. Valid once decided.
  std::string_view response_encoding() const {
    return is_response_encoded_ ? compression() : std::string_view();
  }
  void set_request_compressed(bool compressed) { request_compressed_ = compressed; }
  bool request_compressed() const { return request_compressed_; }

  void AddObserver(MessageObserver* observer);
  // For interceptors: counts a message and shows it to the observers. By the thread that runs the
  // handler.
  void NoteReceived(const internal::MessageCodec& codec, const void* message, size_t wire_size) {
    if (interception_ != nullptr) CountReceived(codec, message, wire_size);
  }
  void NoteSent(const internal::MessageCodec& codec, const void* message) {
    if (interception_ != nullptr) {
      ShowToObservers(&MessageObserver::OnMessageSent, codec, message);
    }
  }
  void NoteSentBytes(size_t size) {
    if (interception_ == nullptr) return;
    ++interception_->statistics.messages_sent;
    interception_->statistics.bytes_sent += size;
  }
  InterceptedCall::Statistics statistics() const;

  // A line in the server's log about this call's handler: what it did, or what of it threw.
  // Best effort: without memory, or with a sink that throws, there is none.
  void LogMisuse(std::string_view what) const noexcept;
  void LogException(std::string_view what, const std::exception_ptr& exception) const noexcept;

 private:
  friend class BlockingBridge;
  friend class weir::ServerContext;

  // See rule 5.
  class Pin {
   public:
    explicit Pin(Call& call) : call_(call) { ++call_.pins_; }
    ~Pin() {
      if (--call_.pins_ == 0 && call_.is_finished_) call_.Recycle();
    }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

   private:
    Call& call_;
  };

  // Metadata: what most calls do not use. Made on first use by the handler's thread.
  struct Extras {
    // Views given out stay valid: the one is decoded once, the other's entries do not move.
    grpc::Metadata received;
    std::list<grpc::Metadata::Entry> added;
    ClientMetadata client_view;
    bool has_client_view = false;
    grpc::Metadata initial;
    grpc::Metadata trailing;
  };

  // What the handler wants to be told of. Made on first use by the handler's thread, and looked at
  // by the worker's, too: whoever sees none after he has changed what they tell of (is_cancelled_,
  // ConnectionCalls::is_draining) can be sure that whoever makes them will see the change.
  struct Callbacks {
    using List = std::vector<std::function<void()>>;
    // Held while callbacks run, so that the handler's end can wait for them; recursive, because a
    // callback may register another.
    std::recursive_mutex mutex;
    List on_cancel;
    List on_drain;
  };

  // What interceptors around the handler ask for, or wait for. Made for the calls of a server that
  // has some, and kept from call to call.
  struct Interception {
    TimePoint started;
    InterceptedCall::Statistics statistics;
    std::vector<MessageObserver*> observers;
    // RunHandler, while it waits for the single request or for the pool's thread.
    std::coroutine_handle<> request_waiter;
    std::coroutine_handle<> pool_waiter;
    Status pool_status;
    bool was_handler_called = false;
    // Why the library ended the call. The message is empty when the stream was lost.
    StatusCode end_code = StatusCode::OK;
    std::string end_message;

    // For another call.
    void Reset();
  };

  class SleepTimer;
  struct SleepListTag {};

  // What the call wants of the clock: its deadline, and the sleeps of its handler. Made with the
  // first of them, and kept from call to call.
  struct Timers final : net::Timer {
    explicit Timers(Call& owner) : call(owner) {}
    void OnTimer(TimePoint now) override;

    Call& call;
    TimePoint at = kNever;  // the deadline
    TimePoint started;      // when the time for it began
    IntrusiveList<SleepTimer, SleepListTag> sleepers;
  };

  bool HasSingleRequest() const { return !ClientStreams(method_->shape()); }
  bool HasSingleResponse() const { return !ServerStreams(method_->shape()); }
  http2::Connection& http2();
  WorkerContext& worker();

  // See rule 4.
  template <typename Work>
  bool RunOrClose(Work work);

  // call.cc
  void CountHit(http2::Limit limit);
  // Otherwise it is logged.
  bool IsMetadataValid(std::string_view what, std::string_view key, std::string_view value) const;
  void DropParts();
  void ArmDeadline(Duration timeout);
  void OnDeadline();
  void OnSingleRequestData(ByteView data, bool ends_stream);
  size_t TakeSingleRequest(ByteView* data);
  size_t AssembleSingleRequest(ByteView* data);
  void DropSingleRequestInput();
  void OnSingleRequestEnd();
  void CancelByServer();
  void EndStream();
  void Cancel();
  bool KeepCallback(Callbacks::List Callbacks::*list, const std::atomic<bool>& has_happened,
                    std::function<void()>* callback);
  void RunCallbacks(Callbacks::List Callbacks::*list);
  void RunCallback(const std::function<void()>& callback) const;
  void ClearCallbacks() {
    if (callbacks_.load(std::memory_order_relaxed) != nullptr) DropCallbacks();
  }
  void DropCallbacks();
  void Finish(Status status);
  void Complete();
  void Recycle();
  void NoteEnd(StatusCode code, std::string_view message);
  Status EndStatus() const;
  Extras& extras();
  Timers& timers();
  // See RequestInput.
  RequestInput& input();
  void AskForMissingBytes();
  void DropInput();
  void CountReceived(const internal::MessageCodec& codec, const void* message, size_t wire_size);
  void ShowToObservers(void (MessageObserver::*show)(const google::protobuf::MessageLite&),
                       const internal::MessageCodec& codec, const void* message);

  // call_handler.cc
  void StartHandler();
  void LaunchHandler();
  void OnRequestReady();
  void WakeRequestWaiter();
  // False when the pool's queue is full.
  bool SubmitToPool();
  Status StatusOfException(const std::exception_ptr& exception) const;
  void RunCoroutine();
  void StartTask(Task<Status> task);
  Status TakeTaskResult();
  void OnTaskEnd() noexcept override;
  // Calls a handler of the coroutine style; it may throw, also when it is awaited.
  Task<Status> InvokeCoroutine();
  struct RequestReadyAwaiter;
  struct PoolAwaiter;

  // call_response.cc
  void SendHeaders();
  void SendResponse(const Status& status);
  void SendStatus(StatusCode code, std::string_view message, std::string_view details);
  bool IsMessageTooLarge(size_t size) const { return size > method_->send_bytes_max; }
  Status MessageTooLarge(size_t size) const;
  void MarkDirty();
  void NoteResponseSize(size_t size);

  // call_stream.cc
  void OnStreamData(ByteView data);
  // True when the Read has its result, `read_result_`.
  bool TryRead(void* message);
  void TakeMessage(const internal::MessageCodec& codec, const void* message);
  void RejectRead(const grpc::Rejection& rejection);
  void ResumeReadIfReady();
  void ResumeRead();
  void FailPendingRead();
  void WakeWaiters();
  bool IsAnybodyWaiting() const {
    return read_waiter_ || write_waiter_ || (timers_ != nullptr && !timers_->sleepers.empty());
  }

  // The request.
  bool has_request_ = false;     // a single request has been parsed
  bool is_input_ended_ = false;  // the client's half ended properly
  bool is_request_ready_ = false;
  bool request_compressed_ = false;
  bool is_reading_stopped_ = false;  // by the handler
  bool is_request_large_ = false;
  // The response.
  bool are_headers_sent_ = false;
  bool compress_response_ = true;
  bool is_initial_metadata_sealed_ = false;
  // There is some then, and `extras_` stays as it is. Otherwise that is not to be looked at while
  // the handler's thread may make it.
  bool has_initial_metadata_ = false;
  bool is_compression_decided_ = false;
  bool is_response_encoded_ = false;  // as compression_ says
  bool is_response_measured_ = false;
  bool is_response_large_ = false;  // valid once it is measured
  // The handler.
  bool is_handler_running_ = false;
  bool is_on_pool_ = false;      // metadata and settings belong to the pool thread now
  bool is_stream_over_ = false;  // nothing more can be sent
  bool is_finished_ = false;
  std::atomic<bool> is_cancelled_ = false;
  std::atomic<bool> is_cancel_requested_ = false;  // TryCancel was called
  uint16_t pins_ = 0;
  std::atomic<uint32_t> cancels_on_way_ = 0;
  uint32_t serial_ = 0;  // differs between the calls that one object serves after another

  // Set by Begin.
  ConnectionCalls* connection_ = nullptr;
  const Method* method_ = nullptr;
  http2::FieldSectionPtr fields_;
  http2::StreamKey stream_;

  // The single request, while there is one; or the message of the Read that waits.
  void* request_ = nullptr;
  void* response_ = nullptr;
  RequestInput* input_ = nullptr;                  // the worker's, lent
  const std::string_view* compression_ = nullptr;  // what the handler wants

  Task<Status> task_;  // the handler, or the interceptors with it, if that is a coroutine

  std::unique_ptr<BlockingBridge> bridge_;  // kept from call to call
  std::unique_ptr<Interception> interception_;
  std::unique_ptr<Timers> timers_;
  std::unique_ptr<Extras> extras_;
  std::atomic<Callbacks*> callbacks_ = nullptr;  // owned
};

}  // namespace weir::server

#endif  // WEIR_SERVER_CALL_H_
