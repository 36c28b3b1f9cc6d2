// daemon: owns the loop, the store thread, the Node and the shells, and joins them. Includes all of
// daemon.
#include "daemon/daemon.h"

#include <csignal>
#include <random>

#include <boost/asio/post.hpp>

#include "common/log_ids.h"
#include "daemon/config_limits.h"
#include "daemon/control_methods.h"
#include "daemon/message_log.h"

namespace p2pd {

namespace {

constexpr std::size_t transmits_max = 256;  // then the loop looks at what has come in

WallTime wall_now() {
    return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

/// A batch that is stored, and how long that took with its sync.
struct TimedCommit {
    BatchResult result;
    Duration took;
};

TimedCommit timed_commit(Store& store, const StoreBatch& batch) {
    const auto begin = std::chrono::steady_clock::now();
    BatchResult result = store.commit(batch);
    const auto took = std::chrono::steady_clock::now() - begin;
    return {std::move(result), std::chrono::duration_cast<Duration>(took)};
}

/// Brings the bus the answers to what it asked.
class BusRequester : public Requester {
public:
    explicit BusRequester(BusServer& bus) : bus_(bus) {}
    void answer(std::string_view line, bool /*holds*/) override { bus_.answer(line); }

private:
    BusServer& bus_;
};

/// What comes while all is being closed would end the process before it is.
void block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

std::uint64_t random_seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) | device();
}

}  // namespace

Daemon::Daemon(Config config, ConfigSources sources, Log& log)
    : config_(std::move(config)),
      sources_(std::move(sources)),
      log_(log),
      started_at_(wall_now()),
      opened_store_(std::make_unique<Store>(store_options(config_))),
      book_(opened_store_->book()),
      node_(node_limits(config_), opened_store_->recover(config_.peers_max), random_seed()),
      peer_socket_(loop_, listen_endpoints(config_), passed_sockets()),
      control_server_(loop_, config_.socket, config_.socket_group, control_limits(config_)),
      bus_server_(loop_, config_.dbus, bus_hooks()),
      bus_requester_(std::make_shared<BusRequester>(bus_server_)),
      signals_(loop_, SIGTERM, SIGINT, SIGHUP),
      node_timer_(loop_),
      watchdog_timer_(loop_),
      housekeeping_timer_(loop_),
      methods_(std::make_unique<ControlMethods>(*this)) {
    for (const std::string& warning : opened_store_->warnings()) {
        log_.warning(warning, {.message_id = log_id::store_warning});
    }
    changed(opened_store_->counts().last_cursor);
    store_thread_ = std::make_unique<StoreThread>(
        loop_, std::move(opened_store_), [this](const Maintenance& done) { maintained(done); },
        [this] { loop_.stop(); });
    methods_->add_to(control_server_);
}

/// What nobody listens on any more is closed, here and by the service manager.
PassedSockets Daemon::passed_sockets() {
    PassedSockets passed = sort_passed(take_passed_descriptors(), listen_endpoints(config_));
    std::vector<std::string> names;
    for (const PassedDescriptor& one : passed.unwanted) {
        const auto address = udp_address(one.get());
        log_.warning(
            "closing the passed descriptor " + one.name() + ": " +
                (address ? address->text() + " is not listened on" : "it is no UDP socket"),
            {.message_id = log_id::socket_closed});
        names.push_back(one.name());
    }
    passed.unwanted.clear();
    if (!names.empty() && !notifier_.forget(names)) {
        log_.warning("the service manager has not closed them: their ports may be in use",
                     {.message_id = log_id::socket_closed});
    }
    return passed;
}

void Daemon::keep_sockets() {
    for (const PeerSocket::ToKeep& socket : peer_socket_.to_keep()) {
        if (notifier_.keep(socket.descriptor, socket.name)) continue;
        log_.warning(
            "the service manager does not keep the UDP sockets over a restart: what "
            "arrives meanwhile must be sent again",
            {.message_id = log_id::sockets_not_kept});
        return;
    }
}

Daemon::~Daemon() = default;  // where ControlMethods is known

Now Daemon::now() const {
    const auto monotonic = std::chrono::steady_clock::now().time_since_epoch();
    return {Instant{std::chrono::duration_cast<Duration>(monotonic)}, wall_now()};
}

void Daemon::run() {
    control_server_.set_warn([this](const std::string& what) {
        log_.limited("control", LogLevel::warning, what, {.message_id = log_id::control_trouble});
    });
    peer_socket_.start(
        {.received = [this](const Endpoint& from, const Endpoint& local,
                            std::string_view bytes) { node_.receive(now(), from, local, bytes); },
         .drained = [this] { flush(); },
         .writable = [this] { flush(); },
         .too_large =
             [this](const Endpoint& peer) {
                 node_.too_large(now(), peer);
                 schedule_flush();
             },
         .encoded = [this](const Transmit& transmit,
                           std::size_t bytes) { node_.encoded(transmit, bytes); },
         .refused = [this](const Endpoint& peer,
                           Trouble what) { node_.trouble(now(), peer, what); }});
    control_server_.start();
    bus_server_.start();
    wait_for_signal();
    start_watchdog();
    flush();
    for (const Endpoint& endpoint : peer_socket_.awaited()) {
        log_.warning("no interface has the address of " + endpoint.text() + " yet: waiting for it",
                     {.message_id = log_id::address_awaited});
    }
    log_.info("p2pd " P2PD_VERSION " is ready, " + status_text(), {.message_id = log_id::ready});
    keep_sockets();
    notifier_.ready(status_text());
    watch();
    loop_.run();
    if (const auto failure = store_thread_->finish()) throw StoreFailure(*failure);
    block_signals();
    log_.info("p2pd has stopped", {.message_id = log_id::stopped});
}

