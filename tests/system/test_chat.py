"""`p2pctl chat` on a terminal, as its user has it: keys go in, and what the screen shows then is
what is promised. A terminal emulator draws the screens."""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Iterator

import pytest
import wcwidth

import programs
from chat_screen import (CTRL_C, CTRL_D, CTRL_R, CTRL_Z, ENTER, HOME, LEFT, TAB, UP, Chat)
from harness import Daemon, Hosts

BURST = 1000
LONG = "".join(chr(ord("a") + i % 26) for i in range(150))
NAMES = ("alice", "bob", "carol")


@pytest.fixture(scope="module")
def town(module_hosts: Hosts) -> dict[str, Daemon]:
    """alice has the chats; the others are in her address book."""
    town = {name: module_hosts.start(name) for name in NAMES}
    for name in NAMES[1:]:
        town["alice"].call("peers.add", {"name": name, "address": town[name].address})
    return town


def without_messages(daemon: Daemon) -> Daemon:
    """Whatever the test before has left."""
    if not daemon.running():
        daemon.start()
    ids = [each["id"] for each in daemon.all_messages("all")]
    for first in range(0, len(ids), 1000):
        daemon.call("delete", {"ids": ids[first:first + 1000]})
    return daemon


@pytest.fixture
def alice(town: dict[str, Daemon]) -> Daemon:
    return without_messages(town["alice"])


@pytest.fixture
def bob(town: dict[str, Daemon]) -> Daemon:
    return without_messages(town["bob"])


@pytest.fixture
def carol(town: dict[str, Daemon]) -> Daemon:
    return without_messages(town["carol"])


@pytest.fixture
def chat(alice: Daemon, bob: Daemon) -> Iterator[Chat]:
    """With bob, and what arrives is shown at once."""
    with Chat(alice, "bob", "--hold", "now") as chat:
        chat.wait_typed("bob»")
        yield chat


def place_behind(text: str, columns: int = 60) -> tuple[int, int]:
    """Where the cursor is when this, the prompt included, is before it and no more."""
    column = row = 0
    for character in text:
        width = max(wcwidth.wcwidth(character), 0)
        if character == "\n" or column + width > columns:
            column, row = 0, row + 1
        column += width
        if column >= columns:
            column, row = column - columns, row + 1
    return column, row


def typed_rows(chat: Chat) -> tuple[list[str], tuple[int, int]]:
    """The rows from the last prompt on, and where the cursor is in them."""
    display = chat.display()
    first = max((i for i, line in enumerate(display) if line.startswith("bob»")), default=0)
    last = max((i for i, line in enumerate(display) if line), default=0)
    column, row = chat.cursor()
    return display[first:last + 1], (column, row - first)


def send_with(chat: Chat, bob: Daemon, keys: str, text: str) -> None:
    """The keys complete the text, and the next line begins."""
    received = len(bob.inbox())
    chat.keys(keys + ENTER)
    assert bob.wait_inbox(received + 1)[-1]["text"] == text
    chat.until(lambda: typed_rows(chat)[0] == ["bob»"], "the next prompt")


def visible(text: str) -> str:
    """Without spaces and line breaks, and what joins the character before it, which libedit leaves
    out of the screen."""
    return "".join(c for c in text if wcwidth.wcwidth(c) > 0 and c != " ")


def check_undisturbed(chat: Chat, alice: Daemon, bob: Daemon, text: str, behind: str = "") -> None:
    """Below a message, what is typed and the cursor, between text and what is behind it, are as
    they were before."""
    place = place_behind("bob» " + text)
    chat.until(lambda: visible("".join(typed_rows(chat)[0])) == visible("bob» " + text + behind),
               f"{text + behind}")
    chat.until(lambda: typed_rows(chat)[1] == place, f"the cursor at {place}")
    before = typed_rows(chat)
    messages = chat.text().count("a message of bob")
    above = chat.text().rpartition("bob»")[0]
    alike = chat.text().count(before[0][0])
    bob.send(alice.address, "a message of bob")
    chat.until(lambda: chat.text().count("a message of bob") > messages, "the message")
    chat.until(lambda: typed_rows(chat) == before, f"{before} again")
    assert chat.text().startswith(above), "something above is lost"
    assert chat.text().count(before[0][0]) == alike, "what is typed is there twice"


# Messages are written and received in one terminal.

