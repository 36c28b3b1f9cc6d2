// tests/common: memory that is freed is kept, and given back when it is asked for.
#include "common/heap.h"

#include <fstream>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/sanitized.h"

namespace p2pd {
namespace {

constexpr std::size_t page_bytes = 4096;

std::size_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    file >> total >> resident;
    return resident * page_bytes;
}

/// Takes 6 MiB in small pieces, and frees them.
void take_and_free() {
    std::vector<std::unique_ptr<char[]>> pieces;
    for (std::size_t bytes = 0; bytes < 6 * 1024 * 1024; bytes += 1000) {
        pieces.push_back(std::make_unique<char[]>(1000));
    }
}

TEST(Heap, KeepsWhatIsFreedUntilItIsToGiveItBack) {
    if (sanitized) GTEST_SKIP() << "a sanitizer has an allocator of its own";
    keep_freed_memory();
    const std::size_t before = resident_bytes();
    take_and_free();
    EXPECT_GT(resident_bytes(), before + 4 * 1024 * 1024);
    return_freed_memory();
    EXPECT_LT(resident_bytes(), before + 2 * 1024 * 1024);
}

}  // namespace
}  // namespace p2pd
