// What does the server say about its load? What clients of the suite make it say (ORCA, gRFC A51).
#ifndef WEIR_INTEROP_LOAD_REPORTS_H_
#define WEIR_INTEROP_LOAD_REPORTS_H_

#include <mutex>

#include "interop/protos/messages.pb.h"
#include "interop/protos/xds/load_report.pb.h"
#include "interop/protos/xds/open_rca.weir.h"
#include "weir/weir.h"

namespace weir::interop {

::xds::data::orca::v3::OrcaLoadReport ToLoadReport(const ::grpc::testing::TestOrcaReport& wanted);

// The one report of this server. Thread-safe.
class LoadReports {
 public:
  // The right of one call to set the report. Empty at first; given back, and the report cleared,
  // when the call's turn is destroyed.
  class Turn {
   public:
    // `reports` must outlive the turn.
    explicit Turn(LoadReports& reports) : reports_(reports) {}
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    // False while it is another call's turn.
    bool TryTake();
    // Only after TryTake.
    void Set(::xds::data::orca::v3::OrcaLoadReport report);

   private:
    LoadReports& reports_;
    bool is_taken_ = false;
  };

  ::xds::data::orca::v3::OrcaLoadReport Get() const;

 private:
  mutable std::mutex mutex_;
  bool is_taken_ = false;
  ::xds::data::orca::v3::OrcaLoadReport report_;
};

// Sends the report to whoever subscribes to it.
class OpenRcaService final : public ::xds::service::orca::v3::OpenRcaService::CoroutineService {
 public:
  // `reports` must outlive the service.
  explicit OpenRcaService(const LoadReports& reports) : reports_(reports) {}

  Task<Status> StreamCoreMetrics(ServerContext& context,
                                 const ::xds::service::orca::v3::OrcaLoadReportRequest& request,
                                 Writer<::xds::data::orca::v3::OrcaLoadReport>& writer) override;

 private:
  const LoadReports& reports_;
};

}  // namespace weir::interop

#endif  // WEIR_INTEROP_LOAD_REPORTS_H_
