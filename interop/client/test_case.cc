#include "interop/client/test_case.h"

#include <algorithm>

namespace weir::interop {

void Verdict::ExpectStatus(const ::grpc::Status& got, ::grpc::StatusCode wanted,
                           std::string_view what) {
  Expect(got.error_code() == wanted,
         std::string(what) + " ended with code " + std::to_string(got.error_code()) + " (" +
             got.error_message() + ") instead of " + std::to_string(wanted));
}

void SetDeadline(::grpc::ClientContext& context, std::chrono::nanoseconds timeout) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::system_clock::duration>(timeout));
}

::grpc::testing::Payload MakePayload(int size) {
  ::grpc::testing::Payload payload;
  payload.set_type(::grpc::testing::COMPRESSABLE);
  payload.mutable_body()->assign(static_cast<size_t>(size), '\0');
  return payload;
}

::grpc::testing::SimpleRequest MakeLargeRequest() {
  ::grpc::testing::SimpleRequest request;
  request.set_response_type(::grpc::testing::COMPRESSABLE);
  request.set_response_size(kLargeResponseBytes);
  *request.mutable_payload() = MakePayload(kLargeRequestBytes);
  return request;
}

void ExpectZeros(Verdict& verdict, const ::grpc::testing::Payload& payload, int size,
                 std::string_view what) {
  const std::string& body = payload.body();
  verdict.ExpectEqual(static_cast<int>(body.size()), size, std::string(what) + " size");
  verdict.Expect(std::all_of(body.begin(), body.end(), [](char byte) { return byte == 0; }),
                 std::string(what) + " holds bytes that are not zero");
}

}  // namespace weir::interop
