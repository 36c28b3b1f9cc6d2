// ctl: from the bytes of a terminal to characters and pastes. Includes std and common.
#include "ctl/chat_keys.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/terminal_text.h"

namespace p2pd {

namespace {

constexpr std::string_view paste_begin = "\x1b[200~";
constexpr std::string_view paste_end = "\x1b[201~";
constexpr std::string_view report_begin = "\x1b[";

bool begins(std::string_view bytes, std::string_view sequence) {
    return sequence.starts_with(bytes.substr(0, sequence.size()));
}

std::string clean(std::string_view bytes) {
    std::string text;
    while (!bytes.empty()) {
        const DecodedCharacter decoded = decode_character(bytes);
        const std::string_view front = bytes.substr(0, std::max<std::size_t>(decoded.bytes, 1));
        bytes.remove_prefix(front.size());
        if (decoded.bytes == 0) continue;
        if (front == "\r" || front == "\n") {
            if (front == "\r" && bytes.starts_with('\n')) bytes.remove_prefix(1);
            text += '\n';
        } else if (front == "\t") {
            text += "    ";
        } else if (decoded.character >= 0x20 &&
                   (decoded.character < 0x7f || decoded.character > 0x9f)) {
            text += front;
        }
    }
    text.erase(text.find_last_not_of('\n') + 1);
    return text;
}

}  // namespace

std::optional<Key> ChatKeys::take() {
    for (;;) {
        if (in_paste_) return take_paste();
        if (bytes_.empty()) return std::nullopt;
        if (begins(bytes_, paste_begin)) {
            // Escape alone is not yet told from the beginning of a paste; the next byte does that.
            if (bytes_.size() < paste_begin.size()) return std::nullopt;
            bytes_.erase(0, paste_begin.size());
            in_paste_ = true;
            continue;
        }
        if (reports_expected_) {
            if (const auto report = take_report()) return Key(*report);
            if (may_be_report()) return std::nullopt;
        }
        const DecodedCharacter decoded = decode_character(bytes_);
        if (decoded.bytes > 0) {
            bytes_.erase(0, decoded.bytes);
            return Key(decoded.character);
        }
        if (decoded.incomplete) return std::nullopt;
        bytes_.erase(0, 1);
    }
}

/// `ESC [ row ; column R`
std::optional<CursorReport> ChatKeys::take_report() {
    if (!bytes_.starts_with(report_begin)) return std::nullopt;
    CursorReport report;
    const char* const end = bytes_.data() + bytes_.size();
    const auto row = std::from_chars(bytes_.data() + report_begin.size(), end, report.row);
    if (row.ec != std::errc{} || row.ptr == end || *row.ptr != ';') return std::nullopt;
    const auto column = std::from_chars(row.ptr + 1, end, report.column);
    if (column.ec != std::errc{} || column.ptr == end || *column.ptr != 'R') return std::nullopt;
    bytes_.erase(0, static_cast<std::size_t>(column.ptr + 1 - bytes_.data()));
    return report;
}

/// Whether all that is there is the beginning of one.
bool ChatKeys::may_be_report() const {
    constexpr std::size_t report_bytes_max = 16;
    return begins(bytes_, report_begin) && bytes_.size() < report_bytes_max &&
           bytes_.find_first_not_of("0123456789;", std::min(bytes_.size(), report_begin.size())) ==
               std::string::npos;
}

std::optional<Key> ChatKeys::take_paste() {
    const std::size_t end = bytes_.find(paste_end);
    // Its last bytes may be the beginning of the end.
    const std::size_t taken = end != std::string::npos
                                  ? end
                                  : bytes_.size() - std::min(bytes_.size(), paste_end.size() - 1);
    const std::size_t room = paste_bytes_max_ - paste_.size();
    paste_.append(bytes_, 0, std::min(taken, room));
    cut_ = cut_ || taken > room;
    bytes_.erase(0, taken);
    if (end == std::string::npos) return std::nullopt;
    bytes_.erase(0, paste_end.size());
    in_paste_ = false;
    return Key(Paste{clean(std::exchange(paste_, {})), std::exchange(cut_, false)});
}

void ChatKeys::clear() {
    bytes_.clear();
    paste_.clear();
    in_paste_ = false;
    cut_ = false;
}

}  // namespace p2pd
