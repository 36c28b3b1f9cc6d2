// tests/ctl: what PEER may be, and the address book, against a fake daemon.
#include <gtest/gtest.h>

#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

/// A daemon whose book has bob and nobody else.
class Peer : public testing::Test {
protected:
    Peer() {
        daemon.on("send", [](const Question& question) {
            const std::string peer = question.params["peer"];
            if (peer == "bob" || peer.find('.') != std::string::npos || peer[0] == '[') {
                return question.result(accepted(57));
            }
            question.error(error_unknown_peer, "no peer \"" + peer + "\"");
        });
        daemon.on("peers.show", [](const Question& question) {
            question.error(error_unknown_peer, "nothing is known of it");
        });
        daemon.on("peers.list", [](const Question& question) {
            question.result(
                write_fields(PeersResult{{peer_record("bob", "10.0.0.5:5000")}, false}));
        });
        daemon.on("peers.names", [](const Question& question) {
            const bool first = question.params["after"].is_null();
            question.result(write_fields(PeersNamesResult{
                {first ? PeerName{"alice", "10.0.0.4:5000"} : PeerName{"bob", "10.0.0.5:5000"}},
                first}));
        });
    }

    Outcome run(const std::vector<std::string>& arguments) {
        return run_p2pctl(daemon.socket_path(), arguments);
    }

    std::vector<std::string> asked_for() {
        std::vector<std::string> peers;
        for (const Json& request : daemon.requests("send")) peers.push_back(request["peer"]);
        return peers;
    }

    FakeDaemon daemon;
};

TEST_F(Peer, AnAddressGoesToTheDaemonAsItIs) {
    for (const char* peer : {"10.0.0.9", "10.0.0.9:5001", "[::1]:5001"}) {
        EXPECT_EQ(run({"send", "-n", peer, "hi"}).exit, 0);
    }
    EXPECT_EQ(asked_for(), (std::vector<std::string>{"10.0.0.9", "10.0.0.9:5001", "[::1]:5001"}));
}

TEST_F(Peer, ANameOfTheBookIsAskedForFirst) {
    EXPECT_EQ(run({"send", "-n", "bob", "hi"}).exit, 0);
    EXPECT_EQ(asked_for(), std::vector<std::string>{"bob"});
}

TEST_F(Peer, AHostNameIsLookedUpWhenTheBookDoesNotHaveIt) {
    EXPECT_EQ(run({"send", "-n", "localhost", "hi"}).exit, 0);
    EXPECT_EQ(asked_for(), (std::vector<std::string>{"localhost", "127.0.0.1:5000"}));
}

TEST_F(Peer, AHostNameMayHaveAPort) {
    EXPECT_EQ(run({"send", "-n", "localhost:5001", "hi"}).exit, 0);
    EXPECT_EQ(asked_for().back(), "127.0.0.1:5001");
}

TEST_F(Peer, AHostThatIsNotThereIsUnknown) {
    const Outcome outcome = run({"send", "-n", "nobody.invalid", "hi"});
    EXPECT_EQ(outcome.exit, 68);
    EXPECT_NE(outcome.err.find("no host \"nobody.invalid\""), std::string::npos) << outcome.err;
}

TEST_F(Peer, AnUnknownNameSaysHowToAddIt) {
    const Outcome outcome = run({"send", "-n", "no-such-peer-x", "hi"});
    EXPECT_EQ(outcome.exit, 67);
    EXPECT_EQ(outcome.err,
              "p2pctl: no peer \"no-such-peer-x\" in the address book\n"
              "  p2pctl peer add no-such-peer-x ADDRESS\n");
}

TEST_F(Peer, AnUnknownNameNamesTheNearest) {
    const Outcome outcome = run({"send", "-n", "bbo", "hi"});
    EXPECT_NE(outcome.err.find("did you mean bob?"), std::string::npos) << outcome.err;
}

TEST_F(Peer, AnAddressThatIsNoneIsAnUnknownHost) {
    EXPECT_EQ(run({"send", "-n", "10.0.0.300", "hi"}).exit, 68);
}

TEST_F(Peer, ListShowsALineAPeer) {
    const Outcome outcome = run({"peer", "list"});
    EXPECT_EQ(outcome.out, "bob  10.0.0.5:5000  base    heard never\n");
}

TEST_F(Peer, ListInJsonIsALineAPeer) {
    const auto lines = json_lines(run({"peer", "list", "--json"}).out);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["type"], "peer");
    EXPECT_EQ(lines[0]["address"], "10.0.0.5:5000");
}

TEST_F(Peer, ListComesInPages) {
    daemon.on("peers.list", [](const Question& question) {
        const bool first = question.params["after"].is_null();
        question.result(write_fields(
            PeersResult{{peer_record({}, first ? "10.0.0.1:5000" : "10.0.0.2:5000")}, first}));
    });
    EXPECT_EQ(json_lines(run({"peer", "list", "--json"}).out).size(), 2U);
    EXPECT_EQ(daemon.requests("peers.list").at(1)["after"], "10.0.0.1:5000");
}

TEST_F(Peer, AddLooksUpAHost) {
    daemon.on("peers.add", [](const Question& question) {
        question.result(write_fields(peer_record("me", "127.0.0.1:5001")));
    });
    const Outcome outcome = run({"peer", "add", "me", "localhost:5001", "--dialect", "quoted"});
    EXPECT_EQ(outcome.out, "me is 127.0.0.1:5001\n");
    EXPECT_EQ(daemon.requests("peers.add").at(0)["address"], "127.0.0.1:5001");
    EXPECT_EQ(daemon.requests("peers.add").at(0)["dialect"], "quoted");
}

TEST_F(Peer, ANameThatIsNoneIsAUsageError) {
    EXPECT_EQ(run({"peer", "add", "no name", "10.0.0.5"}).exit, 64);
}

TEST_F(Peer, ADialectThatIsNoneIsAUsageError) {
    EXPECT_EQ(run({"peer", "add", "bob", "10.0.0.5", "--dialect", "klingon"}).exit, 64);
}

TEST_F(Peer, ShowSaysAllAboutIt) {
    daemon.on("peers.show", [](const Question& question) {
        question.result(write_fields(peer_record("bob", "10.0.0.5:5000")));
    });
    const std::string out = run({"peer", "show", "bob"}).out;
    EXPECT_NE(out.find("address      10.0.0.5:5000\n"), std::string::npos) << out;
}

}  // namespace
}  // namespace p2pd::test
