// Which server do the tests of the load client call for streams?
//
//   streams_server [--certificate_dir=DIR] [--gzip] [--wrong=WHAT]
//
// weir.bench.Streams and helloworld.Greeter on a free port, which it prints, in the clear or with
// DIR/server.pem and DIR/server.key. With --wrong it makes one mistake, for the client to find.
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "bench/streams.weir.h"
#include "examples/greeter/greeter.weir.h"
#include "examples/support/flags.h"
#include "weir/weir.h"

namespace {

using weir::bench::Chunk;
using weir::bench::DownloadRequest;
using weir::bench::UploadSummary;

class Streams final : public weir::bench::Streams::CoroutineService {
 public:
  Streams(std::string wrong, weir::CompressionAlgorithm encoding)
      : wrong_(std::move(wrong)), encoding_(encoding) {}

 private:
  weir::Task<weir::Status> Download(weir::ServerContext& context, const DownloadRequest& request,
                                    weir::Writer<Chunk>& writer) override {
    context.set_compression_algorithm(encoding_);
    Chunk chunk;
    chunk.set_payload(std::string(request.bytes(), 'x'));
    uint32_t count = request.messages();
    if (wrong_ == "count") --count;
    for (uint32_t i = 0; i < count; ++i) {
      const bool damages = wrong_ == "payload" && i + 1 == count;
      if (damages) chunk.mutable_payload()->back() = 'y';
      if (!co_await writer.Write(chunk)) co_return weir::Status::CANCELLED;
    }
    co_return weir::Status::OK;
  }

  weir::Task<weir::Status> Upload(weir::ServerContext&, weir::Reader<Chunk>& reader,
                                  UploadSummary& summary) override {
    Chunk chunk;
    weir::ReadResult read = co_await reader.Read(&chunk);
    for (; read; read = co_await reader.Read(&chunk)) {
      summary.set_messages(summary.messages() + 1);
      summary.set_bytes(summary.bytes() + chunk.payload().size());
    }
    if (wrong_ == "payload") summary.set_bytes(summary.bytes() + 1);
    co_return read.is_end() ? weir::Status::OK : weir::Status::CANCELLED;
  }

  weir::Task<weir::Status> Chat(weir::ServerContext& context,
                                weir::ReaderWriter<Chunk, Chunk>& stream) override {
    context.set_compression_algorithm(encoding_);
    Chunk chunk;
    weir::ReadResult read = co_await stream.Read(&chunk);
    for (; read; read = co_await stream.Read(&chunk)) {
      if (!co_await stream.Write(chunk)) co_return weir::Status::CANCELLED;
    }
    co_return read.is_end() ? weir::Status::OK : weir::Status::CANCELLED;
  }

  const std::string wrong_;
  const weir::CompressionAlgorithm encoding_;
};

class Greeter final : public helloworld::Greeter::CoroutineService {
 public:
  Greeter(std::string wrong, weir::CompressionAlgorithm encoding)
      : wrong_(std::move(wrong)), encoding_(encoding) {}

 private:
  weir::Task<weir::Status> SayHello(weir::ServerContext& context,
                                    const helloworld::HelloRequest& request,
                                    helloworld::HelloReply& reply) override {
    context.set_compression_algorithm(encoding_);
    reply.set_message("Hello " + request.name());
    if (wrong_ == "payload") reply.mutable_message()->front() = 'J';
    if (wrong_ == "status") co_return weir::Status(weir::StatusCode::NOT_FOUND, "nobody there");
    co_return weir::Status::OK;
  }

  const std::string wrong_;
  const weir::CompressionAlgorithm encoding_;
};

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::shared_ptr<weir::ServerCredentials> CredentialsOf(const std::string& directory) {
  if (directory.empty()) return weir::InsecureServerCredentials();
  weir::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back(
      {Contents(directory + "/server.key"), Contents(directory + "/server.pem")});
  return weir::SslServerCredentials(options);
}

}  // namespace

int main(int argc, char** argv) {
  weir::StopSignal stop;  // Before any thread exists.
  std::string certificate_dir;
  std::string wrong = "nothing";
  bool gzip = false;
  examples::Flags flags("Serves weir.bench.Streams and helloworld.Greeter for tests.");
  flags.Add("certificate_dir", &certificate_dir, "where server.pem and server.key are");
  flags.Add("gzip", &gzip, "compress answers");
  flags.AddChoice("wrong", &wrong, "what to do wrong", {"nothing", "payload", "count", "status"});
  flags.ParseOrExit(argc, argv);

  const auto encoding =
      gzip ? weir::CompressionAlgorithm::kGzip : weir::CompressionAlgorithm::kNone;
  Streams streams(wrong, encoding);
  Greeter greeter(wrong, encoding);
  weir::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", CredentialsOf(certificate_dir));
  builder.RegisterService(&streams);
  builder.RegisterService(&greeter);
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) {
    std::fprintf(stderr, "streams_server: %s\n", server.status().error_message().c_str());
    return 1;
  }
  std::printf("listening on 127.0.0.1:%d\n", (*server)->port());
  std::fflush(stdout);
  stop.Wait();
  (*server)->Shutdown(std::chrono::seconds(1));
  return 0;
}
