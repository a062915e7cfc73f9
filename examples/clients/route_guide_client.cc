// Calls routeguide.RouteGuide with gRPC C++, in all four shapes.
//
//   bazel run //examples/clients:route_guide_client -- --target=localhost:50051
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "examples/clients/conversation.h"
#include "examples/route_guide/route_guide.grpc.pb.h"
#include "examples/support/flags.h"

namespace {

using conversation::Expect;
using routeguide::upstream::RouteGuide;

routeguide::Point MakePoint(int latitude, int longitude) {
  routeguide::Point point;
  point.set_latitude(latitude);
  point.set_longitude(longitude);
  return point;
}

routeguide::Point Windsor() { return MakePoint(514838000, -6043000); }
routeguide::Point Teddington() { return MakePoint(514308000, -3218000); }
routeguide::Point TowerBridge() { return MakePoint(515055000, -754000); }
routeguide::Point Nowhere() { return MakePoint(0, 0); }

// Unary: one message each way.
bool GetFeature(RouteGuide::Stub* stub, const routeguide::Point& point, const std::string& name) {
  conversation::ShowCall("GetFeature");
  conversation::ShowSent(point);
  conversation::Context context;
  routeguide::Feature feature;
  const grpc::Status status = stub->GetFeature(context.get(), point, &feature);
  if (status.ok()) conversation::ShowReceived(feature);
  conversation::ShowStatus(status);
  return Expect(status.ok() && feature.name() == name, "OK and the name \"" + name + "\"");
}

// Server streaming: one message there, many back.
bool ListFeatures(RouteGuide::Stub* stub, const std::vector<std::string>& names) {
  routeguide::Rectangle area;
  *area.mutable_lo() = Windsor();
  *area.mutable_hi() = TowerBridge();
  area.mutable_lo()->set_latitude(Teddington().latitude());
  conversation::ShowCall("ListFeatures");
  conversation::ShowSent(area);
  conversation::Context context;
  const auto reader = stub->ListFeatures(context.get(), area);
  std::vector<std::string> received;
  for (routeguide::Feature feature; reader->Read(&feature);) {
    conversation::ShowReceived(feature);
    received.push_back(feature.name());
  }
  const grpc::Status status = reader->Finish();
  conversation::ShowStatus(status);
  return Expect(status.ok() && received == names, "OK and the places from Windsor to London");
}

// Client streaming: many messages there, one back.
bool RecordRoute(RouteGuide::Stub* stub) {
  conversation::ShowCall("RecordRoute");
  conversation::Context context;
  routeguide::RouteSummary summary;
  const auto writer = stub->RecordRoute(context.get(), &summary);
  for (const routeguide::Point& point : {Windsor(), Teddington(), Nowhere(), TowerBridge()}) {
    conversation::ShowSent(point);
    if (!writer->Write(point)) break;
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (status.ok()) conversation::ShowReceived(summary);
  conversation::ShowStatus(status);
  return Expect(status.ok() && summary.point_count() == 4 && summary.feature_count() == 3,
                "OK, 4 points and 3 features") &&
         // To the Gulf of Guinea and back.
         Expect(summary.distance() > 11'000'000 && summary.distance() < 12'000'000,
                "a distance between 11,000 and 12,000 km");
}

// Bidirectional: the server answers each note with those that were left at its point before, while
// the client goes on writing.
bool RouteChat(RouteGuide::Stub* stub) {
  const std::vector<std::string> messages = {"mind the swans", "swans gone", "swans are back"};
  routeguide::RouteNote note;
  *note.mutable_location() = MakePoint(getpid(), 0);  // where no other run of this client writes
  conversation::ShowCall("RouteChat");
  conversation::Context context;
  const auto stream = stub->RouteChat(context.get());
  for (size_t written = 0; written < messages.size(); ++written) {
    note.set_message(messages[written]);
    conversation::ShowSent(note);
    if (!stream->Write(note)) break;
    for (size_t earlier = 0; earlier < written; ++earlier) {
      if (!Expect(stream->Read(&note) && note.message() == messages[earlier], messages[earlier])) {
        return false;
      }
      conversation::ShowReceived(note);
    }
  }
  stream->WritesDone();
  const bool has_surplus = stream->Read(&note);
  const grpc::Status status = stream->Finish();
  conversation::ShowStatus(status);
  return Expect(status.ok() && !has_surplus, "OK after the last answer");
}

}  // namespace

int main(int argc, char** argv) {
  std::string target = "localhost:50051";
  examples::Flags flags("Asks a server about places along a route.");
  flags.Add("target", &target, "address of the server");
  flags.ParseOrExit(argc, argv);

  const auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  const std::unique_ptr<RouteGuide::Stub> stub = RouteGuide::NewStub(channel);
  const bool is_right =
      GetFeature(stub.get(), TowerBridge(), "Tower Bridge") &&
      GetFeature(stub.get(), Nowhere(), "") &&
      ListFeatures(stub.get(), {"Windsor Castle", "Teddington Weir", "Tower Bridge"}) &&
      RecordRoute(stub.get()) && RouteChat(stub.get());
  return is_right ? 0 : 1;
}
