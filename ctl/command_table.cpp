// ctl: the table of commands; parser, help and completion read it. Includes std and common.
#include "ctl/command_table.h"

#include <algorithm>

#include "ctl/commands.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

constexpr OptionSpec globals[] = {
    {"socket", '\0', "PATH", marked("The daemon's control socket")},
    {"json", '\0', {}, marked("JSON Lines instead of text for people")},
    {"color", '\0', "WHEN", marked("auto, always or never")},
    {"no-pager", '\0', {}, marked("Do not page long output")},
    {"utc", '\0', {}, marked("Times in UTC, not local")},
    {"relative", '\0', {}, marked("Times as \"3 min ago\"")},
    {"quiet", 'q', {}, marked("Only data and errors")},
    {"verbose", 'v', {}, marked("Also say what is done")},
    {"help", 'h', {}, marked("Help on the command")},
    {"version", 'V', {}, marked("The version, then end")},
};

constexpr OptionSpec option_file{"file", 'f', "FILE", marked("Send the file's content")};
constexpr OptionSpec option_confirm_timeout{"timeout", '\0', "DUR",
                                            marked("How long to wait for the confirmation (5s)")};
constexpr OptionSpec option_no_wait{
    "no-wait", 'n', {}, marked("Return once the daemon has it on disk")};
constexpr OptionSpec option_wait{"wait", '\0', "WHAT",
                                 marked("delivered (the default), read, handled or reply")};
constexpr OptionSpec option_expires{"expires", '\0', "DUR",
                                    marked("When the daemon gives up (7d)")};
constexpr OptionSpec option_number{"number", 'n', "N", marked("The newest N (50)")};
constexpr OptionSpec option_since{"since", '\0', "TIME",
                                  marked("Not older: a time, or how long ago")};
constexpr OptionSpec option_until{"until", '\0', "TIME",
                                  marked("Not newer: a time, or how long ago")};
constexpr OptionSpec option_grep{"grep", '\0', "TEXT",
                                 marked("Only what holds this text, in capitals or not")};
constexpr OptionSpec option_from{"from", '\0', "PEER", marked("Only from this peer")};
constexpr OptionSpec option_mark_read{"mark-read", '\0', {}, marked("Mark what is shown as read")};

constexpr OptionSpec send_options[] = {
    option_file,    option_confirm_timeout,
    option_no_wait, option_wait,
    option_expires, {"lines", '\0', {}, marked("Each line of standard input is one message")}};
constexpr OptionSpec reply_options[] = {option_file, option_confirm_timeout, option_no_wait,
                                        option_wait, option_expires};
constexpr OptionSpec ask_options[] = {
    {"choices", '\0', "LIST", marked("Take none but these for an answer: yes,no")},
    {"timeout", '\0', "DUR", marked("How long to wait for the answer (no limit)")}};
constexpr OptionSpec inbox_options[] = {{"unread", '\0', {}, marked("Only unread ones")},
                                        option_number,
                                        option_since,
                                        option_until,
                                        option_from,
                                        option_grep,
                                        option_mark_read};
constexpr OptionSpec sent_options[] = {option_number,
                                       option_since,
                                       option_until,
                                       option_grep,
                                       {"to", '\0', "PEER", marked("Only to this peer")}};
constexpr OptionSpec thread_options[] = {option_number, option_from, option_since, option_until,
                                         option_grep};
constexpr OptionSpec search_options[] = {option_number, option_from, option_since, option_until,
                                         option_grep};
constexpr OptionSpec show_options[] = {option_mark_read};
constexpr OptionSpec watch_options[] = {
    {"since", '\0', "CURSOR", marked("Go on after this cursor; 0: from the beginning")},
    {"count", '\0', "N", marked("End after N messages")},
    {"timeout", '\0', "DUR", marked("End after this time")},
    option_from,
    option_grep,
    {"types", '\0', "LIST", marked("received, or states of what was sent: delivered, expired...")},
    {"all", '\0', {}, marked("Also all changes of what was sent")},
    {"cursor", '\0', "NAME", marked("Remember how far it came, and go on from there")},
    {"notify", '\0', {}, marked("Show messages as notifications of the desktop")},
    {"exec", '\0', "CMD", marked("Run this for each message, with ARG..., no shell")},
    {"attempts", '\0', "N", marked("How often CMD is tried before a message is set aside (5)")},
    {"failed", '\0', {}, marked("List what was set aside under --cursor NAME")}};
