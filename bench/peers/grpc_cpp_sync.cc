// The greeter and the streams on gRPC C++'s synchronous API: a thread for each call, and as many
// completion queues as asked for.
#include "bench/peers/grpc_cpp_start.h"
#include "bench/servers/work.h"
#include "bench/streams.grpc.pb.h"
#include "examples/greeter/greeter.grpc.pb.h"

namespace weir::bench {
namespace {

class SyncGreeter final : public helloworld::upstream::Greeter::Service {
  grpc::Status SayHello(grpc::ServerContext*, const helloworld::HelloRequest* request,
                        helloworld::HelloReply* reply) override {
    Greet(*request, reply);
    return grpc::Status::OK;
  }
};

class SyncStreams final : public upstream::Streams::Service {
  grpc::Status Download(grpc::ServerContext*, const DownloadRequest* request,
                        grpc::ServerWriter<Chunk>* writer) override {
    const Chunk chunk = MakeChunk(*request);
    for (uint32_t i = 0; i < request->messages(); ++i) {
      if (!writer->Write(chunk)) return grpc::Status::CANCELLED;
    }
    return grpc::Status::OK;
  }

  grpc::Status Upload(grpc::ServerContext*, grpc::ServerReader<Chunk>* reader,
                      UploadSummary* summary) override {
    Chunk chunk;
    while (reader->Read(&chunk)) Count(chunk, summary);
    return grpc::Status::OK;
  }

  grpc::Status Chat(grpc::ServerContext*, grpc::ServerReaderWriter<Chunk, Chunk>* stream) override {
    Chunk chunk;
    while (stream->Read(&chunk)) {
      if (!stream->Write(chunk)) return grpc::Status::CANCELLED;
    }
    return grpc::Status::OK;
  }
};

}  // namespace

void ServeSync(const Settings& settings) {
  SyncGreeter greeter;
  SyncStreams streams;
  grpc::ServerBuilder builder;
  builder.RegisterService(&greeter);
  builder.RegisterService(&streams);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, settings.threads);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  StartOrExit(builder, settings)->Wait();
}

}  // namespace weir::bench
