"""The check of the translations notices each kind of fault, so its silence means something."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from check_translations import (  # noqa: E402
    check_catalog, check_forms, check_marked, read_entries, template_of, widths_of)

TEMPLATE = read_entries('''
msgid ""
msgstr "Language: none\\n"

#: ctl/context.cpp
#, c-format
msgid "{2} has \\"{1}\\""
msgstr ""

msgid "{1} message"
msgid_plural ""
"{1} "
"messages"
msgstr[0] ""
msgstr[1] ""

msgid "; more"
msgstr ""
''')
WHOLE = '''
msgid "{2} has \\"{1}\\""
msgstr "\\"{1}\\" está em {2}"

msgid "{1} message"
msgid_plural "{1} messages"
msgstr[0] "{1} mensagem"
msgstr[1] "{1} mensagens"

msgid "; more"
msgstr "; mais"
'''


def test_a_complete_catalog_has_no_fault() -> None:
    assert len(TEMPLATE) == 3 and TEMPLATE["{1} message"].ids[1] == "{1} messages"
    assert check_catalog(WHOLE, TEMPLATE, {"; more": 6}) == []


@pytest.mark.parametrize("old, new, fault", [
    ('"; more"', '"; less"', "missing"),
    ('"; more"', '"; less"', "not in the sources"),
    ('"; mais"', '""', "not translated"),
    ('msgstr[1] "{1} mensagens"', 'msgstr[1] ""', "not translated"),
    ('msgid "; more"', '#, fuzzy\nmsgid "; more"', "fuzzy"),
    ('msgid "; more"', '#~ msgid "old"\n#~ msgstr "velho"\n\nmsgid "; more"', "obsolete"),
    ("está em {2}", "está aqui", "other values"),
    ("está em {2}", "está em {3}", "other values"),
    ('"{1} mensagens"', '"mensagens"', "other values"),
    ('"; mais"', '"; mais "', "other blanks"),
    ('"; mais"', '"; muito mais"', "wider than 6 columns"),
])
def test_a_fault_is_noticed(old: str, new: str, fault: str) -> None:
    assert old in WHOLE
    problems = check_catalog(WHOLE.replace(old, new), TEMPLATE, {"; more": 6})
    assert any(fault in problem for problem in problems), problems


def test_a_form_that_nobody_says_is_noticed() -> None:
    said = "no message \n; the newest is \nthe disk is full"
    assert check_forms(["no message {1}; the newest is {2}", "the disk is full"], said) == []
    assert len(check_forms(["no message {1}; the oldest is {2}"], said)) == 1


@pytest.mark.parametrize("code, noticed", [
    ('print("nothing " "is here");', True),
    ('throw ControlError(error_io, "cannot read " + name);', True),
    ('print(tr("all is well"));', False),
    ("const char quote = '\"'; print(tr(\"all is well\"));", False),
    ('// says "what is wrong"\nprint("name");', False),
    ('hint = "p2pctl inbox --unread";', False),
    ('text = "; the newest is " + id;', False),
])
def test_a_text_that_is_not_looked_up_is_noticed(code: str, noticed: bool) -> None:
    problems = check_marked(code, {"all is well"}, ["no message {1}; the newest is {2}"])
    assert bool(problems) == noticed, problems


@pytest.mark.parametrize("code, text", [
    ('auto a = tr("one of: {1}", all);', "one of: {1}"),
    ('tr_count("{1} day", "{1} days", count)', "{1} day"),
    ('constexpr auto a = marked("to "\n "be");', "to be"),
    ('detail_line("state", "new")', "state"),
    ('add_time(details, "sent", time)', "sent"),
    ('fine("clock", text)', "clock"),
])
def test_what_is_marked_is_found(tmp_path: Path, code: str, text: str) -> None:
    (tmp_path / "ctl").mkdir()
    (tmp_path / "ctl" / "a.cpp").write_text(f"// ctl: a.\nauto other = \"no text\";\n{code}\n")
    assert list(read_entries(template_of(tmp_path))) == [text]


def test_the_width_of_a_label_is_known(tmp_path: Path) -> None:
    (tmp_path / "ctl").mkdir()
    (tmp_path / "ctl" / "a.cpp").write_text('detail_line("state", tr("new")); fine("clock", a);')
    assert widths_of(tmp_path) == {"state": 12, "clock": 10}
