// Are these the messages that the server had to send?
//
// Octets are compared as they come, in pieces of any size, with the one message that all answers
// are equal to. Compressed messages are collected and inflated first.
#ifndef WEIR_BENCH_LOAD_ANSWER_CHECKER_H_
#define WEIR_BENCH_LOAD_ANSWER_CHECKER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "bench/load/exchange.h"
#include "bench/load/failure.h"
#include "transport/base/bytes.h"

namespace load {

// Where the answer to one call stands.
struct AnswerState {
  uint64_t messages = 0;     // that are complete
  size_t offset = 0;         // in the message that has begun
  bool allows_gzip = false;  // whether the header fields say grpc-encoding: gzip
  std::string compressed;    // the message that has begun, with its prefix, when it is compressed
};

class AnswerChecker {
 public:
  // `exchange` outlives this object.
  explicit AnswerChecker(const Exchange* exchange) : exchange_(exchange) {}

  // Takes a piece of the answer; the first octet that is wrong makes a failure.
  std::optional<Failure> Take(weir::ByteView piece, AnswerState* state);
  // The answer is over: is anything missing?
  std::optional<Failure> End(const AnswerState& state) const;

 private:
  std::optional<Failure> TakePlain(weir::ByteView* piece, AnswerState* state);
  std::optional<Failure> TakeCompressed(weir::ByteView* piece, AnswerState* state);

  const Exchange* const exchange_;
  // A compressed message that was found to be right, so that an equal one need not be inflated.
  std::string right_compressed_;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_ANSWER_CHECKER_H_
