// A socket that listens.
#ifndef WEIR_TRANSPORT_NET_LISTENER_H_
#define WEIR_TRANSPORT_NET_LISTENER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "transport/base/result.h"
#include "transport/net/address.h"
#include "transport/net/listen_address.h"
#include "transport/net/resolver_cares.h"
#include "transport/net/unique_fd.h"

namespace weir::net {

struct ListenerOptions {
  // Connections the kernel completes and keeps until they are accepted. More survive a burst of
  // connects; each costs kernel memory. The kernel lowers it to net.core.somaxconn.
  int backlog = 4096;

  // How host names in ListenAddress are resolved.
  ResolveOptions resolve = {};
};

class Listener;

// Listens on everything `address` stands for: a name may resolve to several addresses, and all get
// the same port, also if the kernel chooses it. An address this machine does not have, or whose
// family it does not support, is left out as long as another one works; any other failure is an
// error. Never returns an empty vector. Blocks while a name is resolved.
Result<std::vector<std::unique_ptr<Listener>>, std::string> ListenOn(
    const ListenAddress& address, const ListenerOptions& options = {});

// Non-blocking, close-on-exec, SO_REUSEADDR so that a restart need not wait for TIME_WAIT, and no
// SO_REUSEPORT: a second server on the same port is an error and not a silent sharing of
// connections. Closes in the destructor, which also removes the file of a Unix socket that this
// object made and that is still the same file. Thread-compatible.
class Listener {
 public:
  // Binds and listens. The IPv6 wildcard also takes IPv4 connections. The file of a Unix socket
  // that nobody listens on any more is replaced. The error is one sentence: "cannot listen on
  // 0.0.0.0:50051: address already in use".
  static Result<std::unique_ptr<Listener>, std::string> Open(const SocketAddress& address,
                                                             const ListenerOptions& options = {});

  // Takes over a socket on which somebody else called listen(), such as a service manager. Fails,
  // closing the descriptor, when it is not a listening stream socket. Its file is left alone.
  static Result<std::unique_ptr<Listener>, std::string> Adopt(UniqueFd fd);

  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const { return fd_.get(); }

  // As bound: the port is the one the kernel chose if 0 was asked for.
  const SocketAddress& local_address() const { return local_; }
  uint16_t port() const { return local_.port(); }

 private:
  friend Result<std::vector<std::unique_ptr<Listener>>, std::string> ListenOn(
      const ListenAddress& address, const ListenerOptions& options);

  Listener(UniqueFd fd, const SocketAddress& local);
  // A socket that this process bound, whose file is therefore its to remove.
  static std::unique_ptr<Listener> OfOwnSocket(UniqueFd fd);

  UniqueFd fd_;
  SocketAddress local_;
  // Which file to remove at the end; inode 0 for none.
  dev_t file_device_ = 0;
  ino_t file_inode_ = 0;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_LISTENER_H_
