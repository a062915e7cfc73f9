#include "transport/http2/send_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "transport/base/check.h"

namespace weir::http2 {

void WaitingTrailers::Set(OutputFields fields) {
  size_t size = 0;
  for (const OutputField& field : fields) size += field.name.size() + field.value.size();
  text_.reserve(size);  // the views stay where they point
  fields_.reserve(fields.size());
  const auto keep = [this](std::string_view text) {
    const size_t begin = text_.size();
    text_.append(text);
    return std::string_view(text_).substr(begin);
  };
  for (const OutputField& field : fields) {
    const std::string_view name = keep(field.name);
    const std::string_view value = keep(field.value);
    fields_.push_back({.name = name, .value = value, .indexed = field.indexed});
  }
}

void SendQueue::Push(Buffer bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  buffers_.push_back(std::move(bytes));
}

ByteView SendQueue::front() const {
  return empty() ? ByteView() : buffers_[front_].view().subspan(front_offset_);
}

size_t SendQueue::front_capacity() const { return empty() ? 0 : buffers_[front_].capacity(); }

Buffer SendQueue::Skip(size_t count) {
  WEIR_DCHECK(count <= front().size());
  size_ -= count;
  front_offset_ += count;
  return front_offset_ < buffers_[front_].size() ? Buffer() : PopFront();
}

Buffer SendQueue::Lend(size_t count) {
  is_front_lent_ = true;
  return Skip(count);
}

Buffer SendQueue::PopFront() {
  Buffer lent;
  Buffer used_up = std::move(buffers_[front_]);
  if (std::exchange(is_front_lent_, false)) lent = std::move(used_up);
  ++front_;
  front_offset_ = 0;
  // Shifting the vector is cheap once most of it is spent.
  if (front_ == buffers_.size()) {
    buffers_.clear();
    front_ = 0;
  } else if (front_ >= 16 && front_ * 2 >= buffers_.size()) {
    buffers_.erase(buffers_.begin(), buffers_.begin() + static_cast<ptrdiff_t>(front_));
    front_ = 0;
  }
  return lent;
}

Buffer SendQueue::Clear() {
  Buffer lent;
  if (std::exchange(is_front_lent_, false)) lent = std::move(buffers_[front_]);
  buffers_.clear();
  trailers.reset();
  front_ = front_offset_ = size_ = 0;
  return lent;
}

}  // namespace weir::http2
