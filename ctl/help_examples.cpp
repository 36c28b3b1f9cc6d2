// ctl: real uses, for help and the manual. Includes std, libc and
// ctl/language.h.
#include "ctl/help_examples.h"

#include "ctl/language.h"

namespace p2pd {

namespace {

// In the manual too, word for word; tests/system/test_manual.py compares them.
constexpr Example examples[] = {
    {"send", marked("Send a message; the exit code says whether it arrived."),
     "p2pctl send bob \"hi\" && echo \"bob has it on disk\"\n"},
    {"name", marked("Give a peer a name, and see what is known of it."),
     "p2pctl peer add dave 10.0.0.5\n"
     "p2pctl peer show dave\n"},
    {"output", marked("Send what a program prints."), "df -h / 2>&1 | p2pctl send bob\n"},
    {"backup", marked("Tell how a backup ended, and why it failed."),
     "if said=$(tar -czf docs.tar.gz docs 2>&1); then\n"
     "    p2pctl send bob \"backup done: $(du -h docs.tar.gz | cut -f1)\"\n"
     "else\n"
     "    p2pctl send bob \"backup failed ($?): $said\"\n"
     "fi\n"},
    {"alarm", marked("Raise an alarm from a script, and do not wait until somebody has it."),
     "[ \"$(find docs.tar.gz -mtime -1)\" ] || p2pctl send -n bob \"no backup since yesterday\"\n"},
    {"log", marked("Send each line of a log as a message, as it is written."),
     "tail -F build.log | p2pctl send bob --lines\n"},
    {"reply", marked("Read what is new, and answer; a reply needs no address."),
     "p2pctl inbox --unread --mark-read\n"
     "p2pctl reply 42 \"on my way\"\n"},
    {"ask", marked("Ask an operator, and go by the answer."),
     "if [ \"$(p2pctl ask bob 'Deploy now?' --choices yes,no --timeout 5m)\" = yes ]; then\n"
     "    ./deploy\n"
     "fi\n"},
    {"group", marked("Write to a group; each member gets a message of its own."),
     "p2pctl group add ops bob carol\n"
     "p2pctl send @ops \"down for ten minutes\"\n"},
    {"wait", marked("Go on once somebody has said so; what was said meanwhile counts."),
     "p2pctl watch --cursor release --from bob --grep passed --count 1 --timeout 30m && "
     "./deploy\n"},
    {"hook", marked("Run a program for each message; one that fails is tried again."),
     "p2pctl watch --cursor alarms --from bob --exec sh -- -c 'cat >> alarms.jsonl'\n"},
    {"answer", marked("Answer requests by a program."),
     "p2pctl watch --cursor disk --grep disk --exec sh -- -c 'df -h / | p2pctl reply $P2P_ID'\n"},
    {"later", marked("Go on at once, and look later what became of it."),
     "id=$(p2pctl send --no-wait --json bob \"the figures\" | jq .id)\n"
     "p2pctl wait $id --timeout 1h || echo \"bob has not got it yet\"\n"},
    {"json", marked("Work on messages with other programs."),
     "p2pctl search backup --since 7d --json | jq -r '[.received_at, .text] | @tsv'\n"},
};

}  // namespace

std::span<const Example> help_examples() {
    return examples;
}

std::string examples_text() {
    std::string text;
    for (const Example& example : help_examples()) {
        if (!text.empty()) text += "\n";
        text.append(tr(example.summary)).append("\n\n");
        std::string_view rest = example.script;
        while (!rest.empty()) {
            const std::size_t end = rest.find('\n') + 1;
            text.append("    ").append(rest.substr(0, end));
            rest.remove_prefix(end);
        }
    }
    return text;
}

}  // namespace p2pd
