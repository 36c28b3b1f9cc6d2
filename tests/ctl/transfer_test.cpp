// tests/ctl: export, import and backup against a fake daemon.
#include <gtest/gtest.h>

#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

class Transfer : public testing::Test {
protected:
    Outcome run(const std::vector<std::string>& arguments, const std::string& input = {}) {
        return run_p2pctl(daemon.socket_path(), arguments, {.input = input});
    }
    void has_messages_up_to(std::uint64_t newest_id) {
        daemon.on("status", [newest_id](const Question& question) {
            StatusResult status;
            status.newest_id = newest_id;
            question.result(write_fields(status));
        });
        daemon.on("import", [](const Question& question) {
            const std::uint64_t count = question.params.at("records").size();
            question.result(write_fields(ImportResult{count, 0, 0}));
        });
    }

    FakeDaemon daemon;
};

TEST_F(Transfer, ExportPrintsPageAfterPage) {
    daemon.on("export", [](const Question& question) {
        ExportResult page;
        const bool first = question.params.at("after") == "";
        page.records = {Json{{"type", first ? "store" : "peer"}}};
        if (first) page.next = "peer:0";
        question.result(write_fields(page));
    });
    EXPECT_EQ(run({"export"}).out, "{\"type\":\"store\"}\n{\"type\":\"peer\"}\n");
}

TEST_F(Transfer, ImportSendsEveryLineInBoundedRequests) {
    has_messages_up_to(0);
    std::string lines;
    for (int i = 0; i < 501; ++i) lines += "{\"type\":\"peer\"}\n";
    EXPECT_EQ(run({"import"}, lines).out, "501 records added, 0 were there already\n");
    const auto requests = daemon.requests("import");
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].at("records").size(), 500U);
    EXPECT_EQ(requests[0].at("pending"), true);
}

TEST_F(Transfer, ImportLetsNothingWaitWhereMessagesAre) {
    has_messages_up_to(7);
    run({"import", "-"}, "{\"type\":\"peer\"}\n");
    EXPECT_EQ(daemon.requests("import").at(0).at("pending"), false);
}

TEST_F(Transfer, ImportNamesTheLineThatIsNoRecord) {
    has_messages_up_to(0);
    const Outcome outcome = run({"import"}, "{}\n[1]\n");
    EXPECT_EQ(outcome.exit, 65);
    EXPECT_NE(outcome.err.find("line 2 is no record"), std::string::npos) << outcome.err;
    EXPECT_TRUE(daemon.requests("import").empty());
}

TEST_F(Transfer, BackupPrintsItsPath) {
    daemon.on("backup", [](const Question& question) {
        question.result(write_fields(BackupResult{"/var/lib/p2pd/backup/p2pd-1.db", 4096}));
    });
    EXPECT_EQ(run({"backup"}).out, "/var/lib/p2pd/backup/p2pd-1.db\n");
}

}  // namespace
}  // namespace p2pd::test
