// What has come of a request's messages and has not reached the handler yet.
#ifndef WEIR_SERVER_REQUEST_INPUT_H_
#define WEIR_SERVER_REQUEST_INPUT_H_

#include <cstddef>
#include <string_view>
#include <utility>

#include "server/message_decoder.h"
#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/base/intrusive_list.h"
#include "transport/grpc/compressor.h"
#include "transport/grpc/rejection.h"
#include "weir/internal/message_codec.h"

namespace weir::server {

struct RequestInputListTag {};

// A call has one only while there is something in it: of a stream that is silent between two
// messages nothing has to be remembered. The worker keeps those that no call has
// (WorkerContext::AcquireInput).
//
// The octets lie in up to two places, in this order: the beginning of a message in the decoder, and
// what was kept of earlier events or is offered by the event that is being handled. Never both of
// these: whoever pulls during an event has waited for it, and so has left nothing.
class RequestInput final : public ListNode<RequestInputListTag> {
 public:
  using Outcome = MessageDecoder::Outcome;

  // Ready for what comes next on a stream; `encoding` is the request's `grpc-encoding` and must
  // outlive the use.
  void Reset(size_t message_size_max, std::string_view encoding) {
    decoder_.Reset(message_size_max, encoding);
  }
  // When a call is done with it.
  void ReleaseMemory() {
    decoder_.ReleaseMemory();
    if (kept_.capacity() != 0) kept_.Release();
    kept_used_ = 0;
    offered_ = {};
  }

  // The octets of an event, valid until the end of that event: by then they are to be consumed or
  // kept.
  void Offer(ByteView data) { offered_ = data; }
  void KeepOffered();

  // The next message. kNeedMore: all that there was is in the decoder now.
  Outcome Pull(const internal::MessageCodec& codec, void* message,
               const grpc::CompressorRegistry& compressors) {
    if (kept_used_ == kept_.size()) [[likely]]
      return decoder_.Pull(&offered_, codec, message, compressors);
    return PullKept(codec, message, compressors);
  }

  // Of earlier events, what no Pull has taken yet.
  ByteView kept() const { return kept_.view().subspan(kept_used_); }

  // Of memory for that, with what was taken of it since.
  size_t held_bytes() const { return kept_.size(); }

  // Nothing has come since the end of the last message.
  bool is_empty() const {
    return offered_.empty() && kept_used_ == kept_.size() && decoder_.IsAtBoundary();
  }
  // What no message was made of, of the event being handled.
  ByteView TakeOffered() { return std::exchange(offered_, {}); }

  // See MessageDecoder.
  size_t TakeConsumedBytes() { return decoder_.TakeConsumedBytes(); }
  size_t missing_bytes() const { return decoder_.missing_bytes(); }
  void ExpectMissingBytes() { decoder_.ExpectMissingBytes(); }
  const grpc::Rejection& rejection() const { return decoder_.rejection(); }
  size_t message_size() const { return decoder_.message_size(); }
  size_t content_size() const { return decoder_.content_size(); }
  bool is_compressed() const { return decoder_.is_compressed(); }

 private:
  Outcome PullKept(const internal::MessageCodec& codec, void* message,
                   const grpc::CompressorRegistry& compressors);

  MessageDecoder decoder_;
  Buffer kept_;  // from kept_used_ on
  size_t kept_used_ = 0;
  ByteView offered_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_REQUEST_INPUT_H_