void Daemon::schedule_flush() {
    if (std::exchange(flush_scheduled_, true)) return;
    boost::asio::post(loop_, [this] {
        flush_scheduled_ = false;
        flush();
    });
}

/// One function decides, the others do; every event ends here.
void Daemon::flush() {
    handle_events();
    commit(!queries_.empty());
    run_queries();
    look_up_receipts();
    transmit();
    load();  // what was transmitted may have made a wish
    handle_events();
    arm_timer();
}

void Daemon::handle_events() {
    for (const Event& event : node_.take_events()) {
        counters_.count(event);
        methods_->handle(event);
    }
}

void Daemon::commit(bool lazily_too) {
    auto batch = node_.take_batch(now(), lazily_too);
    if (!batch) return;
    store_thread_->post([batch](Store& store) { return timed_commit(store, *batch); },
                        [this, batch](const TimedCommit& done) {
                            if (!done.result.full) counters_.commits.add(done.took);
                            committed(*batch, done.result);
                        });
}

/// The disk and the peers have waited for this, so they get what is next before clients are told,
/// and the log comes last.
void Daemon::committed(const StoreBatch& batch, const BatchResult& result) {
    node_.stored(now(), result);
    commit(!queries_.empty());
    transmit();
    changed(result.last_cursor);
    flush();
    log_received(log_, batch, result);
    if (node_.disk_full() != was_disk_full_) log_changes();
}

/// Whoever asks sees what was answered before: queries wait for the batch that holds it.
void Daemon::run_queries() {
    // With a full disk there is nothing to wait for: what is stored can still be read.
    if (node_.anything_unstored() && !node_.disk_full()) return;
    for (auto& query : std::exchange(queries_, {})) query();
}

void Daemon::load() {
    for (const LoadRequest& request : node_.take_loads()) {
        store_thread_->post([request](Store& store) { return store.load(request); },
                            [this, peer = request.peer](LoadedPage page) {
                                node_.loaded(now(), peer, std::move(page));
                                flush();
                            });
    }
}

void Daemon::look_up_receipts() {
    const auto questions = node_.take_receipt_questions();
    if (questions.empty()) return;
    using Answers = std::vector<std::pair<ReceiptKey, std::optional<ReadMarks>>>;
    store_thread_->post(
        [questions](Store& store) {
            Answers answers;
            for (const ReceiptKey& about : questions) {
                answers.emplace_back(about, store.read_marks(about));
            }
            return answers;
        },
        [this](const Answers& answers) {
            for (const auto& [about, marks] : answers) node_.answer_receipt(now(), about, marks);
            flush();
        });
}

void Daemon::transmit() {
    if (!peer_socket_.can_send()) return;
    const auto transmits = node_.take_transmits(now(), transmits_max);
    peer_socket_.send(transmits);
    if (transmits.size() == transmits_max) schedule_flush();
}

void Daemon::arm_timer() {
    const auto next = node_.next_timeout();
    if (!next) {
        node_timer_.cancel();
        return;
    }
    const auto due = std::chrono::steady_clock::time_point(next->time_since_epoch());
    if (node_timer_.expiry() == due) return;
    node_timer_.expires_at(due);
    node_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        node_.timeout(now());
        flush();
    });
}

void Daemon::maintained(const Maintenance& done) {
    if (!done.expired.empty()) node_.expired_in_store(now(), done.expired, done.pending_messages);
    changed(done.last_cursor);
    flush();
}

void Daemon::changed(Cursor cursor) {
    control_server_.changed(cursor);
    bus_server_.changed(cursor);
}

BusServer::Hooks Daemon::bus_hooks() {
    return {.ask =
                [this](std::uint32_t uid, std::string_view line) {
                    control_server_.request({uid, 0}, line, bus_requester_);
                },
            .changes = [this](std::uint64_t since,
                              auto done) { methods_->changes(since, std::move(done)); },
            .report =
                [this](bool usable, const std::string& what) {
                    if (usable) {
                        log_.info("on the message bus as " + what,
                                  {.message_id = log_id::bus_joined});
                    } else {
                        log_.warning("the message bus cannot be used: " + what +
                                         "; everything else works, and it is tried again",
                                     {.message_id = log_id::bus_lost});
                    }
                }};
}

}  // namespace p2pd
