// What the layer above a connection must be: one object per connection, told of its events.
#ifndef WEIR_TRANSPORT_DRIVER_CONNECTION_HANDLER_H_
#define WEIR_TRANSPORT_DRIVER_CONNECTION_HANDLER_H_

#include <memory>

#include "transport/http2/event.h"

namespace weir::driver {

class ConnectionDriver;

// Confined to the worker's thread. Nothing of the engine is on the stack while these run, so every
// command on the connection is allowed in all of them.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;

  // In the order in which things happened on the connection. Views in `event` die with the call.
  virtual void OnEvent(const http2::Event& event) = 0;

  // The connection's drain has begun: new streams may still come for a round trip.
  virtual void OnDrain() = 0;

  // Everything in progress is to be cancelled now (the deadline of a shutdown came).
  virtual void OnAbort() = 0;

  // The connection is gone: commands have no effect from now on. Last call; the handler is
  // destroyed once it also is_idle().
  virtual void OnClosed() = 0;

  // False while something (a handler on another thread, a suspended coroutine) still refers to this
  // object. When that changes after OnClosed, call ConnectionDriver::HandlerBecameIdle.
  virtual bool is_idle() const = 0;
};

// Makes the handler of a connection that is ready for HTTP/2 (its TLS handshake is done).
class ConnectionHandlerFactory {
 public:
  virtual std::unique_ptr<ConnectionHandler> MakeHandler(ConnectionDriver& driver) = 0;

  // At the end of every turn of the worker, before output is flushed and again after it, since
  // flushing tells handlers of streams that became writable: hands to other threads the work that
  // was collected for them.
  virtual void HandOverWork() = 0;

 protected:
  ~ConnectionHandlerFactory() = default;
};

}  // namespace weir::driver

#endif  // WEIR_TRANSPORT_DRIVER_CONNECTION_HANDLER_H_
