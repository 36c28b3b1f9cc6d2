// daemon: what several control methods ask of their parameters. Includes std, core, common.
#include "daemon/control_checks.h"

#include "daemon/control_methods.h"

namespace p2pd {

namespace {

constexpr std::uint32_t expires_s_max = 14 * 24 * 3600;
constexpr std::uint32_t timeout_ms_max = 24 * 3600 * 1000;

}  // namespace

void check_text(const std::string& text, std::size_t bytes_max, const std::string& name) {
    if (!text.empty() && text.size() <= bytes_max) return;
    const std::string quoted = '"' + name + "\": ";
    if (text.empty()) throw ControlFailure{error_bad_text, quoted + "must not be empty"};
    throw ControlFailure{error_text_too_long,
                         quoted + "is " + std::to_string(text.size() - bytes_max) +
                             " bytes too long; at most " + std::to_string(bytes_max) +
                             " are allowed",
                         "send it in several messages"};
}

Duration expiry(const std::optional<std::uint32_t>& expires_s, const Config& config) {
    if (!expires_s) return config.expires;
    if (*expires_s < 1 || *expires_s > expires_s_max) {
        throw ControlFailure{error_params, "\"expires_s\": must be 1 to 1209600 (14 days)"};
    }
    return std::chrono::seconds{*expires_s};
}

std::string checked_request_id(const std::optional<std::string>& request_id) {
    if (!request_id) return {};
    if (request_id->empty() || request_id->size() > request_id_bytes_max) {
        throw ControlFailure{error_params, "\"request_id\": must be 1 to 128 bytes"};
    }
    return *request_id;
}

std::chrono::milliseconds checked_timeout(std::uint32_t timeout_ms) {
    if (timeout_ms > timeout_ms_max) {
        throw ControlFailure{error_params, "\"timeout_ms\": must be 0 to 86400000"};
    }
    return std::chrono::milliseconds{timeout_ms};
}

}  // namespace p2pd
