#include "examples/route_guide/blocking_route_guide.h"

namespace route_guide {

weir::Status BlockingRouteGuide::GetFeature(weir::ServerContext* /*context*/,
                                            const routeguide::Point* point,
                                            routeguide::Feature* feature) {
  *feature = FeatureAt(*point);
  return weir::Status::OK;
}

weir::Status BlockingRouteGuide::ListFeatures(weir::ServerContext* /*context*/,
                                              const routeguide::Rectangle* area,
                                              weir::ServerWriter<routeguide::Feature>* writer) {
  for (const routeguide::Feature& feature : AllFeatures()) {
    if (!Contains(*area, feature.location())) continue;
    // Waits while the client takes messages more slowly than they are made. False: the call is
    // over, because the client cancelled or the deadline passed; nobody will see the status.
    if (!writer->Write(feature)) return weir::Status::CANCELLED;
  }
  return weir::Status::OK;
}

weir::Status BlockingRouteGuide::RecordRoute(weir::ServerContext* /*context*/,
                                             weir::ServerReader<routeguide::Point>* reader,
                                             routeguide::RouteSummary* summary) {
  RouteRecorder recorder;
  routeguide::Point point;
  weir::ReadResult read = reader->Read(&point);
  for (; read; read = reader->Read(&point)) recorder.Add(point);
  // A route that broke off is not a short route: the two ends of a stream can be told apart.
  if (read.is_failed()) return weir::Status::CANCELLED;
  recorder.Fill(summary);
  return weir::Status::OK;
}

weir::Status BlockingRouteGuide::RouteChat(
    weir::ServerContext* /*context*/,
    weir::ServerReaderWriter<routeguide::RouteNote, routeguide::RouteNote>* stream) {
  routeguide::RouteNote note;
  while (stream->Read(&note)) {
    for (const routeguide::RouteNote& earlier : notes_.Exchange(note)) {
      if (!stream->Write(earlier)) return weir::Status::CANCELLED;
    }
  }
  return weir::Status::OK;
}

}  // namespace route_guide
