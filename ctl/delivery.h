// ctl: sending one message, and what its state means for the exit code. Includes std and common.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/control_protocol.h"
#include "ctl/context.h"

namespace p2pd {

inline constexpr std::chrono::milliseconds confirm_timeout{5000};
inline constexpr std::chrono::milliseconds wait_timeout_max = std::chrono::hours{24};

/// How far a message is to come before the command ends.
enum class Until { delivered, read, handled, reply };

/// What --timeout, --no-wait, --wait and --expires of `send` and `reply` say.
struct DeliveryOptions {
    std::chrono::milliseconds timeout = confirm_timeout;
    bool wait = true;
    Until until = Until::delivered;
    std::optional<std::uint32_t> expires_s;
};
DeliveryOptions delivery_options(const Arguments& arguments);

/// 128 random bits: asking again with the same makes no second message.
std::string new_request_id();

/// Has the daemon accept a message to `peer`, as it was typed; over a connection that breaks it is
/// asked once more. Throws ControlError.
SendResult send_message(Context& context, const std::string& peer, const std::string& text,
                        std::optional<std::uint32_t> expires_s);
/// The same for the answer to the message `id`.
SendResult send_reply(Context& context, std::uint64_t id, const std::string& text,
                      std::optional<std::uint32_t> expires_s);

/// delivered: 0; not final: 75; else 1.
ExitCode exit_of(SendState state);

/// The one of two that must not be overlooked: what can still become good is better than what
/// cannot, and that better than a failure of p2pctl or the daemon.
ExitCode worse(ExitCode a, ExitCode b);

/// Whether nothing more will become of it.
bool is_final(SendState state);

/// The record of a message just accepted, from what `send` answered.
MessageRecord accepted_record(const SendResult& result, std::string text);

/// The records of `ids` after at most `timeout`, once all are final; texts are empty.
std::vector<MessageRecord> wait_for(Context& context, const std::vector<std::uint64_t>& ids,
                                    std::chrono::milliseconds timeout);

/// The same for what the daemon has just accepted: if it goes meanwhile it is asked once more, and
/// then there is nothing to be said of them.
std::vector<MessageRecord> confirmed(Context& context, const std::vector<std::uint64_t>& ids,
                                     std::chrono::milliseconds timeout);

/// The records of `ids`, whole, in that order. Throws ControlError for an unknown one.
std::vector<MessageRecord> get_messages(Context& context, std::vector<std::uint64_t> ids);

}  // namespace p2pd
