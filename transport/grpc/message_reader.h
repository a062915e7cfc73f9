// Cuts the payload of DATA frames into messages (gRPC PROTOCOL-HTTP2 "Length-Prefixed-Message").
// Where a DATA frame begins or ends means nothing.
#ifndef WEIR_TRANSPORT_GRPC_MESSAGE_READER_H_
#define WEIR_TRANSPORT_GRPC_MESSAGE_READER_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/base/check.h"
#include "transport/grpc/message_writer.h"

namespace weir::grpc {

struct Message {
  bool compressed = false;
  ByteView payload;
};

// What is reserved at most for a message that is let in. Memory that is reserved and not written to
// does not count for the process, unless it is what was kept (LargeBlocks), which counts already.
inline constexpr size_t kExpectedReserve = 8 * 1024 * 1024;

// How many bytes of a stream, from the beginning of a message on, tell all that there is to tell of
// that message: it is complete, or a reader refuses it. While that is not known, so many as make
// the prefix complete.
inline size_t BytesOfFirstMessage(ByteView stream, size_t message_size_max) {
  if (stream.size() < kMessagePrefixSize) return kMessagePrefixSize;
  const uint32_t size = LoadBig32(stream.data() + 1);
  if (stream[0] > 1 || size > message_size_max) return kMessagePrefixSize;
  return kMessagePrefixSize + size;
}

// Takes the first message off `*stream`, as a view, if it lies there whole and its prefix is one
// that a reader with this limit accepts. The stream is at a boundary between messages.
inline bool TakeWholeMessage(ByteView* stream, size_t message_size_max, Message* message) {
  if (stream->size() < kMessagePrefixSize) return false;
  const uint8_t flag = (*stream)[0];
  const uint32_t size = LoadBig32(stream->data() + 1);
  if (flag > 1 || size > message_size_max || size > stream->size() - kMessagePrefixSize) {
    return false;
  }
  message->compressed = flag == 1;
  message->payload = stream->subspan(kMessagePrefixSize, size);
  *stream = stream->subspan(kMessagePrefixSize + size);
  return true;
}

// Fed with the bytes of one stream in order, asked for messages until it needs more:
//
//   reader.Feed(data);
//   while (reader.Next(&message) == MessageReader::Outcome::kMessage) Use(message);
//
// A message that lies whole in the bytes fed is a view of them; another is assembled in one buffer,
// which exists only from a message's first piece to the call after its delivery. The memory grows
// with the bytes received, so announcing a large message costs the peer as much as sending it.
// Thread-compatible.
class MessageReader {
 public:
  enum class Outcome : uint8_t {
    kMessage,
    kNeedMore,  // all that was fed is consumed
    kTooLarge,  // declared_size() exceeds the limit; the rest of the stream is lost. Repeats.
    kBadFlag,   // bad_flag() is neither 0 nor 1; the rest of the stream is lost. Repeats.
  };

  // A message may have up to `message_size_max` bytes, as received (before decompression).
  explicit MessageReader(size_t message_size_max) : message_size_max_(message_size_max) {}
  MessageReader(MessageReader&&) = default;
  MessageReader& operator=(MessageReader&&) = default;

  // `bytes` must stay valid until Next() returns something else than kMessage. Everything fed
  // before must have been consumed.
  void Feed(ByteView bytes) {
    WEIR_DCHECK(unread_.empty() || state_ == State::kFailed);
    unread_ = bytes;
  }

  // `message->payload` is valid until the next call of Feed, Next or Reset.
  [[nodiscard]] Outcome Next(Message* message) {
    if (state_ == State::kPrefix && prefix_size_ == 0) {
      if (TakeWholeMessage(&unread_, message_size_max_, message)) return Outcome::kMessage;
      if (unread_.empty()) return Outcome::kNeedMore;
    }
    return NextInPieces(message);
  }

  // The payload of the message just returned, as an owned buffer: taken over if it was assembled,
  // copied if it is a view of the bytes fed. A message that was taken over stays valid.
  Buffer TakePayload(const Message& message) {
    return IsAssembled(message) ? std::move(assembled_) : Buffer::CopyOf(message.payload);
  }
  // Whether the message just returned is in a buffer of its own.
  bool IsAssembled(const Message& message) const {
    return state_ == State::kDelivered && message.payload.data() == assembled_.data();
  }

  // What has been fed and not consumed, which the reader forgets: a caller that stops before
  // kNeedMore takes these bytes, and feeds them again before any others.
  ByteView TakeUnread() { return std::exchange(unread_, ByteView()); }

  // Whether the stream may end here: no message has been begun and nothing is unread. An
  // END_STREAM anywhere else is an error of the call (INTERNAL).
  bool IsAtBoundary() const {
    return unread_.empty() &&
           ((state_ == State::kPrefix && prefix_size_ == 0) || state_ == State::kDelivered);
  }

  // Bytes still to be fed before the message that has been begun is complete; while its prefix is
  // incomplete, the bytes that the prefix lacks. 0 at a boundary. Meaningful after kNeedMore: the
  // receive window must let that much in, or a large message would stall.
  size_t missing_bytes() const {
    if (state_ == State::kPayload) return declared_size_ - assembled_.size();
    return state_ == State::kPrefix && prefix_size_ != 0 ? kMessagePrefixSize - prefix_size_ : 0;
  }

  // The bytes that are missing may come, all of them: makes room for a large message at its final
  // place (for 8 MiB of it at most), so that it is not moved as it grows. No-op otherwise.
  void ExpectMissingBytes();

  // Of the message that has been begun (its prefix complete) or refused.
  uint32_t declared_size() const { return declared_size_; }
  size_t message_size_max() const { return message_size_max_; }
  uint8_t bad_flag() const { return prefix_[0]; }

  // Bytes of memory held.
  size_t held_bytes() const { return assembled_.capacity(); }

  // Ready for another stream; gives all memory back.
  void Reset(size_t message_size_max) { *this = MessageReader(message_size_max); }

 private:
  enum class State : uint8_t {
    kPrefix,     // prefix_size_ bytes of the prefix are in prefix_
    kPayload,    // the prefix is complete; assembled_ holds what came of the payload
    kDelivered,  // as kPrefix with nothing begun, but assembled_ holds the message just returned
    kFailed,     // failure_ is final
  };

  Outcome NextInPieces(Message* message);
  bool CollectPrefix();
  void CollectPayload();
  Outcome Fail(Outcome failure);

  ByteView unread_;
  Buffer assembled_;
  size_t message_size_max_;
  uint32_t declared_size_ = 0;
  State state_ = State::kPrefix;
  Outcome failure_ = Outcome::kNeedMore;
  uint8_t prefix_size_ = 0;
  uint8_t prefix_[kMessagePrefixSize] = {};
};

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_MESSAGE_READER_H_
