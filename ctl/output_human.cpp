// ctl: messages and peers as text for people. Includes std and common.
#include "ctl/output_human.h"

#include <algorithm>
#include <vector>

#include "common/terminal_text.h"
#include "ctl/english_texts.h"
#include "ctl/language.h"
#include "ctl/text_wrap.h"

namespace p2pd {

namespace {

constexpr std::size_t name_columns = 12;
constexpr std::size_t text_columns_min = 20;  // with less, a text is under its line
constexpr std::size_t peer_columns_max = 28;

std::string state_text(const MessageRecord& record) {
    const std::string reason = record.reason ? ": " + one_line(in_language(*record.reason)) : "";
    switch (record.state) {
        case SendState::delivered:
            return delivered_text(record);
        case SendState::queued:
        case SendState::sending:
            return (record.attempts == 0
                        ? tr("not sent yet, waiting for its turn.")
                        : tr("no answer yet, still trying (attempt {1}).", record.attempts)) +
                   " " + tr("Follow it: p2pctl wait {1}", record.id);
        case SendState::refused:
        case SendState::expired:
            return state_name(record.state) + reason + ". " +
                   tr("Try again: p2pctl retry {1}", record.id);
        case SendState::cancelled:
            return state_name(record.state) + reason;
    }
    return {};
}

std::string line_head(const MessageRecord& record) {
    return tr("→ #{1} to {2}: ", record.id, peer_text(record.name, record.peer));
}

std::optional<UtcTime> time_of(const MessageRecord& record) {
    return record.dir == Direction::in ? record.received_at : record.created_at;
}

/// The cells of one row; the text comes behind them.
struct Row {
    std::string id;
    std::string time;
    std::string peer;
    std::string state;
};

Row row_of(const MessageRecord& record, Columns columns, const Style& style) {
    const auto time = time_of(record);
    std::string peer = one_line(record.name ? *record.name : record.peer);
    if (columns == Columns::both) {
        peer.insert(0, record.dir == Direction::in ? "← " : "→ ");
    }
    return {std::to_string(record.id), time ? time_text(*time, style.time) : "-",
            fit_width(peer, peer_columns_max),
            record.dir == Direction::out ? state_name(record.state) : std::string()};
}

struct Widths {
    std::size_t id = 0;
    std::size_t time = 0;
    std::size_t peer = 0;
    std::size_t state = 0;
};

Widths widths_of(std::span<const Row> rows) {
    Widths widths;
    for (const Row& row : rows) {
        widths.id = std::max(widths.id, row.id.size());
        widths.time = std::max(widths.time, display_width(row.time));
        widths.peer = std::max(widths.peer, display_width(row.peer));
        widths.state = std::max(widths.state, display_width(row.state));
    }
    return widths;
}

std::string state_cell(const MessageRecord& record, const Row& row, const Widths& widths,
                       const Style& style) {
    if (record.dir == Direction::in) return std::string(widths.state, ' ');
    return paint(padded(row.state, widths.state), state_colour(record.state), style);
}

/// What is left of the width behind `used` columns, if there is one.
std::string fit_behind(const std::string& text, std::size_t used, const Style& style) {
    if (!style.columns) return text;
    return fit_width(text, *style.columns > used ? *style.columns - used : 1);
}

std::string table_line(const MessageRecord& record, const Row& row, const Widths& widths,
                       const Style& style) {
    const bool unread = record.dir == Direction::in && !record.read;
    const std::size_t indent = 2 + widths.id + 2;
    const std::size_t head = indent + widths.time + 2;
    const std::size_t state = widths.state > 0 ? widths.state + 2 : 0;
    const std::size_t used = head + widths.peer + 2 + state;
    std::string line = unread ? paint("*", Colour::bold, style) : " ";
    line += " " + std::string(widths.id - row.id.size(), ' ') + row.id + "  ";
    line += paint(padded(row.time, widths.time), Colour::dim, style) + "  ";
    const std::string text = one_line(record.text);
    if (!style.columns || *style.columns >= used + text_columns_min) {
        line += padded(row.peer, widths.peer) + "  ";
        if (state > 0) line += state_cell(record, row, widths, style) + "  ";
        return line + fit_behind(text, used, style) + "\n";
    }
    line += fit_behind(row.peer, head, style) + "\n" + std::string(indent, ' ');
    if (record.dir == Direction::in) return line + fit_behind(text, indent, style) + "\n";
    return line + state_cell(record, row, widths, style) + "  " +
           fit_behind(text, indent + state, style) + "\n";
}

void add_time(std::string& details, std::string_view name, const std::optional<UtcTime>& time,
              const Style& style) {
    if (time) details += detail_line(name, exact_time_text(*time, style.time));
}

std::string received_details(const MessageRecord& record, const Style& style) {
    std::string details = detail_line("from", peer_text(record.name, record.peer));
    if (record.claims) details += detail_line("claims to be", one_line(*record.claims));
    add_time(details, "sent", record.sent_at, style);
    add_time(details, "received", record.received_at, style);
    return details + detail_line("read", record.read ? tr("yes") : tr("no"));
}

std::string sent_details(const MessageRecord& record, const Style& style) {
    std::string details = detail_line("to", peer_text(record.name, record.peer));
    details +=
        detail_line("state", paint(state_name(record.state), state_colour(record.state), style));
    if (record.reason) details += detail_line("reason", one_line(in_language(*record.reason)));
    details += detail_line("attempts", std::to_string(record.attempts));
    add_time(details, "created", record.created_at, style);
    add_time(details, "confirmed", record.acked_at, style);
    if (!record.acked_at) add_time(details, "expires", record.expires_at, style);
    if (record.rtt_ms) {
        details += detail_line("round trip", duration_text(microseconds_of(*record.rtt_ms)));
    }
    return details;
}

std::string transmitted_text(const PeerRecord& peer) {
    if (peer.retransmitted == 0) return std::to_string(peer.transmitted);
    return tr("{1}, {2} of them again ({3} %)", peer.transmitted, peer.retransmitted,
              100 * peer.retransmitted / std::max<std::uint64_t>(peer.transmitted, 1));
}

std::string round_trip_text(const PeerRecord& peer) {
    std::string smoothed = duration_text(microseconds_of(*peer.rtt_ms));
    if (!peer.rtt_variation_ms) return smoothed;
    return tr("{1}, varies by {2}", smoothed,
              duration_text(microseconds_of(*peer.rtt_variation_ms)));
}

std::string heard_text(const PeerRecord& peer, const Style& style) {
    if (!peer.last_heard) return tr("never");
    const std::string time = time_text(*peer.last_heard, style.time);
    return peer.away ? tr("{1}, away", time) : time;
}

std::string unread_text(std::uint32_t unread) {
    return unread >= peer_unread_max ? tr("{1} or more", unread) : std::to_string(unread);
}

}  // namespace

std::chrono::microseconds microseconds_of(double ms) {
    // Not by std::llround: p2pctl would load libm for it alone, at each start.
    return std::chrono::round<std::chrono::microseconds>(
        std::chrono::duration<double, std::milli>(std::clamp(ms, 0.0, 1e12)));
}

std::string paint(std::string_view text, Colour colour, const Style& style) {
    static constexpr std::string_view codes[] = {"1", "2", "31", "32", "33"};
    if (!style.colour) return std::string(text);
    const std::string_view code = codes[static_cast<std::size_t>(colour)];
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

Colour state_colour(SendState state) {
    switch (state) {
        case SendState::delivered:
            return Colour::green;
        case SendState::queued:
        case SendState::sending:
            return Colour::yellow;
        default:
            return Colour::red;
    }
}

std::string delivered_text(const MessageRecord& record) {
    if (!record.rtt_ms && (!record.acked_at || !record.created_at)) return state_name(record.state);
    const auto took = record.rtt_ms ? microseconds_of(*record.rtt_ms)
                                    : std::chrono::microseconds(std::max<std::int64_t>(
                                          record.acked_at->us - record.created_at->us, 0));
    return tr("delivered in {1}", duration_text(took));
}

std::string one_line(std::string_view text) {
    return terminal_text(text, LineBreaks::show);
}

std::string padded(std::string_view text, std::size_t columns) {
    const std::size_t width = display_width(text);
    return std::string(text) + std::string(columns > width ? columns - width : 0, ' ');
}

std::string state_name(SendState state) {
    switch (state) {
        case SendState::queued:
            return tr("queued");
        case SendState::sending:
            return tr("sending");
        case SendState::delivered:
            return tr("delivered");
        case SendState::refused:
            return tr("refused");
        case SendState::expired:
            return tr("expired");
        case SendState::cancelled:
            return tr("cancelled");
    }
    return {};
}

std::string detail_line(std::string_view name, std::string_view value) {
    return padded(tr(name), name_columns) + " " + std::string(value) + "\n";
}

std::string peer_text(const std::optional<std::string>& name, std::string_view address) {
    return name ? one_line(*name) + " (" + one_line(address) + ")" : one_line(address);
}

std::string sent_line(const MessageRecord& record, const Style& style) {
    return line_head(record) + paint(state_text(record), state_colour(record.state), style) + "\n";
}

std::string without_line_break(std::string line) {
    if (line.ends_with('\n')) line.pop_back();
    return line;
}

std::string queued_line(const MessageRecord& record) {
    return line_head(record) + tr("queued") + "\n";
}

std::string message_table(std::span<const MessageRecord> records, Columns columns,
                          const Style& style) {
    std::vector<Row> rows;
    rows.reserve(records.size());
    for (const MessageRecord& record : records) rows.push_back(row_of(record, columns, style));
    const Widths widths = widths_of(rows);
    std::string table;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        table += table_line(records[i], rows[i], widths, style);
    }
    return table;
}

std::string message_details(const MessageRecord& record, const Style& style) {
    std::string details = detail_line("message", "#" + std::to_string(record.id));
    details +=
        record.dir == Direction::in ? received_details(record, style) : sent_details(record, style);
    if (record.reply_to) details += detail_line("reply to", "#" + std::to_string(*record.reply_to));
    if (record.parts > 1) details += detail_line("parts", std::to_string(record.parts));
    details += detail_line("cursor", std::to_string(record.cursor));
    const std::string text = terminal_text(record.text, LineBreaks::keep);
    return details + "\n" + (style.columns ? wrapped(text, *style.columns) : text) + "\n";
}

std::string peer_table(std::span<const PeerRecord> peers, const Style& style) {
    std::size_t names = 1;
    std::size_t addresses = 1;
    for (const PeerRecord& peer : peers) {
        names = std::max(names, peer.name ? display_width(one_line(*peer.name)) : 0);
        addresses = std::max(addresses, display_width(one_line(peer.address)));
    }
    std::string table;
    for (const PeerRecord& peer : peers) {
        table += padded(peer.name ? one_line(*peer.name) : "-", names) + "  ";
        table += padded(one_line(peer.address), addresses) + "  ";
        table += padded(peer.p2pd ? "p2pd" : enum_name(peer.dialect), 6) + "  ";
        table += tr("heard {1}", heard_text(peer, style));
        if (peer.unread > 0) table += ", " + tr("{1} unread", unread_text(peer.unread));
        if (peer.queued > 0) table += ", " + tr("{1} not confirmed yet", peer.queued);
        table += "\n";
    }
    return table;
}

std::string peer_details(const PeerRecord& peer, const Style& style) {
    std::string details = detail_line("name", peer.name ? one_line(*peer.name) : "-");
    details += detail_line("address", one_line(peer.address));
    details += detail_line("dialect", peer.dialect_by_hand
                                          ? tr("{1} (set by hand)", enum_name(peer.dialect))
                                          : std::string(enum_name(peer.dialect)));
    details += detail_line("p2pd", peer.p2pd ? tr("yes") : tr("not known to be one"));
    details += detail_line("last heard", heard_text(peer, style));
    details += detail_line("unread", unread_text(peer.unread));
    details += detail_line("unconfirmed", std::to_string(peer.queued));
    details += detail_line("in flight", tr("{1} of {2}, {3} of {4} bytes", peer.in_flight,
                                           peer.window, peer.in_flight_bytes, peer.window_bytes));
    details += detail_line("datagrams", tr("up to {1} bytes", peer.datagram_bytes));
    details += detail_line("transmitted", transmitted_text(peer));
    if (peer.rtt_ms) details += detail_line("round trip", round_trip_text(peer));
    if (peer.rto_ms) {
        details += detail_line("retransmits",
                               tr("after {1}", duration_text(microseconds_of(*peer.rto_ms))));
    }
    if (peer.trouble) {
        std::string trouble(enum_name(*peer.trouble));
        if (peer.trouble_at) trouble += ", " + time_text(*peer.trouble_at, style.time);
        details += detail_line("trouble", trouble);
    }
    return details;
}

}  // namespace p2pd
