#include "weir/reflection.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "grpc/reflection/v1/reflection.weir.h"
#include "grpc/reflection/v1alpha/reflection.weir.h"
#include "server/services/descriptor_index.h"
#include "weir/server_builder.h"
#include "weir/server_context.h"

namespace weir {
namespace {

using File = services::DescriptorIndex::File;

// A symbol, or the path of a file.
constexpr size_t kRequestBytesMax = 16 * 1024;

// What both services of one server answer from. Made of what that server has when it is first
// asked, since other services may be registered after these.
class Reflected {
 public:
  explicit Reflected(ReflectionOptions options) : options_(std::move(options)) {}

  const services::DescriptorIndex& IndexFor(const ServerContext& context) {
    std::call_once(once_, [&] { index_.emplace(context.services(), options_.more_files); });
    return *index_;
  }

 private:
  const ReflectionOptions options_;
  std::once_flag once_;
  std::optional<services::DescriptorIndex> index_;
};

// What one stream was given. Files are sent to it once, unless it asks for one by name again.
using SentFiles = std::unordered_set<const File*>;

template <typename Response>
void SetError(StatusCode code, std::string message, Response* response) {
  response->mutable_error_response()->set_error_code(static_cast<int>(code));
  response->mutable_error_response()->set_error_message(std::move(message));
}

// `file`, then what it imports, near things first.
template <typename Response>
void AddFiles(const File* file, SentFiles* sent, Response* response) {
  if (file == nullptr) {
    SetError(StatusCode::NOT_FOUND, "none of the server's .proto files has this", response);
    return;
  }
  auto& files = *response->mutable_file_descriptor_response()->mutable_file_descriptor_proto();
  std::vector<const File*> found = {file};
  sent->insert(file);
  for (size_t i = 0; i < found.size(); ++i) {
    *files.Add() = found[i]->serialized;
    for (const File* const import : found[i]->imports) {
      if (sent->insert(import).second) found.push_back(import);
    }
  }
}

template <typename Request, typename Response>
void Answer(const services::DescriptorIndex& index, const ServerContext& context,
            const Request& request, SentFiles* sent, Response* response) {
  response->set_valid_host(request.host());
  *response->mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      return AddFiles(index.FindFileByName(request.file_by_filename()), sent, response);
    case Request::kFileContainingSymbol:
      return AddFiles(index.FindFileOfSymbol(request.file_containing_symbol()), sent, response);
    case Request::kFileContainingExtension: {
      const auto& wanted = request.file_containing_extension();
      return AddFiles(
          index.FindFileOfExtension(wanted.containing_type(), wanted.extension_number()), sent,
          response);
    }
    case Request::kAllExtensionNumbersOfType: {
      const std::string& type = request.all_extension_numbers_of_type();
      const auto numbers = index.FindExtensionNumbers(type);
      if (!numbers) return SetError(StatusCode::NOT_FOUND, "no such message", response);
      auto& found = *response->mutable_all_extension_numbers_response();
      found.set_base_type_name(type);
      found.mutable_extension_number()->Assign(numbers->begin(), numbers->end());
      return;
    }
    case Request::kListServices: {
      auto& list = *response->mutable_list_services_response();
      for (const std::string_view name : context.services()) {
        list.add_service()->set_name(std::string(name));
      }
      return;
    }
    case Request::MESSAGE_REQUEST_NOT_SET:
      return SetError(StatusCode::INVALID_ARGUMENT, "the request asks for nothing", response);
  }
}

// v1 and v1alpha differ by their names alone.
template <typename Generated, typename Request, typename Response>
class ReflectionService final : public Generated {
 public:
  explicit ReflectionService(std::shared_ptr<Reflected> reflected)
      : reflected_(std::move(reflected)) {}

  Task<Status> ServerReflectionInfo(ServerContext& context,
                                    ReaderWriter<Request, Response>& stream) override {
    const services::DescriptorIndex& index = reflected_->IndexFor(context);
    // Nobody waits for a tool that has been left open.
    context.OnDrain([&stream] { stream.StopReading(); });
    SentFiles sent;
    while (true) {
      Request request;
      const ReadResult read = co_await stream.Read(&request);
      if (read.is_end()) co_return Status::OK;
      if (read.is_failed()) break;
      Response response;
      Answer(index, context, request, &sent, &response);
      const bool is_sent = co_await stream.Write(response);
      if (!is_sent) break;
    }
    co_return Status(StatusCode::UNAVAILABLE, "the connection is being drained: ask again");
  }

 private:
  const std::shared_ptr<Reflected> reflected_;
};

using V1 = ReflectionService<::grpc::reflection::v1::ServerReflection::CoroutineService,
                             ::grpc::reflection::v1::ServerReflectionRequest,
                             ::grpc::reflection::v1::ServerReflectionResponse>;
using V1Alpha = ReflectionService<::grpc::reflection::v1alpha::ServerReflection::CoroutineService,
                                  ::grpc::reflection::v1alpha::ServerReflectionRequest,
                                  ::grpc::reflection::v1alpha::ServerReflectionResponse>;

}  // namespace

void EnableReflection(ServerBuilder& builder, ReflectionOptions options) {
  const MethodOptions small = {.max_receive_message_bytes = kRequestBytesMax};
  const auto reflected = std::make_shared<Reflected>(std::move(options));
  builder.RegisterService(std::make_unique<V1>(reflected), small);
  builder.RegisterService(std::make_unique<V1Alpha>(reflected), small);
}

}  // namespace weir
