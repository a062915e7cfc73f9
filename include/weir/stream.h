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

// The library's side of a stream of a coroutine handler. Messages are of the method's types. One
// Read and one Write at a time; what they wait with is kept here and not in their awaiters, so that
// the frame of a handler that waits is small.
class CoroutineStream {
 public:
  // True when the result is there already; otherwise the waiter is resumed once it is.
  virtual bool StartRead(void* message) = 0;
  virtual bool StartWrite(const void* message, WriteOptions options) = 0;
  virtual void SendInitialMetadata() = 0;
  virtual void StopReading() = 0;

  // Behind a Start that gave false, at once.
  void set_read_waiter(std::coroutine_handle<> waiter) { read_waiter_ = waiter; }
  void set_write_waiter(std::coroutine_handle<> waiter) { write_waiter_ = waiter; }
  // Of the operation that has just got its result.
  ReadResult read_result() const { return read_result_; }
  bool write_result() const { return write_result_; }

  // Room for the typed view that the handler takes by reference.
  void* view_storage() { return view_storage_; }

 protected:
  ~CoroutineStream() = default;

 private:
  alignas(void*) unsigned char view_storage_[sizeof(void*)];

 protected:
  // Null unless one waits.
  std::coroutine_handle<> read_waiter_;
  std::coroutine_handle<> write_waiter_;
  ReadResult read_result_ = ReadResult::Kind::kFailed;
  bool write_result_ = false;  // whether the message was accepted
};

class [[nodiscard]] ReadAwaiter {
 public:
  ReadAwaiter(CoroutineStream* stream, void* message) : stream_(stream), message_(message) {}
  bool await_ready() { return stream_->StartRead(message_); }
  void await_suspend(std::coroutine_handle<> waiter) { stream_->set_read_waiter(waiter); }
  ReadResult await_resume() const { return stream_->read_result(); }

 private:
  CoroutineStream* stream_;
  void* message_;
};

class [[nodiscard]] WriteAwaiter {
 public:
  WriteAwaiter(CoroutineStream* stream, const void* message, WriteOptions options)
      : stream_(stream), message_(message), options_(options) {}
  bool await_ready() { return stream_->StartWrite(message_, options_); }
  void await_suspend(std::coroutine_handle<> waiter) { stream_->set_write_waiter(waiter); }
  bool await_resume() const { return stream_->write_result(); }

 private:
  CoroutineStream* stream_;
  const void* message_;
  WriteOptions options_;
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
  internal::ReadAwaiter Read(R* message) { return {stream_, message}; }
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
    return {stream_, &message, options};
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

  internal::ReadAwaiter Read(R* message) { return {stream_, message}; }
  internal::WriteAwaiter Write(const W& message, WriteOptions options = {}) {
    return {stream_, &message, options};
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
