// What the environment says of the service manager; what is said to it the system tests see.
#include "daemon/service_notifier.h"

#include <cstdlib>
#include <map>
#include <string>
#include <system_error>
#include <unistd.h>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

/// The variables of a test, which are taken back at its end.
class Environment {
public:
    Environment(std::initializer_list<std::pair<const std::string, std::string>> variables)
        : variables_(variables) {
        for (const auto& [name, value] : variables_) setenv(name.c_str(), value.c_str(), 1);
    }
    ~Environment() {
        for (const auto& [name, value] : variables_) unsetenv(name.c_str());
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

private:
    std::map<std::string, std::string> variables_;
};

const std::string own_pid = std::to_string(getpid());
const std::string parent_pid = std::to_string(getppid());

TEST(PassedDescriptors, ThoseOfAnotherProcessAreNotTaken) {
    EXPECT_TRUE(take_passed_descriptors().empty());
    const Environment given{{"LISTEN_PID", parent_pid}, {"LISTEN_FDS", "1"}};
    EXPECT_TRUE(take_passed_descriptors().empty());
}

TEST(PassedDescriptors, NoneMayBePassed) {
    const Environment given{{"LISTEN_PID", own_pid}, {"LISTEN_FDS", "0"}};
    EXPECT_TRUE(take_passed_descriptors().empty());
}

TEST(PassedDescriptors, AreTakenWithTheirNamesAndNotInherited) {
    const int saved = dup(3);
    ASSERT_EQ(dup2(STDERR_FILENO, 3), 3);
    ASSERT_EQ(dup2(STDERR_FILENO, 4), 4);
    {
        const Environment given{
            {"LISTEN_PID", own_pid}, {"LISTEN_FDS", "2"}, {"LISTEN_FDNAMES", "first:"}};
        const auto passed = take_passed_descriptors();
        ASSERT_EQ(passed.size(), 2U);
        EXPECT_EQ(passed[0].get(), 3);
        EXPECT_EQ(passed[0].name(), "first");
        EXPECT_EQ(passed[1].name(), "");
    }
    if (saved >= 0) dup2(saved, 3);
}

TEST(PassedDescriptors, OnesThatTheNamesDoNotMatchAreRefused) {
    for (const char* const count : {"2", "x", "-1", "99999999999999999999"}) {
        const Environment given{
            {"LISTEN_PID", own_pid}, {"LISTEN_FDS", count}, {"LISTEN_FDNAMES", "one"}};
        EXPECT_THROW(take_passed_descriptors(), std::system_error) << count;
    }
}

TEST(Watchdog, IsToldHalfAsOftenAsItWaits) {
    const Environment given{{"WATCHDOG_USEC", "3000000"}, {"WATCHDOG_PID", own_pid}};
    EXPECT_EQ(ServiceNotifier().watchdog_interval(), std::chrono::milliseconds{1500});
}

TEST(Watchdog, OfAnotherProcessOrOfNoTimeIsNone) {
    EXPECT_FALSE(ServiceNotifier().watchdog_interval());
    for (const char* const timeout : {"0", "", "x", "-5"}) {
        const Environment given{{"WATCHDOG_USEC", timeout}};
        EXPECT_FALSE(ServiceNotifier().watchdog_interval()) << timeout;
    }
    const Environment given{{"WATCHDOG_USEC", "3000000"}, {"WATCHDOG_PID", parent_pid}};
    EXPECT_FALSE(ServiceNotifier().watchdog_interval());
}

}  // namespace
}  // namespace p2pd
