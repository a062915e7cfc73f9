// What has arrived of a stream whose handler runs on the pool.
//
// A Read is woken when a whole message is there, not for each piece of one: on a busy core, each
// waking costs more than all else that is done with a small piece. The prefix of a message says how
// many bytes a Read lacks, so whoever waits has left here what it has of one.
#ifndef WEIR_SERVER_BLOCKING_INPUT_H_
#define WEIR_SERVER_BLOCKING_INPUT_H_

#include <cstddef>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/grpc/message_writer.h"

namespace weir::server {

// Not thread-safe: the bridge's mutex guards it.
class BlockingInput {
 public:
  // Ready for another stream.
  void Reset(size_t message_size_max);
  void ReleaseMemory();

  void Append(ByteView data);
  bool is_empty() const { return bytes_.empty(); }

  // Hands everything over.
  Buffer Take();
  // Takes back what is left of that, which begins with a message. Nothing may have come since.
  void PutBack(Buffer rest);

  // ---- While what is here begins with a message: not between a Take that left a part of one
  // elsewhere and the next PutBack or Take.

  // Whether a Read finds something: a message, or a prefix that will be refused.
  bool HasMessage() const { return bytes_.size() >= needed_bytes_; }
  // Of a message that has begun: how much must come before HasMessage() is true.
  size_t missing_bytes() const {
    return is_empty() || HasMessage() ? 0 : needed_bytes_ - bytes_.size();
  }
  // They may come, all of them: makes room for them (for 8 MiB at most), so that what is there is
  // not moved as it grows.
  void ExpectMissingBytes();

 private:
  void Measure();

  Buffer bytes_;
  size_t message_size_max_ = 0;
  size_t needed_bytes_ = grpc::kMessagePrefixSize;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_BLOCKING_INPUT_H_
