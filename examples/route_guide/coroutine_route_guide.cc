#include "examples/route_guide/coroutine_route_guide.h"

namespace route_guide {

weir::Task<weir::Status> CoroutineRouteGuide::GetFeature(weir::ServerContext& /*context*/,
                                                         const routeguide::Point& point,
                                                         routeguide::Feature& feature) {
  feature = FeatureAt(point);
  co_return weir::Status::OK;
}

weir::Task<weir::Status> CoroutineRouteGuide::ListFeatures(
    weir::ServerContext& /*context*/, const routeguide::Rectangle& area,
    weir::Writer<routeguide::Feature>& writer) {
  for (const routeguide::Feature& feature : AllFeatures()) {
    if (!Contains(area, feature.location())) continue;
    // Suspends while the client takes messages more slowly than they are made; the thread serves
    // other calls meanwhile. False: the call is over, nobody will see the status.
    if (!co_await writer.Write(feature)) co_return weir::Status::CANCELLED;
  }
  co_return weir::Status::OK;
}

weir::Task<weir::Status> CoroutineRouteGuide::RecordRoute(weir::ServerContext& /*context*/,
                                                          weir::Reader<routeguide::Point>& reader,
                                                          routeguide::RouteSummary& summary) {
  RouteRecorder recorder;
  routeguide::Point point;
  weir::ReadResult read = co_await reader.Read(&point);
  for (; read; read = co_await reader.Read(&point)) recorder.Add(point);
  // A route that broke off is not a short route: the two ends of a stream can be told apart.
  if (read.is_failed()) co_return weir::Status::CANCELLED;
  recorder.Fill(&summary);
  co_return weir::Status::OK;
}

weir::Task<weir::Status> CoroutineRouteGuide::RouteChat(
    weir::ServerContext& /*context*/,
    weir::ReaderWriter<routeguide::RouteNote, routeguide::RouteNote>& stream) {
  routeguide::RouteNote note;
  while (co_await stream.Read(&note)) {
    for (const routeguide::RouteNote& earlier : notes_.Exchange(note)) {
      if (!co_await stream.Write(earlier)) co_return weir::Status::CANCELLED;
    }
  }
  co_return weir::Status::OK;
}

}  // namespace route_guide
