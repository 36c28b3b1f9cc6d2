// ctl: writing and receiving messages in one terminal. Includes std and common.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/chat_hold.h"
#include "ctl/chat_outbox.h"
#include "ctl/chat_target.h"
#include "ctl/context.h"
#include "ctl/line_editor.h"
#include "ctl/message_stream.h"

namespace p2pd {

/// The receiver that was typed, by its name if it has one. Throws as ask_with_peer().
Target target_for(Context& context, const std::string& peer);

/// One chat, from its start to its end. Texts and the stream have a connection that is made again
/// whenever it ends; what a command asks is asked over the context's own, and waited for.
class Chat : private LineEvents {
public:
    Chat(Context& context, HoldMode mode, std::optional<Target> target);
    /// Throws ControlError.
    ExitCode run();

private:
    // While a line is typed.
    Wait wait() override;
    void work() override;
    void typed() override;
    Completion complete(std::string_view before_cursor) override;
    void answer() override;

    // The connection. (chat.cpp)
    void begin();
    void transfer(SteadyTime now);
    void connection_lost();
    void take(const Incoming& incoming, SteadyTime now);

    // The screen. (chat.cpp)
    Typing typing() const { return {editor_.empty(), last_key_at_}; }
    void greet();
    void show(const std::vector<ChatItem>& items);
    void say(std::string_view remark);
    void update_prompt();

    // What was typed. (chat_commands.cpp)
    void handle(const std::string& line);
    void send(const std::string& text);
    void run_command(std::string_view command, const std::string& argument);
    void run_to(const std::string& argument);
    void run_reply(const std::string& argument);
    void run_inbox(const std::string& argument);
    void run_thread(const std::string& argument);
    void run_hold(const std::string& argument);
    void run_retry(const std::string& argument);
    void run_peers(const std::string& argument);
    void run_help(const std::string& argument);
    void run_quit(const std::string& argument);
    void ask(const std::function<void()>& question);
    void quit(ExitCode exit);

    Context& context_;
    MessageStream stream_;
    ChatHold hold_;
    ChatOutbox outbox_;
    ChatTarget target_;
    LineEditor editor_;
    SteadyTime last_key_at_;
    std::size_t held_shown_ = 0;  ///< as the prompt says
    std::vector<std::string> peer_names_;
    std::string again_;  ///< what the next line begins with
    bool warned_ = false;
    std::optional<ExitCode> exit_;
};

}  // namespace p2pd
