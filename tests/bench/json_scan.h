// tests/bench: members of a line of JSON that is known to be valid. Includes std alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace bench {

/// Finds members of one object by walking over its bytes: a generator must cost less than what it
/// loads. Whatever order the members have.
class JsonScan {
public:
    explicit JsonScan(std::string_view object) : object_(object) {}

    bool has(std::string_view member) const { return !value(member).empty(); }
    std::uint64_t number(std::string_view member) const;
    std::string_view text(std::string_view member) const;  ///< as written, escapes and all
    std::string_view raw(std::string_view member) const { return value(member); }
    JsonScan inside(std::string_view member) const { return JsonScan(value(member)); }
    /// Calls for each object of the array `member`.
    void each(std::string_view member, const std::function<void(const JsonScan&)>& call) const;

private:
    /// The bytes of a member's value; empty if there is none.
    std::string_view value(std::string_view member) const;

    std::string_view object_;
};

}  // namespace bench
