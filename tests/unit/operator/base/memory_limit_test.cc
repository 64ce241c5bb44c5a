#include "operator/base/memory_limit.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

#include <gtest/gtest.h>

namespace profiling {
namespace {

class MemoryLimitTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(root_); }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::optional<std::uint64_t> with(const std::map<std::string, std::string>& files) {
    std::filesystem::remove_all(root_);
    for (const auto& [path, text] : files) {
      const std::filesystem::path file = root_ + path;
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file) << text;
    }
    return memoryLimit(root_);
  }

  const std::string root_ =
      std::filesystem::temp_directory_path() / ("memory-limit-" + std::to_string(getpid()));
};

TEST_F(MemoryLimitTest, IsReadInsideAContainer) {
  EXPECT_EQ(with({{"/sys/fs/cgroup/memory.max", "134217728\n"}}), 134217728U);
  EXPECT_EQ(with({{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n"}}), 268435456U);
}

TEST_F(MemoryLimitTest, IsReadByTheProcesssOwnGroup) {
  EXPECT_EQ(with({{"/proc/self/cgroup", "0::/kubepods/pod1\n"},
                  {"/sys/fs/cgroup/kubepods/pod1/memory.max", "1000\n"},
                  {"/sys/fs/cgroup/memory.max", "2000\n"}}),
            1000U);
  EXPECT_EQ(with({{"/proc/self/cgroup", "9:name=systemd:/x\n4:cpu,memory:/pod2\n"},
                  {"/sys/fs/cgroup/memory/pod2/memory.limit_in_bytes", "3000\n"}}),
            3000U);
}

TEST_F(MemoryLimitTest, NoLimitIsNone) {
  EXPECT_EQ(with({}), std::nullopt);
  EXPECT_EQ(with({{"/sys/fs/cgroup/memory.max", "max\n"}}), std::nullopt);
  EXPECT_EQ(with({{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}}),
            std::nullopt);
  EXPECT_EQ(with({{"/sys/fs/cgroup/memory.max", "?\n"}, {"/proc/self/cgroup", "x\n:\n"}}),
            std::nullopt);
}

}  // namespace
}  // namespace profiling
