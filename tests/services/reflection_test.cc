#include "weir/reflection.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "interop/protos/test.weir.h"
#include "tests/integration/test_server.h"
#include "tests/services/extended.pb.h"
#include "weir/method.h"

namespace {

using integration::BoundedContext;
using integration::TestServer;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct V1 {
  using Stub = grpc::reflection::v1::upstream::ServerReflection::Stub;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
};
struct V1Alpha {
  using Stub = grpc::reflection::v1alpha::upstream::ServerReflection::Stub;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
};

// Has no .proto.
class Handmade final : public weir::Service {
 public:
  Handmade() : Service(&Describe()) {}

 private:
  weir::Status Echo(weir::ServerContext*, const weir::ByteBuffer* request,
                    weir::ByteBuffer* response) {
    *response = *request;
    return weir::Status::OK;
  }
  static const weir::ServiceDescriptor& Describe() {
    static constexpr weir::MethodDescriptor kMethods[] = {weir::MakeMethod<&Handmade::Echo>("E")};
    static constexpr weir::ServiceDescriptor kDescriptor = {.full_name = "hand.Made",
                                                            .methods = kMethods};
    return kDescriptor;
  }
};

template <typename Version>
class ReflectionTest : public testing::Test {
 protected:
  using Request = typename Version::Request;
  using Response = typename Version::Response;

  ReflectionTest() {
    server_ = std::make_unique<TestServer>([this](weir::ServerBuilder& builder) {
      // First, to see that later ones are found as well.
      weir::EnableReflection(builder,
                             {.more_files = {google::rpc::BadRequest::descriptor()->file(),
                                             services_test::Extended::descriptor()->file()}});
      builder.RegisterService(&echo_);
      builder.RegisterService(&handmade_);
      builder.RegisterService(&alone_);
    });
    Connect();
  }

  void Connect() {
    stub_ = std::make_unique<typename Version::Stub>(server_->NewChannel());
    context_ = std::make_unique<BoundedContext>();
    stream_ = stub_->ServerReflectionInfo(context_.get());
  }

  // Asks, and checks what every response has.
  Response Ask(const Request& request) {
    Response response;
    EXPECT_TRUE(stream_->Write(request));
    EXPECT_TRUE(stream_->Read(&response));
    EXPECT_EQ(response.valid_host(), request.host());
    EXPECT_EQ(response.original_request().SerializeAsString(), request.SerializeAsString());
    return response;
  }
  Response AskForSymbol(const std::string& symbol) {
    Request request;
    request.set_host("here");
    request.set_file_containing_symbol(symbol);
    return Ask(request);
  }
  Response AskForFile(const std::string& path) {
    Request request;
    request.set_file_by_filename(path);
    return Ask(request);
  }
  Response AskForExtension(const std::string& type, int number) {
    Request request;
    request.mutable_file_containing_extension()->set_containing_type(type);
    request.mutable_file_containing_extension()->set_extension_number(number);
    return Ask(request);
  }
  Response AskForExtensionsOf(const std::string& type) {
    Request request;
    request.set_all_extension_numbers_of_type(type);
    return Ask(request);
  }

  // Names of the files in a response, each of which must be the file that the program has.
  static std::vector<std::string> FilesOf(const Response& response) {
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
      google::protobuf::FileDescriptorProto expected;
      google::protobuf::DescriptorPool::generated_pool()
          ->FindFileByName(file.name())
          ->CopyTo(&expected);
      EXPECT_EQ(bytes, expected.SerializeAsString());
    }
    return names;
  }
  static int ErrorOf(const Response& response) { return response.error_response().error_code(); }

  integration::CoroutineEcho echo_;
  Handmade handmade_;
  grpc::testing::TestService::Service alone_;  // its messages are in other files
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<typename Version::Stub> stub_;
  std::unique_ptr<BoundedContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream_;
};

using Versions = testing::Types<V1, V1Alpha>;
TYPED_TEST_SUITE(ReflectionTest, Versions);

constexpr char kEchoFile[] = "tests/integration/echo.proto";

TYPED_TEST(ReflectionTest, ListsTheServicesOfThisServer) {
  typename TypeParam::Request request;
  request.set_list_services("*");
  const typename TypeParam::Response response = this->Ask(request);
  std::vector<std::string> names;
  for (const auto& each : response.list_services_response().service()) names.push_back(each.name());
  EXPECT_THAT(names, ElementsAre("grpc.reflection.v1.ServerReflection",
                                 "grpc.reflection.v1alpha.ServerReflection", "integration.Echo",
                                 "hand.Made", "grpc.testing.TestService"));
}

