"""The manual says what the programs have, and nothing else; each page is clean."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness import Hosts
from manual import PAGES, bold_terms, one_line, plain, sections, terms
from programs import P2PD, ROOT, clean_environment, run_ctl

SCDOC = shutil.which("scdoc")
OPTION = re.compile(r"--[a-z][a-z-]*")


def help_of(home: Path, *words: str) -> str:
    done = run_ctl(home, "help", *words)
    assert done.exit == 0, done
    return done.out


def part(text: str, heading: str) -> str:
    """The lines of a help under a heading, up to an empty line."""
    return text.partition(f"\n{heading}:\n")[2].partition("\n\n")[0]


def options_in(text: str) -> set[tuple[str, ...]]:
    """Of `  -f, --file FILE   what it does`: ("--file", "-f", "FILE")."""
    found = re.findall(r"^ +(-\w)?,? *(--[a-z-]+)(?: ([A-Z]+))?(?:  |$)", text, re.MULTILINE)
    return {tuple(filter(None, (name, short, value))) for short, name, value in found}


def defined_options(section: str) -> set[tuple[str, ...]]:
    """The same of a section of a page."""
    found = set()
    for term in terms(section):
        if term.bold[0].startswith("--"):
            value = re.search(r" ([A-Z]+)$", term.rest)
            found.add((*term.bold, *([value[1]] if value else [])))
    return found


def commands_of(home: Path) -> list[str]:
    """As the overview lists them: `peer add NAME ADDRESS`."""
    lines = part(help_of(home), "Commands").splitlines()
    found = [re.split(r" {2,}", line.strip())[0] for line in lines]
    assert len(found) > 30, lines
    return found


def name_of(command: str) -> list[str]:
    """`peer add` of `peer add NAME ADDRESS`."""
    return re.findall(r"^[a-z -]*[a-z]", command)[0].split()


@pytest.mark.skipif(SCDOC is None, reason="scdoc is not installed")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_rendered_without_a_warning(page: str) -> None:
    made = subprocess.run([str(SCDOC)], input=PAGES[page].read_bytes(), capture_output=True,
                          check=False)
    assert made.returncode == 0 and made.stderr == b"", made.stderr.decode()
    shown = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-z"], input=made.stdout,
                           capture_output=True, check=False)
    assert shown.returncode == 0 and shown.stderr == b"", shown.stderr.decode()


def test_every_page_is_built_and_named_by_the_others() -> None:
    cmake = (ROOT / "CMakeLists.txt").read_text()
    for page, path in PAGES.items():
        assert str(path.relative_to(ROOT)).removesuffix(".scd") in cmake
        name, _, section = page.rpartition(".")
        assert path.read_text().startswith(f'{name}({section}) "')
        for other in re.findall(r"\*(p2p[a-z.-]+)\*\((\d)\)", path.read_text()):
            assert ".".join(other) in PAGES, f"{page} names {other}"


def test_p2pctl_has_the_commands_of_the_page(tmp_path: Path) -> None:
    headings = sections("p2pctl.1")
    after = list(headings)[list(headings).index("COMMANDS") + 1:]
    documented = after[:after.index("JSON")]
    assert documented == commands_of(tmp_path)


def test_each_command_has_the_options_of_the_page(tmp_path: Path) -> None:
    headings = sections("p2pctl.1")
    for command in commands_of(tmp_path):
        options = options_in(part(help_of(tmp_path, *name_of(command)), "Options"))
        assert defined_options(headings[command]) == options, command


def test_the_options_of_all_commands_are_those_of_the_page(tmp_path: Path) -> None:
    options = options_in(part(help_of(tmp_path), "Options of every command"))
    assert len(options) == 10
    assert defined_options(sections("p2pctl.1")["OPTIONS"]) == options


def test_p2pd_has_the_options_of_the_page(tmp_path: Path) -> None:
    text = subprocess.run([P2PD, "--help"], capture_output=True, check=True,
                          env=clean_environment(tmp_path)).stdout.decode()
    options = {(name, value) if value else (name,)
               for name, value in re.findall(r"^ +(--[a-z-]+)(?: (\S+))?(?:  |$)", text,
                                             re.MULTILINE)}
    documented = {(term.bold[0], *term.rest.split()[1:])
                  for term in terms(sections("p2pd.8")["OPTIONS"])}
    assert len(options) == 11 and documented == options


def test_no_page_names_an_option_that_does_not_exist(tmp_path: Path) -> None:
    known = set(OPTION.findall(subprocess.run([P2PD, "--help"], capture_output=True, check=True,
                                              env=clean_environment(tmp_path)).stdout.decode()))
    for command in commands_of(tmp_path):
        known |= set(OPTION.findall(help_of(tmp_path, *name_of(command))))
    for page, path in PAGES.items():
        text = re.sub(r"systemctl .*", "", plain(path.read_text()))
        assert set(OPTION.findall(text)) <= known, page


def test_the_examples_of_the_page_are_those_of_the_help(tmp_path: Path) -> None:
    shown = run_ctl(tmp_path, "--json", "help", "examples").lines()
    expected = "\n\n".join(f"{each['summary']}\n\n```\n{each['script']}```" for each in shown)
    assert sections("p2pctl.1")["EXAMPLES"].strip() == expected


def numbers(text: str) -> set[int]:
    """Of `Exit codes: 0 done, 64 usage, …`."""
    codes = re.sub(r"\s+", " ", text.partition("Exit codes:")[2])
    return {int(each) for each in re.findall(r"(?:^|, ?) ?(\d+) [a-zA-Z]", codes)}


def test_exit_codes_are_those_of_the_help(tmp_path: Path) -> None:
    daemon = subprocess.run([P2PD, "--help"], capture_output=True, check=True,
                            env=clean_environment(tmp_path)).stdout.decode()
    for page, text in (("p2pctl.1", help_of(tmp_path)), ("p2pd.8", daemon)):
        documented = {int(each) for each in bold_terms(sections(page)["EXIT STATUS"])}
        assert len(documented) >= 6 and documented == numbers(text), page


def test_the_environment_of_p2pctl_is_that_of_the_page() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "ctl").glob("*.cpp"))
    used = set(re.findall(r'(?:getenv|_environment)\("([A-Z0-9_]+)"', sources))
    assert 'setlocale(LC_MESSAGES, "")' in sources
    used |= {"LC_ALL", "LC_MESSAGES", "LANG"}  # which that reads
    assert set(bold_terms(sections("p2pctl.1")["ENVIRONMENT"])) == used


def configured_keys() -> dict[str, tuple[str, str, str]]:
    """Of config/p2pd.conf, which is what the program itself would write: default, what is allowed
    and the rest of the remarks, by key."""
    found = {}
    for block in (ROOT / "config" / "p2pd.conf").read_text().split("\n\n")[1:]:
        values = re.findall(r"^#([a-z_]+) = ?(.*)$", block, re.MULTILINE)
        allowed = re.search(r"^# Allowed: (.*?)\.( A change needs a restart\.)?$", block,
                            re.MULTILINE)
        user = re.search(r"^# Default of a user service: (.*)$", block, re.MULTILINE)
        assert allowed
        default = " ".join(value for _, value in values) or "nothing"
        if user:
            default += f"; of a user's own service {user[1]}"
        found[values[0][0]] = (default, allowed[1], allowed[2] or "")
    return found


def documented_keys() -> dict[str, tuple[str, str, str]]:
    found = {}
    for heading, section in sections("p2pd.conf.5").items():
        if heading in ("FILES", "EXAMPLES"):
            continue
        for term in terms(section):
            text = one_line(term.text)
            facts = re.search(r"Allowed: (.*)\. Default: (.*?)\.( A change needs a restart\.)?$",
                              text)
            assert facts, text
            found[term.bold[0]] = (facts[2], facts[1], facts[3] or "")
    return found


def test_the_keys_of_the_configuration_are_those_of_the_page(tmp_path: Path) -> None:
    assert documented_keys() == configured_keys()
    check = run_ctl(tmp_path, "--json", "config", "check", str(ROOT / "config" / "p2pd.conf"))
    assert {entry["key"] for entry in check.line()["entries"]} == set(documented_keys())


def test_the_methods_and_parameters_are_those_of_the_page(hosts: Hosts) -> None:
    known = {}
    for method in hosts.start("alice").call("rpc.discover")["methods"]:
        params = [each["name"] if each["required"] else f"[{each['name']}]"
                  for each in method["params"]]
        known[method["name"]] = (params, method["administrators_only"])
    documented = {}
    for term in terms(sections("p2pd-protocol.7")["Methods"]):
        name, *params = term.rest.split()
        documented[name] = (params, "administrators" in term.text.split())
    assert documented["log_level"][0] == ["[level]"]
    administered = dict(documented)
    # It asks for rights only when it changes the level, which is said in words.
    administered["log_level"] = (documented["log_level"][0], False)
    assert administered == known


def test_the_errors_are_those_of_the_page() -> None:
    source = (ROOT / "common" / "control_protocol.h").read_text()
    known = set(re.findall(r'ErrorKind error_\w+\{\s*"(\w+)", (-\d+)', source))
    documented = {pair for term in terms(sections("p2pd-protocol.7")["Errors"])
                  for pair in re.findall(r"(\w+) \((-\d+)\)", term.rest)}
    assert len(known) > 15 and documented == known


def test_the_causes_of_a_drop_are_those_of_the_page(hosts: Hosts) -> None:
    known = set(hosts.start("alice").dropped())
    assert {each for each in bold_terms(sections("p2pd-protocol.7")["THE WIRE"])
            if each not in ("message", "ACK", "reply") and each.islower()} == known


def test_the_types_of_json_are_those_of_the_page() -> None:
    documented = set(bold_terms(sections("p2pctl.1")["JSON"]))
    records = {"store", "received", "sent", "part", "identity"}
    schemas = {path.stem for path in (ROOT / "common" / "schemas").glob("*.json")}
    assert documented - records == schemas - {"export"}


BUS_XML = ROOT / "systemd" / "org.p2pd1.Manager.xml"


def bus_types(element: ElementTree.Element, direction: str) -> str:
    return ", ".join(each.get("type", "") for each in element.findall("arg")
                     if each.get("direction", "in") == direction)


@pytest.mark.skipif(not BUS_XML.exists(), reason="this build has no interface on the bus")
def test_the_interface_on_the_bus_is_that_of_the_page() -> None:
    interface = next(each for each in ElementTree.parse(BUS_XML).getroot().iter("interface")
                     if each.get("name") == "org.p2pd1.Manager")
    known = {(kind, each.get("name"), bus_types(each, "in"), bus_types(each, "out"))
             for kind in ("method", "signal") for each in interface.findall(kind)}
    known |= {("property", each.get("name"), each.get("type"), "")
              for each in interface.findall("property")}
    documented = set()
    for kind in ("method", "signal"):
        heading = {"method": "METHODS", "signal": "SIGNALS"}[kind]
        for term in terms(sections("p2pd-dbus.7")[heading]):
            given, _, result = term.rest.partition("(")[2].partition(")")
            documented.add((kind, term.bold[0], types_of(given), types_of(result.strip(" ->"))))
    for term in terms(sections("p2pd-dbus.7")["PROPERTIES"]):
        documented.add(("property", term.bold[0], term.rest.partition("(")[2].strip(")"), ""))
    assert documented == known


def types_of(arguments: str) -> str:
    """Of `s peer, a{sv} options`: `s, a{sv}`."""
    return ", ".join(each.split()[0] for each in arguments.split(", ") if each)
