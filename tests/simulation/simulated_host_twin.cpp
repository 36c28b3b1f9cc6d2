// tests: a simulated host with the daemon's own store, which is held to what the simulated one
// does.
#include <algorithm>
#include <iterator>

#include "tests/simulation/simulated_host.h"

namespace p2pd {

namespace {

bool same(const BatchResult& a, const BatchResult& b) {
    return a.pending_messages == b.pending_messages &&
           std::equal(a.accepted.begin(), a.accepted.end(), b.accepted.begin(), b.accepted.end(),
                      [](const auto& one, const auto& other) {
                          return one.id == other.id && one.repeated == other.repeated;
                      });
}

bool same(const OutgoingMessage& a, const OutgoingMessage& b) {
    return a.id == b.id && a.peer == b.peer && a.first_us == b.first_us && a.text == b.text &&
           a.part_ends == b.part_ends && a.parts_done == b.parts_done && a.attempts == b.attempts &&
           a.expires_at == b.expires_at && a.answered.has_value() == b.answered.has_value() &&
           (!a.answered ||
            (a.answered->text == b.answered->text && a.answered->stamp == b.answered->stamp));
}

bool same(const LoadedPage& a, const LoadedPage& b) {
    return a.more == b.more &&
           std::equal(a.messages.begin(), a.messages.end(), b.messages.begin(), b.messages.end(),
                      [](const auto& one, const auto& other) { return same(one, other); });
}

/// The first lines that only one of them has.
std::string difference(const std::vector<std::string>& real,
                       const std::vector<std::string>& model) {
    std::vector<std::string> more;
    std::vector<std::string> less;
    std::set_difference(real.begin(), real.end(), model.begin(), model.end(),
                        std::back_inserter(more));
    std::set_difference(model.begin(), model.end(), real.begin(), real.end(),
                        std::back_inserter(less));
    std::string text =
        std::to_string(more.size()) + " too many, " + std::to_string(less.size()) + " too few";
    if (!more.empty()) text += "; there is " + more.front().substr(0, 120);
    if (!less.empty()) text += "; there is no " + less.front().substr(0, 120);
    return text;
}

}  // namespace

std::optional<BatchResult> SimulatedHost::commit_to_twin(const StoreBatch& batch) {
    StoreBatch stored = batch;
    const bool drops = options_.bug == PlantedBug::real_store_drops_a_message;
    if (drops && !batch.received.empty() && random_() % 16 == 0) stored.received.pop_back();
    const auto result = twin_->commit(stored);
    if (!result) {
        uncertain_batch_ = batch;
        return std::nullopt;
    }
    if (!result->full && !same(*result, store_.commit(batch))) {
        observer_.differs(*this, "the store says otherwise of a batch");
    }
    return result;
}

/// The power fails in the middle of a commit: all of it stays, or nothing.
void SimulatedHost::cut_commit(const StoreBatch& batch) {
    constexpr std::uint64_t operations_max = 24;
    if (twin_) {
        twin_->spoil(1 + random_() % operations_max, true);
        commit(batch);
    } else if (!disk_full_ && random_() % 2 == 0) {
        commit(batch);
    }
}

std::optional<LoadedPage> SimulatedHost::load(const LoadRequest& request) {
    LoadedPage expected = store_.load(request);
    if (!twin_) return expected;
    auto page = twin_->load(request);
    if (page && !same(*page, expected)) {
        observer_.differs(*this, "the store loads other messages");
    }
    return page;
}

bool SimulatedHost::maintain_store() {
    if (!twin_) {
        if (disk_full_) return true;
        const auto expired = store_.expire(now().wall);
        if (!expired.empty()) node_->expired_in_store(now(), expired, store_.pending_messages());
        return true;
    }
    auto expired = twin_->maintain(now().wall);
    if (!expired) {
        uncertain_expiry_ = now().wall;
        return false;
    }
    if (expired->empty()) return true;  // or it was full; what is left shows in the end
    std::sort(expired->begin(), expired->end());
    if (*expired != store_.expire(now().wall)) {
        observer_.differs(*this, "the store lets other messages expire");
    }
    node_->expired_in_store(now(), *expired, store_.pending_messages());
    return true;
}

/// As the daemon does when its store fails: it ends, and is started again.
void SimulatedHost::fail() {
    constexpr std::chrono::milliseconds pause{100};  // as the unit has it
    if (is_up()) ++store_failures_;
    twin_->close(false);
    end();
    events_.after(pause, [this, life = life_] {
        if (life == life_) restart();
    });
}

bool SimulatedHost::open_twin(Recovered& recovered) {
    auto opened = twin_->open(options_.limits.peers_max);
    if (!opened) {
        fail();
        return false;
    }
    recovered = std::move(*opened);
    settle();
    return true;
}

/// The store forgets strangers a month after it heard of them, by a clock that may jump.
std::vector<std::string> SimulatedHost::comparable(std::vector<std::string> contents) const {
    if (clock_jumped_) {
        std::erase_if(contents, [](const std::string& line) { return line.starts_with("peer|"); });
    }
    return contents;
}

/// After a failure the store knows what has become of its last batch, and that alone is open.
void SimulatedHost::settle() {
    const std::vector<std::string> there = comparable(twin_->contents());
    const auto batch = std::exchange(uncertain_batch_, std::nullopt);
    const auto expiry = std::exchange(uncertain_expiry_, std::nullopt);
    if (there == comparable(store_.contents())) return;
    SimulatedStore with = store_;
    BatchResult result;
    if (batch) result = with.commit(*batch);
    if (expiry) with.expire(*expiry);
    if (there != comparable(with.contents())) {
        return observer_.differs(*this, "the store has after a restart " +
                                            difference(there, comparable(store_.contents())));
    }
    store_ = std::move(with);
    if (batch) observer_.committed(*this, *batch, result);
}

void SimulatedHost::compare_stores() {
    if (!twin_ || !is_up()) return;
    const std::vector<std::string> there = comparable(twin_->contents());
    const std::vector<std::string> expected = comparable(store_.contents());
    if (there != expected) {
        observer_.differs(*this, "the store has " + difference(there, expected));
    }
}

bool SimulatedHost::spoil_disk(std::uint64_t operation, bool for_ever) {
    if (twin_) twin_->spoil(operation, for_ever);
    return twin_ != nullptr;
}

void SimulatedHost::mend_disk() {
    if (twin_) twin_->mend();
}

}  // namespace p2pd
