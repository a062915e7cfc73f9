// What does a server have to do to pass connectrpc's conformance suite? This service.
#ifndef WEIR_INTEROP_CONFORMANCE_CONFORMANCE_SERVICE_H_
#define WEIR_INTEROP_CONFORMANCE_CONFORMANCE_SERVICE_H_

#include "interop/protos/connectrpc/conformance/v1/service.weir.h"
#include "weir/weir.h"

namespace weir::interop {

// connectrpc.conformance.v1.ConformanceService as the suite describes it. Unimplemented is left to
// the framework. Stateless; serves any number of calls at once.
class ConformanceService final
    : public ::connectrpc::conformance::v1::ConformanceService::CoroutineService {
 public:
  Task<Status> Unary(ServerContext& context,
                     const ::connectrpc::conformance::v1::UnaryRequest& request,
                     ::connectrpc::conformance::v1::UnaryResponse& response) override;

  Task<Status> ServerStream(
      ServerContext& context, const ::connectrpc::conformance::v1::ServerStreamRequest& request,
      Writer<::connectrpc::conformance::v1::ServerStreamResponse>& writer) override;

  Task<Status> ClientStream(ServerContext& context,
                            Reader<::connectrpc::conformance::v1::ClientStreamRequest>& reader,
                            ::connectrpc::conformance::v1::ClientStreamResponse& response) override;

  Task<Status> BidiStream(
      ServerContext& context,
      ReaderWriter<::connectrpc::conformance::v1::BidiStreamRequest,
                   ::connectrpc::conformance::v1::BidiStreamResponse>& stream) override;
};

}  // namespace weir::interop

#endif  // WEIR_INTEROP_CONFORMANCE_CONFORMANCE_SERVICE_H_
