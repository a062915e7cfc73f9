// What does the route guide know? Places, distances and notes, apart from how calls are served.
#ifndef WEIR_EXAMPLES_ROUTE_GUIDE_PLACES_H_
#define WEIR_EXAMPLES_ROUTE_GUIDE_PLACES_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "examples/route_guide/route_guide.pb.h"

namespace route_guide {

// Every known place. Never changes, so that any thread may read it.
const std::vector<routeguide::Feature>& AllFeatures();

// The place at a point; its name is empty if there is none.
routeguide::Feature FeatureAt(const routeguide::Point& point);

bool Contains(const routeguide::Rectangle& area, const routeguide::Point& point);

// Length of the straight way over the globe, in metres.
double DistanceInMetres(const routeguide::Point& from, const routeguide::Point& to);

// Sums up a route while its points come in. Belongs to one call.
class RouteRecorder {
 public:
  void Add(const routeguide::Point& point);
  void Fill(routeguide::RouteSummary* summary) const;

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  routeguide::Point last_;
  int64_t point_count_ = 0;
  int64_t feature_count_ = 0;
  double distance_ = 0;  // in metres
};

// Notes of all travellers. Shared by all calls, which run on several threads, hence the lock; it is
// never held while something waits.
class NoteBook {
 public:
  // Keeps the note; returns those left at its point before, oldest first.
  std::vector<routeguide::RouteNote> Exchange(const routeguide::RouteNote& note);

 private:
  // Memory is finite: a point keeps its newest notes only, and the book has a limited number of
  // points.
  static constexpr size_t kMaxNotesPerPoint = 20;
  static constexpr size_t kMaxPoints = 1000;

  using PointKey = std::pair<int, int>;

  std::mutex mutex_;
  std::map<PointKey, std::vector<routeguide::RouteNote>> notes_;  // guarded by mutex_
};

}  // namespace route_guide

#endif  // WEIR_EXAMPLES_ROUTE_GUIDE_PLACES_H_
