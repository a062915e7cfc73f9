// What do the server's header blocks say, as far as an answer is judged by them?
//
// nghttp2 decodes them (RFC 7541); which fields matter is written here.
#ifndef WEIR_BENCH_LOAD_ANSWER_HEADERS_H_
#define WEIR_BENCH_LOAD_ANSWER_HEADERS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/base/bytes.h"

struct nghttp2_hd_inflater;

namespace load {

struct AnswerFields {
  int http_status = -1;  // -1: no :status
  int grpc_status = -1;  // -1: no grpc-status, or not a number
  bool is_grpc = false;  // content-type begins with application/grpc
  bool is_gzip = false;  // grpc-encoding
  std::string grpc_message;
};

// The decoder of one connection.
class AnswerHeaders {
 public:
  AnswerHeaders() = default;

  // Null when the block does not decode; the connection is then lost. Valid until the next call.
  const AnswerFields* Decode(weir::ByteView block);

 private:
  struct Deleter {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  // A block that leaves the dynamic table as it is means the same as long as the table is the same.
  struct Known {
    std::string block;
    AnswerFields fields;
  };

  bool Inflate(weir::ByteView block, AnswerFields* fields);

  std::unique_ptr<nghttp2_hd_inflater, Deleter> inflater_;
  std::vector<Known> known_;
  AnswerFields decoded_;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_ANSWER_HEADERS_H_
