// core: asking whether messages were read, and saying so. Includes std, core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "daemon/core/endpoint.h"
#include "daemon/core/mailbox.h"
#include "daemon/core/time.h"
#include "daemon/core/wire_object.h"

namespace p2pd {

/// One message between two hosts: whose peer it is with, and its first timestamp.
struct ReceiptKey {
    Endpoint peer;
    std::int64_t message_us = 0;

    auto operator<=>(const ReceiptKey&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// What the store knows of a received message.
struct ReadMarks {
    MessageId id = 0;
    bool read = false;
    bool handled = false;
};

/// A question or an answer on its way out.
struct ReceiptOut {
    ReceiptKey about;
    ReceiptWord word = ReceiptWord::ask;
};

/// Nothing of it is durable, and nobody but who waits remembers a question: it is asked again and
/// again, so that a lost datagram, or a restart of the other, makes an answer late and never wrong.
/// Who was asked tells changes by itself for as long as the questions come.
class Receipts {
public:
    static constexpr std::size_t asking_max = 1024;    ///< messages asked about at a time
    static constexpr std::size_t questions_max = 256;  ///< of others, that the store looks up
    static constexpr std::size_t watched_max = 1024;   ///< messages that others asked about
    static constexpr Duration first_interval = std::chrono::seconds{1};
    static constexpr Duration interval_max = std::chrono::seconds{10};
    static constexpr Duration watched_for = std::chrono::minutes{1};

    // Asking.
    /// Asks from now on. False: too many are asked about.
    bool ask(Instant now, const ReceiptKey& about);
    void stop_asking(const ReceiptKey& about) { asking_.erase(about); }
    /// True if somebody waits for this answer.
    bool heard(Instant now, const ReceiptKey& about);

    // Being asked.
    /// A question came in. What comes above questions_max is asked again.
    void asked(Instant now, const ReceiptKey& about);
    /// What the store is to look up for answer().
    std::vector<ReceiptKey> take_questions() { return std::exchange(questions_, {}); }
    /// Empty: there is no such message.
    void answer(Instant now, const ReceiptKey& about, const std::optional<ReadMarks>& marks);
    void refuse(const ReceiptKey& about) { say({about, ReceiptWord::off}); }
    /// Readers have marked these messages; empty: any of them.
    void marked(Instant now, std::span<const MessageId> ids);

    std::optional<ReceiptOut> next();
    std::optional<Instant> next_timeout() const;
    void timeout(Instant now);

private:
    struct Question {
        Instant next;
        Duration interval = first_interval;
    };
    struct Watched {
        MessageId id = 0;
        Instant until;
    };
    void say(const ReceiptOut& out);
    void look_up(const ReceiptKey& about);
    void watch(Instant now, const ReceiptKey& about, MessageId id);

    std::map<ReceiptKey, Question> asking_;
    std::map<ReceiptKey, Watched> watched_;
    std::vector<ReceiptKey> questions_;
    std::deque<ReceiptOut> out_;
};

}  // namespace p2pd
