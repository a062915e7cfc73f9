#include "examples/route_guide/places.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace route_guide {
namespace {

struct Place {
  const char* name;
  int latitude;
  int longitude;
};

// Landmarks along the Thames, whose weirs give the project its name. Units of 1e-7 degrees.
constexpr Place kPlaces[] = {
    {"Thames Head", 516943000, -20296000},    {"Lechlade Bridge", 516930000, -16905000},
    {"Osney Lock", 517495000, -12710000},     {"Abingdon Weir", 516702000, -12703000},
    {"Goring Lock", 515226000, -11420000},    {"Caversham Weir", 514605000, -9655000},
    {"Marlow Weir", 515674000, -7717000},     {"Windsor Castle", 514838000, -6043000},
    {"Teddington Weir", 514308000, -3218000}, {"Tower Bridge", 515055000, -754000},
    {"Thames Barrier", 514970000, 370000},
};

bool IsSamePoint(const routeguide::Point& a, const routeguide::Point& b) {
  return a.latitude() == b.latitude() && a.longitude() == b.longitude();
}

// Takes a double, because the difference of two numbers of a client may not fit into an int.
double InRadians(double tenmillionths_of_a_degree) {
  return tenmillionths_of_a_degree * 1e-7 * std::numbers::pi / 180;
}

int32_t Saturated(double value) {
  return static_cast<int32_t>(std::min<double>(value, std::numeric_limits<int32_t>::max()));
}

bool IsBetween(int value, int one_end, int other_end) {
  return value >= std::min(one_end, other_end) && value <= std::max(one_end, other_end);
}

}  // namespace

const std::vector<routeguide::Feature>& AllFeatures() {
  static const auto& features = *new std::vector<routeguide::Feature>([] {
    std::vector<routeguide::Feature> result;
    for (const Place& place : kPlaces) {
      routeguide::Feature& feature = result.emplace_back();
      feature.set_name(place.name);
      feature.mutable_location()->set_latitude(place.latitude);
      feature.mutable_location()->set_longitude(place.longitude);
    }
    return result;
  }());
  return features;
}

routeguide::Feature FeatureAt(const routeguide::Point& point) {
  for (const routeguide::Feature& feature : AllFeatures()) {
    if (IsSamePoint(feature.location(), point)) return feature;
  }
  routeguide::Feature nameless;
  *nameless.mutable_location() = point;
  return nameless;
}

bool Contains(const routeguide::Rectangle& area, const routeguide::Point& point) {
  return IsBetween(point.latitude(), area.lo().latitude(), area.hi().latitude()) &&
         IsBetween(point.longitude(), area.lo().longitude(), area.hi().longitude());
}

double DistanceInMetres(const routeguide::Point& from, const routeguide::Point& to) {
  // The haversine formula, on a globe of the Earth's mean radius.
  constexpr double kRadius = 6371000;
  const double from_latitude = InRadians(from.latitude());
  const double to_latitude = InRadians(to.latitude());
  const double half_height = std::sin((to_latitude - from_latitude) / 2);
  const double half_width = std::sin((InRadians(to.longitude()) - InRadians(from.longitude())) / 2);
  const double square = half_height * half_height +
                        std::cos(from_latitude) * std::cos(to_latitude) * half_width * half_width;
  // Points that are not on the globe must not lead to the root of a negative number.
  return 2 * kRadius * std::asin(std::sqrt(std::clamp(square, 0.0, 1.0)));
}

void RouteRecorder::Add(const routeguide::Point& point) {
  if (point_count_ > 0) distance_ += DistanceInMetres(last_, point);
  ++point_count_;
  if (!FeatureAt(point).name().empty()) ++feature_count_;
  last_ = point;
}

void RouteRecorder::Fill(routeguide::RouteSummary* summary) const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  summary->set_point_count(Saturated(static_cast<double>(point_count_)));
  summary->set_feature_count(Saturated(static_cast<double>(feature_count_)));
  summary->set_distance(Saturated(distance_));
  summary->set_elapsed_time(Saturated(elapsed.count()));
}

std::vector<routeguide::RouteNote> NoteBook::Exchange(const routeguide::RouteNote& note) {
  const PointKey point(note.location().latitude(), note.location().longitude());
  const std::lock_guard lock(mutex_);
  if (notes_.size() >= kMaxPoints && !notes_.contains(point)) notes_.erase(notes_.begin());
  std::vector<routeguide::RouteNote>& here = notes_[point];
  std::vector<routeguide::RouteNote> earlier = here;
  here.push_back(note);
  if (here.size() > kMaxNotesPerPoint) here.erase(here.begin());
  return earlier;
}

}  // namespace route_guide
