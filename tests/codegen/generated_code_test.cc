// Does generated code compile with every warning on, describe its services truly, and lead each
// method of the description to the function that overrides it?
#include <gtest/gtest.h>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/codegen/testdata/deprecated.weir.h"
#include "tests/codegen/testdata/imports.weir.h"
#include "tests/codegen/testdata/names.weir.h"
#include "tests/codegen/testdata/no_package.weir.h"
#include "tests/codegen/testdata/shapes.weir.h"

namespace weir {
namespace {

namespace shapes = weir_test::shapes::v1;

// A context that nobody looks into: generated code only passes it on.
class OpaqueContext {
 public:
  ServerContext* get() { return reinterpret_cast<ServerContext*>(storage_); }

 private:
  alignas(ServerContext) std::byte storage_[sizeof(ServerContext)] = {};
};

// Two requests "a" and "b", then the end; collects what is written.
struct Script {
  ReadResult Read(void* message) {
    if (next == 2) return ReadResult::Kind::kEnd;
    static_cast<shapes::Request*>(message)->set_text(next++ == 0 ? "a" : "b");
    return ReadResult::Kind::kMessage;
  }
  bool Write(const void* message) {
    written.push_back(static_cast<const shapes::Response*>(message)->text());
    return true;
  }

  int next = 0;
  std::vector<std::string> written;
};

class ScriptedBlockingStream final : public internal::BlockingStream {
 public:
  ReadResult Read(const internal::MessageCodec& codec, void* message) override {
    EXPECT_EQ(&codec, &internal::kMessageCodec<shapes::Request>);
    return script.Read(message);
  }
  bool Write(const internal::MessageCodec& codec, const void* message, WriteOptions) override {
    EXPECT_EQ(&codec, &internal::kMessageCodec<shapes::Response>);
    return script.Write(message);
  }
  void SendInitialMetadata() override {}
  void StopReading() override {}

  Script script;
};

class ScriptedCoroutineStream final : public internal::CoroutineStream {
 public:
  bool StartRead(void* message) override {
    read_result_ = script.Read(message);
    return true;
  }
  bool StartWrite(const void* message, WriteOptions) override {
    write_result_ = script.Write(message);
    return true;
  }
  void SendInitialMetadata() override {}
  void StopReading() override {}

