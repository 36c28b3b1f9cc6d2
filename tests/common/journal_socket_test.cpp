// tests: what goes to the journal's socket, and that nobody waits for it. Includes GoogleTest,
// common.
#include "common/journal_socket.h"

#include <array>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace p2pd {
namespace {

class JournalSocketTest : public testing::Test {
protected:
    void SetUp() override {
        journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
        ASSERT_EQ(bind(journal, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    void TearDown() override {
        close(journal);
        std::filesystem::remove(path);
    }
    std::string entry() const {
        std::array<char, 1000> buffer{};
        const ssize_t size = read(journal, buffer.data(), buffer.size());
        return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, size))};
    }

    std::string path = testing::TempDir() + "journal-" + std::to_string(getpid());
    int journal = -1;
};

TEST_F(JournalSocketTest, SendsAnEntryALineAField) {
    JournalSocket socket{path};
    EXPECT_EQ(socket.send({{"MESSAGE", "a = b"}, {"P2P_PEER", ""}, {"PRIORITY", "6"}}),
              JournalSocket::Outcome::taken);
    EXPECT_EQ(entry(), "MESSAGE=a = b\nPRIORITY=6\n");
}

TEST_F(JournalSocketTest, DoesNotWaitForOneThatDoesNotRead) {
    JournalSocket socket{path};
    auto outcome = JournalSocket::Outcome::taken;
    int entries = 0;
    while (outcome == JournalSocket::Outcome::taken) {
        outcome = socket.send({{"MESSAGE", "x"}});
        ++entries;
    }
    EXPECT_EQ(outcome, JournalSocket::Outcome::busy);
    for (int i = 0; i < entries - 1; ++i) EXPECT_EQ(entry(), "MESSAGE=x\n");
    EXPECT_EQ(entry(), "");
    EXPECT_EQ(socket.send({{"MESSAGE", "y"}}), JournalSocket::Outcome::taken);
}

TEST_F(JournalSocketTest, TellsThatThereIsNone) {
    JournalSocket socket{path + "-none"};
    EXPECT_EQ(socket.send({{"MESSAGE", "x"}}), JournalSocket::Outcome::absent);
}

}  // namespace
}  // namespace p2pd
