#include "transport/grpc/response_head.h"

#include <algorithm>
#include <string>

#include "transport/grpc/base64.h"
#include "transport/grpc/percent_encoding.h"

namespace weir::grpc {

namespace {

constexpr std::string_view kStatusField = "grpc-status";
constexpr std::string_view kMessageField = "grpc-message";
constexpr std::string_view kDetailsField = "grpc-status-details-bin";

constexpr http2::OutputField kOkHeaderFields[] = {{":status", "200", true},
                                                  {"content-type", "application/grpc", true}};
constexpr http2::OutputField kOkTrailerFields[] = {{kStatusField, "0", true}};

// How much of the message (encoded) is kept when metadata competes with it for room.
constexpr size_t kMessageKept = 1024;

// How much of it (encoded) is sent in any case. Clients that name no limit of their own have one:
// nghttp2's takes no field above 64 KiB, gRPC C++ and Java want 8 KiB in all.
constexpr size_t kMessageMax = 8 * 1024;
constexpr size_t kEncodedMax = 3;  // of one octet

std::string_view HttpStatusDigits(int http_status) {
  switch (http_status) {
    case 400:
      return "400";
    case 405:
      return "405";
    case 415:
      return "415";
    default:
      return "200";
  }
}

// What every response begins with.
void AddHead(int http_status, const ResponseHeaders& headers, FieldList* fields) {
  fields->Add(":status", HttpStatusDigits(http_status), true);
  fields->Add("content-type", "application/grpc", true);
  // RFC 9110 §15.5.6: the answer 405 says which methods would do.
  if (http_status == 405) fields->Add("allow", "POST");
  if (!headers.encoding.empty()) fields->Add("grpc-encoding", headers.encoding, true);
  if (!headers.accept_encoding.empty()) {
    fields->Add("grpc-accept-encoding", headers.accept_encoding, true);
  }
}

// Adds the status and what explains it to a list that may grow to a given size.
class StatusFields {
 public:
  StatusFields(const ResponseStatus& status, const Metadata* initial_metadata, size_t list_size_max,
               FieldList* fields)
      : status_(status),
        metadata_{initial_metadata, status.metadata},
        list_size_max_(list_size_max),
        fields_(fields) {}

  // Returns whether everything found room. The code is sent in any case: without it, the client
  // would have to invent one.
  bool Add() {
    fields_->Add(kStatusField, StatusCodeDigits(status_.code), status_.code == StatusCode::kOk);
    EncodeMessage();
    if (Fits(MessageSize(encoded_message_.size()) + DetailsSize() + MetadataSize())) {
      AddMessage();
      AddDetails();
      AddMetadata(0);
      return true;
    }
    AddMetadata(std::min(MessageSize(encoded_message_.size()), MessageSize(kMessageKept)));
    TruncateMessage();
    AddMessage();
    return false;
  }

 private:
  size_t Room() const { return list_size_max_ - std::min(list_size_max_, fields_->list_size()); }
  bool Fits(size_t size) const { return size <= Room(); }

  static size_t MessageSize(size_t encoded_size) {
    if (encoded_size == 0) return 0;
    return kMessageField.size() + encoded_size + FieldList::kFieldOverhead;
  }

  size_t DetailsSize() const {
    if (status_.details.empty()) return 0;
    return kDetailsField.size() + Base64EncodedSize(status_.details.size()) +
           FieldList::kFieldOverhead;
  }

  size_t MetadataSize() const {
    size_t size = 0;
    for (const Metadata* metadata : metadata_) {
      if (metadata == nullptr) continue;
      for (const Metadata::Entry& entry : *metadata) size += MetadataFieldSize(entry);
    }
    return size;
  }

  void EncodeMessage() {
    if (status_.message.size() > kMessageMax / kEncodedMax) {
      std::string encoded;
      AppendPercentEncodedPrefix(status_.message, kMessageMax, &encoded);
      encoded_message_ = fields_->Store(encoded);
      return;
    }
    if (IsPercentEncodingIdentity(status_.message)) {
      encoded_message_ = fields_->Store(status_.message);
      return;
    }
    std::string encoded;
    AppendPercentEncoded(status_.message, &encoded);
    encoded_message_ = fields_->Store(encoded);
  }

  // To the part for which there is room, which ends between two characters.
  void TruncateMessage() {
    const size_t room = Room();
    const size_t overhead = MessageSize(1) - 1;
    std::string encoded;
    const size_t size_max = std::min(room - std::min(room, overhead), kMessageMax);
    AppendPercentEncodedPrefix(status_.message, size_max, &encoded);
    encoded_message_ = fields_->Store(encoded);
  }

  void AddMessage() {
    if (!encoded_message_.empty()) fields_->Add(kMessageField, encoded_message_);
  }

  void AddDetails() {
    if (status_.details.empty()) return;
    const size_t size = Base64EncodedSize(status_.details.size());
    char* text = fields_->Allocate(size);
    Base64EncodeTo(status_.details, text);
    fields_->Add(kDetailsField, {text, size});
  }

  // The entries that leave `kept_free` of the room.
  void AddMetadata(size_t kept_free) {
    for (const Metadata* metadata : metadata_) {
      if (metadata == nullptr) continue;
      for (const Metadata::Entry& entry : *metadata) {
        if (Fits(MetadataFieldSize(entry) + kept_free)) AppendMetadataField(entry, fields_);
      }
    }
  }

  const ResponseStatus& status_;
  const Metadata* const metadata_[2];
  const size_t list_size_max_;
  FieldList* const fields_;
  std::string_view encoded_message_;
};

bool AddTrailersOnly(int http_status, const ResponseHeaders& headers, const ResponseStatus& status,
                     size_t peer_header_list_size_max, FieldList* fields) {
  AddHead(http_status, headers, fields);
  return StatusFields(status, headers.metadata, peer_header_list_size_max, fields).Add();
}

}  // namespace

constinit const http2::FieldTemplate kOkHeaders{http2::OutputFields(kOkHeaderFields)};
constinit const http2::FieldTemplate kOkTrailers{http2::OutputFields(kOkTrailerFields)};

void BuildInitialHeaders(const ResponseHeaders& headers, FieldList* fields) {
  AddHead(200, headers, fields);
  if (headers.metadata != nullptr) AppendMetadataFields(*headers.metadata, fields);
}

bool BuildTrailers(const ResponseStatus& status, size_t peer_header_list_size_max,
                   FieldList* fields) {
  return StatusFields(status, nullptr, peer_header_list_size_max, fields).Add();
}

bool BuildTrailersOnly(const ResponseHeaders& headers, const ResponseStatus& status,
                       size_t peer_header_list_size_max, FieldList* fields) {
  return AddTrailersOnly(200, headers, status, peer_header_list_size_max, fields);
}

bool BuildRejection(const Rejection& rejection, std::string_view accept_encoding,
                    size_t peer_header_list_size_max, FieldList* fields) {
  const ResponseHeaders headers{.accept_encoding = accept_encoding};
  const ResponseStatus status{.code = rejection.code, .message = rejection.message};
  return AddTrailersOnly(rejection.http_status, headers, status, peer_header_list_size_max, fields);
}

}  // namespace weir::grpc