  Script script;
};

// Runs a task whose awaits never wait.
struct RunToEnd {
  struct promise_type {
    RunToEnd get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

RunToEnd RunTask(Task<Status> task, std::optional<Status>* result) {
  *result = co_await std::move(task);
}

Status ResultOf(Task<Status> task) {
  std::optional<Status> result;
  RunTask(std::move(task), &result);
  if (!result.has_value()) {
    ADD_FAILURE() << "the task waits";
    return Status::CANCELLED;
  }
  return *result;
}

class BlockingShapes final : public shapes::Shapes::Service {
 public:
  Status Unary(ServerContext*, const shapes::Request* request,
               shapes::Response* response) override {
    response->set_text("unary " + request->text());
    return Status::OK;
  }
  Status ClientStreaming(ServerContext*, ServerReader<shapes::Request>* reader,
                         shapes::Response* response) override {
    shapes::Request request;
    while (reader->Read(&request)) response->set_text(response->text() + request.text());
    return Status::OK;
  }
  Status ServerStreaming(ServerContext*, const shapes::Request* request,
                         ServerWriter<shapes::Response>* writer) override {
    shapes::Response response;
    for (int i = 0; i < 2; ++i) {
      response.set_text(request->text() + std::to_string(i));
      writer->Write(response);
    }
    return Status::OK;
  }
  Status Bidirectional(ServerContext*,
                       ServerReaderWriter<shapes::Response, shapes::Request>* stream) override {
    shapes::Request request;
    shapes::Response response;
    while (stream->Read(&request)) {
      response.set_text("re " + request.text());
      stream->Write(response);
    }
    return Status::OK;
  }
};

class CoroutineShapes final : public shapes::Shapes::CoroutineService {
 public:
  Task<Status> Unary(ServerContext&, const shapes::Request& request,
                     shapes::Response& response) override {
    response.set_text("unary " + request.text());
    co_return Status::OK;
  }
  Task<Status> ClientStreaming(ServerContext&, Reader<shapes::Request>& reader,
                               shapes::Response& response) override {
    shapes::Request request;
    while (co_await reader.Read(&request)) response.set_text(response.text() + request.text());
    co_return Status::OK;
  }
  Task<Status> ServerStreaming(ServerContext&, const shapes::Request& request,
                               Writer<shapes::Response>& writer) override {
    shapes::Response response;
    for (int i = 0; i < 2; ++i) {
      response.set_text(request.text() + std::to_string(i));
      co_await writer.Write(response);
    }
    co_return Status::OK;
  }
  Task<Status> Bidirectional(ServerContext&,
                             ReaderWriter<shapes::Request, shapes::Response>& stream) override {
    shapes::Request request;
    shapes::Response response;
    while (co_await stream.Read(&request)) {
      response.set_text("re " + request.text());
      co_await stream.Write(response);
    }
    co_return Status::OK;
  }
};

// What came of one call of each shape.
struct Answers {
  std::string unary;
  std::string client_streaming;
  std::vector<std::string> server_streaming;
  std::vector<std::string> bidirectional;
};

void ExpectAnswers(const Answers& answers) {
  EXPECT_EQ(answers.unary, "unary q");
  EXPECT_EQ(answers.client_streaming, "ab");
  EXPECT_EQ(answers.server_streaming, (std::vector<std::string>{"q0", "q1"}));
  EXPECT_EQ(answers.bidirectional, (std::vector<std::string>{"re a", "re b"}));
}

TEST(GeneratedCode, CallsWhatOverridesABlockingMethod) {
  BlockingShapes service;
  OpaqueContext context;
  const auto methods = service.descriptor().methods;
  ASSERT_EQ(methods.size(), 4u);
  shapes::Request request;
  request.set_text("q");
  shapes::Response unary;
  shapes::Response client_streaming;
  ScriptedBlockingStream client_stream;
  ScriptedBlockingStream server_stream;
  ScriptedBlockingStream both;
  EXPECT_TRUE(methods[0].blocking(service, context.get(), &request, &unary, nullptr).ok());
  EXPECT_TRUE(
      methods[1].blocking(service, context.get(), nullptr, &client_streaming, &client_stream).ok());
  EXPECT_TRUE(methods[2].blocking(service, context.get(), &request, nullptr, &server_stream).ok());
  EXPECT_TRUE(methods[3].blocking(service, context.get(), nullptr, nullptr, &both).ok());
  ExpectAnswers(
      {unary.text(), client_streaming.text(), server_stream.script.written, both.script.written});
}

TEST(GeneratedCode, CallsWhatOverridesACoroutine) {
  CoroutineShapes service;
  OpaqueContext context;
  const auto methods = service.descriptor().methods;
  ASSERT_EQ(methods.size(), 4u);
  shapes::Request request;
  request.set_text("q");
  shapes::Response unary;
  shapes::Response client_streaming;
  ScriptedCoroutineStream client_stream;
  ScriptedCoroutineStream server_stream;
  ScriptedCoroutineStream both;
  const auto call = [&](size_t i, const void* q, void* p, internal::CoroutineStream* stream) {
    return ResultOf(methods[i].coroutine(service, *context.get(), q, p, stream)).ok();
  };
  EXPECT_TRUE(call(0, &request, &unary, nullptr));
  EXPECT_TRUE(call(1, nullptr, &client_streaming, &client_stream));
  EXPECT_TRUE(call(2, &request, nullptr, &server_stream));
  EXPECT_TRUE(call(3, nullptr, nullptr, &both));
  ExpectAnswers(
      {unary.text(), client_streaming.text(), server_stream.script.written, both.script.written});
}

TEST(GeneratedCode, AnswersUnimplementedForWhatNobodyOverrides) {
  shapes::Shapes::Service blocking;
  shapes::Shapes::CoroutineService coroutine;
  OpaqueContext context;
  shapes::Request request;
  shapes::Response response;
  ScriptedBlockingStream blocking_stream;
  ScriptedCoroutineStream coroutine_stream;
  for (const MethodDescriptor& method : blocking.descriptor().methods) {
    const Status status =
        method.blocking(blocking, context.get(), &request, &response, &blocking_stream);
    EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED) << method.name;
  }
  for (const MethodDescriptor& method : coroutine.descriptor().methods) {
    const Status status = ResultOf(
        method.coroutine(coroutine, *context.get(), &request, &response, &coroutine_stream));
    EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED) << method.name;
  }
}

// The names of the methods, in order.
std::vector<std::string> Names(const Service& service) {
  std::vector<std::string> names;
  for (const MethodDescriptor& method : service.descriptor().methods) {
    names.emplace_back(method.name);
  }
  return names;
}

TEST(GeneratedCode, DescribesShapesInBothStyles) {
  BlockingShapes blocking;
  CoroutineShapes coroutine;
  for (const Service* service : std::initializer_list<const Service*>{&blocking, &coroutine}) {
    EXPECT_EQ(service->descriptor().full_name, "weir_test.shapes.v1.Shapes");
    EXPECT_EQ(Names(*service), (std::vector<std::string>{"Unary", "ClientStreaming",
                                                         "ServerStreaming", "Bidirectional"}));
    const auto methods = service->descriptor().methods;
    EXPECT_EQ(methods[0].shape, MethodShape::kUnary);
    EXPECT_EQ(methods[1].shape, MethodShape::kClientStreaming);
    EXPECT_EQ(methods[2].shape, MethodShape::kServerStreaming);
    EXPECT_EQ(methods[3].shape, MethodShape::kBidirectional);
    for (const MethodDescriptor& method : methods) {
      EXPECT_EQ(method.request, &internal::kMessageCodec<shapes::Request>);
      EXPECT_EQ(method.response, &internal::kMessageCodec<shapes::Response>);
      EXPECT_EQ(method.blocking != nullptr, service == &blocking);
      EXPECT_EQ(method.coroutine != nullptr, service == &coroutine);
    }
  }
}

TEST(GeneratedCode, DescribesServicesWithoutMethodsAndWithoutPackage) {
  EXPECT_TRUE(shapes::Methodless::Service().descriptor().methods.empty());
  EXPECT_TRUE(shapes::Methodless::CoroutineService().descriptor().methods.empty());
  EXPECT_EQ(shapes::Methodless::kFullName, "weir_test.shapes.v1.Methodless");
  EXPECT_EQ(WeirTestNoPackage::Service().descriptor().full_name, "WeirTestNoPackage");
  EXPECT_EQ(Names(weir_test::deprecated::Old::Service()),
            (std::vector<std::string>{"Uncommented", "Commented", "Kept"}));
}

TEST(GeneratedCode, UsesMessagesOfImportedFiles) {
  const weir_test::imports::Imports::Service service;
  const auto methods = service.descriptor().methods;
  ASSERT_EQ(methods.size(), 3u);
  EXPECT_EQ(methods[0].request, &internal::kMessageCodec<weir_test::reexport::Wrapper>);
  EXPECT_EQ(methods[0].response, &internal::kMessageCodec<google::protobuf::Empty>);
  EXPECT_EQ(methods[1].request, &internal::kMessageCodec<weir_test::messages::Shared>);
  EXPECT_EQ(methods[1].response, &internal::kMessageCodec<weir_test::messages::Shared_Part>);
  EXPECT_EQ(methods[2].response, &internal::kMessageCodec<google::protobuf::Value>);
}

TEST(GeneratedCode, KeepsNamesOnTheWireThatCppDoesNotAllow) {
  namespace names = weir_test::names;
  EXPECT_EQ(
      Names(names::Methods::Service()),
      (std::vector<std::string>{"delete", "delete_", "co_await", "operator", "xor", "Service",
                                "CoroutineService", "descriptor", "errno", "assert", "Methods",
                                "context", "request", "weir", "std", "lowercase", "kFullName"}));
  EXPECT_EQ(names::Service__::kFullName, "weir_test.names.Service");
  EXPECT_EQ(names::Service_::kFullName, "weir_test.names.Service_");
  EXPECT_EQ(names::CoroutineService_::kFullName, "weir_test.names.CoroutineService");
  EXPECT_EQ(names::kFullName_::kFullName, "weir_test.names.kFullName");
  EXPECT_EQ(names::namespace_::kFullName, "weir_test.names.namespace");
  EXPECT_EQ(names::weir::Service().descriptor().full_name, "weir_test.names.weir");
}

// Each of these names was in danger of hiding what it overrides or what it needs.
class OddNames final : public weir_test::names::Methods::Service {
 public:
  using Outer = weir_test::names::Outer;
  Status delete_(ServerContext*, const Outer*, weir_test::names::Outer_Inner_Innermost*) override {
    return Status(StatusCode::ABORTED, "delete_");
  }
  Status delete__(ServerContext*, const weir_test::names::Outer_Inner*,
                  weir_test::names::class_*) override {
    return Status(StatusCode::ABORTED, "delete");
  }
  Status descriptor_(ServerContext*, const Outer*, Outer*) override {
    return Status(StatusCode::ABORTED, "descriptor");
  }
};

TEST(GeneratedCode, LeadsEachOddNameToItsOwnFunction) {
  OddNames service;
  OpaqueContext context;
  int called = 0;
  for (const MethodDescriptor& method : service.descriptor().methods) {
    if (method.shape != MethodShape::kUnary) continue;
    void* request = method.request->create();
    void* response = method.response->create();
    const Status status = method.blocking(service, context.get(), request, response, nullptr);
    method.request->destroy(request);
    method.response->destroy(response);
    if (status.error_code() == StatusCode::UNIMPLEMENTED) continue;
    EXPECT_EQ(status.error_message(), method.name);
    ++called;
  }
  EXPECT_EQ(called, 3);
}

}  // namespace
}  // namespace weir
