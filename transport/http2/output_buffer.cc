#include "transport/http2/output_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::http2 {

// What was written makes room for what comes. Either way at least as many octets were appended
// since the last time as are moved now.
void OutputBuffer::MakeRoom(size_t count) {
  constexpr size_t kCapacityMin = 128;
  const ByteView live = bytes_.view().subspan(written_);
  if (2 * (live.size() + count) <= bytes_.capacity()) {
    std::memmove(bytes_.data(), live.data(), live.size());
    bytes_.Truncate(live.size());
  } else {
    Buffer grown;
    grown.Reserve(std::max({live.size() + count, 2 * bytes_.capacity(), kCapacityMin}));
    grown.Append(live);
    bytes_ = std::move(grown);
  }
  for (size_t i = first_loan_; i < loans_.size(); ++i) loans_[i].at -= written_;
  written_ = 0;
}

bool OutputBuffer::Borrow(ByteView octets, size_t capacity) {
  if (!CanBorrow(capacity)) return false;
  // Each loan is of one buffer, which may be kept.
  const size_t kept_max = kept_.size() + (loans_.size() - first_loan_) + 1;
  if (kept_.capacity() < kept_max) kept_.reserve(2 * kept_max);
  loans_.push_back({.at = bytes_.size(), .octets = octets});
  loaned_bytes_ += octets.size();
  appended_ += octets.size();
  return true;
}

void OutputBuffer::Keep(Buffer source) noexcept {
  if (loaned_bytes_ == 0) return;
  kept_bytes_ += source.capacity();
  kept_.push_back({.buffer = std::move(source), .until = appended_});
}

// What was borrowed can be little of a large buffer: it is copied then, since whoever opens and
// resets streams must not make us hold one buffer for each.
void OutputBuffer::Settle(Buffer source) {
  if (source.capacity() == 0) return;
  const uint8_t* const begin = source.data();
  const auto is_of_source = [begin, end = begin + source.size()](const Loan& loan) {
    return loan.octets.data() >= begin && loan.octets.data() < end;
  };
  size_t borrowed = 0;
  for (size_t i = first_loan_; i < loans_.size(); ++i) {
    if (is_of_source(loans_[i])) borrowed += loans_[i].octets.size();
  }
  if (borrowed == 0) return;
  Buffer copy;
  copy.Reserve(borrowed);
  for (size_t i = first_loan_; i < loans_.size(); ++i) {
    ByteView& octets = loans_[i].octets;
    if (!is_of_source(loans_[i])) continue;
    uint8_t* const place = copy.Extend(octets.size());
    std::copy(octets.begin(), octets.end(), place);
    octets = {place, octets.size()};
  }
  Keep(std::move(copy));
}

size_t OutputBuffer::Describe(std::span<iovec> parts) const {
  size_t count = 0;
  // The interface of writev wants a pointer to mutable octets, and does not write to them.
  const auto add = [&](ByteView octets) {
    if (octets.empty() || count == parts.size()) return;
    parts[count++] = {.iov_base = const_cast<uint8_t*>(octets.data()), .iov_len = octets.size()};
  };
  size_t own = written_;
  for (size_t i = first_loan_; i < loans_.size() && count < parts.size(); ++i) {
    add(bytes_.view().subspan(own, loans_[i].at - own));
    add(loans_[i].octets);
    own = loans_[i].at;
  }
  add(bytes_.view().subspan(own));
  return count;
}

void OutputBuffer::TakeWritten(size_t count) {
  for (;;) {
    const bool has_loan = first_loan_ < loans_.size();
    const size_t own =
        std::min(count, (has_loan ? loans_[first_loan_].at : bytes_.size()) - written_);
    written_ += own;
    count -= own;
    if (count == 0) break;
    ByteView& octets = loans_[first_loan_].octets;
    const size_t borrowed = std::min(count, octets.size());
    octets = octets.subspan(borrowed);
    loaned_bytes_ -= borrowed;
    count -= borrowed;
    if (octets.empty()) ++first_loan_;
  }
  const uint64_t left = appended_ - size();
  const auto is_needed = [left](const Kept& kept) { return kept.until > left; };
  const auto needed = std::find_if(kept_.begin(), kept_.end(), is_needed);
  for (auto kept = kept_.begin(); kept != needed; ++kept) kept_bytes_ -= kept->buffer.capacity();
  kept_.erase(kept_.begin(), needed);
  // A peer that never takes all there is must not make the list grow for ever.
  if (first_loan_ == loans_.size() || (first_loan_ >= 16 && 2 * first_loan_ >= loans_.size())) {
    loans_.erase(loans_.begin(), loans_.begin() + static_cast<ptrdiff_t>(first_loan_));
    first_loan_ = 0;
  }
}

void OutputBuffer::DropLoans() noexcept {
  loans_.clear();
  kept_.clear();
  first_loan_ = loaned_bytes_ = kept_bytes_ = 0;
}

}  // namespace weir::http2
