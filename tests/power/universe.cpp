// tests/power: the life of one store under power cuts and failures. Includes std, daemon/store.
#include "tests/power/universe.h"

#include <algorithm>

namespace p2pd::test {

namespace {

constexpr int starts_max = 10;
constexpr WallTime beginning{std::chrono::seconds(1'800'000'000)};

/// The empty disk of a first start, or a store just made, which saves making it each time.
MemoryDisk copy_of(const MemoryDisk& fresh, std::uint64_t seed) {
    return seed % 8 == 0 ? MemoryDisk(seed) : MemoryDisk(fresh, seed);
}

}  // namespace

Universe::Universe(std::uint64_t seed, const MemoryDisk& fresh, bool policy_p)
    : random_(seed ^ 0x5bd1e995),
      disk_(copy_of(fresh, seed)),
      vfs_(disk_),
      options_(vfs_.options()),
      possible_(1),
      now_(beginning) {
    seed_sqlite(seed);
    options_.policy_p = policy_p;
    options_.pack_messages_min = 2 + random_.below(4);
    options_.checkpoint_bytes = std::size_t{15000} << random_.below(5);
    options_.move_ahead = random_.one_in(3) ? MoveAhead::never : MoveAhead::next;
    options_.move_bytes_min = std::size_t{5000} << random_.below(3);
}

std::string Universe::run() {
    start();
    for (std::uint64_t steps = 4 + random_.below(12); steps > 0 && problem_.empty(); --steps) {
        now_ += std::chrono::seconds(random_.below(3600));
        if (random_.one_in(3)) plan_fault();
        step();
        if (problem_.empty() && !store_) start();
    }
    if (problem_.empty()) {
        disk_.power_cut();
        store_.reset();
        start();
    }
    store_.reset();
    ledger_.universes = 1;
    ledger_.disk = disk_.counters();
    return problem_;
}

void Universe::step() {
    switch (random_.below(24)) {
        case 0:
            return mark();
        case 1:
            return remove();
        case 2:
            return purge();
        case 3:
        case 4:
            return maintain();
        case 5:
            return search();
        case 6:
            return checkpoint();
        case 7:
            return fill_or_empty_disk();
        case 8:
        case 9:
            return repeat_batch();
        case 10:
        case 11:
        case 12:
            return stop();
        default:
            return exchange();
    }
}

/// Runs what may end the store; it is down then, as the process would be.
template <class Work>
void Universe::survive(Work&& work) {
    try {
        work();
    } catch (const StoreFailure& failure) {
        ++ledger_.store_failures;
        // A power cut in what is not waited for, as the witness, shows with what comes next.
        const bool is_dead = disk_.generation() != generation_;
        if (!disk_.has_failed() && !full_ && !is_dead)
            fail("failed without a fault: " + std::string(failure.what()));
        if (random_.one_in(2)) disk_.end_process();
        store_.reset();
        if (random_.one_in(3)) disk_.power_cut();
    }
}

void Universe::commit(const StoreBatch& batch) {
    Model after = model();
    after.commit(batch);
    const Model before = model();
    possible_ = {before, after};
    survive([&] {
        const BatchResult result = store_->commit(batch);
        possible_ = {result.full ? before : after};
        if (result.full) {
            ++ledger_.fulls;
        } else {
            ledger_.confirmed += batch.received.size() + batch.accepted.size();
        }
    });
}

void Universe::exchange() {
    last_batch_ = make_batch();
    commit(last_batch_);
}

/// Peers and clients send again what they have, or have not, seen confirmed.
void Universe::repeat_batch() {
    last_batch_.updates.clear();
    std::erase_if(last_batch_.accepted,
                  [](const OutgoingMessage& message) { return message.request_id.empty(); });
    std::int64_t first_us = model().last_stamp_us() + 1;
    for (OutgoingMessage& message : last_batch_.accepted) {
        message.first_us = first_us;
        first_us += static_cast<std::int64_t>(message.part_ends.size());
    }
    last_batch_.last_stamp_us = first_us - 1;
    commit(last_batch_);
}

void Universe::mark() {
    const std::vector<MessageId> ids = some_ids();
    const bool read = !random_.one_in(4);
    Model after = model();
    after.mark(ids, read);
    expect({model(), after});
    survive([&] {
        if (store_->mark(ids, false, read)) return expect({after});
        ++ledger_.fulls;
        possible_.pop_back();
    });
}

void Universe::remove() {
    const std::vector<MessageId> ids = some_ids();
    Model after = model();
    after.remove(ids);
    expect({model(), after});
    survive([&] {
        if (store_->remove(ids)) return expect({after});
        ++ledger_.fulls;
        possible_.pop_back();
    });
}

void Universe::purge() {
    const WallTime before = now_ - std::chrono::hours(random_.below(20));
    Model half = model();
    half.purge_received(before);
    Model after = half;
    after.purge_sent(before);
    expect({model(), half, after});
    survive([&] {
        if (store_->purge(before)) return expect({after});
        ++ledger_.fulls;
        possible_.pop_back();
        look();
    });
}

/// Which of its transactions found room it does not say.
void Universe::maintain() {
    Model expired = model();
    expired.expire(now_);
    Model joined = model();
    joined.join_overdue(now_ - options_.part_timeout);
    Model both = expired;
    both.join_overdue(now_ - options_.part_timeout);
    expect({model(), expired, joined, both});
    survive([&] {
        store_->maintain(now_);
        look();
    });
}

void Universe::search() {
    if (model().rows().empty()) return;
    const MessageId id = some_id();
    const Model::Row& row = model().rows().at(id);
    SearchParams params;
    params.words = row.text.substr(0, row.text.find(' '));
    const std::uint64_t no_room = disk_.counters().no_room;
    survive([&] {
        const MessagesResult found = store_->search(params, row.peer);
        const bool there =
            std::any_of(found.messages.begin(), found.messages.end(),
                        [&](const MessageRecord& record) { return record.id == id; });
        if (!there && no_room == disk_.counters().no_room) fail("not found by a search");
    });
}

void Universe::checkpoint() {
    survive([&] { store_->checkpoint(); });
}

void Universe::fill_or_empty_disk() {
    full_ = !full_;
    disk_.set_full(full_);
}

/// An orderly end, a kill, or the power.
void Universe::stop() {
    if (random_.one_in(4)) checkpoint();
    if (!problem_.empty()) return;
    if (random_.one_in(2)) disk_.end_process();
    store_.reset();
    if (random_.one_in(2)) disk_.power_cut();
}

void Universe::plan_fault() {
    // As often as they matter.
    static constexpr std::array kinds{
        DiskOperation::sync,  DiskOperation::sync,     DiskOperation::sync, DiskOperation::write,
        DiskOperation::write, DiskOperation::truncate, DiskOperation::open, DiskOperation::read};
    DiskFault fault;
    const std::uint64_t what = random_.below(10);
    fault.kind = what < 6   ? DiskFault::Kind::io_error
                 : what < 7 ? DiskFault::Kind::full
                            : DiskFault::Kind::power_cut;
    if (!random_.one_in(4)) fault.operation = kinds.at(random_.below(kinds.size()));
    fault.at = 1 + random_.below(fault.operation ? 5 : 40);
    fault.for_ever = random_.one_in(4);
    disk_.fail(fault);
}

void Universe::start() {
    ++ledger_.restarts;
    for (int attempt = 0; problem_.empty() && !try_to_start(); ++attempt) {
        if (attempt < 2) continue;
        if (attempt > starts_max) {
            ++ledger_.lost;
            return fail("it does not start any more");
        }
        disk_.heal();
        disk_.set_full(full_ = false);
    }
}

bool Universe::try_to_start() {
    generation_ = disk_.generation();
    survive([&] {
        store_ = std::make_unique<Store>(options_);
        look();
    });
    return store_ != nullptr;
}

void Universe::expect(std::vector<Model> possible) {
    possible_ = std::move(possible);
}

void Universe::fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
    ledger_.broken = 1;
}

}  // namespace p2pd::test
