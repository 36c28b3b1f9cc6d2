// tests: addresses and names of peers as text. Includes GoogleTest, common.
#include "common/endpoint_text.h"

#include <string>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

constexpr std::uint16_t default_port = 5000;

std::optional<HostPort> split(std::string_view text) {
    return split_host_port(text, default_port);
}

TEST(EndpointText, TakesTheDefaultPortWhereNoneIsGiven) {
    EXPECT_EQ(split("10.0.0.1"), (HostPort{"10.0.0.1", 5000}));
    EXPECT_EQ(split("::1"), (HostPort{"::1", 5000}));
    EXPECT_EQ(split("[::1]"), (HostPort{"::1", 5000}));
    EXPECT_EQ(split("host.example"), (HostPort{"host.example", 5000}));
}

TEST(EndpointText, ReadsThePortBehindTheHost) {
    EXPECT_EQ(split("10.0.0.1:6000"), (HostPort{"10.0.0.1", 6000}));
    EXPECT_EQ(split("[2001:db8::1]:6000"), (HostPort{"2001:db8::1", 6000}));
    EXPECT_EQ(split("host:65535"), (HostPort{"host", 65535}));
    EXPECT_EQ(split("10.0.0.1:0"), (HostPort{"10.0.0.1", 0}));
}

TEST(EndpointText, KeepsTheScopeOfAnAddress) {
    EXPECT_EQ(split("fe80::1%eth0"), (HostPort{"fe80::1%eth0", 5000}));
    EXPECT_EQ(split("[fe80::1%eth0.7]:6000"), (HostPort{"fe80::1%eth0.7", 6000}));
}

TEST(EndpointText, NeverTakesTheEndOfAnIpv6AddressForAPort) {
    EXPECT_EQ(split("::1:6000"), (HostPort{"::1:6000", 5000}));
}

class BadEndpoint : public testing::TestWithParam<std::string> {};

TEST_P(BadEndpoint, IsRefused) {
    EXPECT_EQ(split(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    EndpointText, BadEndpoint,
    testing::Values("", ":", ":5000", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:+1",
                    "10.0.0.1:05000", "10.0.0.1:5000 ", " 10.0.0.1", "10.0.0.300", "10.1",
                    "10.0.0.1.", "1234", "[::1", "[::1]5000", "[::1]:", "[10.0.0.1]:5000", "[]",
                    "[]:5000", "::1]:5000", ":::", "1:2:3", "fe80::1%", "fe80::1%a b",
                    "10.0.0.1%eth0", "fe80::1%nineteencharacters", "-host", "host-", "a..b",
                    ".host", "host name", "host/x", "h\xc3\xb6st", std::string("ho\0st", 5),
                    std::string("::1\0", 4), std::string(64, 'a'), std::string(400, ':')));

TEST(EndpointText, JoinsWhatItSplits) {
    for (const std::string text :
         {"10.0.0.1:6000", "[::1]:6000", "[fe80::1%eth0]:1", "host:5000"}) {
        const auto endpoint = split(text);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(join_host_port(endpoint->host, endpoint->port), text);
    }
}

TEST(EndpointText, TellsAddressesFromNames) {
    EXPECT_TRUE(is_ip_address("127.0.0.1"));
    EXPECT_TRUE(is_ip_address("::ffff:127.0.0.1"));
    EXPECT_TRUE(is_ip_address("fe80::1%eth0"));
    EXPECT_FALSE(is_ip_address("localhost"));
    EXPECT_FALSE(is_ip_address("127.0.0.1:5000"));
    EXPECT_FALSE(is_ip_address("[::1]"));
    EXPECT_FALSE(is_ip_address("0x7f.1"));
    EXPECT_FALSE(is_ip_address(""));
}

TEST(EndpointText, TellsNetworksFromWhatIsNone) {
    for (const char* text : {"10.0.0.5", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.5/32", "::1", "::/0",
                             "2001:db8::/32", "fe80::/10", "::ffff:10.0.0.5"}) {
        EXPECT_TRUE(is_network(text)) << text;
    }
    for (const char* text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                             "10.0.0.0/08", "::/129", "fe80::1%eth0", "[::1]", "10.0.0.5:5000",
                             "localhost", "::ffff:10.0.0.0/104", "::ffff:10.0.0.0/8"}) {
        EXPECT_FALSE(is_network(text)) << text;
    }
}

TEST(EndpointText, KnowsWhatIsInANetwork) {
    EXPECT_TRUE(is_in_network("10.0.0.5", "10.0.0.5"));
    EXPECT_FALSE(is_in_network("10.0.0.4", "10.0.0.5"));
    EXPECT_TRUE(is_in_network("10.15.255.255", "10.1.0.0/12"));
    EXPECT_FALSE(is_in_network("10.16.0.0", "10.1.0.0/12"));
    EXPECT_TRUE(is_in_network("203.0.113.7", "0.0.0.0/0"));
    EXPECT_TRUE(is_in_network("203.0.113.7", "::/0"));
    EXPECT_FALSE(is_in_network("2001:db8::1", "0.0.0.0/0"));
    EXPECT_TRUE(is_in_network("2001:db8:7fff::1", "2001:db8::/33"));
    EXPECT_FALSE(is_in_network("2001:db8:8000::1", "2001:db8::/33"));
    EXPECT_TRUE(is_in_network("fe80::1%eth0", "fe80::/10"));
    EXPECT_FALSE(is_in_network("localhost", "0.0.0.0/0"));
    EXPECT_FALSE(is_in_network("10.0.0.5", "nowhere"));
}

TEST(EndpointText, TakesNamesForTheBookThatNoAddressCanBe) {
    EXPECT_TRUE(is_peer_name("bob"));
    EXPECT_TRUE(is_peer_name("B-2_x"));
    EXPECT_TRUE(is_peer_name(std::string(63, 'a')));
    EXPECT_FALSE(is_peer_name(std::string(64, 'a')));
    EXPECT_FALSE(is_peer_name(""));
    EXPECT_FALSE(is_peer_name("2bob"));
    EXPECT_FALSE(is_peer_name("-bob"));
    EXPECT_FALSE(is_peer_name("bob.example"));
    EXPECT_FALSE(is_peer_name("bob:1"));
    EXPECT_FALSE(is_peer_name("b\xc3\xb6"));
}

}  // namespace
}  // namespace p2pd
