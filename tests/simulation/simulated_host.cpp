// tests: a daemon around a Node, with virtual time, network and disk.
#include "tests/simulation/simulated_host.h"

#include <array>
#include <utility>

namespace p2pd {

namespace {

constexpr std::size_t transmits_max = 256;
constexpr WallTime first_wall{std::chrono::seconds{1'732'260'000}};

}  // namespace

SimulatedHost::SimulatedHost(const Endpoint& endpoint, EventQueue& events,
                             SimulatedNetwork& network, std::mt19937_64& random, Observer& observer,
                             const HostOptions& options)
    : home_(endpoint),
      endpoint_(endpoint),
      events_(events),
      network_(network),
      random_(random),
      observer_(observer),
      options_(options) {
    if (options_.bug == PlantedBug::stores_copies) store_.switch_off_deduplication();
    if (options_.make_twin) twin_ = options_.make_twin();
    listen();
    restart();
}

void SimulatedHost::listen() {
    network_.listen(endpoint_, [this](const Endpoint& from, const std::string& bytes) {
        if (!is_up()) return;
        if (slowness_ == Duration{0}) return receive(from, bytes);
        events_.after(slowness_, [this, from, bytes, life = life_] {
            if (life == life_) receive(from, bytes);
        });
    });
}

void SimulatedHost::move_to(const Endpoint& endpoint) {
    network_.leave(endpoint_);
    endpoint_ = endpoint;
    listen();
}

Now SimulatedHost::now() const {
    return {events_.now(), first_wall + events_.now().time_since_epoch() + wall_offset_};
}

void SimulatedHost::receive(const Endpoint& from, const std::string& bytes) {
    observer_.received(*this, from, bytes);
    node_->receive(now(), from, endpoint_, bytes);
    flush();
}

std::variant<std::int64_t, SendError> SimulatedHost::send(const Endpoint& peer, std::string text,
                                                          std::string request_id) {
    auto ticket = node_->send(now(), {.peer = peer,
                                      .text = std::move(text),
                                      .expires_in = options_.expires_in,
                                      .request_id = std::move(request_id)});
    flush();
    return ticket;
}

std::variant<std::int64_t, SendError> SimulatedHost::send_together(const Endpoint& peer,
                                                                   std::vector<std::string> texts,
                                                                   std::string request_id) {
    SendRequest request{.peer = peer,
                        .text = std::move(texts.front()),
                        .expires_in = options_.expires_in,
                        .request_id = std::move(request_id)};
    texts.erase(texts.begin());
    request.more = std::move(texts);
    auto ticket = node_->send(now(), std::move(request));
    flush();
    return ticket;
}

std::variant<std::int64_t, SendError> SimulatedHost::reply(const Endpoint& peer, std::string text) {
    SendRequest request{.peer = peer, .text = std::move(text), .expires_in = options_.expires_in};
    for (const SimulatedStore::Received& received : store_.inbox()) {
        if (received.peer != peer) continue;
        request.answered = Answered{Stamp::of(received.us), received.text};
    }
    auto ticket = node_->send(now(), std::move(request));
    flush();
    return ticket;
}

void SimulatedHost::cancel(MessageId id) {
    node_->cancel(now(), id);
    flush();
}

void SimulatedHost::retry(MessageId id) {
    const SimulatedStore::Outgoing& outgoing = store_.outgoing().at(id);
    if (outgoing.state == OutState::delivered) return;  // as the control methods have it
    node_->retry(now(), outgoing.message, outgoing.state != OutState::pending, options_.expires_in);
    flush();
}

void SimulatedHost::set_dialect(const Endpoint& peer, Dialect dialect) {
    node_->set_dialect(peer, dialect);
    flush();
}

bool SimulatedHost::crash() {
    const bool committing = disk_busy_ && disk_work_.front().batch;
    if (committing) cut_commit(*disk_work_.front().batch);
    if (twin_) twin_->close(random_() % 2 == 0);
    end();
    return committing;
}

void SimulatedHost::end() {
    ++life_;
    node_.reset();
    disk_work_.clear();
    disk_busy_ = false;
    wakes_at_.reset();
    observer_.ended(*this);
}

void SimulatedHost::restart() {
    ++life_;
    Recovered recovered;
    if (twin_) {
        if (!open_twin(recovered)) return;
    } else {
        recovered = store_.recover(options_.limits.peers_max);
    }
    if (options_.bug == PlantedBug::forgets_timestamps) recovered.last_stamp_us = 0;
    if (options_.bug == PlantedBug::delivers_nothing_after_restart) {
        recovered.pending_peers.clear();
    }
    node_ = std::make_unique<Node>(options_.limits, recovered, random_());
    flush();
}

void SimulatedHost::query() {
    queried_ = true;
    flush();
}

void SimulatedHost::step_clock(Duration step) {
    wall_offset_ += step;
    clock_jumped_ = clock_jumped_ || std::chrono::abs(step) > std::chrono::days(1);
}

void SimulatedHost::maintain() {
    post({.batch = nullptr, .maintenance = true});
}

void SimulatedHost::fill_disk(bool full) {
    disk_full_ = full;
    if (twin_) twin_->fill(full);
}

void SimulatedHost::hold_disk() {
    disk_held_ = true;
}

void SimulatedHost::release_disk() {
    disk_held_ = false;
    start_disk_work();
}

void SimulatedHost::block_socket(bool blocked) {
    socket_blocked_ = blocked;
    if (is_up()) flush();
}

std::optional<MessageId> SimulatedHost::id_of(std::int64_t ticket) const {
    for (const SendOutcome& outcome : outcomes_) {
        if (outcome.ticket == ticket && !outcome.disk_full) return outcome.id;
    }
    return std::nullopt;
}

/// One function decides, the others do; every event ends here.
void SimulatedHost::flush() {
    handle_events();
    if (auto batch = node_->take_batch(now(), queried_)) {
        if (options_.bug == PlantedBug::acknowledges_before_stored && batch->accepted.empty()) {
            node_->stored(now(), {.pending_messages = node_->pending_messages()});
        }
        post({std::move(batch)});
    }
    if (!node_->anything_unstored()) queried_ = false;
    answer_receipts();
    transmit();
    for (const LoadRequest& load : node_->take_loads()) post({.batch = nullptr, .load = load});
    handle_events();
    wake_at(node_->next_timeout());
    observer_.flushed(*this);
}

void SimulatedHost::handle_events() {
    for (const Event& event : node_->take_events()) {
        if (const auto* finished = std::get_if<Finished>(&event)) {
            ends_.push_back(*finished);
            each_finished(*finished);
            continue;
        }
        observer_.told(*this, event);
        if (const auto* outcome = std::get_if<SendOutcome>(&event)) {
            outcomes_.push_back(*outcome);
        } else {
            receipts_.push_back(std::get<ReceiptHeard>(event));
        }
    }
}

/// Of those that one event tells of, each is told alone.
void SimulatedHost::each_finished(Finished finished) {
    for (std::uint32_t left = std::exchange(finished.count, 1); left > 0; --left) {
        observer_.told(*this, finished);
        finished_.push_back(finished);
        ++finished.update.id;
    }
}

void SimulatedHost::ask_receipt(const Endpoint& peer, std::int64_t message_us) {
    const auto known = store_.peers().find(peer);
    const PeerFacts facts =
        known == store_.peers().end() ? PeerFacts{.endpoint = peer} : known->second;
    static_cast<void>(node_->ask_receipt(now(), facts, message_us));
    flush();
}

void SimulatedHost::stop_asking(const Endpoint& peer, std::int64_t message_us) {
    node_->stop_asking({peer, message_us});
    flush();
}

void SimulatedHost::mark(MessageId id, bool read, bool handled) {
    marks_[id] = {id, read, handled};
    node_->marked(now(), std::array{id});
    flush();
}

void SimulatedHost::answer_receipts() {
    for (const ReceiptKey& about : node_->take_receipt_questions()) {
        std::optional<ReadMarks> marks;
        for (const SimulatedStore::Received& received : store_.inbox()) {
            if (received.peer != about.peer || received.us != about.message_us) continue;
            const auto marked = marks_.find(received.id);
            marks = marked == marks_.end() ? ReadMarks{received.id} : marked->second;
        }
        node_->answer_receipt(now(), about, marks);
    }
}

void SimulatedHost::transmit() {
    if (socket_blocked_) return;
    const auto transmits = node_->take_transmits(now(), transmits_max);
    for (const Transmit& transmit : transmits) {
        const std::string bytes = encode(transmit, endpoint_);
        node_->encoded(transmit, bytes.size());
        if (bytes.size() > network_.link_bytes()) {
            node_->too_large(now(), transmit.to);
            continue;
        }
        observer_.transmits(*this, transmit, bytes);
        network_.transmit(endpoint_, transmit.to, bytes);
    }
    if (transmits.size() < transmits_max) return;
    events_.after(Duration{0}, [this, life = life_] {
        if (life == life_) flush();
    });
}

void SimulatedHost::wake_at(std::optional<Instant> next) {
    if (next == wakes_at_) return;
    wakes_at_ = next;
    if (!next) return;
    events_.at(*next, [this, when = *next, life = life_] {
        if (life != life_ || wakes_at_ != when) return;
        wakes_at_.reset();
        node_->timeout(now());
        flush();
    });
}

void SimulatedHost::post(DiskWork work) {
    disk_work_.push_back(std::move(work));
    start_disk_work();
}

/// One thing at a time and in order, as the store thread does.
void SimulatedHost::start_disk_work() {
    if (disk_busy_ || disk_held_ || disk_work_.empty()) return;
    disk_busy_ = true;
    const auto spread =
        static_cast<std::uint64_t>((options_.commit_max - options_.commit_min).count());
    const Duration time =
        options_.commit_min + Duration{static_cast<Duration::rep>(random_() % (spread + 1))};
    events_.after(time, [this, life = life_] {
        if (life == life_) finish_disk_work();
    });
}

std::optional<BatchResult> SimulatedHost::commit(const StoreBatch& batch) {
    BatchResult result;
    if (twin_) {
        const auto done = commit_to_twin(batch);
        if (!done) return std::nullopt;
        result = *done;
    } else if (disk_full_) {
        result.full = true;
    } else if (options_.bug == PlantedBug::loses_commits && random_() % 16 == 0) {
        StoreBatch lost = batch;
        lost.received.clear();
        result = store_.commit(lost);
    } else {
        result = store_.commit(batch);
    }
    if (result.full) ++batches_not_stored_;
    result.pending_messages = store_.pending_messages();
    observer_.committed(*this, batch, result);
    return result;
}

void SimulatedHost::finish_disk_work() {
    const DiskWork work = std::move(disk_work_.front());
    disk_work_.pop_front();
    disk_busy_ = false;
    if (!work_on(work)) return fail();
    start_disk_work();
    flush();
}

/// False: the store has failed.
bool SimulatedHost::work_on(const DiskWork& work) {
    if (work.batch) {
        const auto result = commit(*work.batch);
        if (!result) return false;
        const bool told_already =
            options_.bug == PlantedBug::acknowledges_before_stored && work.batch->accepted.empty();
        if (!told_already) node_->stored(now(), *result);
        return true;
    }
    if (!work.load) return maintain_store();
    auto page = load(*work.load);
    if (!page) return false;
    node_->loaded(now(), work.load->peer, std::move(*page));
    return true;
}

}  // namespace p2pd
