// tests/fuzz: what the fuzzers have found and kept, replayed in every build. Includes GoogleTest.
#include <ostream>
#include <random>

#include <gtest/gtest.h>

#include "tests/fuzz/corpus.h"
#include "tests/fuzz/targets.h"

namespace p2pd {

void PrintTo(const FuzzTarget& target, std::ostream* out) {
    *out << target.name;
}

namespace {

class Replay : public testing::TestWithParam<FuzzTarget> {
public:
    static std::vector<std::string> corpus() {
        return read_corpus(P2PD_FUZZ_CORPUS "/" + std::string(GetParam().name) + ".txt");
    }
};

TEST_P(Replay, HoldsForAllOfTheCorpus) {
    GetParam().run({});
    const auto inputs = corpus();
    ASSERT_GE(inputs.size(), 20U);
    for (const std::string& input : inputs) GetParam().run(input);
}

/// A little of what libFuzzer does, for builds without it.
TEST_P(Replay, HoldsForInputsThatAreSpoilt) {
    std::mt19937_64 random{1};
    for (std::string input : corpus()) {
        for (int i = 0; i < 5; ++i) {
            input[random() % input.size()] = static_cast<char>(random());
            GetParam().run(input);
            GetParam().run(std::string_view{input}.substr(0, random() % input.size()));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, testing::ValuesIn(fuzz_targets),
                         [](const auto& target) { return std::string(target.param.name); });

TEST(Corpus, IsWrittenInEscapes) {
    EXPECT_EQ(unescape(R"(a\x00\xffb\x5c)"), std::string("a\0\xff"
                                                         "b\\",
                                                         5));
    EXPECT_THROW(unescape(R"(\n)"), std::runtime_error);
    EXPECT_THROW(unescape(R"(\x4)"), std::runtime_error);
    EXPECT_THROW(unescape(R"(\xg0)"), std::runtime_error);
}

}  // namespace
}  // namespace p2pd
