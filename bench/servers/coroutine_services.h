// The services that are measured, with handlers that are coroutines on the worker.
#ifndef WEIR_BENCH_SERVERS_COROUTINE_SERVICES_H_
#define WEIR_BENCH_SERVERS_COROUTINE_SERVICES_H_

#include "bench/streams.weir.h"
#include "examples/greeter/greeter.weir.h"
#include "weir/weir.h"

namespace weir::bench {

class CoroutineGreeter final : public helloworld::Greeter::CoroutineService {
 public:
  // `answer_encoding` is what answers are compressed with, if the client accepts it.
  explicit CoroutineGreeter(CompressionAlgorithm answer_encoding)
      : answer_encoding_(answer_encoding) {}

  Task<Status> SayHello(ServerContext& context, const helloworld::HelloRequest& request,
                        helloworld::HelloReply& reply) override;

 private:
  const CompressionAlgorithm answer_encoding_;
};

class CoroutineStreams final : public Streams::CoroutineService {
 public:
  explicit CoroutineStreams(CompressionAlgorithm answer_encoding)
      : answer_encoding_(answer_encoding) {}

  Task<Status> Download(ServerContext& context, const DownloadRequest& request,
                        Writer<Chunk>& writer) override;
  Task<Status> Upload(ServerContext& context, Reader<Chunk>& reader,
                      UploadSummary& summary) override;
  Task<Status> Chat(ServerContext& context, ReaderWriter<Chunk, Chunk>& stream) override;

 private:
  const CompressionAlgorithm answer_encoding_;
};

}  // namespace weir::bench

#endif  // WEIR_BENCH_SERVERS_COROUTINE_SERVICES_H_
