// Streams of messages inside a call, as handlers see them.
//
//   blocking handlers:   ServerReader<R>, ServerWriter<W>, ServerReaderWriter<W, R>
//   coroutine handlers:  Reader<R>, Writer<W>, ReaderWriter<R, W>
//
// The blocking ones are those of gRPC C++. All of them are thin typed views of the call: valid
// while the handler runs.
#ifndef WEIR_STREAM_H_
#define WEIR_STREAM_H_

#include <coroutine>
#include <cstdint>

#include "weir/internal/message_codec.h"
#include "weir/service.h"

namespace weir {

// How one message is sent. Named as in gRPC C++.
class WriteOptions {
 public:
  // Sends this message uncompressed even when the call compresses. Absolute: use it for messages
  // that mix secrets with what an attacker can influence.
  WriteOptions& set_no_compression() {
    no_compression_ = true;
    return *this;
  }
  bool get_no_compression() const { return no_compression_; }

  // No message follows: the message and the status leave together.
  WriteOptions& set_last_message() {
    last_message_ = true;
    return *this;
  }
  bool is_last_message() const { return last_message_; }

 private:
  bool no_compression_ = false;
  bool last_message_ = false;
};

// What a Read found. Converts to true when there is a message, so that `while (reader->Read(&m))`
// works; the other two cases can be told apart.
class ReadResult {
 public:
  enum class Kind : uint8_t {
    kMessage,
    kEnd,     // the client has ended its stream properly
    kFailed,  // the call is over: cancelled, past its deadline, or the client sent something
              // invalid; or the handler itself has called StopReading
  };

  constexpr ReadResult(Kind kind) : kind_(kind) {}                     // NOLINT: a named value
  constexpr operator bool() const { return kind_ == Kind::kMessage; }  // NOLINT: see above
  constexpr bool is_end() const { return kind_ == Kind::kEnd; }
  constexpr bool is_failed() const { return kind_ == Kind::kFailed; }

 private:
  Kind kind_;
};

namespace internal {

// The library's side of a stream of a blocking handler. Any one thread may read while another
// writes.
class BlockingStream {
 public:
  // Waits for the next message.
  virtual ReadResult Read(const MessageCodec& codec, void* message) = 0;
  // Waits while the stream has more than its mark buffered. False when the call is over.
  virtual bool Write(const MessageCodec& codec, const void* message, WriteOptions options) = 0;
  virtual void SendInitialMetadata() = 0;
  virtual void StopReading() = 0;

 protected:
  ~BlockingStream() = default;
};

// One pending Read of a coroutine; lives in its awaiter.
struct ReadOperation {
  const MessageCodec* codec = nullptr;
  void* message = nullptr;
  ReadResult result = ReadResult::Kind::kFailed;
  std::coroutine_handle<> waiter;
};

// One pending Write of a coroutine; lives in its awaiter.
struct WriteOperation {
  const MessageCodec* codec = nullptr;
  const void* message = nullptr;
  WriteOptions options;
  bool is_sent = false;
  std::coroutine_handle<> waiter;
};

// The library's side of a stream of a coroutine handler.
class CoroutineStream {
 public:
  // True when the result is there already; otherwise `waiter` is resumed once it is. One
  // operation of each kind at a time.
  virtual bool StartRead(ReadOperation& operation) = 0;
  virtual bool StartWrite(WriteOperation& operation) = 0;
  virtual void SendInitialMetadata() = 0;
  virtual void StopReading() = 0;

  // Room for the typed view that the handler takes by reference.
  void* view_storage() { return view_storage_; }

 protected:
  ~CoroutineStream() = default;

 private:
  alignas(void*) unsigned char view_storage_[sizeof(void*)];
};

class [[nodiscard]] ReadAwaiter {
 public:
  ReadAwaiter(CoroutineStream* stream, const MessageCodec& codec, void* message)
      : stream_(stream), operation_{.codec = &codec, .message = message, .waiter = {}} {}
  bool await_ready() { return stream_->StartRead(operation_); }
  void await_suspend(std::coroutine_handle<> waiter) { operation_.waiter = waiter; }
  ReadResult await_resume() const { return operation_.result; }

 private:
  CoroutineStream* stream_;
  ReadOperation operation_;
};

class [[nodiscard]] WriteAwaiter {
 public:
  WriteAwaiter(CoroutineStream* stream, const MessageCodec& codec, const void* message,
               WriteOptions options)
      : stream_(stream),
        operation_{.codec = &codec, .message = message, .options = options, .waiter = {}} {}
  bool await_ready() { return stream_->StartWrite(operation_); }
  void await_suspend(std::coroutine_handle<> waiter) { operation_.waiter = waiter; }
  bool await_resume() const { return operation_.is_sent; }

 private:
  CoroutineStream* stream_;
  WriteOperation operation_;
};

}  // namespace internal

// ---- blocking handlers -------------------------------------------------------------------------

// Client streaming: `Status RecordRoute(ServerContext*, ServerReader<Point>*, RouteSummary*)`.
template <typename R>
class ServerReader {
 public:
  explicit ServerReader(internal::BlockingStream* stream) : stream_(stream) {}

