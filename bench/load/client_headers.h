// Which header fields do real clients of gRPC send, and how do they compress them?
//
// A profile is the list of one client; the tables are in client_headers.cc. What varies from call
// to call, the timeout and the trace, is what makes a server's HPACK work: a client that repeats
// itself exactly costs next to nothing.
#ifndef WEIR_BENCH_LOAD_CLIENT_HEADERS_H_
#define WEIR_BENCH_LOAD_CLIENT_HEADERS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/header_encoder.h"
#include "bench/load/random.h"
#include "transport/base/buffer.h"

namespace load {

enum class ClientKind : uint8_t { kMinimal, kGrpcGo, kGrpcJava, kGrpcCpp };

// What the fields of a run are made from.
struct RequestDescription {
  ClientKind client = ClientKind::kMinimal;
  std::string path;
  std::string authority;
  bool is_https = false;
  bool gzip = false;
  bool traceparent = false;
  int64_t timeout = 0;          // ns; 0: none
  int64_t content_length = -1;  // of the whole body, when it is known before; only h2load says it
};

// How one field of every request is written.
enum class FieldStyle : uint8_t {
  kStatic,           // a constant of the static table
  kIndexed,          // a constant, inserted when the table does not hold it
  kLiteral,          // a constant that is never inserted
  kTimeoutSearched,  // grpc-timeout, inserted unless the table holds the very same value
  kTimeoutSlack,     // grpc-timeout as gRPC C++ has it: a slightly longer one of before will do
  kTraceInserted,    // traceparent
  kTraceLiteral,
};

struct ProfileField {
  FieldStyle style;
  std::string name;
  std::string value;          // empty where it varies
  uint32_t static_index = 0;  // of kStatic
};

struct Profile {
  ClientKind client;
  EncoderStyle encoder;
  int64_t timeout = 0;  // ns
  std::vector<ProfileField> fields;
  // Whether all requests have the same fields.
  bool is_constant = true;
};

Profile MakeProfile(const RequestDescription& description);

// grpc-timeout as each client writes it; for tests.
std::string FormatTimeout(ClientKind client, int64_t timeout);

// The header blocks of one connection, in the order of its requests.
class ClientHeaders {
 public:
  // `profile` outlives this object.
  ClientHeaders(const Profile* profile, uint64_t seed);

  void SetTableSize(uint32_t size);

  // Appends the block of the next request. `age` is how long ago, in ns, the call began: it is
  // taken from the timeout, as clients do.
  void Append(int64_t age, weir::Buffer* out);

  // The values of the last block's varying fields; for tests.
  std::string_view last_timeout() const { return timeout_text_; }
  std::string_view last_trace() const { return trace_; }

 private:
  struct PreviousTimeout {
    int64_t milliseconds = 0;
    HeaderEncoder::Entry entry = 0;
  };

  void AppendAll(int64_t age, weir::Buffer* out);
  void AppendField(const ProfileField& field, HeaderEncoder::Entry* entry, int64_t remaining,
                   weir::Buffer* out);
  void AppendTimeoutWithSlack(const ProfileField& field, int64_t remaining, weir::Buffer* out);
  void MakeTrace();

  const Profile* const profile_;
  HeaderEncoder encoder_;
  Random random_;
  // Where the table holds each field, by its position in the profile.
  std::vector<HeaderEncoder::Entry> entries_;
  // The block of a constant profile, once it no longer changes.
  std::string repeated_block_;
  std::array<PreviousTimeout, 5> previous_timeouts_;
  uint32_t next_previous_ = 0;
  std::string timeout_text_;
  std::string trace_;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_CLIENT_HEADERS_H_
