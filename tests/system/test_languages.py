"""p2pctl speaks the language of its user, and nothing that a program reads changes with it."""

from __future__ import annotations

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import programs
from catalogs import CHOSEN, program_with_catalog, program_with_file
from chat_screen import Chat
from harness import Daemon, Hosts
from programs import Finished, run_ctl
from terminal import on_a_terminal

pytestmark = pytest.mark.skipif(shutil.which("msgfmt") is None, reason="gettext is not installed")

Environment = dict[str, str]
LEFT_COLUMNS = 28


@pytest.fixture(scope="module")
def brazil(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A user of Brazil; the host that runs the tests need not know the locale."""
    folder = tmp_path_factory.mktemp("locales")
    subprocess.run(["localedef", "-i", "pt_BR", "-f", "UTF-8", str(folder / "pt_BR.UTF-8")],
                   check=True)
    return {"LANG": "pt_BR.UTF-8", "LOCPATH": str(folder)}


@pytest.fixture(scope="module")
def marked_program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """p2pctl with «» around every text that it looks up."""
    return program_with_catalog(tmp_path_factory.mktemp("marked"), lambda text: f"«{text}»")


@pytest.fixture
def marked(marked_program: str, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setattr(programs, "P2PCTL", marked_program)
    return CHOSEN


def ctl(daemon: Daemon, environment: Environment, *arguments: str, stdin: str = "") -> Finished:
    return run_ctl(daemon.folder, "--socket", str(daemon.socket), *arguments, stdin=stdin,
                   environment=environment)


@pytest.fixture(scope="module")
def alice(module_hosts: Hosts) -> Daemon:
    """Has bob in the address book, and a delivered, a received and a waiting message. Her daemon
    runs in Brazil, too."""
    bob = module_hosts.start("bob")
    alice = module_hosts.daemon("alice")
    alice.environment = {"LANG": "pt_BR.UTF-8", "LANGUAGE": "pt_BR"}
    alice.start()
    alice.call("peers.add", {"name": "bob", "address": bob.address})
    assert alice.wait_state([alice.send("bob", "um")]) == ["delivered"]
    bob.send(alice.address, "dois")
    alice.wait_inbox(1)
    alice.send("127.0.0.1:9", "três")
    alice.call("groups.add", {"name": "todos", "members": ["bob"]})
    return alice


def test_help_is_in_the_language_and_its_columns_stand(tmp_path: Path, brazil: Environment) -> None:
    shown = on_a_terminal(tmp_path, "help", "--no-pager", environment=brazil).decode()
    commands = shown.partition("Comandos:\r\n")[2].partition("\r\n\r\n")[0].split("\r\n")
    assert len(commands) > 30
    assert "  send PAR [TEXTO...]          Envia uma mensagem e espera pela confirmação" in commands
    for line in commands:
        # One column a character: the accents are in the letters.
        assert re.fullmatch(rf"  \S.{{{LEFT_COLUMNS - 1}}} \S.*", line), line
    printed = run_ctl(tmp_path, "help", environment=brazil).out
    assert max(map(len, printed.splitlines())) <= 80


def test_a_language_without_its_locale_is_spoken(tmp_path: Path) -> None:
    assert run_ctl(tmp_path, "help", environment=CHOSEN).out.startswith("p2pctl: mensagens")
    for other in ({"LANG": "C", "LANGUAGE": "pt_BR"}, {"LANG": "tlh_XX.UTF-8"}, {}):
        assert run_ctl(tmp_path, "help", environment=other).out.startswith("p2pctl: messages")


def test_nobody_listening_is_said_in_the_language(tmp_path: Path, brazil: Environment) -> None:
    done = run_ctl(tmp_path, "--socket", str(tmp_path / "none"), "send", "bob", "oi",
                   environment=brazil)
    assert done.exit == 69
    # The words in parentheses are the C library's.
    assert re.fullmatch(r"p2pctl: p2pd não está em execução \(.*: Arquivo ou diretório "
                        r"inexistente\)\n  inicie-o: .*\n", done.err), done


def test_failures_of_the_daemon_are_said_in_the_language(alice: Daemon,
                                                         brazil: Environment) -> None:
    for arguments, exit_code, said in (
            (("show", "999"), 66, "p2pctl: não há mensagem 999; a mais recente é 3\n  "),
            (("reply", "999", "oi"), 66, "p2pctl: não há mensagem 999; a mais recente é 3\n  "),
            (("retry", "2"), 1, "p2pctl: a mensagem 2 é recebida\n  só mensagens enviadas "),
            (("retry", "1"), 1, "p2pctl: a mensagem 1 já está entregue\n"),
            (("peer", "add", "bob", "127.0.0.9"), 1, "p2pctl: bob já é 127.0.0.1:"),
            (("send", "bib", "oi"), 67, "p2pctl: não há par \"bib\" na agenda\n  você quis dizer "),
            (("rpc", "zap"), 64, "p2pctl: não há método \"zap\"\n  rpc.discover lista os "),
            (("send", "@nada", "oi"), 67, "p2pctl: não há grupo \"@nada\" na agenda\n")):
        done = ctl(alice, brazil, *arguments)
        assert (done.exit, done.err[:len(said)]) == (exit_code, said), done


def test_messages_and_states_are_shown_in_the_language(alice: Daemon, brazil: Environment) -> None:
    assert re.fullmatch(r"\* 2  há \S+ \w+ +127\.\S+  dois\n|\* 2  há \S+ \w+ +bob  dois\n",
                        ctl(alice, brazil, "inbox", "--relative").out)
    sent = ctl(alice, brazil, "sent").out.splitlines()
    assert [re.split(r" {2,}", line)[4] for line in sent] in (
        ["entregue", "na fila"], ["entregue", "enviando"]), sent
    details = ctl(alice, brazil, "show", "1").out
    assert "\nestado       entregue\n" in details and "\nida e volta  " in details
    status = ctl(alice, brazil, "status").out
    assert "\nmensagens    guardadas: 3, não lidas: 1, ainda não confirmadas: 1; " in status
    assert ctl(alice, brazil, "peer", "list").out.count("último sinal: ") >= 1


@pytest.mark.parametrize("typed, left", [("n\n", 1), ("s\n", 0), ("Y\n", 0)])
def test_yes_is_the_letter_of_the_language(hosts: Hosts, brazil: Environment, typed: str,
                                           left: int) -> None:
    daemon = hosts.start("daemon")
    ids = [daemon.send("127.0.0.1:9", "um")]
    daemon.call("cancel", {"ids": ids})
    shown = on_a_terminal(daemon.folder, "--socket", str(daemon.socket), "purge", typed=typed,
                          environment=brazil).decode()
    assert "Apagar todas as mensagens lidas ou concluídas? [s/N] " in shown
    assert len(daemon.sent()) == left


def alike(done: Finished) -> tuple[int, str, str]:
    """Without the numbers, which differ from one time to the next; 900 ms may be 1.1 s then."""
    numbers = re.compile(r"\d+(\.\d+)?( (ms|s|min|h|d)\b)?")
    return done.exit, numbers.sub("0", done.out), numbers.sub("0", done.err)


@pytest.mark.parametrize("arguments", [
    ("inbox",), ("inbox", "--since", "nunca"), ("sent",), ("show", "1", "2", "3"), ("show", "999"),
    ("thread", "bob"), ("search", "nada"), ("status",), ("doctor", "bob"), ("peer", "list"),
    ("peer", "show", "bob"), ("peer", "show", "bib"), ("group", "list"), ("config", "show"),
    ("config", "check", "/proc/version"), ("help",), ("help", "peer"), ("metrics",), ("version",),
    ("wait", "3", "--timeout", "0s"), ("retry", "2"), ("rpc", "zap"), ("send", "bob", ""),
    ("log-level", "muito"), ("watch", "--since", "0", "--count", "2", "--all"), ("zap",),
    ("inbox", "--zap"),
    ("purge", "--older-than", "zap"), ("completion", "fish"),
])
def test_json_is_the_same_in_every_language(alice: Daemon, brazil: Environment,
                                            arguments: tuple[str, ...]) -> None:
    english = ctl(alice, {"LANG": "C"}, "--json", *arguments)
    assert alike(ctl(alice, brazil, "--json", *arguments)) == alike(english)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_the_same_in_every_language(tmp_path: Path, brazil: Environment,
                                                    shell: str) -> None:
    english = run_ctl(tmp_path, "completion", shell)
    assert english.exit == 0
    assert run_ctl(tmp_path, "completion", shell, environment=brazil) == english


def test_the_log_and_the_control_protocol_are_in_english(alice: Daemon) -> None:
    assert "listening on 127.0.0.1:" in alice.log()
    with alice.control() as control:
        failure = control.failure("get", {"ids": [999]})
    assert failure.message == "no message 999; the newest is 3"


def test_what_is_sent_does_not_change_with_the_language(hosts: Hosts, brazil: Environment) -> None:
    alice, bob = hosts.start("alice"), hosts.start("bob")
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(ctl, alice, brazil, "ask", bob.address, "Sim?", "--choices",
                               "sim,não")
        question = bob.wait_inbox(1)[0]
        bob.call("reply", {"id": question["id"], "text": "talvez"})
        again = bob.wait_inbox(2)[1]
        assert again["text"] == "Please answer sim or não"
        bob.call("reply", {"id": again["id"], "text": "SIM"})
        done = asked.result()
    assert (done.exit, done.out) == (0, "sim\n")
    assert "não é uma das opções: talvez\n" in done.err


def words_outside(text: str) -> set[str]:
    """The words of a text that are in no «», but for lines that are commands to be typed."""
    text = re.sub(r"^ +p2pctl .*$", "", text, flags=re.MULTILINE)
    while (shorter := re.sub(r"«[^«»]*»", " ", text)) != text:
        text = shorter
    return set(re.findall(r"[^\W\d_]{2,}", text))


def words_of(*texts: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{2,}", " ".join(texts)))


def commands_of(environment: Environment, home: Path) -> list[list[str]]:
    lines = run_ctl(home, "--json", "help", environment=environment).lines()
    assert len(lines) > 30
    return [line["name"].split() for line in lines]


def test_no_text_of_help_is_forgotten(tmp_path: Path, marked: Environment) -> None:
    names = commands_of(marked, tmp_path)
    overview = run_ctl(tmp_path, "help", environment=marked).out
    assert "«p2pctl: messages over UDP, durable and confirmed»" in overview
    options = set(re.findall(r"--([a-z-]+)", overview))
    known = words_of(*(word for name in names for word in name), *options)
    assert words_outside(overview) <= known
    for name in names:
        shown = run_ctl(tmp_path, "help", *name, environment=marked).out
        described, _, examples = shown.partition("«Examples:»\n")
        own = re.findall(r"--([a-z-]+)", described)
        assert words_outside(described) <= known | words_of(*own), name
        assert all(line.startswith("  ") for line in examples.splitlines()), name


@pytest.mark.parametrize("line", [
    "zap", "", "peer", "peer zap", "--zap inbox", "inbox --zap", "inbox --number viele",
    "inbox --since gestern", "inbox --number", "inbox --unread=ja", "inbox zuviel", "show",
    "show eins", "show 1", "read", "read 1 --all", "send bob --wait viel x",
    "send bob x --no-wait --wait reply", "send bob --lines zuviel", "send bob --file x y",
    "send @alle --wait reply x", "ask bob x --choices ja,", "watch zuviel", "watch --failed",
    "watch --failed --cursor a/b", "watch --types zap", "watch --notify --exec zap",
    "watch --attempts 0", "chat", "chat --hold zap", "peer add 1 x", "peer add bob x:y:z",
    "peer add bob 10.0.0.1 --dialect zap", "completion zap", "log-level debugg", "rpc status {",
    "metrics --format zap", "config check /nirgends", "config check /proc/version",
    "--color zap inbox", "purge --older-than zap", "import /nirgends", "doctor", "status",
])
def test_no_text_of_a_failure_is_forgotten(tmp_path: Path, marked: Environment, line: str) -> None:
    socket = str(tmp_path / "none")
    done = run_ctl(tmp_path, "--socket", socket, *line.split(), environment=marked)
    assert done.exit != 0 and "«" in done.out + done.err, done
    assert words_outside(done.out + done.err) <= words_of("p2pctl", socket, line), done


@pytest.mark.parametrize("line", [
    "show 999", "retry 1", "retry 2", "cancel 2", "wait 2", "peer show 10.0.0.99", "peer show zap",
    "peer rename zap zip", "peer remove zap", "peer add bob 127.0.0.77", "reply 999 x",
    "search zap", "inbox --grep zap", "thread zap", "group remove zap", "send @zap x", "rpc zap",
    "rpc show [", "wait 1 --until zap", "wait 2 --until read", "send nirgends.invalid x",
    "send zap x", "log-level zap",
])
def test_no_text_of_the_daemons_failures_is_forgotten(alice: Daemon, marked: Environment,
                                                      line: str) -> None:
    done = ctl(alice, marked, *line.split())
    assert done.exit != 0 and "«" in done.err, done
    assert words_outside(done.err) <= words_of("p2pctl", line), done


UNITS = {"us", "ms", "min", "KiB", "MiB", "GiB"}


@pytest.mark.parametrize("line", [
    "inbox", "inbox --relative", "sent", "show 1 2 3", "thread bob", "status", "doctor",
    "doctor bob", "peer list", "peer show bob", "group list", "wait 1", "unread 2", "read 2",
    "read --all", "reload", "version", "send bob vier", "send bob fünf --no-wait",
    "send @todos sechs", "reply 2 sieben", "send bob --lines", "config check", "retry 3",
    "peer add eva 10.0.0.8", "peer rename eva eve", "peer remove eve", "peer list --verbose",
    "group add zwei bob", "group remove zwei bob",
])
def test_no_text_of_a_result_is_forgotten(alice: Daemon, marked: Environment, line: str) -> None:
    shown = ctl(alice, marked, *line.split(), stdin="acht\nneun\n")
    data = ctl(alice, {}, "--json", *line.split(), stdin="acht\nneun\n").out
    known = UNITS | words_of(data, line, str(alice.folder), "p2pctl p2pd bob um dois três")
    assert shown.exit == 0, shown
    assert words_outside(shown.out + shown.err) <= known, shown


def test_no_text_of_a_chat_is_forgotten(alice: Daemon, marked: Environment) -> None:
    with Chat(alice, columns=120, rows=40, environment=marked) as chat:
        chat.wait_line("«/help shows the rest.»")
        for typed, said in (("/help", "was typed. What is pasted is one message"),
                            ("/zap", "«unknown command \"/zap\"»"), ("x", "«the text has no"),
                            ("/to", "«/to needs a peer»"), ("/to zap", "«no peer \"zap\""),
                            ("/hold zap", "must be now, idle"), ("/hold idle", "«messages are"),
                            ("/reply 999", "«no message 999;"), ("/reply 1", "«#1 was sent from"),
                            ("/retry 2", "«message 2 is a received"), ("/peers", "«heard «"),
                            ("/thread bob", "dois")):
            chat.keys("\x15" + typed + "\r")  # what is typed wrongly stands there again
            chat.wait_line(said)
        # Without the prompt and the messages.
        shown = "\n".join(line for line in chat.lines()
                          if not re.match(r"» |» *$|\d\d:\d\d [→←]", line))
    known = words_of("p2pd zap bob base to reply inbox thread hold retry peers help quit")
    assert words_outside(shown) <= known, shown


def test_a_damaged_catalog_is_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    english = run_ctl(tmp_path, "help")
    for number, catalog in enumerate((b"", b"no catalog", bytes(4096))):
        program = program_with_file(tmp_path / str(number), catalog)
        monkeypatch.setattr(programs, "P2PCTL", program)
        assert run_ctl(tmp_path, "help", environment=CHOSEN) == english


@pytest.mark.parametrize("text", ["{9} {1", "{", "{0}{1}{1}{2}{3}{4}", "%s%n%d", "}{{1}}"])
def test_a_wrong_translation_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           text: str) -> None:
    monkeypatch.setattr(programs, "P2PCTL", program_with_catalog(tmp_path, lambda _: text))
    for arguments, exit_code in ((("help",), 0), (("help", "watch"), 0), (("zap",), 64),
                                 (("inbox", "--number", "x"), 64), (("status",), 69)):
        assert run_ctl(tmp_path, *arguments, environment=CHOSEN).exit == exit_code
