// `Result<T, E>`: a value or an error, for functions that can fail without anybody being at fault.
#ifndef WEIR_TRANSPORT_BASE_RESULT_H_
#define WEIR_TRANSPORT_BASE_RESULT_H_

#include <utility>
#include <variant>

#include "transport/base/check.h"

namespace weir {

// Holds exactly one of T and E, which must be different types. Reading the one that is not held is
// a bug and aborts. (C++20 has no std::expected.)
template <typename T, typename E>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: by design
  Result(E error) : held_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: by design

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    WEIR_CHECK(ok());
    return std::get<0>(held_);
  }
  const T& value() const& {
    WEIR_CHECK(ok());
    return std::get<0>(held_);
  }
  T&& value() && {
    WEIR_CHECK(ok());
    return std::get<0>(std::move(held_));
  }
  T* operator->() { return &value(); }
  T& operator*() & { return value(); }

  const E& error() const {
    WEIR_CHECK(!ok());
    return std::get<1>(held_);
  }

 private:
  std::variant<T, E> held_;
};

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_RESULT_H_
