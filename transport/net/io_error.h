// The operating system refused something: which call, and why.
#ifndef WEIR_TRANSPORT_NET_IO_ERROR_H_
#define WEIR_TRANSPORT_NET_IO_ERROR_H_

#include <string>
#include <string_view>

namespace weir::net {

// One failed system call, as a value. Whoever receives it decides what it means: a driver closes
// the connection, start-up turns it into a sentence for the user.
struct IoError {
  int error_number = 0;        // an errno value
  std::string_view operation;  // a literal: the call that failed, such as "epoll_ctl"

  // "epoll_ctl: no space left on device"
  std::string Describe() const;
};

// The system's words for an errno value, made to stand inside a sentence: "address already in use".
std::string DescribeErrno(int error_number);

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_IO_ERROR_H_