constexpr OptionSpec chat_options[] = {
    {"hold", '\0', "WHEN", marked("Show what arrives: now, idle (the default) or manual")}};
constexpr OptionSpec wait_options[] = {
    {"timeout", '\0', "DUR", marked("How long to wait (until all have an end)")},
    {"until", '\0', "WHAT", marked("Further until each is read, or handled")}};
constexpr OptionSpec read_options[] = {
    {"all", '\0', {}, marked("Every message of the inbox")},
    {"handled", '\0', {}, marked("A program has dealt with them; unread ones stay so")}};
constexpr OptionSpec purge_options[] = {{"older-than", '\0', "DUR", marked("Only what is older")},
                                        {"yes", 'y', {}, marked("Do not ask")}};
constexpr OptionSpec metrics_options[] = {
    {"format", '\0', "FORMAT", marked("openmetrics (the default) or prometheus")}};
constexpr OptionSpec doctor_options[] = {
    {"config", '\0', "FILE", marked("The daemon's configuration, if it is not the default one")}};
constexpr OptionSpec peer_add_options[] = {
    {"dialect", '\0', "NAME", marked("base, upper, quoted or short; otherwise it is learnt")}};

constexpr Command table[] = {
    {"send", "PEER [TEXT...]", marked("Send a message and wait for its confirmation"), 1,
     any_number, send_options, run_send,
     "  p2pctl send 10.0.0.5 hello\n"
     "  make 2>&1 | p2pctl send bob\n"
     "  p2pctl send bob --lines --no-wait < notes.txt\n"},
    {"reply", "ID [TEXT...]", marked("Answer a message of the inbox"), 1, any_number, reply_options,
     run_reply,
     "  p2pctl reply 42 yes, gladly\n"
     "  p2pctl reply 42 -f answer.txt\n"},
    {"ask", "PEER [TEXT...]", marked("Send a question and print the reply to it"), 1, any_number,
     ask_options, run_ask, "  p2pctl ask bob 'Reboot now?' --choices yes,no --timeout 5m\n"},
    {"inbox", "", marked("List received messages, the newest last"), 0, 0, inbox_options, run_inbox,
     "  p2pctl inbox --unread --since 1h\n"},
    {"sent", "", marked("List sent messages and what became of them"), 0, 0, sent_options,
     run_sent},
    {"show", "ID...", marked("Show messages whole"), 1, any_number, show_options, run_show},
    {"thread", "PEER|ID", marked("List all to and from one peer"), 1, 1, thread_options,
     run_thread},
    {"watch", "[ARG...]", marked("Print messages as they arrive"), 0, any_number, watch_options,
     run_watch,
     "  p2pctl watch --since 0 --json\n"
     "  p2pctl watch --from bob --count 1 --timeout 10m\n"
     "  p2pctl watch --cursor alarms --exec logger -- -t alarm\n"
     "  p2pctl watch --notify --from bob\n"},
    {"chat", "[PEER]", marked("Write and receive messages in one terminal"), 0, 1, chat_options,
     run_chat,
     "  p2pctl chat bob\n"
     "  p2pctl chat --hold manual\n"},
    {"wait", "ID...", marked("Wait until sent messages are confirmed"), 1, any_number, wait_options,
     run_wait},
    {"trace", "ID", marked("Show what happened to a sent message"), 1, 1, {}, run_trace},
    {"retry",
     "ID...",
     marked("Send again what was refused or has expired"),
     1,
     any_number,
     {},
     run_retry},
    {"cancel",
     "ID...",
     marked("Give up messages that are not confirmed"),
     1,
     any_number,
     {},
     run_cancel},
    {"read", "ID...|--all", marked("Mark messages as read"), 0, any_number, read_options, run_read},
    {"unread", "ID...", marked("Mark messages as unread"), 1, any_number, {}, run_unread},
    {"search", "WORDS...", marked("Find messages by their words"), 1, any_number, search_options,
     run_search, "  p2pctl search lunch 'next tues*'\n"},
    {"delete", "ID...", marked("Delete messages"), 1, any_number, {}, run_delete},
    {"purge", "", marked("Delete all that is read or finished (administrators)"), 0, 0,
     purge_options, run_purge, "  p2pctl purge --older-than 30d\n"},
    {"peer list", "", marked("List the peers"), 0, 0, {}, run_peer_list},
    {"peer show", "PEER", marked("Show all about one peer"), 1, 1, {}, run_peer_show},
    {"peer add", "NAME ADDRESS", marked("Give a peer a name"), 2, 2, peer_add_options, run_peer_add,
     "  p2pctl peer add bob 10.0.0.5\n"},
    {"peer rename", "NAME NEW", marked("Change a peer's name"), 2, 2, {}, run_peer_rename},
    {"peer remove",
     "NAME",
     marked("Take a peer out of the address book"),
     1,
     1,
     {},
     run_peer_remove},
    {"group list", "", marked("List the groups of the address book"), 0, 0, {}, run_group_list},
    {"group add",
     "NAME PEER...",
     marked("Put peers into a group"),
     2,
     any_number,
     {},
     run_group_add,
     "  p2pctl group add ops bob carol 10.0.0.9\n"
     "  p2pctl send @ops 'down for ten minutes'\n"},
    {"group remove",
     "NAME [PEER...]",
     marked("Take peers out of a group, or all"),
     1,
     any_number,
     {},
     run_group_remove},
    {"status", "", marked("Show how the daemon does"), 0, 0, {}, run_status},
    {"doctor", "[PEER...]", marked("Say what is wrong and how to mend it"), 0, any_number,
     doctor_options, run_doctor, "  p2pctl doctor bob\n"},
    {"metrics", "", marked("Print counters and histograms for Prometheus"), 0, 0, metrics_options,
     run_metrics, "  p2pctl metrics --format prometheus > /run/p2pd.prom\n"},
    {"config show",
     "",
     marked("Show every setting and where it comes from"),
     0,
     0,
     {},
     run_config_show},
    {"config check",
     "[FILE]",
     marked("Check a configuration, without a daemon"),
     0,
     1,
     {},
     run_config_check},
    {"backup", "", marked("Copy the store as it is now (administrators)"), 0, 0, {}, run_backup},
    {"export",
     "",
     marked("Print the whole store as JSON Lines"),
     0,
     0,
     {},
     run_export,
     "  p2pctl export > messages.jsonl\n"},
    {"import",
     "[FILE]",
     marked("Take in what was exported (administrators)"),
     0,
     1,
     {},
     run_import,
     "  p2pctl import messages.jsonl\n"},
    {"reload", "", marked("Read the configuration again (administrators)"), 0, 0, {}, run_reload},
    {"log-level", "[LEVEL]", marked("Show or set how much is logged"), 0, 1, {}, run_log_level},
    {"rpc",
     "METHOD [JSON]",
     marked("Call a method of the control protocol"),
     1,
     2,
     {},
     run_rpc,
     "  p2pctl rpc list '{\"box\":\"all\",\"limit\":5}'\n"},
    {"completion",
     "SHELL",
     marked("Print the completion for bash, zsh or fish"),
     1,
     any_number,
     {},
     run_completion,
     "  source <(p2pctl completion bash)\n"},
    {"help", "[COMMAND]", marked("Show help"), 0, 2, {}, run_help},
    {"version", "", marked("Show the versions of p2pctl and the daemon"), 0, 0, {}, run_version},
};

}  // namespace

std::span<const Command> commands() {
    return table;
}

std::span<const OptionSpec> global_options() {
    return globals;
}

const Command* find_command(std::string_view name) {
    const auto* const found = std::find_if(std::begin(table), std::end(table),
                                           [&](const Command& each) { return each.name == name; });
    return found == std::end(table) ? nullptr : found;
}

bool is_group(std::string_view word) {
    return std::any_of(std::begin(table), std::end(table), [&](const Command& each) {
        return each.name.size() > word.size() && each.name.starts_with(word) &&
               each.name[word.size()] == ' ';
    });
}

}  // namespace p2pd
