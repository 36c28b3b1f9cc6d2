// ctl: what a running command works with. Includes std and common.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "ctl/arguments.h"
#include "ctl/command_table.h"
#include "ctl/control_client.h"
#include "ctl/output.h"
#include "ctl/output_human.h"

namespace p2pd {

/// The command, its arguments, the connection (made at its first use) and the outputs.
class Context {
public:
    /// Throws ControlError (exit 64) for a global option with a value that is not allowed.
    Context(const Command& command, Arguments arguments);

    const Command& command() const { return command_; }
    const Arguments& arguments() const { return arguments_; }
    const Style& style() const { return style_; }
    bool json() const { return json_; }
    bool quiet() const { return quiet_; }
    bool verbose() const { return verbose_; }

    /// Where the daemon is asked.
    std::string socket_path() const { return choose_socket(arguments_.text("socket")); }
    ControlClient& client();
    bool connected() const { return client_.has_value(); }
    /// A new connection in place of one that has ended.
    ControlClient& reconnect();
    void disconnect() { client_.reset(); }

    /// Asks the daemon and waits for the answer, as long as there is patience.
    Json call(std::string_view method, const Json& params) {
        return client().call(method, params, patience_);
    }
    /// For whoever asks while somebody waits at the keyboard.
    void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

    Output& out() { return out_; }
    /// Data for people or programs on standard output, a line each.
    void print(std::string_view text) { out_.write(text); }
    void print_json(std::string_view type, const Json& members);
    /// Data for people that may be longer than the screen: then through the pager.
    void print_paged(const std::string& text);
    /// A remark for people on standard error; not with --quiet or --json.
    void remark(std::string_view text);

private:
    const Command& command_;
    Arguments arguments_;
    bool json_;
    bool quiet_;
    bool verbose_;
    Style style_;
    Output out_;
    std::optional<ControlClient> client_;
    std::chrono::milliseconds patience_ = answer_timeout;
};

/// The line(s) of an error on standard error: JSON, or the text and what to do about it.
void print_error(const ControlError& error, bool json);

}  // namespace p2pd