def test_messages_are_written_and_received_in_one_terminal(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    chat.keys("hello bob" + ENTER)
    assert bob.wait_inbox(1)[0]["text"] == "hello bob"
    bob.send(alice.address, "hello alice")
    number = chat.id_of("hello alice")
    assert f"← #{number} bob: hello alice" in chat.text()
    chat.wait_typed("bob»")


def test_messages_of_several_lines_are_shown_so_and_look_like_no_other(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    bob.send(alice.address, "one\n10:00 ← #99 carol: two")
    assert chat.wait_line("carol: two").startswith("  10:00")


def test_what_is_received_cannot_move_the_cursor(chat: Chat, alice: Daemon, bob: Daemon) -> None:
    chat.keys("my text")
    chat.wait_typed("bob» my text")
    bob.send(alice.address, "\x1b[2J\x1b[H\x1b]0;title\x07" "evil")
    assert "\\x1b[2J" in chat.wait_line("evil")
    chat.wait_typed("bob» my text")
    assert (chat.screen.title, chat.screen.icon_name) == ("", "")


# What arrives never disturbs what is being typed.

def test_a_line_longer_than_the_screen_is_wide_is_left_as_it_is(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    chat.keys(LONG)
    chat.wait_typed(LONG)
    check_undisturbed(chat, alice, bob, LONG)
    chat.keys(ENTER)
    assert bob.wait_inbox(1)[0]["text"] == LONG


def test_a_line_that_ends_at_the_margin_is_left_as_it_is(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    for size in (54, 55, 56, 114, 115, 116):
        text = LONG[-size:]
        chat.keys(text)
        check_undisturbed(chat, alice, bob, text)
        send_with(chat, bob, "!", text + "!")


def test_the_middle_of_editing_is_left_as_it_is(chat: Chat, alice: Daemon, bob: Daemon) -> None:
    for at in (149, 115, 114, 50, 0):
        chat.keys(LONG + LEFT * (len(LONG) - at))
        check_undisturbed(chat, alice, bob, LONG[:at], LONG[at:])
        send_with(chat, bob, "HERE", LONG[:at] + "HERE" + LONG[at:])


def test_wide_and_joined_characters_are_left_as_they_are(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    texts = ["世" * 40, "a" + "世" * 40, "x" * 54 + "世界" * 20, "e\u0301" * 70,
             "👩\u200d🚀" * 20, "naïve Ünïcödé " * 8]
    for text in texts:
        chat.keys(text + LEFT * 3)
        check_undisturbed(chat, alice, bob, text[:-3], text[-3:])
        send_with(chat, bob, "|", text[:-3] + "|" + text[-3:])


def test_a_burst_of_a_thousand_leaves_the_line_and_loses_nothing(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    chat.keys(LONG + LEFT * 50)
    chat.wait_typed(LONG)
    place = place_behind("bob» " + LONG[:100])
    chat.until(lambda: typed_rows(chat)[1] == place, f"the cursor at {place}")
    before = typed_rows(chat)
    redrawn = chat.written.count(b"\x1b[J")
    with bob.control() as control:
        numbers = [control.post("send", {"peer": alice.address, "text": f"burst {i} ."})
                   for i in range(BURST)]
        for number in numbers:
            control.answer(number)
    chat.until(lambda: chat.written.count(b": burst ") == BURST, "all messages", 60)
    chat.until(lambda: typed_rows(chat) == before, f"{before} again")
    shown = [line.partition("bob: ")[2] for line in chat.lines() if "burst" in line]
    assert sorted(shown) == sorted(f"burst {i} ." for i in range(BURST))
    assert chat.written.count(b"\x1b[J") - redrawn < BURST / 5, "it was drawn for each message"
    chat.keys("!" + ENTER)
    assert bob.wait_inbox(1)[0]["text"] == LONG[:100] + "!" + LONG[100:]


def test_a_window_that_is_resized_keeps_what_is_typed(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    def wait_line_of(columns: int) -> None:
        place = place_behind("bob» " + LONG[:130], columns)
        typed = [("bob» " + LONG)[i:i + columns] for i in range(0, 5 + len(LONG), columns)]
        chat.until(lambda: typed_rows(chat) == (typed, place), f"{typed} at {place}")

    chat.keys(LONG + LEFT * 20)
    now = 60
    for columns, rows in ((40, 20), (100, 20), (60, 12), (33, 16)):
        before = f"before {columns}"
        bob.send(alice.address, before)
        chat.wait_line(f"bob: {before}")
        wait_line_of(now)  # what is drawn for one width means nothing in another
        chat.resize(columns, rows)
        now = columns
        wait_line_of(now)
        # An emulator that cuts rows off at the top has nothing more to show of them.
        assert rows != 20 or f"bob: {before}" in chat.text()
        bob.send(alice.address, f"after {columns}")
        chat.wait_line(f"bob: after {columns}")
        wait_line_of(now)
    chat.keys("!" + ENTER)
    assert bob.wait_inbox(1)[0]["text"] == LONG[:130] + "!" + LONG[130:]


def test_a_window_that_wraps_anew_shows_the_line_once(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    bob.send(alice.address, "above")
    chat.wait_line("bob: above")
    chat.keys(LONG + LEFT * 20)
    chat.until(lambda: typed_rows(chat)[1] == place_behind("bob» " + LONG[:130]), "the line")
    for columns in (50, 90, 31, 70):
        chat.resize_and_wrap(columns)
        typed = [("bob» " + LONG)[i:i + columns] for i in range(0, 5 + len(LONG), columns)]
        place = place_behind("bob» " + LONG[:130], columns)
        redrawn = chat.written.count(b"\x1b[J")
        chat.until(lambda: chat.written.count(b"\x1b[J") > redrawn, "that it is drawn")
        chat.until(lambda: typed_rows(chat) == (typed, place), f"{typed} at {place}")
        assert chat.text().count("bob» ") == 1 and "bob: above" in chat.text()


def test_a_window_is_resized_that_does_not_answer(alice: Daemon, bob: Daemon) -> None:
    with Chat(alice, "bob", answers=False) as chat:
        chat.wait_typed("bob»")
        chat.keys(LONG)
        chat.wait_typed(LONG)
        chat.resize(40, 20)
        chat.keys("!")
        chat.wait_typed(LONG + "!")
        chat.keys("\x1b[5;7R.")  # an answer that comes late
        chat.wait_typed(LONG + "!.")
        chat.keys(ENTER)
        assert bob.wait_inbox(1)[0]["text"] == LONG + "!."


def test_a_paste_of_several_lines_is_one_message_sent_by_enter(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    chat.keys("see: ")
    chat.paste("def f():\n\treturn 1\n\n# end\n")
    chat.wait_typed("# end")
    check_undisturbed(chat, alice, bob, "see: def f():\n    return 1\n\n# end")
    assert bob.inbox() == []
    chat.keys(" ok?" + ENTER)
    assert bob.wait_inbox(1)[0]["text"] == "see: def f():\n    return 1\n\n# end ok?"
    chat.wait_line("delivered")
    chat.keys(UP)
    chat.wait_typed("# end ok?")


def test_a_paste_longer_than_a_message_is_left_out(chat: Chat, bob: Daemon) -> None:
    chat.keys("before")
    chat.paste("x" * 70_000)
    chat.wait_line("longer than a message may be")
    chat.wait_typed("bob» before")
    chat.keys(" and after" + ENTER)
    assert bob.wait_inbox(1)[0]["text"] == "before and after"


def test_a_line_longer_than_the_screen_is_high_is_kept(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    text = "".join(f"{i:04} " for i in range(400)) + "end"
    chat.paste(text)
    chat.wait_typed("0399 end")
    bob.send(alice.address, "a message of bob")
    chat.wait_line("a message of bob")
    chat.wait_typed("0399 end")
    chat.keys(ENTER)
    assert bob.wait_inbox(1)[0]["text"] == text


# --hold now|idle|manual.

def test_idle_waits_while_somebody_types(alice: Daemon, bob: Daemon) -> None:
    with Chat(alice, "bob") as chat:
        chat.wait_typed("bob»")
        bob.send(alice.address, "one")
        chat.wait_line("bob: one")  # nothing is typed: at once
        chat.keys("t")
        chat.wait_typed("bob» t")
        bob.send(alice.address, "two")
        alice.wait_inbox(2)
        chat.keys("y")
        chat.wait_typed("bob» ty")
        assert "bob: two" not in chat.text()
        chat.wait_line("bob: two")  # nobody types any more
        chat.wait_typed("bob» ty")
        chat.keys("p")
        chat.wait_typed("bob» typ")
        bob.send(alice.address, "three")
        alice.wait_inbox(3)
        chat.keys("e" + ENTER)
        chat.wait_line("bob: three", 1)  # the line is empty again
    assert bob.wait_inbox(1)[0]["text"] == "type"


def test_manual_counts_until_it_is_asked_for(alice: Daemon, bob: Daemon) -> None:
    with Chat(alice, "bob", "--hold=manual") as chat:
        chat.wait_typed("bob»")
        bob.send(alice.address, "one")
        chat.wait_typed("[1 new] bob»")
        bob.send(alice.address, "two")
        chat.wait_typed("[2 new] bob»")
        assert "bob: one" not in chat.text()
        chat.keys("typing")
        chat.wait_typed("[2 new] bob» typing")
        bob.send(alice.address, "three")
        alice.wait_inbox(3)
        chat.keys(".")
        chat.wait_typed("[2 new] bob» typing.")
        chat.keys(CTRL_C + "/inbox" + ENTER)
        chat.wait_line("bob: three")
        assert [line.partition("bob: ")[2] for line in chat.lines() if "← #" in line] == [
            "one", "two", "three"]
        chat.until(lambda: chat.display()[chat.cursor()[1]] == "bob»", "a prompt without a count")


def test_hold_is_changed_by_a_command(alice: Daemon, bob: Daemon) -> None:
    with Chat(alice, "bob", "--hold=manual") as chat:
        chat.wait_typed("bob»")
        bob.send(alice.address, "one")
        chat.wait_typed("[1 new] bob»")
        chat.keys("/hold now" + ENTER)
        chat.wait_line("bob: one")


# The prompt, and the key that answers.

def test_the_prompt_changes_only_by_the_users_hand(
        chat: Chat, alice: Daemon, bob: Daemon, carol: Daemon) -> None:
    carol.send(alice.address, "from carol")
    number = chat.id_of("carol: from carol")
    chat.wait_typed("bob»")
    chat.keys(CTRL_R + "y")
    chat.wait_typed(f"carol↩{number}» y")
    bob.send(alice.address, "from bob")
    chat.wait_line("bob: from bob")
    chat.wait_typed(f"carol↩{number}» y")
    chat.keys("es" + ENTER)
    assert carol.wait_inbox(1)[0]["text"] == "yes"
    assert bob.inbox() == []
    chat.wait_typed("carol»")
    chat.keys("/to bob" + ENTER)
    chat.wait_typed("bob»")


def test_a_key_answers_the_newest_unanswered_message_by_its_id(
        chat: Chat, alice: Daemon, bob: Daemon, carol: Daemon) -> None:
    ids = []
    for host in (bob, carol, bob):
        host.send(alice.address, f"question {len(ids)}")
        ids.append(chat.id_of(f": question {len(ids)}"))
    for which, name in ((2, "bob"), (1, "carol"), (0, "bob"), (2, "bob")):
        chat.keys(CTRL_R)
        chat.wait_typed(f"{name}↩{ids[which]}»")
    chat.keys("third" + ENTER)
    chat.wait_typed("bob»")
    chat.keys(CTRL_R)  # the third has its answer
    chat.wait_typed(f"carol↩{ids[1]}»")
    chat.keys("second" + ENTER)
    carol.wait_inbox(1)
    bob.wait_inbox(1)
    assert [(each["text"], each["reply_to"]) for each in alice.sent()] == [
        ("third", ids[2]), ("second", ids[1])]


def test_without_a_receiver_nothing_is_sent_and_nothing_lost(alice: Daemon, bob: Daemon) -> None:
    with Chat(alice, "--hold", "now") as chat:
        chat.keys("to whom?" + ENTER)
        chat.wait_line("the text has no receiver yet")
        chat.wait_typed("» to whom?")
        bob.send(alice.address, "to me")
        chat.wait_line("bob: to me")
        chat.keys(CTRL_R + ENTER)
        assert bob.wait_inbox(1)[0]["text"] == "to whom?"


# Commands, completion and history.

def test_each_command_does_what_help_says(chat: Chat, alice: Daemon, bob: Daemon) -> None:
    chat.keys("/help" + ENTER)
    for command in ("/to", "/reply", "/inbox", "/thread", "/hold", "/retry", "/peers", "/quit"):
        chat.wait_line(f"  {command}")
    bob.send(alice.address, "one")
    number = chat.id_of("bob: one")
    chat.keys(f"/reply {number}" + ENTER)
    chat.wait_typed(f"bob↩{number}»")
    chat.keys(f"/to {bob.address}" + ENTER)
    chat.wait_typed("bob»")
    chat.keys("/peers" + ENTER)
    chat.wait_line(f"{bob.address}  p2pd")
    chat.keys("two" + ENTER)
    sent = chat.id_of("bob: delivered")
    chat.keys("/thread" + ENTER)
    chat.wait_line(f"→ #{sent} bob: two")
    chat.keys("/retry" + ENTER)
    chat.wait_line("nothing was refused")
    chat.keys("/inbox" + ENTER)
    chat.until(lambda: chat.text().count(f"← #{number} bob: one") == 3, "the unread message")
    chat.keys("//to bob" + ENTER)
    assert bob.wait_inbox(2)[1]["text"] == "/to bob"
    chat.keys("/quit" + ENTER)
    assert chat.end() == 0


def test_a_daemon_that_hangs_gives_the_keyboard_back(chat: Chat, alice: Daemon,
                                                     bob: Daemon) -> None:
    os.kill(alice.pid, signal.SIGSTOP)
    try:
        chat.keys("/peers" + ENTER)
        chat.wait_line("p2pd does not answer (waited 3", seconds=10)
        chat.keys("still here")
        chat.wait_typed("bob» still here")
    finally:
        os.kill(alice.pid, signal.SIGCONT)
    chat.keys(ENTER)
    assert bob.wait_inbox(1)[0]["text"] == "still here"


def test_a_command_that_does_not_exist_is_not_sent(chat: Chat, bob: Daemon) -> None:
    chat.keys("/replay 1" + ENTER)
    chat.wait_line('unknown command "/replay"')
    chat.wait_line("did you mean /reply?")
    chat.wait_typed("bob» /replay 1")
    chat.keys(CTRL_C + "/to nobody" + ENTER)
    chat.wait_line('no peer "nobody" in the address book')
    chat.wait_typed("bob»")
    chat.keys("mine" + ENTER)
    number = chat.id_of("bob: delivered")
    chat.keys(f"/reply {number}" + ENTER)
    chat.wait_line(f"#{number} was sent from here")
    assert [each["text"] for each in bob.inbox()] == ["mine"]


def test_tab_completes_names_of_peers_and_commands(
        chat: Chat, alice: Daemon, carol: Daemon) -> None:
    alice.call("peers.add", {"name": "caroline", "address": "127.9.9.9:5000"})
    chat.keys("/t" + TAB)
    chat.wait_line("/thread  /to")
    chat.keys("o" + TAB + "ca" + TAB)
    chat.wait_typed("bob» /to carol")
    chat.keys(TAB)
    chat.wait_line("carol  caroline")
    chat.wait_typed("bob» /to carol")
    chat.keys("i" + TAB + ENTER)
    chat.wait_typed("caroline»")
    alice.call("peers.remove", {"peer": "caroline"})


def test_up_brings_back_what_was_typed(chat: Chat, bob: Daemon) -> None:
    chat.keys("first" + ENTER + "second" + ENTER)
    bob.wait_inbox(2)
    chat.keys(UP)
    chat.wait_typed("bob» second")
    chat.keys(UP)
    chat.wait_typed("bob» first")
    chat.keys(" again" + ENTER)
    assert bob.wait_inbox(3)[2]["text"] == "first again"


def test_ctrl_c_gives_up_the_line_and_then_the_chat(chat: Chat, bob: Daemon) -> None:
    chat.keys(LONG + HOME)
    chat.wait_typed(LONG)
    chat.keys(CTRL_C)
    chat.wait_typed("bob»")
    assert chat.wait_line("^C") == LONG[115:] + "^C"
    chat.keys(UP)
    chat.wait_typed(LONG)
    chat.keys(CTRL_C)
    chat.until(lambda: chat.text().count("^C") == 2, "the next prompt")
    chat.keys(CTRL_C)
    assert chat.end() == 130
    assert bob.inbox() == []


# The state of what was sent.

def test_a_sent_line_is_followed_by_its_delivery(chat: Chat) -> None:
    chat.keys("hello" + ENTER)
    assert chat.wait_line("bob: delivered in ").endswith("ms")
    assert chat.text().count("→ #") == 1


def test_a_sent_line_is_followed_by_its_refusal_and_sent_again_by_retry(
        hosts: Hosts, alice: Daemon) -> None:
    dave = hosts.start("dave", "--set", "text_bytes_max=100")
    with Chat(alice, dave.address, columns=100) as chat:
        chat.keys("x" * 101 + ENTER)
        number = chat.id_of(dave.address + ": refused")
        chat.wait_line(f"/retry {number}")
        dave.options[-1] = "text_bytes_max=200"
        dave.restart()
        chat.keys("/retry" + ENTER)
        chat.wait_line(f"→ #{number} {dave.address}: delivered")


def test_a_sent_line_that_is_not_delivered_soon_says_so(alice: Daemon, bob: Daemon) -> None:
    bob.stop()
    with Chat(alice, "bob") as chat:
        chat.wait_typed("bob»")
        chat.keys("are you there?" + ENTER)
        number = chat.id_of("→ #")
        assert "delivered" not in chat.text()
        bob.start()
        chat.wait_line(f"→ #{number} bob: delivered")


# The daemon restarting loses nothing.

def test_a_restart_of_the_daemon_loses_nothing(chat: Chat, alice: Daemon, bob: Daemon) -> None:
    chat.keys("half a ")
    chat.wait_typed("bob» half a")
    alice.stop()
    chat.wait_line("the connection to p2pd has ended")
    chat.wait_typed("bob» half a")
    bob.send(alice.address, "while you were away")
    chat.keys("line" + ENTER)
    chat.wait_line("→ bob: kept here")
    chat.keys("the next")
    chat.wait_typed("bob» the next")
    alice.start()
    chat.wait_line("bob: while you were away")
    chat.wait_line("bob: delivered")
    chat.wait_typed("bob» the next")
    chat.keys(ENTER)
    assert [each["text"] for each in bob.wait_inbox(2)] == ["half a line", "the next"]
    bob.send(alice.address, "welcome back")
    chat.wait_line("bob: welcome back")
    assert chat.text().count("while you were away") == 1


def test_a_kill_of_the_daemon_makes_no_second_message(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    for number in range(5):
        chat.keys(f"text {number}" + ENTER)
    alice.kill()
    chat.wait_line("the connection to p2pd has ended")
    alice.start()
    received = [each["text"] for each in bob.wait_inbox(5)]
    chat.keys("end" + ENTER)
    bob.wait_inbox(6)
    assert [each["text"] for each in bob.inbox()] == [*received, "end"]
    assert sorted(received) == [f"text {number}" for number in range(5)]


def test_what_the_daemon_does_not_have_is_not_given_up_unasked(
        chat: Chat, alice: Daemon) -> None:
    alice.stop()
    chat.keys("important" + ENTER + "/quit" + ENTER)
    chat.wait_line("1 message wait")
    chat.wait_typed("bob»")
    chat.keys("/quit" + ENTER)
    assert chat.end() == 75


# The terminal.

def test_the_terminal_is_left_as_it_was(chat: Chat) -> None:
    chat.keys("/quit" + ENTER)
    assert chat.end() == 0
    assert 2004 << 5 not in chat.screen.mode and not chat.screen.cursor.hidden
    assert chat.screen.cursor.x == 0


def test_ctrl_z_gives_the_terminal_back_and_goes_on_after_it(
        chat: Chat, alice: Daemon, bob: Daemon) -> None:
    echo = termios.tcgetattr(chat.ours)[3] & termios.ECHO
    assert not echo
    chat.keys("half")
    chat.wait_typed("bob» half")
    chat.keys(CTRL_Z)
    chat.until(lambda: 2004 << 5 not in chat.screen.mode, "the mode of pasting off")
    os.waitid(os.P_PID, chat.process.pid, os.WSTOPPED)
    assert termios.tcgetattr(chat.ours)[3] & termios.ECHO
    bob.send(alice.address, "meanwhile")
    alice.wait_inbox(1)
    chat.signal(signal.SIGCONT)
    chat.wait_line("bob: meanwhile")
    chat.wait_typed("bob» half")
    chat.keys(" and half" + ENTER)
    assert bob.wait_inbox(1)[0]["text"] == "half and half"


def test_ctrl_d_ends_it(chat: Chat) -> None:
    chat.keys(CTRL_D)
    assert chat.end() == 0


def test_a_terminal_that_cannot_move_its_cursor_is_refused(alice: Daemon) -> None:
    with Chat(alice, terminal="dumb") as chat:
        assert chat.end() == 64
        assert "chat needs a terminal that can move its cursor" in " ".join(chat.lines())


def test_without_a_terminal_it_says_what_to_use(alice: Daemon) -> None:
    done = alice.ctl("chat", "bob")
    assert done.exit == 64 and "chat needs a terminal" in done.err and "p2pctl watch" in done.err
    assert alice.ctl("--json", "chat").exit == 64
    assert programs.run_ctl(alice.folder, "chat", "--hold", "later").exit == 64
