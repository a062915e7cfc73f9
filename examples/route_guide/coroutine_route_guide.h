// routeguide.RouteGuide with coroutines.
#ifndef WEIR_EXAMPLES_ROUTE_GUIDE_COROUTINE_ROUTE_GUIDE_H_
#define WEIR_EXAMPLES_ROUTE_GUIDE_COROUTINE_ROUTE_GUIDE_H_

#include "examples/route_guide/places.h"
#include "examples/route_guide/route_guide.weir.h"

namespace route_guide {

// A call in progress is a suspended function of some hundred bytes, so that thousands of open
// streams need no threads. In return a handler must not block: where it would wait, it says
// `co_await`.
class CoroutineRouteGuide final : public routeguide::RouteGuide::CoroutineService {
 public:
  weir::Task<weir::Status> GetFeature(weir::ServerContext& context, const routeguide::Point& point,
                                      routeguide::Feature& feature) override;
  weir::Task<weir::Status> ListFeatures(weir::ServerContext& context,
                                        const routeguide::Rectangle& area,
                                        weir::Writer<routeguide::Feature>& writer) override;
  weir::Task<weir::Status> RecordRoute(weir::ServerContext& context,
                                       weir::Reader<routeguide::Point>& reader,
                                       routeguide::RouteSummary& summary) override;
  weir::Task<weir::Status> RouteChat(
      weir::ServerContext& context,
      weir::ReaderWriter<routeguide::RouteNote, routeguide::RouteNote>& stream) override;

 private:
  NoteBook notes_;
};

}  // namespace route_guide

#endif  // WEIR_EXAMPLES_ROUTE_GUIDE_COROUTINE_ROUTE_GUIDE_H_
