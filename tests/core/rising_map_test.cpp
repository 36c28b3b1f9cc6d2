// tests: a map in one array is as one of nodes, in whatever order keys come and go.
#include "daemon/core/rising_map.h"

#include <memory>
#include <random>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using Numbers = RisingMap<int, int>;

/// The same keys with the same values, found in every way.
void expect_same(const Numbers& numbers, const std::map<int, int>& expected, int key) {
    ASSERT_EQ(numbers.size(), expected.size());
    ASSERT_EQ(numbers.empty(), expected.empty());
    const auto found = expected.find(key);
    const int* const value = numbers.find(key);
    ASSERT_EQ(value != nullptr, found != expected.end());
    if (value != nullptr) {
        ASSERT_EQ(*value, found->second);
    }
    if (!expected.empty()) {
        ASSERT_EQ(numbers.first().key, expected.begin()->first);
        ASSERT_EQ(numbers.first().value, expected.begin()->second);
        ASSERT_EQ(numbers.last().key, expected.rbegin()->first);
        ASSERT_EQ(numbers.last().value, expected.rbegin()->second);
    }
}

std::vector<int> keys_in(const Numbers& numbers, int from, int end) {
    std::vector<int> keys;
    for (auto key = numbers.first_in(from, end); key; key = numbers.first_in(*key + 1, end)) {
        keys.push_back(*key);
    }
    return keys;
}

std::vector<int> keys_in(const std::map<int, int>& numbers, int from, int end) {
    std::vector<int> keys;
    for (auto at = numbers.lower_bound(from); at != numbers.end() && at->first < end; ++at) {
        keys.push_back(at->first);
    }
    return keys;
}

/// Keys mostly rise and mostly go from the front; `wildness` in 16 do neither.
void compare(std::uint64_t seed, unsigned wildness, std::size_t size_max) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Numbers numbers;
    std::map<int, int> expected;
    int next = 0;
    for (int step = 0; step < 3000 && !testing::Test::HasFatalFailure(); ++step) {
        const bool wild = random() % 16 < wildness;
        const int anywhere = static_cast<int>(random() % (static_cast<unsigned>(next) + 2));
        const bool grows = expected.empty() || random() % (2 * size_max) >= expected.size();
        int key = anywhere;
        if (grows) {
            if (!wild) key = next += 1 + static_cast<int>(random() % 3);
            ASSERT_EQ(numbers.insert(key, step), expected.emplace(key, step).second);
        } else {
            if (!wild) key = expected.begin()->first;
            ASSERT_EQ(numbers.erase(key), expected.erase(key) == 1);
        }
        expect_same(numbers, expected, random() % 2 == 0 ? key : anywhere);
        const int end = anywhere + static_cast<int>(random() % 20);
        ASSERT_EQ(keys_in(numbers, anywhere, end), keys_in(expected, anywhere, end));
    }
}

TEST(RisingMap, IsAsAMapOfNodes) {
    for (std::uint64_t seed = 1; seed <= 20 && !testing::Test::HasFatalFailure(); ++seed) {
        for (const unsigned wildness : {0U, 1U, 16U}) compare(seed, wildness, 1 + seed * seed);
    }
}

TEST(RisingMap, ValuesCanBeChanged) {
    Numbers numbers;
    numbers.insert(1, 10);
    numbers.insert(2, 20);
    *numbers.find(1) = 11;
    EXPECT_EQ(numbers.first().value, 11);
    EXPECT_EQ(numbers.last().value, 20);
}

TEST(RisingMap, LetsGoOfWhatIsErased) {
    RisingMap<int, std::shared_ptr<int>> values;
    const auto value = std::make_shared<int>(0);
    for (int key = 0; key < 3; ++key) values.insert(key, value);
    values.erase(1);
    EXPECT_EQ(value.use_count(), 3);
    values = {};
    EXPECT_EQ(value.use_count(), 1);
    EXPECT_TRUE(values.empty());
}

/// As with one message that never arrives among millions that do.
TEST(RisingMap, OneThatStaysDoesNotKeepTheMemoryOfThoseThatGo) {
    struct Counted {
        std::shared_ptr<int> alive;
    };
    RisingMap<int, Counted> values;
    values.insert(0, {});
    const Counted* const stays = values.find(0);
    const void* moved_to = stays;
    int moves = 0;
    for (int key = 1; key < 100'000; ++key) {
        values.insert(key, {});
        values.erase(key);
        if (values.find(0) != moved_to) ++moves;
        moved_to = values.find(0);
    }
    EXPECT_EQ(values.size(), 1U);
    EXPECT_EQ(moves, 0) << "what goes from the end leaves no gap";
    for (int key = 100'000; key < 200'000; ++key) {
        values.insert(key, {});
        values.erase(key - 1);
        if (values.find(0) != moved_to) ++moves;
        moved_to = values.find(0);
    }
    EXPECT_EQ(values.size(), 2U);
    EXPECT_GT(moves, 5'000) << "gaps were not closed";
    EXPECT_LT(moves, 20'000) << "gaps were closed too often";
}

}  // namespace
}  // namespace p2pd
