#include "interop/load_reports.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace weir::interop {

using ::xds::data::orca::v3::OrcaLoadReport;

namespace {

// The suite wants a minimum of one second instead of the usual thirty.
constexpr int64_t kMinIntervalSeconds = 1;
constexpr int64_t kMaxIntervalSeconds = 3600;

}  // namespace

OrcaLoadReport ToLoadReport(const ::grpc::testing::TestOrcaReport& wanted) {
  OrcaLoadReport report;
  report.set_cpu_utilization(wanted.cpu_utilization());
  report.set_mem_utilization(wanted.memory_utilization());
  *report.mutable_request_cost() = wanted.request_cost();
  *report.mutable_utilization() = wanted.utilization();
  return report;
}

LoadReports::Turn::~Turn() {
  if (!is_taken_) return;
  const std::lock_guard lock(reports_.mutex_);
  reports_.is_taken_ = false;
  reports_.report_.Clear();
}

bool LoadReports::Turn::TryTake() {
  if (is_taken_) return true;
  const std::lock_guard lock(reports_.mutex_);
  if (reports_.is_taken_) return false;
  reports_.is_taken_ = is_taken_ = true;
  return true;
}

void LoadReports::Turn::Set(OrcaLoadReport report) {
  const std::lock_guard lock(reports_.mutex_);
  reports_.report_ = std::move(report);
}

OrcaLoadReport LoadReports::Get() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

Task<Status> OpenRcaService::StreamCoreMetrics(
    ServerContext& context, const ::xds::service::orca::v3::OrcaLoadReportRequest& request,
    Writer<OrcaLoadReport>& writer) {
  // Whole seconds do: the suite asks for no fraction.
  const std::chrono::seconds interval(std::clamp<int64_t>(
      request.report_interval().seconds(), kMinIntervalSeconds, kMaxIntervalSeconds));
  while (!context.IsDraining()) {
    const OrcaLoadReport report = reports_.Get();
    if (!co_await writer.Write(report)) co_return Status::CANCELLED;
    // In pieces: a server that is to stop does not wait for a report that is due in an hour.
    for (std::chrono::seconds left = interval; left.count() > 0 && !context.IsDraining(); --left) {
      if (!co_await context.SleepFor(std::chrono::seconds(1))) co_return Status::CANCELLED;
    }
  }
  co_return Status::OK;
}

}  // namespace weir::interop