TYPED_TEST(ReflectionTest, FindsWhateverHasAName) {
  for (const char* const symbol : {"integration.Echo", "integration.Echo.Unary",
                                   "integration.EchoRequest", "integration.EchoRequest.text"}) {
    EXPECT_THAT(this->FilesOf(this->AskForSymbol(symbol)), ElementsAre(kEchoFile)) << symbol;
  }
}

TYPED_TEST(ReflectionTest, FindsAServiceThatIsAloneInItsFile) {
  EXPECT_THAT(this->FilesOf(this->AskForSymbol("grpc.testing.TestService")),
              ElementsAre("interop/protos/test.proto", "interop/protos/empty.proto",
                          "interop/protos/messages.proto"));
}

TYPED_TEST(ReflectionTest, FindsAFileByItsPath) {
  EXPECT_THAT(this->FilesOf(this->AskForFile(kEchoFile)), ElementsAre(kEchoFile));
}

TYPED_TEST(ReflectionTest, SendsImportsOnceAStream) {
  const char* const details = "google/rpc/error_details.proto";
  const char* const duration = "google/protobuf/duration.proto";
  EXPECT_THAT(this->FilesOf(this->AskForSymbol("google.rpc.BadRequest")),
              UnorderedElementsAre(details, duration));
  EXPECT_THAT(this->FilesOf(this->AskForSymbol("google.rpc.ErrorInfo")), ElementsAre(details));
  EXPECT_THAT(this->FilesOf(this->AskForFile(duration)), ElementsAre(duration));
  this->Connect();
  EXPECT_THAT(this->FilesOf(this->AskForFile(details)), UnorderedElementsAre(details, duration));
}

TYPED_TEST(ReflectionTest, ShowsNothingElseOfTheProgram) {
  ASSERT_NE(google::protobuf::DescriptorPool::generated_pool()->FindFileByName(
                "google/protobuf/descriptor.proto"),
            nullptr);
  for (const char* const symbol :
       {"google.protobuf.DescriptorProto", "hand.Made", "integration.Ech", "integration.Echo.",
        ".integration.Echo", "Echo", ""}) {
    EXPECT_EQ(this->ErrorOf(this->AskForSymbol(symbol)), grpc::NOT_FOUND) << symbol;
  }
  for (const char* const path :
       {"google/protobuf/descriptor.proto", "echo.proto", "/etc/passwd", ""}) {
    EXPECT_EQ(this->ErrorOf(this->AskForFile(path)), grpc::NOT_FOUND) << path;
  }
}

TYPED_TEST(ReflectionTest, FindsExtensions) {
  const char* const extended = "services_test.Extended";
  EXPECT_THAT(this->FilesOf(this->AskForExtension(extended, 1001)),
              ElementsAre("tests/services/extended.proto"));
  EXPECT_EQ(this->ErrorOf(this->AskForExtension(extended, 999)), grpc::NOT_FOUND);
  EXPECT_EQ(this->ErrorOf(this->AskForExtension("no.Such", 1001)), grpc::NOT_FOUND);
  const typename TypeParam::Response response = this->AskForExtensionsOf(extended);
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(), extended);
  EXPECT_THAT(response.all_extension_numbers_response().extension_number(),
              ElementsAre(1001, 1002));
  EXPECT_THAT(this->AskForExtensionsOf("integration.EchoRequest")
                  .all_extension_numbers_response()
                  .extension_number(),
              IsEmpty());
  EXPECT_EQ(this->ErrorOf(this->AskForExtensionsOf("no.Such")), grpc::NOT_FOUND);
}

TYPED_TEST(ReflectionTest, SaysThatARequestAsksForNothing) {
  EXPECT_EQ(this->ErrorOf(this->Ask({})), grpc::INVALID_ARGUMENT);
}

TYPED_TEST(ReflectionTest, EndsWithTheClientsRequests) {
  this->AskForSymbol("integration.Echo");
  this->stream_->WritesDone();
  typename TypeParam::Response response;
  EXPECT_FALSE(this->stream_->Read(&response));
  EXPECT_TRUE(this->stream_->Finish().ok());
}

TYPED_TEST(ReflectionTest, DoesNotDelayAShutdown) {
  this->AskForSymbol("integration.Echo");
  std::thread shutdown([this] {
    EXPECT_TRUE(this->server_->server().Shutdown(std::chrono::seconds(20)).was_graceful);
  });
  EXPECT_EQ(this->stream_->Finish().error_code(), grpc::UNAVAILABLE);
  shutdown.join();
}

TYPED_TEST(ReflectionTest, RefusesARequestThatIsMuchLargerThanAName) {
  typename TypeParam::Request request;
  request.set_file_by_filename(std::string(17'000, 'x'));
  this->stream_->Write(request);
  typename TypeParam::Response response;
  EXPECT_FALSE(this->stream_->Read(&response));
  EXPECT_EQ(this->stream_->Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
}

}  // namespace
