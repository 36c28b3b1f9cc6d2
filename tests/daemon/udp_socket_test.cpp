// tests/daemon: what the kernel says of datagrams that were sent, on loopback, where ICMP comes at
// once.
#include "daemon/udp_socket.h"

#include <cerrno>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

class Udp : public testing::TestWithParam<const char*> {
protected:
    Endpoint any_port() const { return parse_endpoint(GetParam(), 0).value(); }

    /// A port that nobody listens on any more.
    Endpoint closed() { return UdpSocket(loop, any_port()).local(); }

    UdpSocket::Sent send(const std::vector<Endpoint>& targets) {
        std::vector<OutDatagram> datagrams;
        for (const Endpoint& to : targets) datagrams.push_back({to, std::nullopt, "hi"});
        return sender.send(datagrams);
    }

    static int received(UdpSocket& socket) {
        int count = 0;
        socket.receive([&](const Endpoint&, const Endpoint&, std::string_view) { ++count; });
        return count;
    }

    static std::vector<std::size_t> sizes(UdpSocket& socket) {
        std::vector<std::size_t> sizes;
        const auto note = [&](const Endpoint&, const Endpoint&, std::string_view bytes) {
            const bool whole = bytes.find_first_not_of(bytes.substr(0, 1)) == bytes.npos;
            sizes.push_back(whole ? bytes.size() : 0);
        };
        while (socket.receive(note)) continue;
        return sizes;
    }

    boost::asio::io_context loop;
    UdpSocket sender{loop, any_port()};
    UdpSocket receiver{loop, any_port()};
};

TEST_P(Udp, AnErrorOfOnePeerCostsNoOtherItsDatagram) {
    EXPECT_EQ(send({closed()}).error, 0);
    const UdpSocket::Sent next = send({receiver.local()});
    EXPECT_EQ(next.error, 0);
    EXPECT_EQ(next.count, 1U);
    EXPECT_EQ(received(receiver), 1);
}

TEST_P(Udp, NorInTheMidstOfABurst) {
    std::vector<Endpoint> targets;
    for (int i = 0; i < 200; ++i) targets.push_back(i % 3 == 0 ? closed() : receiver.local());
    const UdpSocket::Sent sent = send(targets);
    EXPECT_EQ(sent.error, 0);
    EXPECT_EQ(sent.count, targets.size());
    EXPECT_EQ(received(receiver), 133);
}

TEST_P(Udp, TellsWhoseDatagramWasRefused) {
    const Endpoint gone = closed();
    send({receiver.local(), gone});
    std::vector<std::pair<Endpoint, int>> refused;
    const auto take = [&] {
        sender.take_refused(
            [&](const Endpoint& to, int error) { refused.emplace_back(to, error); });
    };
    take();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].first, gone);
    EXPECT_EQ(refused[0].second, ECONNREFUSED);
    take();
    EXPECT_EQ(refused.size(), 1U) << "told twice";
}

TEST_P(Udp, AnErrorIsNoDatagram) {
    send({closed()});
    EXPECT_FALSE(sender.receive([](const Endpoint&, const Endpoint&, std::string_view) {}));
}

/// Each datagram is of one letter, so that one that was cut wrongly is seen.
TEST_P(Udp, ManyOfOneSizeArriveAsTheyWereSent) {
    std::vector<std::size_t> expected;
    std::vector<OutDatagram> datagrams;
    for (int i = 0; i < 300; ++i) {
        const std::size_t bytes = i % 70 == 69 ? 500 : i % 7 == 0 && i > 200 ? 0 : 1400;
        datagrams.push_back(
            {receiver.local(), std::nullopt, std::string(bytes, static_cast<char>('a' + i % 26))});
        expected.push_back(bytes);
    }
    const UdpSocket::Sent sent = sender.send(datagrams);
    EXPECT_EQ(sent.error, 0);
    EXPECT_EQ(sent.count, datagrams.size());
    EXPECT_EQ(sizes(receiver), expected);
}

TEST_P(Udp, TooLargeForTheLinkIsSaidOfThatOne) {
    std::vector<OutDatagram> datagrams(5, {receiver.local(), std::nullopt, std::string(1400, 'a')});
    datagrams[3].bytes.assign(65'520, 'b');
    const UdpSocket::Sent sent = sender.send(datagrams);
    EXPECT_EQ(sent.count, 3U);
    EXPECT_EQ(sent.error, EMSGSIZE);
}

INSTANTIATE_TEST_SUITE_P(Loopback, Udp, testing::Values("127.0.0.1:0", "[::1]:0"));

}  // namespace
}  // namespace p2pd
