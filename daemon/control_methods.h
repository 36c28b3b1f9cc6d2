// daemon: what each method of the control protocol does. Includes all of daemon.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/control_protocol.h"
#include "daemon/control_server.h"
#include "daemon/core/node.h"
#include "daemon/receipt_waits.h"
#include "daemon/recent_ends.h"
#include "daemon/span_waits.h"
#include "daemon/waits.h"

namespace p2pd {

class Daemon;
class Store;

/// An answer that is an error; thrown by a method before it has answered.
struct ControlFailure {
    ErrorKind kind;
    std::string message;
    std::string hint = {};
};

/// One function a method. They run on the loop; what needs the store continues when it answers.
class ControlMethods {
public:
    explicit ControlMethods(Daemon& daemon);

    void add_to(ControlServer& server);
    /// Messages that changed after a cursor, in its order; a page.
    void changes(std::uint64_t since, std::function<void(std::vector<MessageRecord>)> done);
    /// The Node says what became of messages.
    void handle(const Event& event);
    /// The configuration has changed.
    void configured();

private:
    enum class Rights { everyone, administrators };
    enum class Order { in_turn, pipelined };
    /// `method` takes a Caller, Params and a Responder.
    template <class Params, class Method>
    void add(ControlServer& server, std::string name, Method method, Order order = Order::in_turn,
             Rights rights = Rights::everyone);
    void add_message_methods(ControlServer& server);
    void add_peer_methods(ControlServer& server);
    void add_service_methods(ControlServer& server);

    // control_methods_send.cpp
    void send(const Caller&, const SendParams& params, const Responder& responder);
    void reply(const Caller&, const ReplyParams& params, const Responder& responder);
    void wait(const Caller&, const WaitParams& params, const Responder& responder);
    void retry(const Caller&, const IdsParams& params, const Responder& responder);
    void cancel(const Caller&, const IdsParams& params, const Responder& responder);
    struct Sending {
        Responder responder;
        Endpoint peer;
        bool many = false;  ///< asked by send_many
        std::chrono::milliseconds timeout{0};
    };
    void start(SendRequest request, Sending sending);
    void sent(const SendOutcome& outcome);
    void wait_for(const WaitParams& params, std::vector<MessageRecord> records,
                  const Responder& responder);
    void begin_wait(const WaitParams& params, std::vector<MessageRecord> records,
                    const Responder& responder);
    void cancel_all(const std::vector<MessageRecord>& records);
    void answer_with(const std::vector<MessageId>& ids, const Responder& responder);

    // control_methods_many.cpp
    void send_many(const Caller&, SendManyParams params, const Responder& responder);
    void sent_many(const SendOutcome& outcome, const Sending& sending);
    void sent_again(const SendOutcome& outcome, const Sending& sending, SendManyResult result);
    std::vector<SentRun> ended_runs(const std::vector<MessageId>& ids,
                                    const std::vector<MessageRecord>& records) const;
    void wait_for_many(const SendOutcome& outcome, const Sending& sending,
                       std::vector<SentRun> ended, SendManyResult result);

    // control_methods_trace.cpp
    void trace(const Caller&, const TraceParams& params, const Responder& responder);

    // control_methods_receipts.cpp
    void receipt(const Caller&, const ReceiptParams& params, const Responder& responder);
    void ask_receipt(const ReceiptParams& params, const OutgoingMessage& message,
                     const std::optional<PeerRecord>& stored, const Responder& responder);

    // control_methods_read.cpp
    void list(const Caller&, const ListParams& params, const Responder& responder);
    void get(const Caller&, const IdsParams& params, const Responder& responder);
    void thread(const Caller&, const ThreadParams& params, const Responder& responder);
    void search(const Caller&, const SearchParams& params, const Responder& responder);
    void mark(const Caller&, const MarkParams& params, const Responder& responder);
    void edited(const std::optional<std::uint64_t>& count, const Responder& responder);
    void remove(const Caller&, const IdsParams& params, const Responder& responder);
    void purge(const Caller&, const PurgeParams& params, const Responder& responder);

    // control_methods_service.cpp
    void hello(const Caller& caller, const HelloParams& params, const Responder& responder);
    void status(const Caller&, const NoParams& params, const Responder& responder);
    void metrics(const Caller&, const NoParams& params, const Responder& responder);
    void config(const Caller&, const NoParams& params, const Responder& responder);
    void reload(const Caller&, const NoParams& params, const Responder& responder);
    void log_level(const Caller& caller, const LogLevelParams& params, const Responder& responder);
    void discover(const Caller&, const NoParams& params, const Responder& responder);
    // control_methods_peers.cpp
    void peers_list(const Caller&, const PeersListParams& params, const Responder& responder);
    void peers_names(const Caller&, const PeersNamesParams& params, const Responder& responder);
    void peers_add(const Caller&, const PeerAddParams& params, const Responder& responder);
    void peers_rename(const Caller&, const PeerRenameParams& params, const Responder& responder);
    void peers_remove(const Caller&, const PeerParams& params, const Responder& responder);
    void peers_show(const Caller&, const PeerParams& params, const Responder& responder);
    void set_name(const Endpoint& endpoint, const std::optional<std::string>& name,
                  const std::optional<Dialect>& dialect, const Responder& responder);
    void overlay(PeerRecord& record) const;

    // control_methods_groups.cpp
    void groups_list(const Caller&, const NoParams& params, const Responder& responder);
    void groups_add(const Caller&, const GroupAddParams& params, const Responder& responder);
    void groups_remove(const Caller&, const GroupRemoveParams& params, const Responder& responder);

    // control_methods_transfer.cpp
    void export_page(const Caller&, const ExportParams& params, const Responder& responder);
    void import_records(const Caller&, const ImportParams& params, const Responder& responder);
    void backup(const Caller&, const NoParams& params, const Responder& responder);
    void continue_backup(const Responder& responder);

    /// Of an unfinished message that is in memory.
    std::optional<std::uint32_t> attempts(MessageId id) const;
    bool is_admin(const Caller& caller) const;
    /// An address, or a name of the book; throws ControlFailure.
    Endpoint resolve(const std::string& peer);
    std::optional<Endpoint> resolve(const std::optional<std::string>& peer);

    Daemon& daemon_;
    RecentEnds recent_ends_;
    Waits waits_;
    SpanWaits span_waits_;
    ReceiptWaits receipt_waits_;
    std::map<std::int64_t, Sending> sending_;  ///< by ticket
    std::string resolved_text_;  ///< the latest address, as the next is often the same
    Endpoint resolved_;
    std::set<std::uint32_t> admins_;
    std::vector<Json> descriptions_;
};

/// Throws ControlFailure for the first of `ids` that is not in `found`.
void require_all(const std::vector<std::uint64_t>& ids, const std::vector<MessageRecord>& found,
                 MessageId newest);
void require_ids(const std::vector<std::uint64_t>& ids);
SendTrouble name_of(Trouble trouble);

}  // namespace p2pd
