// tests/store: whatever single piece of the files is damaged, the store is the same or says so.
#include <cstdlib>

#include "daemon/store_check.h"
#include "tests/core/sanitized.h"
#include "tests/store/damage.h"

namespace p2pd::test {

namespace {

/// P2P_FLIPS=1000000 takes longer.
int flips() {
    const char* const text = std::getenv("P2P_FLIPS");
    return text == nullptr ? (sanitized ? 1000 : 10000) : std::stoi(text);
}

}  // namespace

class Flips : public DamageTest {
protected:
    struct Tally {
        int harmless = 0;
        int detected = 0;
    };

    void damage_again_and_again(const Files& files, int times) {
        const std::string expected = everything_in(*open_files(files));
        Tally tally;
        for (int trial_number = 0; trial_number < times; ++trial_number) {
            std::mt19937 random(static_cast<unsigned>(trial_number));
            Files damaged = files;
            SCOPED_TRACE("seed " + std::to_string(trial_number) + ", " + damage(damaged, random));
            const bool found = open_says_so(damaged, expected);
            ++(found ? tally.detected : tally.harmless);
            // The check sees at least what opening and reading sees; it is slower.
            EXPECT_TRUE(!found || trial_number % 16 != 0 || check_says_so(damaged));
            if (HasFailure()) break;
        }
        EXPECT_GT(tally.detected, times / 4);
        std::printf("%d harmless, %d detected, 0 silent\n", tally.harmless, tally.detected);
    }

private:
    /// False: everything is as it was.
    bool open_says_so(const Files& damaged, const std::string& expected) {
        try {
            const auto opened = open_files(damaged);
            EXPECT_TRUE(everything_in(*opened) == expected);
            return false;
        } catch (const StoreFailure&) {
            return true;
        }
    }

    bool check_says_so(const Files& damaged) {
        write_files(trial(), damaged);
        return !check_store(trial()).damage.empty();
    }
};

TEST_F(Flips, OfAClosedStoreAreHarmlessOrDetected) {
    fill(30);
    damage_again_and_again(closed(), flips() / 2);
}

TEST_F(Flips, OfAKilledStoreAreHarmlessOrDetected) {
    fill(20);
    store->checkpoint();
    fill(10);
    damage_again_and_again(killed(), flips() / 2);
}

}  // namespace p2pd::test
