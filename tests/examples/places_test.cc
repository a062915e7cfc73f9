// Does the route guide tell the truth about places, and keep its limits with any input?
#include "examples/route_guide/places.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace route_guide {
namespace {

constexpr int kMin = std::numeric_limits<int32_t>::min();
constexpr int kMax = std::numeric_limits<int32_t>::max();

routeguide::Point MakePoint(int latitude, int longitude) {
  routeguide::Point point;
  point.set_latitude(latitude);
  point.set_longitude(longitude);
  return point;
}

routeguide::RouteNote MakeNote(int latitude, const std::string& message) {
  routeguide::RouteNote note;
  *note.mutable_location() = MakePoint(latitude, 0);
  note.set_message(message);
  return note;
}

TEST(Places, FindsEveryFeatureAtItsPoint) {
  ASSERT_FALSE(AllFeatures().empty());
  for (const routeguide::Feature& feature : AllFeatures()) {
    EXPECT_EQ(FeatureAt(feature.location()).name(), feature.name());
  }
}

TEST(Places, KnowsNothingElsewhere) {
  const routeguide::Feature feature = FeatureAt(MakePoint(1, 2));
  EXPECT_EQ(feature.name(), "");
  EXPECT_EQ(feature.location().latitude(), 1);
  EXPECT_EQ(feature.location().longitude(), 2);
}

TEST(Places, ContainsTheEdgesWhicheverCornersAreGiven) {
  routeguide::Rectangle area;
  *area.mutable_lo() = MakePoint(10, -5);
  *area.mutable_hi() = MakePoint(-10, 5);
  EXPECT_TRUE(Contains(area, MakePoint(10, 5)));
  EXPECT_TRUE(Contains(area, MakePoint(-10, -5)));
  EXPECT_FALSE(Contains(area, MakePoint(11, 0)));
  EXPECT_FALSE(Contains(area, MakePoint(0, -6)));
}

TEST(Places, MeasuresAQuarterOfTheEquator) {
  const double quarter = DistanceInMetres(MakePoint(0, 0), MakePoint(0, 900000000));
  EXPECT_NEAR(quarter, 10'007'543, 1);
}

TEST(Places, MeasuresADistanceBetweenAnyNumbers) {
  for (const int a : {kMin, -1, 0, 900000000, kMax}) {
    for (const int b : {kMin, 0, 1, kMax}) {
      EXPECT_TRUE(std::isfinite(DistanceInMetres(MakePoint(a, b), MakePoint(b, a))));
    }
  }
}

TEST(RouteRecorder, SumsUpARoute) {
  RouteRecorder recorder;
  recorder.Add(AllFeatures().front().location());
  recorder.Add(MakePoint(0, 0));
  recorder.Add(MakePoint(0, 900000000));
  routeguide::RouteSummary summary;
  recorder.Fill(&summary);
  EXPECT_EQ(summary.point_count(), 3);
  EXPECT_EQ(summary.feature_count(), 1);
  EXPECT_GT(summary.distance(), 10'007'543);
}

TEST(RouteRecorder, StopsCountingMetresAtTheLargestNumber) {
  RouteRecorder recorder;
  for (int i = 0; i < 1000; ++i) recorder.Add(MakePoint(0, i % 2 == 0 ? 0 : 1800000000));
  routeguide::RouteSummary summary;
  recorder.Fill(&summary);
  EXPECT_EQ(summary.distance(), kMax);
}

TEST(NoteBook, AnswersWithEarlierNotesOfTheSamePoint) {
  NoteBook book;
  EXPECT_TRUE(book.Exchange(MakeNote(1, "a")).empty());
  EXPECT_TRUE(book.Exchange(MakeNote(2, "b")).empty());
  const auto earlier = book.Exchange(MakeNote(1, "c"));
  ASSERT_EQ(earlier.size(), 1u);
  EXPECT_EQ(earlier[0].message(), "a");
}

TEST(NoteBook, ForgetsTheOldestNotesOfAPoint) {
  NoteBook book;
  for (int i = 0; i < 100; ++i) book.Exchange(MakeNote(1, std::to_string(i)));
  const auto earlier = book.Exchange(MakeNote(1, "last"));
  ASSERT_EQ(earlier.size(), 20u);
  EXPECT_EQ(earlier.front().message(), "80");
  EXPECT_EQ(earlier.back().message(), "99");
}

TEST(NoteBook, ForgetsPointsWhenThereAreTooMany) {
  NoteBook book;
  for (int i = 0; i < 5000; ++i) book.Exchange(MakeNote(i, "note"));
  size_t remembered = 0;
  for (int i = 0; i < 5000; ++i) remembered += book.Exchange(MakeNote(i, "again")).size();
  EXPECT_LE(remembered, 1000u);
  EXPECT_GT(remembered, 0u);
}

}  // namespace
}  // namespace route_guide
