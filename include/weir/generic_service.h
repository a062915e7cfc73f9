// A handler for the methods that no registered service has: proxies, recorders, gateways.
//
//   class Recorder final : public weir::GenericService {
//    public:
//     weir::Status Call(weir::ServerContext* context, Stream* stream) override;
//   };
//
//   builder.RegisterGenericService(&recorder);
#ifndef WEIR_GENERIC_SERVICE_H_
#define WEIR_GENERIC_SERVICE_H_

#include "weir/byte_buffer.h"
#include "weir/server_context.h"
#include "weir/service.h"
#include "weir/status.h"
#include "weir/stream.h"
#include "weir/task.h"

namespace weir {

// Every call of such a method, whatever its shape, is a stream of messages in both directions here:
// of a unary call, one message comes, and one is to be written. ServerContext::method() says which
// method the client wants. A server has at most one generic service; without one, unknown methods
// are answered with UNIMPLEMENTED, and that is what this should answer to those that it does not
// know either.

// Blocking style, on the pool.
class GenericService : public Service {
 public:
  GenericService();
  ~GenericService() override;

  using Stream = ServerReaderWriter<ByteBuffer, ByteBuffer>;

  virtual Status Call(ServerContext* context, Stream* stream) = 0;
};

// Coroutines on the thread of the call's connection.
class GenericCoroutineService : public Service {
 public:
  GenericCoroutineService();
  ~GenericCoroutineService() override;

  using Stream = ReaderWriter<ByteBuffer, ByteBuffer>;

  virtual Task<Status> Call(ServerContext& context, Stream& stream) = 0;
};

}  // namespace weir

#endif  // WEIR_GENERIC_SERVICE_H_
