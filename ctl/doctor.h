// ctl: what the doctor finds. Includes std and common.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/json_fields.h"

namespace p2pd {

enum class Level { ok, warning, problem };
constexpr auto enum_names(Level) {
    return std::array<std::pair<Level, std::string_view>, 3>{
        {{Level::ok, "ok"}, {Level::warning, "warning"}, {Level::problem, "problem"}}};
}

/// What one check says. `hint` is what to do; `peer` and `name` are of the peer that it is about,
/// if it is one.
struct Finding {
    std::string check;
    Level level = Level::ok;
    std::optional<std::string> peer;
    std::optional<std::string> name;
    std::string message;
    std::optional<std::string> hint;
    static constexpr auto fields =
        std::make_tuple(Field{"check", &Finding::check}, Field{"level", &Finding::level},
                        Field{"peer", &Finding::peer}, Field{"name", &Finding::name},
                        Field{"message", &Finding::message}, Field{"hint", &Finding::hint});
};
using Findings = std::vector<Finding>;

inline Finding fine(std::string check, std::string message) {
    return {std::move(check), Level::ok, {}, {}, std::move(message), {}};
}
inline Finding warning(std::string check, std::string message, std::string hint) {
    return {std::move(check), Level::warning, {}, {}, std::move(message), std::move(hint)};
}
inline Finding problem(std::string check, std::string message, std::string hint) {
    return {std::move(check), Level::problem, {}, {}, std::move(message), std::move(hint)};
}

}  // namespace p2pd
