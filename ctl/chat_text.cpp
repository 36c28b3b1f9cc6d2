// ctl: the lines of chat. Includes std and common.
#include "ctl/chat_text.h"

#include <algorithm>

#include "common/terminal_text.h"
#include "ctl/chat_lines.h"
#include "ctl/english_texts.h"
#include "ctl/language.h"
#include "ctl/placeholders.h"

namespace p2pd {

namespace {

constexpr std::size_t shown_bytes_max = 4000;
constexpr std::size_t shown_lines_max = 30;

/// `10:31` of today, or with the date.
std::string clock_text(UtcTime time, const TimeStyle& style) {
    const TimeStyle absolute{style.utc, false, now_utc()};
    constexpr std::size_t date_size = 10;
    constexpr std::size_t minutes_size = 16;
    const std::string text = time_text(time, absolute).substr(0, minutes_size);
    const std::string today = time_text(absolute.now, absolute).substr(0, date_size);
    return text.starts_with(today) ? text.substr(date_size + 1) : text;
}

/// The beginning of a text that is not longer than chat shows; whole characters.
std::string_view beginning(std::string_view text) {
    std::size_t lines = 0;
    std::size_t size = 0;
    while (size < text.size() && size < shown_bytes_max && lines < shown_lines_max) {
        if (text[size++] == '\n') ++lines;
    }
    const auto continues = [&] { return (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80; };
    while (size < text.size() && size > 0 && continues()) --size;
    return text.substr(0, size);
}

/// The lines after the first begin two columns to the right: none of them looks like a message.
std::string indented(std::string_view text) {
    std::string result;
    for (const char c : text) result.append(c == '\n' ? "\n  " : std::string_view(&c, 1));
    return result;
}

std::string who(const MessageRecord& record) {
    return one_line(record.name ? *record.name : record.peer);
}

std::string outcome_of(const MessageRecord& record) {
    if (record.state == SendState::delivered) return delivered_text(record);
    std::string text = state_name(record.state);
    if (record.reason) text += ": " + one_line(in_language(*record.reason));
    const bool again = record.state == SendState::refused || record.state == SendState::expired;
    return again ? tr("{1}; again: /retry {2}", text, record.id) : text;
}

}  // namespace

std::string arrived_text(const MessageRecord& record, const Style& style) {
    const bool sent = record.dir == Direction::out;
    const auto time = sent ? record.created_at : record.received_at;
    const std::string_view shown = beginning(record.text);
    std::string text = time ? paint(clock_text(*time, style.time), Colour::dim, style) + " " : "";
    text += (sent ? "→ #" : "← #") + std::to_string(record.id) + " " +
            paint(who(record), Colour::bold, style);
    if (record.reply_to) text += " ↩" + std::to_string(*record.reply_to);
    text += ": " + indented(terminal_text(shown, LineBreaks::keep));
    if (shown.size() < record.text.size()) {
        text += " " + paint(tr("… all of it: p2pctl show {1}", record.id), Colour::dim, style);
    }
    return text + "\n";
}

std::string outcome_text(const MessageRecord& record, const Style& style) {
    return "→ #" + std::to_string(record.id) + " " + who(record) + ": " +
           paint(outcome_of(record), state_colour(record.state), style) + "\n";
}

std::string late_text(const MessageRecord& record, const Style& style) {
    return "→ #" + std::to_string(record.id) + " " + who(record) + ": " +
           paint(tr("no answer yet, still trying"), Colour::yellow, style) + "\n";
}

std::string not_accepted_text(std::string_view shown, std::string_view what, Colour colour,
                              const Style& style) {
    return "→ " + std::string(shown) + ": " + paint(one_line(what), colour, style) + "\n";
}

std::string failure_text(const ControlError& error, const Style& style) {
    std::string text = paint(one_line(in_language(error.what())), Colour::red, style) + "\n";
    if (!error.hint().empty()) text += "  " + one_line(error.hint()) + "\n";
    return text;
}

std::string remark_text(std::string_view text, const Style& style) {
    return paint(one_line(text), Colour::dim, style) + "\n";
}

std::string chat_help_text() {
    static constexpr std::size_t left_columns = 18;
    std::string text;
    for (const ChatCommand& command : chat_commands()) {
        std::string left(command.name);
        if (!command.arguments.empty()) left += " " + arguments_text(command.arguments);
        text += "  " + padded(left, left_columns) + " " + tr(command.summary) + "\n";
    }
    return text +
           tr("  Everything else is sent to whom the prompt names. Ctrl-R answers the "
              "newest message\n"
              "  that has no answer, once more the one before it; Tab completes; Up brings "
              "back what\n"
              "  was typed. What is pasted is one message, sent with Enter.") +
           "\n";
}

}  // namespace p2pd
