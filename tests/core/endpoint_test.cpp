// tests: addresses are read as they are written, and nothing else is.
#include "daemon/core/endpoint.h"

#include <gtest/gtest.h>

namespace p2pd {
namespace {

TEST(Endpoint, ReadsWhatItWrites) {
    for (const char* text :
         {"10.0.0.5:5000", "0.0.0.0:1", "255.255.255.255:65535", "[::1]:5000", "[::]:0",
          "[fe80::1%2]:5000", "[2001:db8::ff]:65535", "[fe80::1%4294967295]:1"}) {
        const auto endpoint = parse_endpoint(text, 1);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(endpoint->text(), text);
    }
}

TEST(Endpoint, TakesThePortThatIsGivenWhenTheTextHasNone) {
    EXPECT_EQ(parse_endpoint("10.0.0.5", 5000)->text(), "10.0.0.5:5000");
    EXPECT_EQ(parse_endpoint("::1", 5000)->text(), "[::1]:5000");
    EXPECT_EQ(parse_endpoint("[::1]", 5000)->text(), "[::1]:5000");
    EXPECT_EQ(parse_endpoint("fe80::1%3", 5000)->text(), "[fe80::1%3]:5000");
}

TEST(Endpoint, MappedIpv4IsIpv4) {
    EXPECT_EQ(parse_endpoint("[::ffff:10.0.0.5]:5000", 0), parse_endpoint("10.0.0.5:5000", 0));
}

TEST(Endpoint, DropsWhatIsNoAddress) {
    for (const std::string text : {"",
                                   ":",
                                   ":5000",
                                   "10.0.0.5:",
                                   "10.0.0.5:x",
                                   "10.0.0.5:-1",
                                   "10.0.0.5:65536",
                                   "10.0.0.5:+1",
                                   "10.0.0",
                                   "10.0.0.256",
                                   "010.0.0.1x",
                                   "[10.0.0.5]:1",
                                   "[::1",
                                   "[::1]5000",
                                   "[::1]:",
                                   "[]:1",
                                   "::1]",
                                   "fe80::1%eth0",
                                   "fe80::1%",
                                   "10.0.0.5%1",
                                   "::ffff:10.0.0.5%1",
                                   "host:5000",
                                   " 10.0.0.5",
                                   "10.0.0.5 "}) {
        EXPECT_FALSE(parse_endpoint(text, 1)) << text;
    }
    EXPECT_FALSE(parse_endpoint({"10.0.0.5\0x", 10}, 1));
    EXPECT_FALSE(parse_endpoint({"10.0.0.5\0:80", 12}, 1));
}

TEST(Endpoint, KnowsWhatIsUnspecified) {
    EXPECT_TRUE(parse_endpoint("0.0.0.0:5000", 0)->is_unspecified());
    EXPECT_TRUE(parse_endpoint("[::]:5000", 0)->is_unspecified());
    EXPECT_FALSE(parse_endpoint("0.0.0.1:5000", 0)->is_unspecified());
    EXPECT_FALSE(parse_endpoint("[::1]:5000", 0)->is_unspecified());
}

TEST(Endpoint, OtherPortsAreTheSameHostOtherLinksAreNot) {
    EXPECT_TRUE(parse_endpoint("10.0.0.5:1", 0)->same_host(*parse_endpoint("10.0.0.5:2", 0)));
    EXPECT_FALSE(
        parse_endpoint("[fe80::1%1]:1", 0)->same_host(*parse_endpoint("[fe80::1%2]:1", 0)));
}

}  // namespace
}  // namespace p2pd
