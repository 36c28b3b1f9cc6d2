// core: a timestamp as it is written. Includes std, core.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/lexeme.h"

namespace p2pd {

/// A timestamp on the wire: the only identity there. What was written is echoed byte for byte. As
/// nearly all are written as ours, and each is copied often, that takes no memory then.
class Stamp {
public:
    Stamp() = default;
    /// Written as `lexeme`. 0 <= us < 2^32 seconds.
    Stamp(const Lexeme& lexeme, bool is_text, std::int64_t value_us);
    /// Our own: a number with exactly six decimals.
    static Stamp of(std::int64_t us) {
        Stamp stamp;
        stamp.us = us;
        return stamp;
    }
    /// The inverse of its lexeme; empty if that is written otherwise, or its value takes more than
    /// 17 digits.
    static std::optional<std::int64_t> us_of(std::string_view lexeme);

    /// Written as a JSON text rather than a number.
    bool is_text() const { return otherwise_ && otherwise_->is_text; }
    Lexeme lexeme() const;
    /// Appends the lexeme.
    void write_to(std::string& out) const;
    /// The lexeme, if that is not as of() has it; else empty.
    std::string_view other_lexeme() const {
        return otherwise_ ? std::string_view(otherwise_->lexeme) : std::string_view();
    }
    bool is_ours() const { return !otherwise_; }

    bool operator==(const Stamp& other) const;

    std::int64_t us = 0;  ///< the value in microseconds since the epoch, below 2^32 seconds

private:
    struct Written {
        Lexeme lexeme;
        bool is_text;

        bool operator==(const Written&) const = default;
    };
    std::shared_ptr<const Written> otherwise_;
};

}  // namespace p2pd
