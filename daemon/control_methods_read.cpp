// daemon: methods that read, mark and delete messages. Includes all of daemon.
#include <algorithm>
#include <array>
#include <chrono>

#include "daemon/control_continuation.h"
#include "daemon/control_methods.h"
#include "daemon/daemon.h"

namespace p2pd {

namespace {

void check_limit(std::uint32_t limit) {
    if (limit >= 1 && limit <= page_messages_max) return;
    throw ControlFailure{error_params,
                         "\"limit\": must be 1 to " + std::to_string(page_messages_max)};
}

/// Answers with a page.
auto page_to(const Responder& responder) {
    return [responder](const MessagesResult& page) mutable { responder.result(page); };
}

/// A change of the store that a full disk can stop: how many messages it changed.
struct Changed {
    Lookup lookup;
    std::optional<std::uint64_t> count;
};

bool is_pending(const MessageRecord& record) {
    return record.dir == Direction::out && !is_final(record.state);
}

}  // namespace

void ControlMethods::edited(const std::optional<std::uint64_t>& count, const Responder& responder) {
    if (!count) {
        throw ControlFailure{error_disk_full, "the disk is full, nothing was changed",
                             "make room on the disk"};
    }
    daemon_.counts_changed();
    responder.result(CountResult{*count});
}

void ControlMethods::list(const Caller& /*caller*/, const ListParams& params,
                          const Responder& responder) {
    check_limit(params.limit);
    daemon_.query(
        [params, peer = resolve(params.peer)](Store& store) { return store.list(params, peer); },
        page_to(responder));
}

void ControlMethods::get(const Caller& /*caller*/, const IdsParams& params,
                         const Responder& responder) {
    require_ids(params.ids);
    daemon_.query(
        [ids = params.ids](Store& store) {
            return Lookup{store.get(ids), store.counts().newest_id};
        },
        answering(responder, [ids = params.ids, responder](Lookup found) mutable {
            require_all(ids, found.records, found.newest);
            responder.result(MessagesResult{std::move(found.records), false});
        }));
}

void ControlMethods::thread(const Caller& /*caller*/, const ThreadParams& params,
                            const Responder& responder) {
    check_limit(params.limit);
    if (params.peer.has_value() == params.id.has_value()) {
        throw ControlFailure{error_params, "give either \"peer\" or \"id\""};
    }
    if (params.peer) {
        daemon_.query([params, peer = resolve(*params.peer)](
                          Store& store) { return store.thread(params, peer); },
                      page_to(responder));
        return;
    }
    struct Thread {
        std::optional<MessagesResult> page;  ///< none: there is no such message
        MessageId newest = 0;
    };
    daemon_.query(
        [params](Store& store) {
            const std::array ids{*params.id};
            const std::vector<MessageRecord> found = store.get(ids);
            const MessageId newest = store.counts().newest_id;
            if (found.empty()) return Thread{std::nullopt, newest};
            const Endpoint peer = parse_endpoint(found.front().peer, 0).value_or(Endpoint{});
            return Thread{store.thread(params, peer), newest};
        },
        answering(responder, [params, responder](const Thread& thread) {
            if (!thread.page) require_all({*params.id}, {}, thread.newest);
            responder.result(*thread.page);
        }));
}

void ControlMethods::search(const Caller& /*caller*/, const SearchParams& params,
                            const Responder& responder) {
    check_limit(params.limit);
    if (params.words.empty()) throw ControlFailure{error_params, "\"words\": must not be empty"};
    daemon_.query(
        [params, peer = resolve(params.peer)](Store& store) { return store.search(params, peer); },
        page_to(responder));
}

void ControlMethods::mark(const Caller& /*caller*/, const MarkParams& params,
                          const Responder& responder) {
    if (params.all != params.ids.empty()) {
        throw ControlFailure{error_params, "give either \"ids\" or \"all\": true"};
    }
    if (params.all && params.handled) {
        throw ControlFailure{error_params, "\"handled\": not with \"all\""};
    }
    if (!params.all) require_ids(params.ids);
    daemon_.query(
        [params](Store& store) {
            Changed changed{{store.get(params.ids), store.counts().newest_id}, 0};
            if (changed.lookup.records.size() < params.ids.size()) return changed;
            changed.count = params.handled ? store.mark_handled(params.ids)
                                           : store.mark(params.ids, params.all, params.read);
            return changed;
        },
        answering(responder, [this, params, responder](const Changed& changed) {
            require_all(params.ids, changed.lookup.records, changed.lookup.newest);
            daemon_.node().marked(daemon_.now(), params.ids);
            edited(changed.count, responder);
        }));
}

void ControlMethods::remove(const Caller& /*caller*/, const IdsParams& params,
                            const Responder& responder) {
    require_ids(params.ids);
    daemon_.query(
        [ids = params.ids](Store& store) {
            Changed changed{{store.get(ids), store.counts().newest_id}, 0};
            const auto& records = changed.lookup.records;
            const bool all_there = records.size() == ids.size();
            if (all_there && std::none_of(records.begin(), records.end(), is_pending)) {
                changed.count = store.remove(ids);
            }
            return changed;
        },
        answering(responder, [this, ids = params.ids, responder](const Changed& changed) {
            require_all(ids, changed.lookup.records, changed.lookup.newest);
            for (const MessageRecord& record : changed.lookup.records) {
                if (!is_pending(record)) continue;
                const std::string id = std::to_string(record.id);
                throw ControlFailure{error_wrong_state, "message " + id + " is still being sent",
                                     "p2pctl cancel " + id};
            }
            edited(changed.count, responder);
        }));
}

void ControlMethods::purge(const Caller& /*caller*/, const PurgeParams& params,
                           const Responder& responder) {
    constexpr std::uint64_t century_s = 100ULL * 366 * 24 * 3600;
    if (params.older_than_s > century_s) {
        throw ControlFailure{error_params, "\"older_than_s\": must be at most 100 years"};
    }
    const WallTime before = daemon_.now().wall - std::chrono::seconds{params.older_than_s};
    daemon_.query(
        [before](Store& store) { return store.purge(before); },
        answering(responder, [this, responder](const std::optional<std::uint64_t>& count) {
            edited(count, responder);
        }));
}

}  // namespace p2pd
