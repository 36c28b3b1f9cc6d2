// ctl: the command watch. Includes std, POSIX and common.
#include <algorithm>
#include <poll.h>

#include "common/endpoint_text.h"
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/peer_lookup.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds reconnect_delay_min{100};
constexpr milliseconds reconnect_delay_max{5000};
constexpr milliseconds watch_timeout_max = std::chrono::hours{24 * 365};

/// The address of a peer, known to the daemon or not.
std::string address_of(Context& context, const std::string& peer) {
    std::string address;
    ask_with_peer(context, peer, [&](const std::string& each) {
        const auto split = split_host_port(each, default_udp_port);
        if (split && is_ip_address(split->host)) {
            address = join_host_port(split->host, split->port);
        } else {
            const Json peer_json = context.call("peers.show", write_fields(PeerParams{each}));
            address = parse_result<PeerRecord>(peer_json).address;
        }
        return Json();
    });
    return address;
}

/// History after the cursor, then what comes. The cursor survives a broken connection, so nothing
/// is shown twice and nothing is left out.
class Watch {
public:
    explicit Watch(Context& context)
        : context_(context),
          cursor_(context.arguments().number("since", 0, UINT64_MAX)),
          count_(context.arguments().number("count", 1, UINT64_MAX)),
          all_(context.arguments().has("all")) {
        if (const auto timeout = context.arguments().duration("timeout", watch_timeout_max)) {
            deadline_ = steady_clock::now() + *timeout;
        }
        if (const auto from = context.arguments().text("from")) from_ = address_of(context, *from);
    }

    ExitCode run() {
        subscribe();
        while (!is_done()) {
            try {
                const auto incoming = next();
                if (!incoming) break;
                handle(*incoming);
            } catch (const ConnectionLost&) {
                if (!resume()) break;
            }
        }
        context_.out().flush();
        return is_done() || (!count_ && shown_ > 0) ? ExitCode::done : ExitCode::negative;
    }

private:
    bool is_done() const { return count_ && shown_ >= *count_; }

    void subscribe() {
        subscription_ = context_.client().post("subscribe", write_fields(SubscribeParams{cursor_}));
    }

    /// The next line; what was printed is written before anything is waited for.
    std::optional<Incoming> next() {
        if (auto incoming = context_.client().take()) return incoming;
        context_.out().flush();
        return context_.client().receive(deadline_);
    }

    void handle(const Incoming& incoming) {
        if (incoming.id == subscription_) {
            if (incoming.error) throw *incoming.error;
            delay_ = reconnect_delay_min;
            const auto start = parse_result<SubscribeResult>(incoming.body).cursor;
            if (!cursor_) cursor_ = start;
        } else if (incoming.method == "message") {
            show(parse_message(incoming.body));
        } else if (incoming.method == "overrun") {
            cursor_ = parse_result<OverrunParams>(incoming.body).cursor;
            subscribe();
        }
    }

    void show(const MessageRecord& record) {
        cursor_ = std::max(cursor_.value_or(0), record.cursor);
        if (record.dir == Direction::out && !all_) return;
        if (from_ && record.peer != *from_) return;
        ++shown_;
        if (context_.json()) return context_.print_json("message", message_json(record));
        context_.print(message_table({&record, 1}, all_ ? Columns::both : Columns::received,
                                     context_.style()));
    }

    /// Connects again, as long as it takes; false when the time is up before.
    bool resume() {
        context_.remark("the connection to p2pd has ended; trying again");
        for (;;) {
            std::optional<SteadyTime> until = steady_clock::now() + delay_;
            if (deadline_ && *deadline_ < *until) until = deadline_;
            ::poll(nullptr, 0, poll_timeout(until));
            if (deadline_ && steady_clock::now() >= *deadline_) return false;
            delay_ = std::min(delay_ * 2, reconnect_delay_max);
            try {
                context_.reconnect();
                subscribe();
                return true;
            } catch (const ControlError& error) {
                if (!error.is(error_not_running)) throw;
            }
        }
    }

    Context& context_;
    std::optional<std::uint64_t> cursor_;
    std::optional<std::uint64_t> count_;
    bool all_;
    std::optional<std::string> from_;
    std::optional<SteadyTime> deadline_;
    std::uint64_t subscription_ = 0;
    std::uint64_t shown_ = 0;
    milliseconds delay_ = reconnect_delay_min;
};

}  // namespace

ExitCode run_watch(Context& context) {
    return Watch(context).run();
}

}  // namespace p2pd
