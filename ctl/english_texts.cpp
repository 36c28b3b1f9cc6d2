// ctl: texts that come in English, in the user's language. Includes std and common.
#include "ctl/english_texts.h"

#include <optional>
#include <vector>

#include "ctl/language.h"
#include "ctl/output_human.h"

namespace p2pd {

namespace {

/// In their words: tests/check_translations.py finds each of them in the sources. The first that
/// fits is taken.
constexpr std::string_view forms[] = {
    // errors of the daemon
    marked("p2pd gave no reason"),
    marked("this is for administrators only"),
    marked("as root, or a user named in admins of p2pd.conf"),
    marked("\"peer\": {1} is no address of one host"),
    marked("IP, IP:PORT or [IPv6]:PORT, the port from 1 to 65535"),
    marked("\"peer\": this host has no network interface {1}"),
    marked("ip link shows which there are"),
    marked("\"peer\": {1} is a link-local address without its interface"),
    marked("{1}%INTERFACE, such as {2}%eth0"),
    marked("no peer \"{1}\" in the address book"),
    marked("did you mean {1}?"),
    marked("p2pctl peer add NAME ADDRESS"),
    marked("\"ids\": must be 1 to {1} ids"),
    marked("no message {1}; there is none yet"),
    marked("no message {1}; the newest is {2}"),
    marked("at most {1} groups of at most {2} members"),
    marked("no such group, or no such member of it"),
    marked("the disk is full"),
    marked("the disk is full, nothing was changed"),
    marked("make room on the disk"),
    marked("the disk is full, nothing was accepted"),
    marked("make room in {1}"),
    marked("message {1} is still being sent"),
    marked("the queue of outgoing messages is full"),
    marked("try again later; see queue_messages_max in p2pd.conf"),
    marked("message {1} is a received one"),
    marked("only sent messages can be waited for"),
    marked("only of sent messages it can be asked whether they were read"),
    marked("message {1} is {2}, so nobody can have read it"),
    marked("too many messages are being asked about"),
    marked("try again later"),
    marked("only sent messages can be traced"),
    marked("only sent messages can be tried again"),
    marked("only sent messages can be cancelled"),
    marked("message {1} is {2} already"),
    marked("changing the log level is for administrators only"),
    marked("nothing was changed"),
    marked("nothing is known of {1}"),
    marked("{1} is {2} already"),
    marked("{1} has no name in the address book"),
    marked("there is no method \"{1}\""),
    marked("rpc.discover lists the methods"),
    marked("there are {1} clients already"),
    marked("try again, or raise clients_max"),
    marked("a line may have at most 1048576 bytes"),
    marked("send the text in several messages"),
    marked("send it in several messages"),
    marked("the answer is longer than a line may be"),
    marked("ask for fewer"),
    // errors of a configuration
    marked("{1} is not a key; did you mean {2}?"),
    marked("{1} is not a key; allowed: {2}"),
    marked("{1} cannot be {2}; allowed: {3}"),
    marked("{1} is not a setting; allowed: key = value"),
    marked("{1}: cannot be read: {2}"),
    marked("{1}: is too long; allowed: 1 MiB"),
    // why a message was refused or has expired
    marked("sent 5 times; the peer's program never confirms replies"),
    marked("the peer refused it"),
    marked("not confirmed in time"),
    marked("was waiting when it was exported"),
    marked("its address was lost"),
    // how the program of --exec has ended
    marked("signal {1}"),
    marked("exit code {1}"),
};

/// Those that begin so have a state for their second value.
constexpr std::string_view about_state = "message {1} is {2}";

/// The place of the next `{1}`, or the end.
std::size_t next_slot(std::string_view form) {
    for (std::size_t at = 0; at + 2 < form.size(); ++at) {
        if (form[at] == '{' && form[at + 2] == '}') return at;
    }
    return form.size();
}

/// What stands in `text` where `form` has its slots, which are in order; empty if it does not fit.
std::optional<std::vector<std::string>> values_in(std::string_view text, std::string_view form) {
    constexpr std::size_t slot_size = 3;
    std::size_t slot = next_slot(form);
    if (!text.starts_with(form.substr(0, slot))) return std::nullopt;
    text.remove_prefix(slot);
    std::vector<std::string> values;
    while (slot < form.size()) {
        form.remove_prefix(slot + slot_size);
        slot = next_slot(form);
        const std::string_view literal = form.substr(0, slot);
        const bool last = slot == form.size();
        if (last && !text.ends_with(literal)) return std::nullopt;
        const std::size_t at = last ? text.size() - literal.size() : text.find(literal);
        if (at == std::string_view::npos) return std::nullopt;
        values.emplace_back(text.substr(0, at));
        text.remove_prefix(at + literal.size());
        if (last) return values;
    }
    return text.empty() ? std::optional(values) : std::nullopt;
}

}  // namespace

std::string in_language(std::string_view english) {
    for (const std::string_view form : forms) {
        auto values = values_in(english, form);
        if (!values) continue;
        if (form.starts_with(about_state)) {
            if (const auto state = enum_value<SendState>((*values)[1])) {
                (*values)[1] = state_name(*state);
            }
        }
        return filled(tr(form), *values);
    }
    return std::string(english);
}

}  // namespace p2pd
