// A compression algorithm of your own, beside gzip, deflate and zstd.
#ifndef WEIR_MESSAGE_COMPRESSOR_H_
#define WEIR_MESSAGE_COMPRESSOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace weir {

// Messages are independent of one another: nothing learnt from one may help to compress the next,
// or an attacker who can choose a part of one message learns about others (gRPC PROTOCOL-HTTP2
// "Security"). Memory may be reused. The server makes one for each of its threads. Nobody else
// compresses with it meanwhile, or decompresses; but a handler that reads on one thread and writes
// on another may do both at once. What it throws counts as a failure.
class MessageCompressor {
 public:
  enum class DecompressOutcome : uint8_t {
    kOk,
    kTooLarge,  // the message inflates to more than the limit: RESOURCE_EXHAUSTED
    kCorrupt,   // what came is not one whole compressed message: INTERNAL
  };

  virtual ~MessageCompressor() = default;

  // Appends `message`, compressed, to `*compressed`, which is empty. False when that is not
  // possible: the message then goes out as it is.
  virtual bool Compress(std::string_view message, std::string* compressed) = 0;

  // Appends the message to `*message`, which is empty. Must not produce more than `size_max` + 1
  // bytes, however many the input would inflate to: that is what keeps a small message from
  // filling the memory.
  virtual DecompressOutcome Decompress(std::string_view compressed, size_t size_max,
                                       std::string* message) = 0;
};

// Called when the server starts a thread, also while it runs; others may wait for it meanwhile, so
// it must be quick, and must not use the server. Must not fail (return
// null, or throw): messages could be neither compressed nor decompressed on that thread.
using MessageCompressorFactory = std::function<std::unique_ptr<MessageCompressor>()>;

}  // namespace weir

#endif  // WEIR_MESSAGE_COMPRESSOR_H_
