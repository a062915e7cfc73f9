// What does a server have to do to pass gRPC's interoperability suite? This service.
#ifndef WEIR_INTEROP_TEST_SERVICE_H_
#define WEIR_INTEROP_TEST_SERVICE_H_

#include <string>

#include "interop/load_reports.h"
#include "interop/protos/test.weir.h"
#include "weir/weir.h"

namespace weir::interop {

// grpc.testing.TestService as the suite describes it. UnimplementedCall is left to the framework.
// Serves any number of calls at once.
class TestService final : public ::grpc::testing::TestService::CoroutineService {
 public:
  // `reports` must outlive the service.
  explicit TestService(LoadReports& reports);

  Task<Status> EmptyCall(ServerContext& context, const ::grpc::testing::Empty& request,
                         ::grpc::testing::Empty& response) override;

  Task<Status> UnaryCall(ServerContext& context, const ::grpc::testing::SimpleRequest& request,
                         ::grpc::testing::SimpleResponse& response) override;

  Task<Status> StreamingOutputCall(
      ServerContext& context, const ::grpc::testing::StreamingOutputCallRequest& request,
      Writer<::grpc::testing::StreamingOutputCallResponse>& writer) override;

  Task<Status> StreamingInputCall(ServerContext& context,
                                  Reader<::grpc::testing::StreamingInputCallRequest>& reader,
                                  ::grpc::testing::StreamingInputCallResponse& response) override;

  Task<Status> FullDuplexCall(
      ServerContext& context,
      ReaderWriter<::grpc::testing::StreamingOutputCallRequest,
                   ::grpc::testing::StreamingOutputCallResponse>& stream) override;

  Task<Status> HalfDuplexCall(
      ServerContext& context,
      ReaderWriter<::grpc::testing::StreamingOutputCallRequest,
                   ::grpc::testing::StreamingOutputCallResponse>& stream) override;

 private:
  LoadReports& reports_;
  const std::string server_id_;
};

}  // namespace weir::interop

#endif  // WEIR_INTEROP_TEST_SERVICE_H_
