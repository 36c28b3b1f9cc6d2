// ctl: the command watch. Includes std, POSIX and common.
#include <algorithm>
#include <poll.h>

#include "ctl/bookmark.h"
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/desktop_notifier.h"
#include "ctl/english_texts.h"
#include "ctl/hook.h"
#include "ctl/language.h"
#include "ctl/message_filter.h"
#include "ctl/peer_lookup.h"
#include "ctl/subscription.h"

namespace p2pd {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds watch_timeout_max = std::chrono::hours{24 * 365};
constexpr milliseconds hook_delay_min{1000};
constexpr milliseconds hook_delay_max{60'000};
constexpr std::uint64_t attempts_default = 5;

MessageFilter filter_of(Context& context) {
    const Arguments& arguments = context.arguments();
    MessageFilter filter;
    if (const auto from = arguments.text("from")) filter.peers = peer_addresses(context, *from);
    filter.grep = arguments.text("grep");
    if (const auto types = arguments.text("types")) {
        filter.types = parse_types(*types);
    } else if (!arguments.has("all")) {
        filter.types = {"received"};
    }
    return filter;
}

std::optional<Bookmark> bookmark_of(const Arguments& arguments) {
    if (const auto name = arguments.text("cursor")) return std::make_optional<Bookmark>(*name);
    return std::nullopt;
}

/// --since wins: whoever gives it wants to go back.
std::optional<std::uint64_t> start_of(const Arguments& arguments,
                                      const std::optional<Bookmark>& bookmark) {
    if (const auto since = arguments.number("since", 0, UINT64_MAX)) return since;
    return bookmark ? bookmark->cursor() : std::nullopt;
}

Json set_aside_json(const SetAside& message) {
    return {{"id", message.id}, {"reason", message.why}};
}

/// Shows messages on the desktop. One that cannot be shown is not tried again, as it is in the
/// inbox; each later one is, and nothing is said before that succeeds.
class DesktopMessages {
public:
    explicit DesktopMessages(Context& context) : context_(context) {}

    void show(const MessageRecord& record) {
        if (const auto problem = notifier_.show(record)) {
            if (missed_++ == 0) {
                context_.remark(tr("#{1} is not shown: {2}", record.id, *problem));
            }
        } else if (missed_ > 0) {
            context_.remark(tr("messages are shown again; not shown: {1}", missed_));
            missed_ = 0;
        }
    }

private:
    Context& context_;
    DesktopNotifier notifier_;
    std::uint64_t missed_ = 0;
};

/// Prints what the subscription gives and the options ask for, or has a program or the desktop
/// take it.
class Watch {
public:
    explicit Watch(Context& context)
        : context_(context),
          filter_(filter_of(context)),
          hook_(hook_of(context.arguments())),
          desktop_(desktop_of(context)),
          bookmark_(bookmark_of(context.arguments())),
          subscription_(context, start_of(context.arguments(), bookmark_), [this] { rest(); }),
          count_(context.arguments().number("count", 1, UINT64_MAX)),
          attempts_(context.arguments().number("attempts", 1, 100).value_or(attempts_default)) {
        if (const auto timeout = context.arguments().duration("timeout", watch_timeout_max)) {
            deadline_ = std::chrono::steady_clock::now() + *timeout;
        }
    }

    ExitCode run() {
        while (!is_done()) {
            const auto record = subscription_.next(deadline_);
            if (!record) break;
            take(*record);
        }
        rest();
        return is_done() || (!count_ && taken_ > 0) ? ExitCode::done : ExitCode::negative;
    }

private:
    bool is_done() const { return count_ && taken_ >= *count_; }

    static std::vector<std::string> hook_of(const Arguments& arguments) {
        std::vector<std::string> words;
        if (const auto program = arguments.text("exec")) {
            words.push_back(*program);
            words.insert(words.end(), arguments.words.begin(), arguments.words.end());
        } else if (!arguments.words.empty()) {
            throw ControlError(error_usage, tr("watch takes no words without --exec"),
                               tr("p2pctl watch --from PEER"));
        }
        return words;
    }

    static std::optional<DesktopMessages> desktop_of(Context& context) {
        if (!context.arguments().has("notify")) return std::nullopt;
        if (context.arguments().has("exec")) {
            throw ControlError(error_usage, tr("--notify and --exec cannot be given together"),
                               tr("run one watch for each"));
        }
        return std::make_optional<DesktopMessages>(context);
    }

    /// Nothing more for now: what was taken is written, and need not come again.
    void rest() {
        context_.out().flush();
        if (bookmark_) bookmark_->save(subscription_.cursor());
    }

    void take(const MessageRecord& record) {
        if (!filter_.wants(record)) return;
        ++taken_;
        if (!hook_.empty()) return run(record);
        if (desktop_) return desktop_->show(record);
        if (context_.json()) return context_.print_json("message", message_json(record));
        const bool both = filter_.types != std::set<std::string, std::less<>>{"received"};
        context_.print(message_table({&record, 1}, both ? Columns::both : Columns::received,
                                     context_.style()));
    }

    /// Once for a message, until it succeeds; each time later.
    void run(const MessageRecord& record) {
        context_.out().flush();  // or another process would print it, too
        HookEnd end;
        auto delay = hook_delay_min;
        for (std::uint64_t attempt = 1; attempt <= attempts_; ++attempt) {
            if (attempt > 1) {
                ::poll(nullptr, 0, static_cast<int>(delay.count()));
                delay = std::min(delay * 2, hook_delay_max);
            }
            end = run_hook(hook_, record, [&] { note_success(record); });
            if (end.succeeded) break;
            context_.remark(
                tr("{1} failed for #{2}: {3}", hook_.front(), record.id, in_language(end.what)));
        }
        if (end.succeeded) {
            if (bookmark_) bookmark_->saved(subscription_.cursor());
        } else {
            set_aside({record.id, end.what});
            if (bookmark_) bookmark_->save(subscription_.cursor());
        }
    }

    /// In another process: this one may have been killed meanwhile.
    void note_success(const MessageRecord& record) {
        if (bookmark_) bookmark_->save(subscription_.cursor());
        if (record.dir != Direction::in) return;
        context_.disconnect();  // that connection is the other's
        mark_handled(record.id);
    }

    /// For its sender, who may wait for that. It is done, whether that can be said or not.
    void mark_handled(std::uint64_t id) {
        MarkParams params;
        params.ids = {id};
        params.handled = true;
        for (const bool again : {false, true}) {
            try {
                context_.call("mark", write_fields(params));
                return;
            } catch (const ControlError& error) {
                context_.disconnect();  // it may have been to a daemon that has gone since
                if (!again) continue;
                context_.remark(tr("#{1} is not marked as handled: {2}", id, error.what()));
            }
        }
    }

    void set_aside(const SetAside& message) {
        context_.remark(tr("#{1} is set aside", message.id));
        if (context_.json()) context_.print_json("set_aside", set_aside_json(message));
        if (bookmark_) bookmark_->set_aside(message);
    }

    Context& context_;
    MessageFilter filter_;
    std::vector<std::string> hook_;  ///< empty: messages are printed or shown
    std::optional<DesktopMessages> desktop_;
    std::optional<Bookmark> bookmark_;
    Subscription subscription_;
    std::optional<std::uint64_t> count_;
    std::uint64_t attempts_;
    std::optional<SteadyTime> deadline_;
    std::uint64_t taken_ = 0;
};

/// What hooks have failed for, and why.
ExitCode list_failed(Context& context) {
    const auto bookmark = bookmark_of(context.arguments());
    if (!bookmark) throw ControlError(error_usage, tr("--failed needs --cursor NAME"));
    const std::vector<SetAside> all = bookmark->aside();
    for (const SetAside& each : all) {
        if (context.json()) {
            context.print_json("set_aside", {{"id", each.id}, {"reason", each.why}});
        } else {
            context.print("#" + std::to_string(each.id) + ": " + in_language(each.why) + "\n");
        }
    }
    context.out().flush();
    return all.empty() ? ExitCode::negative : ExitCode::done;
}

}  // namespace

ExitCode run_watch(Context& context) {
    if (context.arguments().has("failed")) return list_failed(context);
    return Watch(context).run();
}

}  // namespace p2pd
