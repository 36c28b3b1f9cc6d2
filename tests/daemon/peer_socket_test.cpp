// tests/daemon: what the sockets to the peers make of datagrams on their way, on loopback.
#include "daemon/peer_socket.h"

#include <vector>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

class EvenSizes : public testing::Test {
protected:
    EvenSizes() {
        PeerSocket::Handlers handlers;
        handlers.encoded = [this](const Transmit&, std::size_t bytes) { told_.push_back(bytes); };
        socket.start(std::move(handlers));
    }

    /// One with a text of so many bytes; `full`: more was waiting than fitted.
    Transmit datagram(std::size_t text_bytes, bool full) const {
        Transmit transmit{receiver.local(), std::nullopt, {}, Dialect::base, Extension::p2pd};
        transmit.objects.emplace_back(
            WireMessage{Stamp::of(1'732'260'000'000'000), std::string(text_bytes, 'x')});
        transmit.full = full;
        return transmit;
    }

    /// How large these are when they arrive, less what is not text.
    std::vector<std::size_t> arriving(const std::vector<Transmit>& transmits) {
        socket.send(transmits);
        std::vector<std::size_t> sizes;
        const auto note = [&](const Endpoint&, const Endpoint&, std::string_view bytes) {
            EXPECT_TRUE(std::holds_alternative<Datagram>(decode(bytes)));
            sizes.push_back(bytes.size());
        };
        while (receiver.receive(note)) continue;
        const std::size_t rest = encode(datagram(0, false), socket.listening().front()).size();
        for (std::size_t& size : sizes) size -= rest;
        return sizes;
    }

    std::vector<std::size_t> told_;  ///< of each, as it leaves
    boost::asio::io_context loop;
    UdpSocket receiver{loop, parse_endpoint("127.0.0.1:0", 0).value()};
    PeerSocket socket{loop, {parse_endpoint("127.0.0.1:0", 0).value()}, {}};
};

using Sizes = std::vector<std::size_t>;

TEST_F(EvenSizes, FullOnesThatDifferLittleBecomeOfOneSize) {
    EXPECT_EQ(arriving({datagram(900, true), datagram(990, true), datagram(1000, true)}),
              (Sizes{1000, 1000, 1000}));
}

TEST_F(EvenSizes, HowLargeADatagramBecameIsTold) {
    const auto transmit = datagram(900, false);
    arriving({transmit});
    EXPECT_EQ(told_, std::vector{encode(transmit, socket.listening().front()).size()});
}

TEST_F(EvenSizes, OneThatIsMuchSmallerStaysSo) {
    EXPECT_EQ(arriving({datagram(1000, true), datagram(500, true), datagram(990, true)}),
              (Sizes{1000, 500, 1000}));
}

TEST_F(EvenSizes, OneThatIsNotFullStaysAsItIs) {
    EXPECT_EQ(arriving({datagram(1000, false), datagram(990, true), datagram(980, false)}),
              (Sizes{1000, 990, 980}));
}

TEST_F(EvenSizes, NothingIsFilledUpToTheSizeOfAnotherPeers) {
    UdpSocket other(loop, parse_endpoint("127.0.0.1:0", 0).value());
    Transmit to_other = datagram(1000, true);
    to_other.to = other.local();
    EXPECT_EQ(arriving({to_other, datagram(990, true)}), (Sizes{990}));
}

}  // namespace
}  // namespace p2pd
