// Records of a TLS 1.3 connection written by hand: those that no TLS library would write, too.
#ifndef WEIR_TESTS_HOSTILE_TLS_RECORDS_H_
#define WEIR_TESTS_HOSTILE_TLS_RECORDS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/hostile/transport.h"

namespace hostile {

enum class ContentType : uint8_t { kAlert = 21, kApplicationData = 23 };  // RFC 8446 §5.1

// Takes over the sending half of a connection right after its handshake. For one thread.
class RecordWriter {
 public:
  // Shakes hands for TLS_AES_128_GCM_SHA256 as a client of this socket. Nothing when that fails.
  static std::optional<RecordWriter> ShakeHands(int fd);

  // One record, encrypted.
  std::string Write(ContentType type, std::string_view content);

 private:
  static constexpr size_t kKeyBytes = 16;
  static constexpr size_t kIvBytes = 12;

  explicit RecordWriter(std::string_view traffic_secret);

  std::array<uint8_t, kKeyBytes> key_;
  std::array<uint8_t, kIvBytes> iv_;
  uint64_t sequence_ = 0;
};

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_TLS_RECORDS_H_
