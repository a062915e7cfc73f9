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

void SendQueue::Take(uint8_t* place, size_t count) {
  WEIR_DCHECK(count <= size_);
  size_ -= count;
  while (count > 0) {
    Buffer& front = buffers_[front_];
    const size_t taken = std::min(count, front.size() - front_offset_);
    std::memcpy(place, front.data() + front_offset_, taken);
    place += taken;
    count -= taken;
    front_offset_ += taken;
    if (front_offset_ == front.size()) {
      front.Release();
      ++front_;
      front_offset_ = 0;
    }
  }
  // Shifting the vector is cheap once most of it is spent.
  if (front_ == buffers_.size()) {
    buffers_.clear();
    front_ = 0;
  } else if (front_ >= 16 && front_ * 2 >= buffers_.size()) {
    buffers_.erase(buffers_.begin(), buffers_.begin() + static_cast<ptrdiff_t>(front_));
    front_ = 0;
  }
}

void SendQueue::Clear() {
  buffers_.clear();
  trailers.reset();
  front_ = front_offset_ = size_ = 0;
}

}  // namespace weir::http2
