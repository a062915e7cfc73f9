// A folder for the sockets of one test.
#ifndef WEIR_TESTS_TRANSPORT_NET_TEMPORARY_FOLDER_H_
#define WEIR_TESTS_TRANSPORT_NET_TEMPORARY_FOLDER_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace weir::net {

// Below /tmp and not in the test's own folder, whose path may be longer than a Unix socket's may
// be. Removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = "/tmp/weir-test-XXXXXX";
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace weir::net

#endif  // WEIR_TESTS_TRANSPORT_NET_TEMPORARY_FOLDER_H_
