// ctl: the command ask. Includes std and common.
#include <algorithm>

#include "common/terminal_text.h"
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/delivery.h"
#include "ctl/language.h"
#include "ctl/message_filter.h"
#include "ctl/reply_wait.h"
#include "ctl/results.h"
#include "ctl/text_input.h"

namespace p2pd {

namespace {

constexpr std::size_t corrections_max = 5;

std::vector<std::string> choices_of(const Arguments& arguments) {
    const auto given = arguments.text("choices");
    if (!given) return {};
    std::vector<std::string> choices = split_commas(*given);
    if (std::ranges::any_of(choices, [](const auto& choice) { return folded(choice).empty(); })) {
        throw ControlError(error_usage, tr("--choices has an empty one"),
                           "p2pctl ask bob 'Reboot?' --choices yes,no");
    }
    return choices;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string text;
    for (const std::string& word : words) {
        if (!text.empty()) text += between;
        text += word;
    }
    return text;
}

/// The choice that `reply` names, as the user has spelled it.
const std::string* chosen(const std::vector<std::string>& choices, std::string_view reply) {
    const std::string answer = folded(reply);
    const auto found = std::ranges::find_if(
        choices, [&](const std::string& choice) { return folded(choice) == answer; });
    return found == choices.end() ? nullptr : &*found;
}

/// A question that outlives whoever asked would be answered to nobody.
std::optional<std::uint32_t> expiry(const Arguments& arguments) {
    const auto timeout = arguments.duration("timeout", wait_timeout_max);
    if (!timeout) return std::nullopt;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*timeout).count();
    return static_cast<std::uint32_t>(std::max<std::int64_t>(seconds, 1));
}

ExitCode print_answer(Context& context, const MessageRecord& reply, const std::string* choice) {
    if (context.json()) {
        context.print_json("message", message_json(reply));
    } else {
        context.print((choice != nullptr ? *choice : terminal_text(reply.text, LineBreaks::keep)) +
                      "\n");
    }
    context.out().flush();
    return ExitCode::done;
}

/// Who answers with none of the choices is told so, and asked again.
ExitCode await_answer(Context& context, std::uint64_t id, std::uint64_t since,
                      const std::vector<std::string>& choices) {
    ReplyWait wait(context, since, reply_deadline(context.arguments()));
    wait.about(id);
    for (std::size_t corrections = 0;; ++corrections) {
        const auto reply = wait.next();
        if (!reply) return wait.exit();
        const std::string* const choice = chosen(choices, reply->text);
        if (choice != nullptr || choices.empty()) return print_answer(context, *reply, choice);
        context.remark(
            tr("not one of the choices: {1}", terminal_text(reply->text, LineBreaks::keep)));
        if (corrections >= corrections_max) continue;
        // In English whatever the language here is: nobody knows which the peer reads.
        wait.about(send_reply(context, reply->id, "Please answer " + joined(choices, " or "),
                              expiry(context.arguments()))
                       .id);
    }
}

}  // namespace

ExitCode run_ask(Context& context) {
    const Arguments& arguments = context.arguments();
    const std::vector<std::string> choices = choices_of(arguments);
    std::string question = message_text(arguments, 1);
    if (!choices.empty()) question += " (" + joined(choices, "/") + ")";
    const std::uint64_t since = current_cursor(context);
    const SendResult asked =
        send_message(context, arguments.words.front(), question, expiry(arguments));
    return await_answer(context, asked.id, since, choices);
}

}  // namespace p2pd
