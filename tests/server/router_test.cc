// Which paths lead where, how their handlers run, and which limits hold for them.
#include "server/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/server/text_service.h"

namespace weir::server {
namespace {

using ::testing::ElementsAre;

const MethodOptions kDefaults = {
    .execution = Execution::kPool, .max_receive_message_bytes = 100, .max_send_message_bytes = 200};

TEST(Router, FindsMethodsByTheirExactPath) {
  BlockingTextService service;
  Router router;
  ASSERT_EQ(router.AddService(service, kDefaults, {}, {}), std::nullopt);
  const Method* method = router.Find("/text.Blocking/Unary");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->path, "/text.Blocking/Unary");
  EXPECT_EQ(method->descriptor->name, "Unary");
  EXPECT_EQ(method->service, &service);
  for (const std::string_view path :
       {"", "/", "text.Blocking/Unary", "/text.Blocking/unary", "/text.Blocking/Unary/",
        "/text.Blocking//Unary", "/Blocking/Unary", "/text.Blocking/"}) {
    EXPECT_EQ(router.Find(path), nullptr) << path;
  }
}

TEST(Router, TellsWhichServicesItHas) {
  BlockingTextService service;
  Router router;
  ASSERT_EQ(router.AddService(service, kDefaults, {}, {}), std::nullopt);
  EXPECT_TRUE(router.HasService("text.Blocking"));
  EXPECT_FALSE(router.HasService("text.Coroutine"));
  EXPECT_FALSE(router.HasService(""));
}

TEST(Router, NamesItsServicesInOrder) {
  BlockingTextService blocking;
  CoroutineTextService coroutine;
  Router router;
  ASSERT_EQ(router.AddService(coroutine, kDefaults, {}, {}), std::nullopt);
  ASSERT_EQ(router.AddService(blocking, kDefaults, {}, {}), std::nullopt);
  EXPECT_THAT(router.service_names(), ElementsAre("text.Coroutine", "text.Blocking"));
}

// A service that wants small requests, registered with these options for it.
size_t LimitOfModestService(size_t limit, const MethodOptions& options) {
  class Modest final : public Service {
   public:
    explicit Modest(const ServiceDescriptor* descriptor) : Service(descriptor) {}
  };
  BlockingTextService text;
  const ServiceDescriptor descriptor = {.full_name = "text.Modest",
                                        .methods = text.descriptor().methods,
                                        .max_receive_message_bytes = limit};
  Modest modest(&descriptor);
  Router router;
  EXPECT_EQ(router.AddService(modest, kDefaults, options, {}), std::nullopt);
  return router.Find("/text.Modest/Unary")->receive_bytes_max;
}

TEST(Router, GivesAServiceNoMoreThanItWantsUnlessToldTo) {
  EXPECT_EQ(LimitOfModestService(99, {}), 99u);
  EXPECT_EQ(LimitOfModestService(101, {}), 100u);
  EXPECT_EQ(LimitOfModestService(0, {}), 100u);
  EXPECT_EQ(LimitOfModestService(99, {.max_receive_message_bytes = 500}), 500u);
}

TEST(Router, RefusesASecondImplementationOfAService) {
  BlockingTextService one;
  BlockingTextService two;
  Router router;
  ASSERT_EQ(router.AddService(one, kDefaults, {}, {}), std::nullopt);
  EXPECT_EQ(router.AddService(two, kDefaults, {}, {}),
            "service text.Blocking is registered twice: register one implementation of each "
            "service");
  EXPECT_EQ(router.method_count(), 4u);
  EXPECT_EQ(router.Find("/text.Blocking/Unary")->service, &one);
}

TEST(Router, NumbersMethodsInOrder) {
  BlockingTextService blocking;
  CoroutineTextService coroutine;
  Router router;
  ASSERT_EQ(router.AddService(blocking, kDefaults, {}, {}), std::nullopt);
  ASSERT_EQ(router.AddService(coroutine, kDefaults, {}, {}), std::nullopt);
  std::vector<size_t> numbers;
  router.ForEachMethod([&](const Method& method) { numbers.push_back(method.index); });
  EXPECT_THAT(numbers, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(router.method_count(), 8u);
}

TEST(Router, KeepsItsMethodsWhereTheyAreWhenItMoves) {
  BlockingTextService service;
  Router router;
  ASSERT_EQ(router.AddService(service, kDefaults, {}, {}), std::nullopt);
  const Method* method = router.Find("/text.Blocking/Unary");
  const Router moved = std::move(router);
  EXPECT_EQ(moved.Find("/text.Blocking/Unary"), method);
}

TEST(Router, TakesTheMostSpecificOfEachOption) {
  BlockingTextService service;
  Router router;
  ASSERT_EQ(router.AddService(service, kDefaults, {.max_receive_message_bytes = 300},
                              {{"/text.Blocking/Chat", {.max_receive_message_bytes = 400}},
                               {"/text.Blocking/Expand", {.max_send_message_bytes = 500}}}),
            std::nullopt);
  const auto limits = [&](std::string_view path) {
    const Method* method = router.Find(path);
    return std::pair(method->receive_bytes_max, method->send_bytes_max);
  };
  EXPECT_EQ(limits("/text.Blocking/Unary"), std::pair(size_t{300}, size_t{200}));
  EXPECT_EQ(limits("/text.Blocking/Chat"), std::pair(size_t{400}, size_t{200}));
  EXPECT_EQ(limits("/text.Blocking/Expand"), std::pair(size_t{300}, size_t{500}));
}

TEST(Router, AllowsNoMessageThatProtocolBuffersCannotCount) {
  BlockingTextService service;
  Router router;
  ASSERT_EQ(router.AddService(service, {}, {.max_receive_message_bytes = SIZE_MAX}, {}),
            std::nullopt);
  const Method* method = router.Find("/text.Blocking/Unary");
  EXPECT_EQ(method->receive_bytes_max, size_t{INT32_MAX});
  EXPECT_EQ(method->send_bytes_max, size_t{INT32_MAX});
}

TEST(Router, RunsBlockingHandlersOnThePoolUnlessTold) {
  BlockingTextService service;
  Router router;
  ASSERT_EQ(router.AddService(service, {}, {}, {}), std::nullopt);
  router.ForEachMethod(
      [](const Method& method) { EXPECT_EQ(method.style, HandlerStyle::kPool) << method.path; });
}

TEST(Router, RunsOnlyUnaryHandlersInline) {
  BlockingTextService service;
  Router router;
  ASSERT_EQ(router.AddService(service, kDefaults, {.execution = Execution::kInline}, {}),
            std::nullopt);
  EXPECT_EQ(router.Find("/text.Blocking/Unary")->style, HandlerStyle::kInline);
  EXPECT_EQ(router.Find("/text.Blocking/Collect")->style, HandlerStyle::kPool);
  EXPECT_EQ(router.Find("/text.Blocking/Expand")->style, HandlerStyle::kPool);
  EXPECT_EQ(router.Find("/text.Blocking/Chat")->style, HandlerStyle::kPool);
}

TEST(Router, LetsOneMethodRunOtherwiseThanItsService) {
  BlockingTextService service;
  Router router;
  ASSERT_EQ(router.AddService(service, kDefaults, {.execution = Execution::kInline},
                              {{"/text.Blocking/Unary", {.execution = Execution::kPool}}}),
            std::nullopt);
  EXPECT_EQ(router.Find("/text.Blocking/Unary")->style, HandlerStyle::kPool);
}

TEST(Router, RunsCoroutinesAsCoroutinesWhateverItIsTold) {
  CoroutineTextService service;
  Router router;
  ASSERT_EQ(router.AddService(service, kDefaults, {.execution = Execution::kInline}, {}),
            std::nullopt);
  router.ForEachMethod([](const Method& method) {
    EXPECT_EQ(method.style, HandlerStyle::kCoroutine) << method.path;
  });
}

}  // namespace
}  // namespace weir::server
