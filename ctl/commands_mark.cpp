// ctl: the commands that change messages: read, unread, retry, cancel, delete, purge. Includes
// std, POSIX and common.
#include <algorithm>
#include <array>
#include <unistd.h>

#include "common/terminal_text.h"
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/language.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

/// What was done to so many messages.
using Said = std::string (*)(std::uint64_t count);

std::string said_read(std::uint64_t count) {
    return tr_count("{1} message marked as read", "{1} messages marked as read", count);
}

std::string said_handled(std::uint64_t count) {
    return tr_count("{1} message marked as handled", "{1} messages marked as handled", count);
}

std::string said_unread(std::uint64_t count) {
    return tr_count("{1} message marked as unread", "{1} messages marked as unread", count);
}

std::string said_queued(std::uint64_t count) {
    return tr_count("{1} message queued again", "{1} messages queued again", count);
}

std::string said_cancelled(std::uint64_t count) {
    return tr_count("{1} message cancelled", "{1} messages cancelled", count);
}

std::string said_deleted(std::uint64_t count) {
    return tr_count("{1} message deleted", "{1} messages deleted", count);
}

ExitCode print_count(Context& context, std::uint64_t count, Said what) {
    if (context.json()) {
        context.print_json("count", Json{{"count", count}});
    } else if (!context.quiet()) {
        context.print(what(count) + "\n");
    }
    return ExitCode::done;
}

/// Asks `method` for the ids, a thousand at a time, and hands each answer to `use`.
template <class Params, class Use>
void ask_for_ids(Context& context, std::string_view method, Params params, const Use& use) {
    const auto ids = context.arguments().ids();
    for (std::size_t first = 0; first < ids.size(); first += ids_max) {
        const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(first);
        params.ids.assign(
            begin, begin + static_cast<std::ptrdiff_t>(std::min(ids_max, ids.size() - first)));
        use(context.call(method, write_fields(params)));
    }
}

/// For methods that answer how many messages they changed.
template <class Params>
ExitCode change(Context& context, std::string_view method, const Params& params, Said what) {
    std::uint64_t count = 0;
    ask_for_ids(context, method, params,
                [&](const Json& result) { count += parse_result<CountResult>(result).count; });
    return print_count(context, count, what);
}

/// For methods that answer the messages as they are now.
ExitCode change_sent(Context& context, std::string_view method, Said what) {
    std::uint64_t count = 0;
    ask_for_ids(context, method, IdsParams{}, [&](const Json& result) {
        const auto records = parse_messages(result).messages;
        count += records.size();
        if (!context.json()) return;
        for (const auto& record : records) context.print_json("message", message_json(record));
    });
    return context.json() ? ExitCode::done : print_count(context, count, what);
}

/// Asks on the terminal; without one there is nobody to ask, and the answer is yes.
bool is_sure(const Context& context, const std::string& question) {
    if (context.arguments().has("yes") || !::isatty(STDIN_FILENO) || !::isatty(STDERR_FILENO)) {
        return true;
    }
    write_all(STDERR_FILENO, question + " " + tr("[y/N]") + " ");
    std::array<char, 64> answer{};
    const ssize_t size = ::read(STDIN_FILENO, answer.data(), answer.size());
    if (size <= 0) return false;
    const std::string_view typed(answer.data(), static_cast<std::size_t>(size));
    const std::string_view letter = typed.substr(0, decode_character(typed).bytes);
    // Translators: the letters that mean yes, small and capital; y and Y are taken anyway.
    const std::string letters = "yY" + tr("yY");
    return !letter.empty() && letters.find(letter) != std::string::npos;
}

}  // namespace

ExitCode run_read(Context& context) {
    const bool all = context.arguments().has("all");
    if (all == !context.arguments().words.empty()) {
        throw ControlError(error_usage, tr("give ids, or --all"),
                           tr("usage: p2pctl read ID..., or p2pctl read --all"));
    }
    MarkParams params;
    params.all = all;
    params.handled = context.arguments().has("handled");
    if (all && params.handled) {
        throw ControlError(error_usage, tr("--handled needs ids, not --all"));
    }
    if (params.handled) return change(context, "mark", params, said_handled);
    if (!all) return change(context, "mark", params, said_read);
    const Json result = context.call("mark", write_fields(params));
    return print_count(context, parse_result<CountResult>(result).count, said_read);
}

ExitCode run_unread(Context& context) {
    MarkParams params;
    params.read = false;
    return change(context, "mark", params, said_unread);
}

ExitCode run_retry(Context& context) {
    return change_sent(context, "retry", said_queued);
}

ExitCode run_cancel(Context& context) {
    return change_sent(context, "cancel", said_cancelled);
}

ExitCode run_delete(Context& context) {
    return change(context, "delete", IdsParams{}, said_deleted);
}

ExitCode run_purge(Context& context) {
    static constexpr std::chrono::milliseconds age_max = std::chrono::hours{24 * 36500};
    const auto age = context.arguments().duration("older-than", age_max);
    if (!age && !is_sure(context, tr("Delete every message that is read or finished?"))) {
        throw ControlError(error_nothing_found, tr("nothing was deleted"));
    }
    PurgeParams params;
    if (age) {
        params.older_than_s =
            static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(*age).count());
    }
    // A large store takes its time.
    const Json result = context.client().call("purge", write_fields(params), std::nullopt);
    return print_count(context, parse_result<CountResult>(result).count, said_deleted);
}

}  // namespace p2pd
