// tests/ctl: the doctor's checks, from facts to findings; and against a fake daemon.
#include <cerrno>

#include <gtest/gtest.h>

#include "ctl/doctor_host.h"
#include "ctl/doctor_peer.h"
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

constexpr UtcTime now{1'795'343'460'000'000};

UtcTime before(std::chrono::microseconds time) {
    return {now.us - time.count()};
}

using namespace std::chrono_literals;

/// The finding of that check, which must be there once.
Finding of(const Findings& findings, std::string_view check) {
    Finding found;
    int count = 0;
    for (const Finding& each : findings) {
        if (each.check != check) continue;
        found = each;
        ++count;
    }
    EXPECT_EQ(count, 1) << check;
    return found;
}

bool says(const Finding& finding, std::string_view text) {
    return finding.message.find(text) != std::string::npos;
}
bool advises(const Finding& finding, std::string_view text) {
    return finding.hint && finding.hint->find(text) != std::string::npos;
}

StatusResult healthy() {
    StatusResult status;
    status.version = P2PD_VERSION;
    status.pid = 7;
    status.state_dir = "/var/lib/p2pd";
    status.disk_free_bytes = std::uint64_t{1} << 40U;
    status.limits = {{"clients_max", 1, 64}};
    return status;
}

Findings of_running(const StatusResult& status) {
    return running_findings(status, std::nullopt, {{"0.0.0.0:5000", 0}});
}

TEST(DoctorOfHost, HasNothingToSayOfAHealthyOne) {
    for (const Finding& finding : of_running(healthy())) {
        EXPECT_EQ(finding.level, Level::ok) << finding.message;
        EXPECT_FALSE(finding.hint) << finding.message;
    }
}

TEST(DoctorOfHost, TellsAFullDiskFromOneThatIsNearlyFull) {
    StatusResult status = healthy();
    status.disk_free_bytes = 5 << 20U;
    EXPECT_EQ(of(of_running(status), "disk").level, Level::warning);
    EXPECT_TRUE(says(of(of_running(status), "disk"), "5.0 MiB are free for /var/lib/p2pd"));
    status.disk_full = true;
    EXPECT_EQ(of(of_running(status), "disk").level, Level::problem);
}

TEST(DoctorOfHost, WarnsOfALimitThatIsNearlyReached) {
    StatusResult status = healthy();
    status.limits = {{"clients_max", 57, 64}, {"queue_messages_max", 90, 100}};
    const Finding finding = of(of_running(status), "limits");
    EXPECT_EQ(finding.level, Level::warning);
    EXPECT_TRUE(says(finding, "queue_messages_max: 90 of 100")) << finding.message;
    status.limits = {{"queue_messages_max", 100, 100}};
    EXPECT_EQ(of(of_running(status), "limits").level, Level::problem);
}

TEST(DoctorOfHost, TakesIdlePeersForNoTrouble) {
    StatusResult status = healthy();
    status.limits = {{"peers_max", 16384, 16384}};
    EXPECT_EQ(of(of_running(status), "limits").level, Level::ok);
}

TEST(DoctorOfHost, NamesAnAddressThatNoInterfaceHas) {
    const Finding finding =
        of(running_findings(healthy(), std::nullopt,
                            {{"127.0.0.1:5000", 0}, {"[fd77::1]:5000", EADDRNOTAVAIL}}),
           "address");
    EXPECT_EQ(finding.level, Level::warning);
    EXPECT_TRUE(says(finding, "fd77::1")) << finding.message;
}

TEST(DoctorOfHost, WarnsOfAnOtherVersionAfterAnUpgrade) {
    StatusResult status = healthy();
    status.version = "0.0.1";
    const Finding finding = of(of_running(status), "version");
    EXPECT_EQ(finding.level, Level::warning);
    EXPECT_TRUE(advises(finding, "systemctl restart p2pd"));
}

TEST(DoctorOfHost, WarnsOfDatagramsThatTheKernelDropped) {
    StatusResult status = healthy();
    status.counters = {{"kernel_dropped", 1234}};
    const Finding finding = of(of_running(status), "receive");
    EXPECT_EQ(finding.level, Level::warning);
    EXPECT_TRUE(says(finding, "1234 datagrams")) << finding.message;
}

TEST(DoctorOfHost, WarnsOfAServiceThatIsStartedAgainAndAgain) {
    const UnitState unit{"p2pd.service", "active", now, 3};
    const Finding finding = of(running_findings(healthy(), unit, {}), "service");
    EXPECT_EQ(finding.level, Level::warning);
    EXPECT_TRUE(says(finding, "3 failures")) << finding.message;
    EXPECT_TRUE(advises(finding, "journalctl -u p2pd.service"));
}

TEST(DoctorOfHost, TellsAGroupThatIsNotActiveFromOneThatIsNotGiven) {
    const Access stranger{"/run/p2pd/control.sock", "bob", "p2pd", false, false};
    EXPECT_TRUE(advises(denied_finding(stranger), "sudo adduser bob p2pd"));
    Access member = stranger;
    member.member = true;
    EXPECT_TRUE(advises(denied_finding(member), "newgrp p2pd"));
    EXPECT_FALSE(advises(denied_finding(member), "adduser"));
    member.active = true;
    EXPECT_TRUE(advises(denied_finding(member), "srw-rw----"));
}

TEST(DoctorOfHost, SaysHowTheServiceEnded) {
    Down down{"/run/p2pd/control.sock", false, "start it", UnitEnd{"p2pd.service", "failed", 78}};
    EXPECT_TRUE(
        says(down_finding(down), "does not exist; p2pd.service is failed, it ended with 78"))
        << down_finding(down).message;
    down = {"/run/p2pd/control.sock", true, "start it", std::nullopt};
    EXPECT_TRUE(says(down_finding(down), "nobody listens on /run/p2pd/control.sock"));
}

TEST(DoctorOfHost, TellsATakenPortFromAFamilyThatIsNotThere) {
    EXPECT_EQ(of(port_findings({{"0.0.0.0:5000", 0}, {"[::]:5000", EAFNOSUPPORT}}), "port").level,
              Level::ok);
    const Findings findings = port_findings({{"0.0.0.0:5000", EADDRINUSE}, {"[::]:5000", 0}});
    EXPECT_EQ(of(findings, "port").level, Level::problem);
    EXPECT_TRUE(advises(of(findings, "port"), "sport = :5000"));
}

class DoctorOfPeer : public testing::Test {
protected:
    DoctorOfPeer() {
        facts.peer = peer_record("bob", "10.0.0.5:5000");
        facts.now = now;
    }

    /// A message that was sent `attempts` times since `time` ago.
    void waits(std::uint32_t attempts, std::chrono::microseconds time) {
        facts.waiting = sent_message(57, SendState::sending);
        facts.waiting->attempts = attempts;
        facts.waiting->created_at = before(time);
    }
    void wrote(std::chrono::microseconds sent_ago, std::chrono::microseconds received_ago) {
        facts.received.push_back(received_message(1, "hi"));
        facts.received.back().sent_at = before(sent_ago);
        facts.received.back().received_at = before(received_ago);
    }
    Finding finding(std::string_view check) const { return of(peer_findings(facts), check); }

    PeerCase facts;
};

TEST_F(DoctorOfPeer, KnowsNothingBeforeTheFirstMessage) {
    EXPECT_EQ(finding("reach").level, Level::warning);
    EXPECT_TRUE(advises(finding("reach"), "p2pctl send bob"));
    EXPECT_EQ(finding("reach").peer, "10.0.0.5:5000");
}

TEST_F(DoctorOfPeer, IsContentWithAConfirmedMessage) {
    facts.confirmed_at = before(3s);
    EXPECT_EQ(finding("reach").level, Level::ok);
}

TEST_F(DoctorOfPeer, GivesTheFirstCopyTime) {
    waits(1, 1s);
    EXPECT_EQ(finding("reach").level, Level::ok);
}

TEST_F(DoctorOfPeer, SaysThatNothingEverCameBack) {
    waits(3, 60s);
    EXPECT_EQ(finding("reach").level, Level::problem);
    EXPECT_TRUE(says(finding("reach"), "#57 was sent 3 times")) << finding("reach").message;
    EXPECT_TRUE(says(finding("reach"), "nothing has ever come from it"));
    EXPECT_TRUE(advises(finding("reach"), "firewall let UDP port 5000 in"));
}

TEST_F(DoctorOfPeer, TellsSilenceFromOneWay) {
    waits(3, 60s);
    facts.peer.last_heard = before(90s);
    EXPECT_TRUE(says(finding("reach"), "silence"));
    facts.peer.last_heard = before(30s);
    EXPECT_TRUE(says(finding("reach"), "the way there is blocked, the way back is not"));
}

TEST_F(DoctorOfPeer, SaysWhatTheNetworkSaid) {
    waits(1, 1s);
    facts.peer.trouble_at = before(2s);
    for (const auto& [trouble, text] :
         {std::pair{SendTrouble::port_unreachable, "no program on UDP port 5000"},
          std::pair{SendTrouble::host_unreachable, "no way to this host"},
          std::pair{SendTrouble::prohibited, "a firewall forbids"},
          std::pair{SendTrouble::too_large, "no datagram as large"}}) {
        facts.peer.trouble = trouble;
        EXPECT_EQ(finding("reach").level, Level::problem);
        EXPECT_TRUE(says(finding("reach"), text)) << finding("reach").message;
        EXPECT_TRUE(finding("reach").hint);
    }
}

TEST_F(DoctorOfPeer, SaysThatAHostIsBlockedBeforeAnythingElse) {
    waits(3, 60s);
    facts.peer.trouble = SendTrouble::port_unreachable;
    facts.blocked_by = "10.0.0.0/8";
    EXPECT_EQ(finding("block").level, Level::problem);
    EXPECT_TRUE(says(finding("block"), "block = 10.0.0.0/8")) << finding("block").message;
    EXPECT_TRUE(advises(finding("block"), "p2pctl reload"));
}

TEST_F(DoctorOfPeer, SaysThatNoSocketIsOfItsFamily) {
    waits(3, 60s);
    facts.has_socket = false;
    EXPECT_TRUE(says(finding("reach"), "no IPv4 address")) << finding("reach").message;
    facts.peer.address = "[fd77::5]:5000";
    EXPECT_TRUE(says(finding("reach"), "no IPv6 address")) << finding("reach").message;
    EXPECT_TRUE(advises(finding("reach"), "listen = [::]:5000"));
}

TEST_F(DoctorOfPeer, NamesTheDialectThatItsHostWrites) {
    waits(2, 10s);
    facts.peer.dialect_by_hand = true;
    facts.same_host = {peer_record(std::nullopt, "10.0.0.5:40000")};
    EXPECT_TRUE(advises(finding("reach"), "set by hand to base"));
    facts.same_host[0].dialect = DialectName::quoted;
    facts.same_host[0].last_heard = before(5s);
    EXPECT_EQ(finding("dialect").level, Level::problem);
    EXPECT_TRUE(advises(finding("dialect"), "peer add bob 10.0.0.5:5000 --dialect quoted"));
}

TEST_F(DoctorOfPeer, ExpectsNoConfirmationOfAReplyFromTheDialectUpper) {
    waits(3, 60s);
    facts.waiting->reply_to = 42;
    EXPECT_EQ(finding("reach").level, Level::problem);
    facts.peer.dialect = DialectName::upper;
    EXPECT_EQ(finding("reach").level, Level::ok);
}

TEST_F(DoctorOfPeer, TakesManyCopiesForAcksThatDoNotArrive) {
    facts.peer.last_heard = now;
    facts.peer.repeats = 2;
    EXPECT_EQ(finding("acks").level, Level::ok);
    facts.peer.repeats = 3;
    EXPECT_EQ(finding("acks").level, Level::problem);
    EXPECT_TRUE(says(finding("acks"), "came 4 times")) << finding("acks").message;
}

TEST_F(DoctorOfPeer, FindsAClockThatIsAhead) {
    wrote(-1h, 0s);
    EXPECT_EQ(finding("clock").level, Level::warning);
    EXPECT_TRUE(says(finding("clock"), "ahead of ours by 1 h")) << finding("clock").message;
}

TEST_F(DoctorOfPeer, FindsAClockThatIsBehind) {
    wrote(3h, 1h);
    wrote(2h, 1s);
    EXPECT_TRUE(says(finding("clock"), "behind ours by 2 h")) << finding("clock").message;
}

TEST_F(DoctorOfPeer, TakesOneMessageThatWaitedForNoClock) {
    wrote(10s, 9s);
    wrote(2h, 0s);
    EXPECT_EQ(finding("clock").level, Level::ok);
}

class Doctor : public testing::Test {
protected:
    Outcome run(const std::vector<std::string>& arguments) {
        return run_p2pctl(daemon.socket_path(), arguments,
                          {.environment = {{"HOME", daemon.folder()}}});
    }

    FakeDaemon daemon;
};

TEST_F(Doctor, FindsAnotherVersionOfTheProtocol) {
    daemon.on("hello", [](const Question& question) {
        question.result({{"name", "p2pd"}, {"version", "77"}, {"protocol", 2}});
    });
    daemon.on("status", [](const Question& question) { question.result(Json::object()); });
    const Outcome outcome = run({"doctor"});
    EXPECT_EQ(outcome.exit, 1);
    EXPECT_NE(outcome.out.find("problem version"), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("systemctl restart p2pd"), std::string::npos) << outcome.out;
}

TEST_F(Doctor, FindsADaemonThatHangsUp) {
    daemon.on("status", [](const Question& question) { question.hang_up(); });
    const Outcome outcome = run({"doctor"});
    EXPECT_EQ(outcome.exit, 1);
    EXPECT_NE(outcome.out.find("problem daemon"), std::string::npos) << outcome.out;
}

TEST_F(Doctor, OnlySaysWhatIsWrongWhenAskedToBeQuiet) {
    daemon.on("status", [](const Question& question) {
        StatusResult status = healthy();
        status.disk_full = true;
        question.result(write_fields(status));
    });
    const Outcome outcome = run({"--quiet", "doctor"});
    EXPECT_EQ(outcome.exit, 1);
    EXPECT_EQ(outcome.out.find("problem disk"), 0U) << outcome.out;
    EXPECT_EQ(outcome.out.find("ok  "), std::string::npos) << outcome.out;
}

}  // namespace
}  // namespace p2pd::test
