// The result of a call: a code of the gRPC specification, a message, and optional binary details.
#ifndef WEIR_STATUS_H_
#define WEIR_STATUS_H_

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace weir {

// gRPC "Status codes and their use in gRPC". Spelled as gRPC C++ spells them.
enum class StatusCode : int {
  OK = 0,
  CANCELLED = 1,
  UNKNOWN = 2,
  INVALID_ARGUMENT = 3,
  DEADLINE_EXCEEDED = 4,
  NOT_FOUND = 5,
  ALREADY_EXISTS = 6,
  PERMISSION_DENIED = 7,
  RESOURCE_EXHAUSTED = 8,
  FAILED_PRECONDITION = 9,
  ABORTED = 10,
  OUT_OF_RANGE = 11,
  UNIMPLEMENTED = 12,
  INTERNAL = 13,
  UNAVAILABLE = 14,
  DATA_LOSS = 15,
  UNAUTHENTICATED = 16,
};

// "NOT_FOUND"; "UNKNOWN" for a value outside the list.
std::string_view StatusCodeName(StatusCode code);

// Cheap when OK: no allocation to make, copy or destroy one. Thread-compatible.
class [[nodiscard]] Status {
 public:
  // OK.
  constexpr Status() noexcept = default;

  // `message` is UTF-8 text for the developer of the client; it is percent-encoded on the wire.
  // `details` travels as `grpc-status-details-bin`, by convention a serialised google.rpc.Status.
  // Message and details of an OK status are dropped. A code outside 0..16 becomes UNKNOWN.
  Status(StatusCode code, std::string message, std::string details = {});

  Status(const Status& other) : failure_(Clone(other.failure_)) {}
  Status(Status&&) noexcept = default;
  Status& operator=(const Status& other) {
    failure_ = Clone(other.failure_);
    return *this;
  }
  Status& operator=(Status&&) noexcept = default;

  static const Status OK;
  static const Status CANCELLED;

  bool ok() const { return failure_ == nullptr; }
  StatusCode error_code() const { return ok() ? StatusCode::OK : failure_->code; }
  // Valid until the status is changed or destroyed.
  const std::string& error_message() const;
  const std::string& error_details() const;

  // "NOT_FOUND: no such feature"
  std::string ToString() const;

 private:
  struct Failure {
    StatusCode code;
    std::string message;
    std::string details;
  };

  static std::unique_ptr<Failure> Clone(const std::unique_ptr<Failure>& from) {
    return from == nullptr ? nullptr : std::make_unique<Failure>(*from);
  }

  std::unique_ptr<Failure> failure_;
};

// A value, or the status that says why there is none.
template <typename T>
class [[nodiscard]] StatusOr {
 public:
  StatusOr(T value) : held_(std::move(value)) {}  // NOLINT: implicit like absl::StatusOr
  // `status` must not be OK; an OK status becomes INTERNAL.
  StatusOr(Status status)  // NOLINT: implicit like absl::StatusOr
      : held_(status.ok() ? Status(StatusCode::INTERNAL, "StatusOr made from an OK status")
                          : std::move(status)) {}

  bool ok() const { return std::holds_alternative<T>(held_); }
  // OK when there is a value.
  Status status() const { return ok() ? Status() : std::get<Status>(held_); }

  // The caller has checked ok(); otherwise the program ends.
  T& value() & { return *Checked(); }
  const T& value() const& { return *const_cast<StatusOr*>(this)->Checked(); }
  T&& value() && { return std::move(*Checked()); }
  T& operator*() & { return *Checked(); }
  const T& operator*() const& { return *const_cast<StatusOr*>(this)->Checked(); }
  T&& operator*() && { return std::move(*Checked()); }
  T* operator->() { return Checked(); }
  const T* operator->() const { return const_cast<StatusOr*>(this)->Checked(); }

 private:
  T* Checked() {
    T* value = std::get_if<T>(&held_);
    if (value == nullptr) std::abort();
    return value;
  }

  std::variant<Status, T> held_;
};

}  // namespace weir

#endif  // WEIR_STATUS_H_
