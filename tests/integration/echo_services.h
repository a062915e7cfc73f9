// Which handlers do the integration tests call? Ones that echo, until a test puts others in place.
#ifndef WEIR_TESTS_INTEGRATION_ECHO_SERVICES_H_
#define WEIR_TESTS_INTEGRATION_ECHO_SERVICES_H_

#include <functional>

#include "tests/integration/echo.weir.h"
#include "weir/weir.h"

namespace integration {

// Both services do the same unless told otherwise:
//   Unary    gives back text and payload;
//   Collect  gives back all texts and payloads joined, and the number of requests;
//   Expand   gives back the request `count` times, numbering the texts ("a0", "a1", ...);
//   Chat     gives back each request as it comes.
// Set members before the server starts.

class BlockingEcho final : public Echo::Service {
 public:
  std::function<weir::Status(weir::ServerContext*, const EchoRequest*, EchoReply*)> unary;
  std::function<weir::Status(weir::ServerContext*, weir::ServerReader<EchoRequest>*, EchoReply*)>
      collect;
  std::function<weir::Status(weir::ServerContext*, const EchoRequest*,
                             weir::ServerWriter<EchoReply>*)>
      expand;
  std::function<weir::Status(weir::ServerContext*,
                             weir::ServerReaderWriter<EchoReply, EchoRequest>*)>
      chat;

  weir::Status Unary(weir::ServerContext* context, const EchoRequest* request,
                     EchoReply* reply) override;
  weir::Status Collect(weir::ServerContext* context, weir::ServerReader<EchoRequest>* reader,
                       EchoReply* reply) override;
  weir::Status Expand(weir::ServerContext* context, const EchoRequest* request,
                      weir::ServerWriter<EchoReply>* writer) override;
  weir::Status Chat(weir::ServerContext* context,
                    weir::ServerReaderWriter<EchoReply, EchoRequest>* stream) override;
};

// The functions are coroutines that live in this object, so their captures outlive every call.
class CoroutineEcho final : public Echo::CoroutineService {
 public:
  std::function<weir::Task<weir::Status>(weir::ServerContext&, const EchoRequest&, EchoReply&)>
      unary;
  std::function<weir::Task<weir::Status>(weir::ServerContext&, weir::Reader<EchoRequest>&,
                                         EchoReply&)>
      collect;
  std::function<weir::Task<weir::Status>(weir::ServerContext&, const EchoRequest&,
                                         weir::Writer<EchoReply>&)>
      expand;
  std::function<weir::Task<weir::Status>(weir::ServerContext&,
                                         weir::ReaderWriter<EchoRequest, EchoReply>&)>
      chat;

  weir::Task<weir::Status> Unary(weir::ServerContext& context, const EchoRequest& request,
                                 EchoReply& reply) override;
  weir::Task<weir::Status> Collect(weir::ServerContext& context, weir::Reader<EchoRequest>& reader,
                                   EchoReply& reply) override;
  weir::Task<weir::Status> Expand(weir::ServerContext& context, const EchoRequest& request,
                                  weir::Writer<EchoReply>& writer) override;
  weir::Task<weir::Status> Chat(weir::ServerContext& context,
                                weir::ReaderWriter<EchoRequest, EchoReply>& stream) override;
};

}  // namespace integration

#endif  // WEIR_TESTS_INTEGRATION_ECHO_SERVICES_H_
