// common: the socket of the systemd journal. Includes std only.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace p2pd {

/// Sends entries by the journal's own protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL) and
/// never waits, as libsystemd does when the journal does not read: a log must not stop the daemon.
class JournalSocket {
public:
    enum class Outcome {
        taken,
        busy,   ///< the journal has too much to read: the entry is lost
        absent  ///< there is no journal
    };
    using Field = std::pair<std::string_view, std::string_view>;

    explicit JournalSocket(std::string path = "/run/systemd/journal/socket");
    ~JournalSocket();
    JournalSocket(const JournalSocket&) = delete;
    JournalSocket& operator=(const JournalSocket&) = delete;

    /// Names as the journal has them; values without line breaks. Empty ones are left out.
    Outcome send(std::initializer_list<Field> fields);

private:
    std::string path_;
    int descriptor_;  ///< -1: none could be had
};

}  // namespace p2pd
