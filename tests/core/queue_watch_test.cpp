// tests: a queue is what makes a round trip longer than its least.
#include "daemon/core/queue_watch.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

using namespace std::chrono_literals;

TEST(QueueWatch, BeforeTheFirstSampleThereMayBeOne) {
    EXPECT_TRUE(QueueWatch{}.seen());
}

void sample_all(QueueWatch& queue, Duration round_trip) {
    for (std::size_t i = 0; i < QueueWatch::samples; ++i) queue.sample(round_trip, Instant{});
}

TEST(QueueWatch, SeesRoundTripsLongerByAnEighth) {
    QueueWatch queue;
    queue.sample(80ms, Instant{});
    EXPECT_FALSE(queue.seen());
    sample_all(queue, 89ms);
    EXPECT_FALSE(queue.seen());
    sample_all(queue, 90ms);
    EXPECT_TRUE(queue.seen());
}

TEST(QueueWatch, OneShortRoundTripAmongLongOnesIsWithoutAQueue) {
    QueueWatch queue;
    queue.sample(10ms, Instant{});
    sample_all(queue, 20ms);
    EXPECT_TRUE(queue.seen());
    queue.sample(10ms, Instant{});
    EXPECT_FALSE(queue.seen());
}

TEST(QueueWatch, TakesLessThanAMillisecondForNoise) {
    QueueWatch queue;
    queue.sample(100us, Instant{});
    sample_all(queue, 1ms);
    EXPECT_FALSE(queue.seen());
    sample_all(queue, 1100us);
    EXPECT_TRUE(queue.seen());
}

TEST(QueueWatch, OfALongPathTakesSixteenMillisecondsForOne) {
    QueueWatch queue;
    queue.sample(800ms, Instant{});
    sample_all(queue, 816ms);
    EXPECT_TRUE(queue.seen());
}

TEST(QueueWatch, ForgetsTheLeastOfAPathThatHasBecomeLonger) {
    QueueWatch queue;
    queue.sample(10ms, Instant{});
    Instant now{};
    while (now < Instant{} + 2 * QueueWatch::period) queue.sample(50ms, now += 1s);
    EXPECT_FALSE(queue.seen());
}

}  // namespace
}  // namespace p2pd
