// Services of text messages whose handlers a test puts in place; what generated code would be for
// them.
#ifndef WEIR_TESTS_SERVER_TEXT_SERVICE_H_
#define WEIR_TESTS_SERVER_TEXT_SERVICE_H_

#include <functional>
#include <string>

#include "tests/server/text_message.h"
#include "weir/server_context.h"
#include "weir/service.h"
#include "weir/status.h"
#include "weir/stream.h"
#include "weir/task.h"

namespace weir::server {

// Typed views of the two kinds of streams.
class TextStream {
 public:
  explicit TextStream(internal::BlockingStream* stream) : stream_(stream) {}

  ReadResult Read(Text* text) { return stream_->Read(kTextCodec, text); }
  bool Write(std::string value, WriteOptions options = {}) {
    const Text text{std::move(value)};
    return stream_->Write(kTextCodec, &text, options);
  }
  void SendInitialMetadata() { stream_->SendInitialMetadata(); }

 private:
  internal::BlockingStream* stream_;
};

class CoTextStream {
 public:
  explicit CoTextStream(internal::CoroutineStream* stream) : stream_(stream) {}

  internal::ReadAwaiter Read(Text* text) { return {stream_, text}; }
  internal::WriteAwaiter Write(const Text& text, WriteOptions options = {}) {
    return {stream_, &text, options};
  }
  void SendInitialMetadata() { stream_->SendInitialMetadata(); }

 private:
  internal::CoroutineStream* stream_;
};

// Service "text.Blocking". A handler that is not set answers UNIMPLEMENTED.
class BlockingTextService final : public Service {
 public:
  BlockingTextService() : Service(&kDescriptor) {}

  std::function<Status(ServerContext*, const Text*, Text*)> unary;
  std::function<Status(ServerContext*, TextStream, Text*)> collect;
  std::function<Status(ServerContext*, const Text*, TextStream)> expand;
  std::function<Status(ServerContext*, TextStream)> chat;

 private:
  static const MethodDescriptor kMethods[4];
  static const ServiceDescriptor kDescriptor;
};

// Service "text.Coroutine".
class CoroutineTextService final : public Service {
 public:
  CoroutineTextService() : Service(&kDescriptor) {}

  std::function<Task<Status>(ServerContext&, const Text&, Text&)> unary;
  std::function<Task<Status>(ServerContext&, CoTextStream, Text&)> collect;
  std::function<Task<Status>(ServerContext&, const Text&, CoTextStream)> expand;
  std::function<Task<Status>(ServerContext&, CoTextStream)> chat;

 private:
  static const MethodDescriptor kMethods[4];
  static const ServiceDescriptor kDescriptor;
};

}  // namespace weir::server

#endif  // WEIR_TESTS_SERVER_TEXT_SERVICE_H_
