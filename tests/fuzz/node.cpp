// tests/fuzz: a host between peers that do whatever the bytes say, with its disk and clocks.
#include <set>
#include <vector>

#include "tests/fuzz/byte_reader.h"
#include "tests/fuzz/targets.h"
#include "tests/simulation/simulated_host.h"

namespace p2pd {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t events_max = 64;
constexpr std::size_t queue_max = 24;
constexpr std::int64_t steps_max = 5000;  // at a time, and
constexpr std::int64_t steps_a_second_max = 10;

HostOptions small_host() {
    HostOptions options;
    options.limits = {.text_bytes_max = 4000,
                      .peers_max = 4,
                      .queue_messages_max = queue_max,
                      .peer_memory_max = 8000,
                      .memory_max = 16'000};
    return options;
}

/// A program in the hands of the bytes: it remembers what was sent to it and confirms when told to.
class Peer {
public:
    Peer(SimulatedNetwork& network, std::string_view address, const Endpoint& host)
        : network_(network), endpoint_(*parse_endpoint(address, 5000)), host_(host) {}

    const Endpoint& endpoint() const { return endpoint_; }

    void say(std::string_view bytes) {
        network_.transmit(endpoint_, host_, std::string(bytes));
        const auto decoded = decode(bytes);
        if (const auto* datagram = std::get_if<Datagram>(&decoded)) note(datagram->object);
    }
    void write(const WireObject& object, Dialect dialect, Extension extension) {
        network_.transmit(endpoint_, host_, encode(object, endpoint_, host_, dialect, extension));
        note(object);
    }
    void confirm(std::size_t back, bool accepted, Dialect dialect, Extension extension) {
        if (back >= came_.size()) return;
        const Stamp stamp = came_[came_.size() - 1 - back];
        write(WireAck{stamp, stamp, accepted}, dialect, extension);
    }
    void confirm_everything() { confirms_ = true; }

    void comes(const Stamp& stamp) {
        came_.push_back(stamp);
        if (confirms_) confirm(0, true, Dialect::base, Extension::none);
    }
    bool has_confirmed(std::int64_t us) const { return confirmed_.contains(us); }
    bool has_asked(std::int64_t us) const { return asked_.contains(us); }

private:
    void note(const WireObject& object) {
        if (const auto* message = std::get_if<WireMessage>(&object)) {
            asked_.insert(message->stamp.us);
        } else if (const auto* reply = std::get_if<WireReply>(&object)) {
            asked_.insert(reply->stamp.us);
        } else if (const auto* ack = std::get_if<WireAck>(&object);
                   ack != nullptr && ack->accepted) {
            confirmed_.insert(ack->original.us);
        }
    }

    SimulatedNetwork& network_;
    Endpoint endpoint_;
    Endpoint host_;
    std::vector<Stamp> came_;
    std::set<std::int64_t> asked_;      ///< what it wrote
    std::set<std::int64_t> confirmed_;  ///< what it said to have stored
    bool confirms_ = false;
};

/// What may never happen, whatever the peers write.
class Rules : public Observer {
public:
    explicit Rules(std::vector<Peer>& peers) : peers_(peers) {}

    void transmits(SimulatedHost& host, const Transmit& transmit,
                   const std::string& bytes) override {
        const auto view = host.node().view(transmit.to);
        const bool to_p2pd = view && view->facts.is_p2pd;
        require(to_p2pd || bytes.size() <= datagram_bytes_max,
                "a datagram to a program of the field has at most 1,024 bytes");
        require(to_p2pd || transmit.objects.size() == 1, "and one object");
        for (const WireObject& object : transmit.objects) check(host, transmit, object);
    }

    void check(SimulatedHost& host, const Transmit& transmit, const WireObject& object) {
        if (const auto* ack = std::get_if<WireAck>(&object)) {
            require_asked(host, transmit, ack->accepted, {ack->original.us, 1});
            for (const StampRange& range : ack->also) {
                require_asked(host, transmit, ack->accepted, range);
            }
            return;
        }
        if (std::holds_alternative<WireReceipt>(object)) {
            return require(host.node().view(transmit.to)->facts.is_p2pd, "a receipt is for p2pd");
        }
        const auto* message = std::get_if<WireMessage>(&object);
        const Stamp& stamp =
            message != nullptr ? message->stamp : std::get<WireReply>(object).stamp;
        const SimulatedStore::Outgoing* const outgoing = host.store().find_part(stamp.us);
        require(stamp.us <= host.store().last_stamp_us(), "transmitted means reserved");
        require(outgoing != nullptr || host.node().view(transmit.to)->facts.is_p2pd,
                "transmitted to the field means durable");
        require(outgoing == nullptr || outgoing->message.peer == transmit.to,
                "it goes to its peer");
        at(transmit.to).comes(stamp);
    }

    void require_asked(SimulatedHost& host, const Transmit& transmit, bool accepted,
                       const StampRange& range) {
        for (std::uint32_t i = 0; i < range.count; ++i) {
            const std::int64_t us = range.first_us + i;
            require(at(transmit.to).has_asked(us), "an ACK goes to who asked");
            require(!accepted || host.store().holds(transmit.to, us), "an ACK means durable");
        }
    }

    void committed(SimulatedHost&, const StoreBatch& batch, const BatchResult& result) override {
        require(batch.accepted.size() <= queue_max, "the queue is bounded");
        for (std::size_t i = 0; !result.full && i < batch.accepted.size(); ++i) {
            const OutgoingMessage& message = batch.accepted[i];
            if (result.accepted[i].repeated) continue;
            require(message.first_us > last_stamp_us_, "own timestamps rise");
            last_stamp_us_ =
                message.first_us + static_cast<std::int64_t>(message.part_ends.size()) - 1;
        }
    }

    void told(SimulatedHost& host, const Event& event) override {
        const auto* finished = std::get_if<Finished>(&event);
        if (finished == nullptr || finished->update.state != OutState::delivered) return;
        const OutgoingMessage& message = host.store().outgoing().at(finished->update.id).message;
        for (std::size_t i = 0; i < message.part_ends.size(); ++i) {
            require(at(message.peer).has_confirmed(message.first_us + static_cast<std::int64_t>(i)),
                    "delivered means confirmed");
        }
    }

private:
    Peer& at(const Endpoint& endpoint) {
        for (Peer& peer : peers_) {
            if (peer.endpoint() == endpoint) return peer;
        }
        require(false, "it speaks to peers alone");
        return peers_.front();
    }

    std::vector<Peer>& peers_;
    std::int64_t last_stamp_us_ = 0;
};

class Story {
public:
    explicit Story(std::string_view bytes) : bytes_(bytes) {}

    void tell() {
        for (std::size_t i = 0; i < events_max && !bytes_.empty(); ++i) {
            next_event();
            run_for(Duration{0});
            check();
        }
        end_well();
    }

private:
    void next_event() {
        switch (bytes_.byte() % 18) {
            case 0:
                send();
                break;
            case 1:
                reply();
                break;
            case 2:
                write();
                break;
            case 3:
                confirm();
                break;
            case 4:
                peer().say(bytes_.text(bytes_.byte()));
                break;
            case 5:
                cancel();
                break;
            case 6:
                retry();
                break;
            case 7:
                step_clock();
                break;
            case 8:
            case 9:
                let_pass();
                break;
            case 10:
                host_.hold_disk();
                break;
            case 11:
                host_.release_disk();
                break;
            case 12:
                fill_disk();
                break;
            case 13:
                host_.block_socket(bytes_.byte() % 2 == 0);
                break;
            case 14:
                crash_and_restart();
                break;
            case 15:
                host_.maintain();
                break;
            case 16:
                host_.query();
                break;
            default:
                set_dialect();
        }
    }

    /// From a microsecond to six days; a full disk is tried every second, which takes long here.
    void let_pass() {
        const int exponent = bytes_.byte() % 40;
        run_for(Duration{std::int64_t{1} << (disk_full_ ? std::min(exponent, 28) : exponent)});
    }

    void fill_disk() {
        disk_full_ = bytes_.byte() % 2 == 0;
        host_.fill_disk(disk_full_);
    }

    void send() {
        Peer& to = peer();
        const std::uint8_t request = bytes_.byte() % 8;
        std::string request_id;
        if (request != 0) request_id = std::to_string(request);
        static_cast<void>(host_.send(to.endpoint(), text(), request_id));
    }

    void reply() {
        Peer& to = peer();
        static_cast<void>(host_.reply(to.endpoint(), text()));
    }

    void write() {
        Peer& from = peer();
        const Stamp stamp = Stamp::of(1'732'260'000'000'000 + bytes_.byte());
        const std::string what = text().substr(0, 700);
        const std::uint8_t parts = bytes_.byte();
        std::optional<Part> part;
        if (parts % 2 == 1) part = Part{1U + parts / 2U % 3U, 3, stamp.us - parts / 2 % 3};
        const Extension extension = part ? Extension::p2pd : Extension::none;
        from.write(WireMessage{stamp, what, part}, dialect(), extension);
    }

    void confirm() {
        Peer& from = peer();
        const std::uint8_t back = bytes_.byte() % 8;
        const std::uint8_t how = bytes_.byte();
        from.confirm(back, how % 4 != 0, dialect(),
                     how % 8 < 4 ? Extension::p2pd : Extension::none);
    }

    void cancel() {
        if (const MessageId id = any_message()) {
            if (host_.store().outgoing().at(id).state == OutState::pending) host_.cancel(id);
        }
    }

    void retry() {
        const MessageId id = any_message();
        if (id == 0) return;
        ++reopened_;
        host_.retry(id);
    }

    /// To and fro, by two years at most, so that it stays in the century of the format.
    void step_clock() {
        const Duration step{std::int64_t{1} << bytes_.byte() % 46};
        const bool forward = stepped_ <= Duration{0};
        stepped_ += forward ? step : -step;
        host_.step_clock(forward ? step : -step);
    }

    void set_dialect() {
        Peer& of = peer();
        host_.set_dialect(of.endpoint(), dialect());
    }

    void crash_and_restart() {
        host_.crash();
        host_.restart();
    }

    /// Once all is well, everything ends.
    void end_well() {
        for (Peer& peer : peers_) peer.confirm_everything();
        host_.fill_disk(false);
        host_.release_disk();
        host_.block_socket(false);
        run_for(std::chrono::hours{48});
        check();
        require(host_.store().pending_messages() == 0, "in the end nothing is left");
        require(host_.node().pending_messages() == 0, "and the node knows");
    }

    void run_for(Duration time) {
        const Instant end = events_.now() + time;
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
        std::int64_t left = steps_max + seconds * steps_a_second_max;
        while (events_.run_next(end)) require(--left > 0, "it comes to rest");
    }

    void check() {
        const Node& node = host_.node();
        require(node.pending_messages() <= queue_max + reopened_, "the queue is bounded");
        const NodeCounters counters = node.counters();
        std::uint64_t dropped = 0;
        for (const std::uint64_t count : counters.dropped) dropped += count;
        require(counters.datagrams_received <= dropped + counters.messages_received +
                                                   counters.acks_received +
                                                   counters.receipts_received,
                "every object is counted");
    }

    MessageId any_message() {
        const auto& all = host_.store().outgoing();
        const std::uint8_t index = bytes_.byte();
        if (all.empty()) return 0;
        return std::next(all.begin(), static_cast<std::ptrdiff_t>(index % all.size()))->first;
    }
    Peer& peer() { return peers_[bytes_.byte() % peers_.size()]; }
    Dialect dialect() { return static_cast<Dialect>(bytes_.byte() % 4); }
    /// Often one of a few, so that contents repeat; at times too long for one datagram.
    std::string text() {
        const std::uint8_t size = bytes_.byte();
        return std::string(size < 200 ? size % 4U : (size - 200U) * 80U, 'x');
    }

    ByteReader bytes_;
    EventQueue events_;
    std::mt19937_64 random_{1};
    SimulatedNetwork network_{events_, random_};
    Endpoint endpoint_ = *parse_endpoint("10.0.0.4", 5000);
    std::vector<Peer> peers_{{network_, "10.0.0.5", endpoint_},
                             {network_, "10.0.0.6", endpoint_},
                             {network_, "fd00::7", endpoint_}};
    Rules rules_{peers_};
    SimulatedHost host_{endpoint_, events_, network_, random_, rules_, small_host()};
    Duration stepped_{0};
    std::size_t reopened_ = 0;
    bool disk_full_ = false;
};

}  // namespace

void fuzz_node(std::string_view bytes) {
    Story(bytes).tell();
}

}  // namespace p2pd
