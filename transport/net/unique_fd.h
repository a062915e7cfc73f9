// Ownership of a file descriptor.
#ifndef WEIR_TRANSPORT_NET_UNIQUE_FD_H_
#define WEIR_TRANSPORT_NET_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace weir::net {

// Closes the descriptor when destroyed. Move-only. A negative descriptor means none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  ~UniqueFd() { Reset(); }

  bool is_valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

  // Gives the descriptor away.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

  void Reset(int fd = -1) {
    const int old = std::exchange(fd_, fd);
    // Never retried on EINTR: on Linux the descriptor is gone whatever close() returns, and a
    // second call could close what another thread has just opened.
    if (old >= 0) ::close(old);
  }

 private:
  int fd_ = -1;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_UNIQUE_FD_H_
