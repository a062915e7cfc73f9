#include "weir/rich_status.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>

#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace weir {
namespace {

std::string Owned(std::string_view text) { return std::string(text); }

}  // namespace

RichStatus::RichStatus(StatusCode code, std::string message)
    : status_(std::make_unique<google::rpc::Status>()) {
  status_->set_code(static_cast<int>(code == StatusCode::OK ? StatusCode::INTERNAL : code));
  status_->set_message(std::move(message));
}

RichStatus::~RichStatus() = default;

RichStatus::RichStatus(const RichStatus& other)
    : status_(std::make_unique<google::rpc::Status>(*other.status_)) {}

RichStatus& RichStatus::operator=(const RichStatus& other) {
  *status_ = *other.status_;
  return *this;
}

// What there is of this type so far.
template <typename Detail>
Detail RichStatus::Present() const {
  Detail detail;
  for (const google::protobuf::Any& present : status_->details()) {
    if (present.Is<Detail>()) present.UnpackTo(&detail);
  }
  return detail;
}

RichStatus& RichStatus::SetDetail(const google::protobuf::Message& detail) {
  google::protobuf::Any packed;
  packed.PackFrom(detail);
  for (google::protobuf::Any& present : *status_->mutable_details()) {
    if (present.type_url() == packed.type_url()) {
      present = std::move(packed);
      return *this;
    }
  }
  *status_->add_details() = std::move(packed);
  return *this;
}

RichStatus& RichStatus::AddFieldViolation(std::string_view field, std::string_view description) {
  auto detail = Present<google::rpc::BadRequest>();
  auto& violation = *detail.add_field_violations();
  violation.set_field(Owned(field));
  violation.set_description(Owned(description));
  return SetDetail(detail);
}

RichStatus& RichStatus::AddPreconditionViolation(std::string_view type, std::string_view subject,
                                                 std::string_view description) {
  auto detail = Present<google::rpc::PreconditionFailure>();
  auto& violation = *detail.add_violations();
  violation.set_type(Owned(type));
  violation.set_subject(Owned(subject));
  violation.set_description(Owned(description));
  return SetDetail(detail);
}

RichStatus& RichStatus::AddQuotaViolation(std::string_view subject, std::string_view description) {
  auto detail = Present<google::rpc::QuotaFailure>();
  auto& violation = *detail.add_violations();
  violation.set_subject(Owned(subject));
  violation.set_description(Owned(description));
  return SetDetail(detail);
}

RichStatus& RichStatus::AddHelpLink(std::string_view description, std::string_view url) {
  auto detail = Present<google::rpc::Help>();
  auto& link = *detail.add_links();
  link.set_description(Owned(description));
  link.set_url(Owned(url));
  return SetDetail(detail);
}

RichStatus& RichStatus::SetErrorInfo(std::string_view reason, std::string_view domain,
                                     const std::map<std::string, std::string>& metadata) {
  google::rpc::ErrorInfo detail;
  detail.set_reason(Owned(reason));
  detail.set_domain(Owned(domain));
  detail.mutable_metadata()->insert(metadata.begin(), metadata.end());
  return SetDetail(detail);
}

RichStatus& RichStatus::SetRetryInfo(std::chrono::nanoseconds delay) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delay);
  google::rpc::RetryInfo detail;
  detail.mutable_retry_delay()->set_seconds(seconds.count());
  detail.mutable_retry_delay()->set_nanos(static_cast<int>((delay - seconds).count()));
  return SetDetail(detail);
}

RichStatus& RichStatus::SetRequestInfo(std::string_view request_id, std::string_view serving_data) {
  google::rpc::RequestInfo detail;
  detail.set_request_id(Owned(request_id));
  detail.set_serving_data(Owned(serving_data));
  return SetDetail(detail);
}

RichStatus& RichStatus::SetResourceInfo(std::string_view type, std::string_view name,
                                        std::string_view owner, std::string_view description) {
  google::rpc::ResourceInfo detail;
  detail.set_resource_type(Owned(type));
  detail.set_resource_name(Owned(name));
  detail.set_owner(Owned(owner));
  detail.set_description(Owned(description));
  return SetDetail(detail);
}

RichStatus& RichStatus::SetLocalizedMessage(std::string_view locale, std::string_view message) {
  google::rpc::LocalizedMessage detail;
  detail.set_locale(Owned(locale));
  detail.set_message(Owned(message));
  return SetDetail(detail);
}

RichStatus& RichStatus::SetDebugInfo(const std::vector<std::string>& stack_entries,
                                     std::string_view detail_text) {
  google::rpc::DebugInfo detail;
  for (const std::string& entry : stack_entries) detail.add_stack_entries(entry);
  detail.set_detail(Owned(detail_text));
  return SetDetail(detail);
}

Status RichStatus::ToStatus() const {
  return Status(static_cast<StatusCode>(status_->code()), status_->message(),
                status_->SerializeAsString());
}

}  // namespace weir
