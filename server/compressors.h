// The message compression algorithms that a server offers.
#ifndef WEIR_SERVER_COMPRESSORS_H_
#define WEIR_SERVER_COMPRESSORS_H_

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "transport/grpc/compressor.h"
#include "weir/message_compressor.h"
#include "weir/server_context.h"

namespace weir::server {

// Those that weir brings along, and those that a user has added. Filled while the server is built;
// immutable, and so thread-safe, afterwards.
class Compressors {
 public:
  Compressors() = default;
  Compressors(Compressors&&) = default;
  Compressors& operator=(Compressors&&) = delete;

  // The error is one sentence.
  std::optional<std::string> Add(std::string name, MessageCompressorFactory make);

  // Gives a thread its own of each.
  void MakeFor(grpc::CompressorRegistry* thread) const;

  // `name` as it was added, which lives as long as this object; null when there is none of it.
  const std::string_view* Find(std::string_view name) const;

 private:
  struct Added {
    std::string name_text;
    std::string_view name;  // of name_text, which no deque moves
    MessageCompressorFactory make;
  };

  std::deque<Added> added_;
};

// As in `grpc-encoding`; "identity" for kNone. Lives as long as the program does.
const std::string_view& EncodingNameOf(CompressionAlgorithm algorithm);
// kNone for a name that is none of theirs.
CompressionAlgorithm AlgorithmNamed(std::string_view name);

}  // namespace weir::server

#endif  // WEIR_SERVER_COMPRESSORS_H_
