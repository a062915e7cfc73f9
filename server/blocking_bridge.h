// Between a blocking handler on a pool thread and its call on the worker's thread.
//
// The pool thread leaves what it wants done (messages to send, window to release, the result) under
// the mutex and posts this object to the loop, once until it has run. The worker leaves what has
// arrived under the same mutex, and wakes a thread for whom that is enough at the end of the turn.
// Neither waits for the other inside a lock.
//
// Each change from one thread to the other costs more than most handlers do, so both sides avoid
// them: a Read waits for whole messages, and credit for small ones is left until it is worth while.
#ifndef WEIR_SERVER_BLOCKING_BRIDGE_H_
#define WEIR_SERVER_BLOCKING_BRIDGE_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "server/blocking_input.h"
#include "server/handler_pool.h"
#include "server/message_decoder.h"
#include "transport/base/buffer.h"
#include "transport/base/intrusive_list.h"
#include "transport/grpc/rejection.h"
#include "transport/net/task.h"
#include "weir/status.h"
#include "weir/stream.h"

namespace weir::server {

class Call;

struct WakeListTag {};

class BlockingBridge final : public internal::BlockingStream,
                             public PoolTask,
                             public ListNode<WakeListTag>,
                             private net::Task {
 public:
  explicit BlockingBridge(Call& call) : call_(call) {}

  // ---- worker's thread
  // Ready for another call.
  void Reset();
  // Between two calls: what the last one did not take need not be kept.
  void ReleaseMemory();
  void AddInput(ByteView data);
  void EndInput();
  // The stream has room again.
  void OnWritable();
  // When the handler is done: its message, if it returns one, with its prefix; else empty.
  Buffer& encoded_response() { return encoded_response_; }
  // At the end of a turn in which WorkerContext::WakeAtTurnEnd was told to.
  void Wake() { changed_.notify_all(); }
  // Every wait ends; every Read and Write fails from now on. Any thread.
  void Cancel();

  // ---- pool thread
  void RunOnPool(PoolThread& thread) override;
  ReadResult Read(const internal::MessageCodec& codec, void* message) override;
  bool Write(const internal::MessageCodec& codec, const void* message,
             WriteOptions options) override;
  void SendInitialMetadata() override;
  // Any thread.
  void StopReading() override;

 private:
  // net::Task, on the worker's thread: does what the pool thread left to do.
  void Run() override;

  void UpdateQueuedBytes();
  // What a Read that waits for the rest of a message needs: window for it, and room. The mutex is
  // held.
  void AskForMissingBytes();
  // Whether it is true that one waits for that. The mutex is held.
  bool DoesReaderLackBytes() const { return is_reader_waiting_ && input_.missing_bytes() != 0; }
  void WakeAtTurnEnd();

  // Posts unless that was done already. `lock` is held on entry and released.
  void PostAndUnlock(std::unique_lock<std::mutex>& lock);
  // Encodes the response of a handler that returns one message. Turns one that is too large into a
  // status.
  Status EncodeResponse(Status status);
  Status RunHandler();
  // A thread of the handler that is in a Read or a Write. None may be left when it returns.
  class Visitor;
  void ExpelVisitors();
  ReadResult ReadOrThrow(const internal::MessageCodec& codec, void* message);
  bool WriteOrThrow(const internal::MessageCodec& codec, const void* message, WriteOptions options);
  // The pool's thread has run out of memory: the worker is to end the call, with its connection.
  void GiveUp();
  // Gives a problem with the request to the worker. Always returns kFailed.
  ReadResult FailRead(const grpc::Rejection& rejection);
  ByteView unread() const { return reading_.view().subspan(reading_used_); }
  // Whether `reading_` holds a message, or one that will be refused.
  bool IsMessageUnread() const;
  // Moves what has arrived to `reading_`; waits until that holds a message. False when the call is
  // over or the input has ended.
  bool WaitForInput();
  bool WaitForMessage(std::unique_lock<std::mutex>& lock);
  void DropUsed();
  void ReleaseConsumed();
  ReadResult ReadAtEnd();
  // The mutex is held.
  bool HasRoom() const;
  bool IsReadingOver() const { return is_input_ended_ || is_over_ || is_reading_stopped_; }

  Call& call_;

  // Pool thread only, while the handler runs.
  PoolThread* thread_ = nullptr;
  std::atomic<int> visitors_ = 0;
  MessageDecoder decoder_;
  Buffer reading_;
  size_t reading_used_ = 0;
  Buffer encoded_response_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Towards the pool thread.
  BlockingInput input_;
  bool is_input_ended_ = false;
  bool is_reader_waiting_ = false;
  bool is_writer_waiting_ = false;
  std::atomic<bool> is_reading_stopped_ = false;  // by the handler
  bool is_over_ = false;                          // cancelled, or a Read failed
  size_t queued_bytes_ = 0;  // in the engine, when the worker last looked; never less than that
  // What others of the connection may wait for (http2::ReceiveBudget): it is given back when its
  // message has been read if that is large, and before the next wait.
  bool has_asked_for_window_ = false;
  // Towards the worker.
  bool is_posted_ = false;
  std::vector<Buffer> outgoing_;
  size_t outgoing_bytes_ = 0;
  size_t consumed_bytes_ = 0;
  size_t release_step_bytes_ = 0;  // so many of them are worth a task
  bool wants_headers_ = false;
  grpc::Rejection rejection_;
  bool lacks_memory_ = false;
  bool is_done_ = false;
  Status result_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_BLOCKING_BRIDGE_H_
