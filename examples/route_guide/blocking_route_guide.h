// routeguide.RouteGuide with blocking handlers.
#ifndef WEIR_EXAMPLES_ROUTE_GUIDE_BLOCKING_ROUTE_GUIDE_H_
#define WEIR_EXAMPLES_ROUTE_GUIDE_BLOCKING_ROUTE_GUIDE_H_

#include "examples/route_guide/places.h"
#include "examples/route_guide/route_guide.weir.h"

namespace route_guide {

// Every call in progress occupies a thread of the handler pool, also while it waits for its client.
// Simple to write and to read; CoroutineRouteGuide does without the threads.
class BlockingRouteGuide final : public routeguide::RouteGuide::Service {
 public:
  weir::Status GetFeature(weir::ServerContext* context, const routeguide::Point* point,
                          routeguide::Feature* feature) override;
  weir::Status ListFeatures(weir::ServerContext* context, const routeguide::Rectangle* area,
                            weir::ServerWriter<routeguide::Feature>* writer) override;
  weir::Status RecordRoute(weir::ServerContext* context,
                           weir::ServerReader<routeguide::Point>* reader,
                           routeguide::RouteSummary* summary) override;
  weir::Status RouteChat(
      weir::ServerContext* context,
      weir::ServerReaderWriter<routeguide::RouteNote, routeguide::RouteNote>* stream) override;

 private:
  NoteBook notes_;
};

}  // namespace route_guide

#endif  // WEIR_EXAMPLES_ROUTE_GUIDE_BLOCKING_ROUTE_GUIDE_H_
