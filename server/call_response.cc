// Calls: what is sent to the client.
#include <algorithm>
#include <string>
#include <utility>

#include "server/blocking_bridge.h"
#include "server/call.h"
#include "server/connection_calls.h"
#include "server/message_encoder.h"
#include "server/worker_context.h"
#include "transport/grpc/message_writer.h"
#include "transport/grpc/response_head.h"

namespace weir::server {

void Call::SealInitialMetadata() {
  if (is_initial_metadata_sealed_) return;
  is_initial_metadata_sealed_ = true;
  has_initial_metadata_ = extras_ != nullptr && !extras_->initial.empty();
  DecideCompression();
}

void Call::DecideCompression() {
  if (is_compression_decided_) return;
  is_compression_decided_ = true;
  // Never an algorithm that the client did not offer (gRPC compression.md).
  is_response_encoded_ =
      compression_ != nullptr && grpc::AcceptsEncoding(head().accept_encoding, *compression_);
}

void Call::SendInitialMetadata() {
  if (!are_headers_sent_ && !is_stream_over_) RunOrClose([this] { SendHeaders(); });
}

void Call::SendHeaders() {
  SealInitialMetadata();
  are_headers_sent_ = true;
  MarkDirty();
  if (!has_initial_metadata_ && !is_response_encoded_ && head().encoding.empty()) [[likely]] {
    http2().SendHeaders(stream_, grpc::kOkHeaders);
    return;
  }
  grpc::FieldList& fields = worker().ClearedFieldList();
  grpc::BuildInitialHeaders({.encoding = response_encoding(),
                             .accept_encoding = worker().compressors().accept_encoding(),
                             .metadata = has_initial_metadata_ ? &extras_->initial : nullptr},
                            &fields);
  http2().SendHeaders(stream_, fields.fields());
}

Status Call::MessageTooLarge(size_t size) const {
  std::string message = "response message of " + std::to_string(size) +
                        " bytes exceeds the limit of " + std::to_string(method_->send_bytes_max) +
                        " for ";
  return Status(StatusCode::RESOURCE_EXHAUSTED, message.append(path()));
}

bool Call::SendMessage(const internal::MessageCodec& codec, const void* message, bool compress) {
  if (is_stream_over_) return false;
  const size_t size = codec.byte_size(message);
  if (IsMessageTooLarge(size)) {
    const Status status = MessageTooLarge(size);
    EndWithStatus(status.error_code(), status.error_message());
    return false;
  }
  SendInitialMetadata();
  if (HasSingleResponse()) {
    NoteResponseSize(size);  // RunHandler has shown and counted it
  } else {
    NoteSent(codec, message);
    NoteSentBytes(size);
  }
  if (is_response_encoded_ && compress) {
    const grpc::CompressorRegistry& compressors = worker().compressors();
    grpc::CompressorRegistry::Scratch encoded(compressors,
                                              grpc::CompressorRegistry::Use::kCompressed);
    EncodeMessage(codec, message, size, compressors, response_encoding(), &*encoded);
    SendEncoded(*encoded);
    return true;
  }
  const size_t framed_size = grpc::kMessagePrefixSize + size;
  if (uint8_t* place = http2().PlaceData(stream_, framed_size)) [[likely]] {
    grpc::StoreMessagePrefix(place, /*compressed=*/false, static_cast<uint32_t>(size));
    codec.serialize(message, place + grpc::kMessagePrefixSize);
    MarkDirty();
    return true;
  }
  Buffer encoded;
  EncodePlain(codec, message, size, &encoded);
  SendEncoded(encoded);
  return true;
}

void Call::SendEncoded(Buffer& encoded) {
  if (is_stream_over_) return;
  SendInitialMetadata();
  const ByteView bytes = encoded.view();
  if (uint8_t* place = http2().PlaceData(stream_, bytes.size())) {
    std::copy(bytes.begin(), bytes.end(), place);
  } else {
    http2().SendData(stream_, std::move(encoded));
  }
  MarkDirty();
}

void Call::SendResponse(const Status& status) {
  if (!status.ok()) {
    SendStatus(status.error_code(), status.error_message(), status.error_details());
    return;
  }
  if (HasSingleResponse()) {
    if (bridge_ != nullptr && !bridge_->encoded_response().empty()) {
      SendEncoded(bridge_->encoded_response());
    } else if (response_ == nullptr) {
      // An interceptor answered OK without calling the handler: there is no message to send.
      LogMisuse("was not called, yet an interceptor answered OK");
      SendStatus(StatusCode::INTERNAL, "an interceptor answered OK without a response", {});
      return;
    } else if (!SendMessage(*method_->descriptor->response, response_, compress_response_)) {
      return;
    }
  }
  SendStatus(StatusCode::OK, {}, {});
}

// While the handler is on the pool, its metadata is its own: a status that the library sends then
// goes without.
void Call::SendStatus(StatusCode code, std::string_view message, std::string_view details) {
  MarkDirty();
  const Extras* extras = is_on_pool_ ? nullptr : extras_.get();
  const bool has_initial = extras != nullptr && !extras->initial.empty();
  const bool has_trailing = extras != nullptr && !extras->trailing.empty();
  // Initial metadata has to arrive as headers, and success always has headers; any other failure
  // before the first message is Trailers-Only, so that the client may retry (gRFC A6).
  if (!are_headers_sent_ && (has_initial || code == StatusCode::OK)) SendInitialMetadata();

  if (code == StatusCode::OK && !has_trailing) [[likely]] {
    http2().SendTrailers(stream_, grpc::kOkTrailers);
    return;
  }
  const grpc::ResponseStatus status = {.code = static_cast<grpc::StatusCode>(code),
                                       .message = message,
                                       .details = details,
                                       .metadata = has_trailing ? &extras->trailing : nullptr};
  grpc::FieldList& fields = worker().ClearedFieldList();
  const size_t size_max = http2().peer_header_list_size_max();
  if (are_headers_sent_) {
    grpc::BuildTrailers(status, size_max, &fields);
  } else {
    grpc::BuildTrailersOnly({}, status, size_max, &fields);
  }
  http2().SendTrailers(stream_, fields.fields());
}

}  // namespace weir::server
