#include "bench/load/answer_checker.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "bench/load/gzip.h"

namespace load {
namespace {

// By how much gzip makes a message longer at most (zlib's deflateBound for stored blocks), with
// room for other implementations.
constexpr size_t kGzipOverhead = 1024;

std::string Hex(weir::ByteView bytes) {
  std::string text;
  for (const uint8_t octet : bytes.first(std::min<size_t>(bytes.size(), 16))) {
    text += "0123456789abcdef"[octet >> 4];
    text += "0123456789abcdef"[octet & 15];
  }
  return bytes.size() > 16 ? text + "..." : text;
}

Failure WrongPayload(std::string sentence) {
  return {FailureKind::kWrongPayload, std::move(sentence)};
}

}  // namespace

std::optional<Failure> AnswerChecker::Take(weir::ByteView piece, AnswerState* state) {
  while (!piece.empty()) {
    if (state->offset == 0) {
      if (state->messages == exchange_->answers) {
        return Failure{FailureKind::kWrongMessageCount, "DATA behind the last of " +
                                                            std::to_string(exchange_->answers) +
                                                            " messages: " + Hex(piece)};
      }
      state->compressed.clear();
    }
    // The first octet of a message tells whether it is compressed.
    const bool is_compressed = state->offset == 0 ? piece.front() == 1 : !state->compressed.empty();
    std::optional<Failure> failure =
        is_compressed ? TakeCompressed(&piece, state) : TakePlain(&piece, state);
    if (failure.has_value()) return failure;
  }
  return std::nullopt;
}

std::optional<Failure> AnswerChecker::TakePlain(weir::ByteView* piece, AnswerState* state) {
  const std::string& wanted = exchange_->answer;
  const size_t count = std::min(piece->size(), wanted.size() - state->offset);
  const weir::ByteView expected = weir::AsBytes(wanted).subspan(state->offset, count);
  if (std::memcmp(piece->data(), expected.data(), count) != 0) {
    const auto differs = std::ranges::mismatch(piece->first(count), expected);
    const auto at = static_cast<size_t>(differs.in2 - expected.begin());
    return WrongPayload("message " + std::to_string(state->messages) + " differs at octet " +
                        std::to_string(state->offset + at) + " of its " +
                        std::to_string(wanted.size()) + " (prefix included): got " +
                        Hex(piece->subspan(at)) + ", expected " + Hex(expected.subspan(at)));
  }
  *piece = piece->subspan(count);
  state->offset += count;
  if (state->offset == wanted.size()) {
    state->offset = 0;
    ++state->messages;
  }
  return std::nullopt;
}

std::optional<Failure> AnswerChecker::TakeCompressed(weir::ByteView* piece, AnswerState* state) {
  if (!state->allows_gzip) {
    return WrongPayload("a message is compressed, but grpc-encoding is not gzip");
  }
  std::string& message = state->compressed;
  const size_t size_max = exchange_->answer.size() + kGzipOverhead;
  const auto take = [&](size_t size) {
    const size_t count = std::min(piece->size(), size - message.size());
    message.append(weir::AsText(piece->first(count)));
    *piece = piece->subspan(count);
    state->offset = message.size();
    return message.size() == size;
  };
  if (message.size() < kPrefixBytes && !take(kPrefixBytes)) return std::nullopt;
  const size_t size = kPrefixBytes + weir::LoadBig32(weir::AsBytes(message).data() + 1);
  if (size > size_max) {
    return WrongPayload("a compressed message has " + std::to_string(size) + " octets, but " +
                        std::to_string(exchange_->answer.size()) + " without compression");
  }
  if (message.size() < size && !take(size)) return std::nullopt;

  if (message != right_compressed_) {
    const std::string_view wanted = std::string_view(exchange_->answer).substr(kPrefixBytes);
    const std::optional<std::string> plain =
        Gunzip(std::string_view(message).substr(kPrefixBytes), wanted.size());
    if (!plain.has_value()) return WrongPayload("a message is not gzip of the right size");
    if (*plain != wanted) return WrongPayload("a message differs, once inflated");
    right_compressed_ = message;
  }
  message.clear();
  state->offset = 0;
  ++state->messages;
  return std::nullopt;
}

std::optional<Failure> AnswerChecker::End(const AnswerState& state) const {
  if (state.messages == exchange_->answers && state.offset == 0) return std::nullopt;
  return Failure{FailureKind::kWrongMessageCount,
                 "the answer ends after " + std::to_string(state.messages) + " of " +
                     std::to_string(exchange_->answers) + " messages" +
                     (state.offset == 0 ? "" : ", inside the next one")};
}

}  // namespace load
