// tests/bench: messages through p2pd's control socket, many under way. Includes std and bench.
// `--to` is a list of peers, of which each gets its turn.
// Modes: `many` sends groups of messages and waits for them with the same request, as `p2pctl send
// --lines` does, `wait` sends each alone and asks for groups of them, `events` takes the
// confirmations from a subscription, and `accepted` stops at the sender's own disk.
#include <algorithm>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/bench/json_scan.h"
#include "tests/bench/line_socket.h"
#include "tests/bench/load.h"

namespace bench {
namespace {

constexpr std::size_t group_max = 256;
constexpr std::size_t groups_max = 4;
constexpr std::uint64_t wait_ids_from = 1ULL << 40;  // ids of requests that are no `send`
constexpr std::uint64_t subscribe_id = wait_ids_from - 1;

class Sender {
public:
    explicit Sender(const Load& load)
        : load_(load), socket_(LineSocket::to_unix(load.target)), meter_(load) {
        // Made once: what is measured is the daemon.
        std::istringstream peers(load.to);
        for (std::string peer; std::getline(peers, peer, ',');) {
            peers_.push_back(R"(,"method":"send","params":{"peer":")" + peer + R"(","text":")");
            many_.push_back(R"(,"method":"send_many","params":{"timeout_ms":30000,"peer":")" +
                            peer + R"(","texts":[)");
        }
        for (const std::string& text : texts_of(load.bytes)) {
            texts_.push_back(text + "\"}}\n");
            many_texts_.push_back('"' + text + '"');
        }
    }

    void run() {
        if (load_.mode == "events") subscribe();
        while (!meter_.finished()) {
            if (load_.mode == "many") {
                post_many();
            } else {
                while (meter_.may_send()) post_send();
            }
            if (load_.mode == "wait") post_waits();
            socket_.transfer(meter_.rest());
            while (const auto line = socket_.take_line()) take(*line);
        }
        meter_.print();
    }

private:
    void post(std::uint64_t id, std::string_view tail) {
        socket_.write(R"({"jsonrpc":"2.0","id":)" + std::to_string(id));
        socket_.write(tail);
    }

    /// Live before the first message is sent, so that no event is missed.
    void subscribe() {
        post(subscribe_id, ",\"method\":\"subscribe\",\"params\":{}}\n");
        do socket_.transfer();
        while (!socket_.take_line());
    }

    void post_send() {
        const std::uint64_t number = meter_.sent();
        post(number, peers_[number % peers_.size()]);
        socket_.write(texts_[number % texts_.size()]);
    }

    /// As many as there is room for, in requests that are neither one too small nor one too few.
    void post_many() {
        const std::size_t room = load_.window - std::min(load_.window, meter_.in_flight());
        const std::size_t wanted =
            std::min(group_max, std::max<std::size_t>(1, load_.window / groups_max / 4));
        for (std::size_t posted = 0; posted + wanted <= room && meter_.may_send();
             posted += wanted) {
            post_group(wanted);
        }
    }

    void post_group(std::size_t count) {
        const std::uint64_t first = meter_.sent();
        socket_.write(R"({"jsonrpc":"2.0","id":)" + std::to_string(first));
        socket_.write(many_[first / group_max % many_.size()]);
        socket_.write(many_texts_[first % many_texts_.size()]);
        std::uint64_t last = first;
        while (last + 1 - first < count && meter_.may_send()) {
            last = meter_.sent();
            socket_.write(",");
            socket_.write(many_texts_[last % many_texts_.size()]);
        }
        socket_.write("]}}\n");
    }

    void take_many(std::uint64_t first, std::string_view line) {
        std::uint64_t number = first;
        JsonScan(line).inside("result").each("runs", [&](const JsonScan& run) {
            if (run.text("state") != "delivered") fail("not delivered within 30 s");
            for (const std::uint64_t end = number + run.number("count"); number < end; ++number) {
                meter_.confirmed(number);
            }
        });
    }

    void post_waits() {
        while (!accepted_.empty() && (waiting_ < groups_max || accepted_.size() >= group_max)) {
            std::string ids;
            for (std::size_t i = 0; i < group_max && !accepted_.empty(); ++i) {
                ids += (ids.empty() ? "" : ",") + std::to_string(accepted_.back());
                accepted_.pop_back();
            }
            post(wait_ids_from,
                 ",\"method\":\"wait\",\"params\":{\"timeout_ms\":30000,\"ids\":[" + ids + "]}}\n");
            ++waiting_;
        }
    }

    void take(std::string_view line) {
        JsonScan scan(line);
        if (scan.has("error")) fail(line);
        if (scan.text("method") == "message") return take_event(scan);
        const std::uint64_t request = scan.number("id");
        if (request == subscribe_id) return;
        if (request >= wait_ids_from) return take_waited(line);
        if (load_.mode == "many") return take_many(request, line);
        const std::uint64_t id = scan.inside("result").number("id");
        if (load_.mode == "accepted") return meter_.confirmed(request);
        if (early_.erase(id) > 0) return meter_.confirmed(request);
        numbers_.emplace(id, request);
        if (load_.mode == "wait") accepted_.push_back(id);
    }

    void take_event(const JsonScan& scan) {
        const JsonScan message = scan.inside("params");
        if (message.text("dir") == "out" && message.text("state") == "delivered") {
            confirm(message.number("id"));
        }
    }

    void take_waited(std::string_view line) {
        --waiting_;
        JsonScan(line).inside("result").each("messages", [this](const JsonScan& message) {
            if (message.text("state") != "delivered") fail("not delivered within 30 s");
            confirm(message.number("id"));
        });
    }

    void confirm(std::uint64_t id) {
        const auto found = numbers_.find(id);
        if (found == numbers_.end()) {
            early_.emplace(id, true);  // its event has overtaken the answer to `send`
            return;
        }
        meter_.confirmed(found->second);
        numbers_.erase(found);
    }

    const Load load_;
    LineSocket socket_;
    Meter meter_;
    std::vector<std::string> peers_;  ///< what stands between the request's id and its text
    std::vector<std::string> texts_;  ///< and what then follows
    std::vector<std::string> many_;   ///< the same of send_many
    std::vector<std::string> many_texts_;
    std::unordered_map<std::uint64_t, std::uint64_t> numbers_;  ///< of unconfirmed ones, by id
    std::unordered_map<std::uint64_t, bool> early_;
    std::vector<std::uint64_t> accepted_;  ///< not asked for yet
    std::size_t waiting_ = 0;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    bench::Sender(bench::parse_load(argc, argv)).run();
    return 0;
}
