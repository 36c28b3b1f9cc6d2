// core: a timestamp as it is written. Includes std, core.
#include "daemon/core/stamp.h"

#include <array>
#include <limits>

namespace p2pd {

namespace {

constexpr std::size_t decimals = 6;

/// A number with exactly six decimals.
class OwnLexeme {
public:
    explicit OwnLexeme(std::int64_t us) {
        auto rest = static_cast<std::uint64_t>(us);
        const auto write_digit = [&] {
            *--begin_ = static_cast<char>('0' + rest % 10);
            rest /= 10;
        };
        for (std::size_t i = 0; i < decimals; ++i) write_digit();
        *--begin_ = '.';
        do write_digit();
        while (rest > 0);
    }
    OwnLexeme(const OwnLexeme&) = delete;  // it points into itself
    OwnLexeme& operator=(const OwnLexeme&) = delete;

    std::string_view text() const { return {begin_, written_.end()}; }

private:
    std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 2> written_{};  // and a point
    char* begin_ = written_.end();
};

}  // namespace

Stamp::Stamp(const Lexeme& lexeme, bool is_text, std::int64_t value_us) : us(value_us) {
    if (is_text || us_of(lexeme) != us) {
        otherwise_ = std::make_shared<const Written>(Written{lexeme, is_text});
    }
}

bool Stamp::operator==(const Stamp& other) const {
    if (us != other.us || is_ours() != other.is_ours()) return false;
    return is_ours() || *otherwise_ == *other.otherwise_;
}

void Stamp::write_to(std::string& out) const {
    if (otherwise_) {
        out += otherwise_->lexeme;
    } else {
        out += OwnLexeme(us).text();
    }
}

Lexeme Stamp::lexeme() const {
    return otherwise_ ? otherwise_->lexeme : Lexeme(OwnLexeme(us).text());
}

std::optional<std::int64_t> Stamp::us_of(std::string_view lexeme) {
    constexpr std::size_t bytes_max = 18;  // whose value fits
    if (lexeme.size() < 2 + decimals || lexeme.size() > bytes_max) return std::nullopt;
    const std::size_t point = lexeme.size() - decimals - 1;
    if (lexeme[point] != '.' || (lexeme[0] == '0' && point > 1)) return std::nullopt;
    std::int64_t value_us = 0;
    for (std::size_t i = 0; i < lexeme.size(); ++i) {
        if (i == point) continue;
        if (lexeme[i] < '0' || lexeme[i] > '9') return std::nullopt;
        value_us = value_us * 10 + (lexeme[i] - '0');
    }
    return value_us;
}

}  // namespace p2pd