  // Waits for the next message and parses it into `message`.
  ReadResult Read(R* message) { return stream_->Read(internal::kMessageCodec<R>, message); }
  // Sends the initial metadata now instead of with the response.
  void SendInitialMetadata() { stream_->SendInitialMetadata(); }

 private:
  internal::BlockingStream* stream_;
};

// Server streaming: `Status ListFeatures(ServerContext*, const Rectangle*,
// ServerWriter<Feature>*)`.
template <typename W>
class ServerWriter {
 public:
  explicit ServerWriter(internal::BlockingStream* stream) : stream_(stream) {}

  // Sends a message; waits while the stream has more than its mark buffered. False when the call
  // is over (cancelled, past its deadline, connection lost): the handler should return.
  bool Write(const W& message, WriteOptions options = {}) {
    return stream_->Write(internal::kMessageCodec<W>, &message, options);
  }
  bool WriteLast(const W& message, WriteOptions options = {}) {
    return Write(message, options.set_last_message());
  }
  void SendInitialMetadata() { stream_->SendInitialMetadata(); }

 private:
  internal::BlockingStream* stream_;
};

// Bidirectional: `Status RouteChat(ServerContext*, ServerReaderWriter<RouteNote, RouteNote>*)`. The
// written type comes first, as in gRPC C++.
template <typename W, typename R>
class ServerReaderWriter {
 public:
  explicit ServerReaderWriter(internal::BlockingStream* stream) : stream_(stream) {}

  ReadResult Read(R* message) { return stream_->Read(internal::kMessageCodec<R>, message); }
  bool Write(const W& message, WriteOptions options = {}) {
    return stream_->Write(internal::kMessageCodec<W>, &message, options);
  }
  bool WriteLast(const W& message, WriteOptions options = {}) {
    return Write(message, options.set_last_message());
  }
  void SendInitialMetadata() { stream_->SendInitialMetadata(); }
  // A Read that waits, and every later one, fails; the call goes on. For handlers that read on one
  // thread and may find out on another that there is nothing left to read for: they must not return
  // while a Read waits. Any thread.
  void StopReading() { stream_->StopReading(); }

 private:
  internal::BlockingStream* stream_;
};

// ---- coroutine handlers ------------------------------------------------------------------------

// Client streaming: `Task<Status> RecordRoute(ServerContext&, Reader<Point>&, RouteSummary&)`.
template <typename R>
class Reader {
 public:
  explicit Reader(internal::CoroutineStream* stream) : stream_(stream) {}

  // `co_await reader.Read(&message)` gives a ReadResult.
  internal::ReadAwaiter Read(R* message) { return {stream_, internal::kMessageCodec<R>, message}; }
  void SendInitialMetadata() { stream_->SendInitialMetadata(); }

 private:
  internal::CoroutineStream* stream_;
};

// Server streaming: `Task<Status> ListFeatures(ServerContext&, const Rectangle&,
// Writer<Feature>&)`.
template <typename W>
class Writer {
 public:
  explicit Writer(internal::CoroutineStream* stream) : stream_(stream) {}

  // `co_await writer.Write(message)` gives true once the message is accepted (it waits while the
  // stream has more than its mark buffered), false when the call is over. `message` must live until
  // then.
  internal::WriteAwaiter Write(const W& message, WriteOptions options = {}) {
    return {stream_, internal::kMessageCodec<W>, &message, options};
  }
  internal::WriteAwaiter WriteLast(const W& message, WriteOptions options = {}) {
    return Write(message, options.set_last_message());
  }
  void SendInitialMetadata() { stream_->SendInitialMetadata(); }

 private:
  internal::CoroutineStream* stream_;
};

// Bidirectional: `Task<Status> RouteChat(ServerContext&, ReaderWriter<RouteNote, RouteNote>&)`. The
// read type comes first.
template <typename R, typename W>
class ReaderWriter {
 public:
  explicit ReaderWriter(internal::CoroutineStream* stream) : stream_(stream) {}

  internal::ReadAwaiter Read(R* message) { return {stream_, internal::kMessageCodec<R>, message}; }
  internal::WriteAwaiter Write(const W& message, WriteOptions options = {}) {
    return {stream_, internal::kMessageCodec<W>, &message, options};
  }
  internal::WriteAwaiter WriteLast(const W& message, WriteOptions options = {}) {
    return Write(message, options.set_last_message());
  }
  void SendInitialMetadata() { stream_->SendInitialMetadata(); }
  // A Read that waits, in another coroutine of the handler, and every later one, fails; the call
  // goes on. The waiting coroutine is resumed before this returns.
  void StopReading() { stream_->StopReading(); }

 private:
  internal::CoroutineStream* stream_;
};

}  // namespace weir

#endif  // WEIR_STREAM_H_
