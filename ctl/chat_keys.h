// ctl: from the bytes of a terminal to characters and pastes. Includes std and common.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace p2pd {

/// What was pasted, as far as it can be a message: line breaks are `\n`, and none is at the end, a
/// tab is four spaces, other control characters are left out.
struct Paste {
    std::string text;
    bool cut = false;  ///< it was longer than is kept
};

/// Where the cursor is, from 1, as the terminal was asked (where_is_it).
struct CursorReport {
    std::size_t row = 0;
    std::size_t column = 0;
};

using Key = std::variant<char32_t, Paste, CursorReport>;

/// Takes the bytes as they come. A terminal in the mode of bracketed paste says where a paste
/// begins and ends; all else is characters, among them those of the sequences that keys send.
/// Bytes that are no UTF-8 are left out.
class ChatKeys {
public:
    static constexpr std::string_view paste_on = "\x1b[?2004h";
    static constexpr std::string_view paste_off = "\x1b[?2004l";
    static constexpr std::string_view where_is_it = "\x1b[6n";

    /// Of a paste at most `paste_bytes_max` are kept.
    explicit ChatKeys(std::size_t paste_bytes_max) : paste_bytes_max_(paste_bytes_max) {}

    void add(std::string_view bytes) { bytes_ += bytes; }
    /// The next key; empty: more bytes are needed.
    std::optional<Key> take();
    /// Whether reports are told from keys, of which some send the like.
    void expect_reports(bool expected) { reports_expected_ = expected; }
    /// Whatever is not complete is forgotten.
    void clear();

private:
    std::optional<Key> take_paste();
    std::optional<CursorReport> take_report();
    bool may_be_report() const;

    std::size_t paste_bytes_max_;
    std::string bytes_;
    std::string paste_;
    bool in_paste_ = false;
    bool cut_ = false;
    bool reports_expected_ = false;
};

}  // namespace p2pd
