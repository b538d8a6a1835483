"""Class lists as people have them: odd headers are understood, wrong lines are named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_lab.errors import InvalidInputError, NotFoundError
from tinytorch_lab.grading.roster import RosterEntry, parse_roster, read_roster

ADA = RosterEntry("ada", "Ada", "Lovelace", "ada@example.org")


def parse(text: str, encoding: str = "utf-8") -> tuple[RosterEntry, ...]:
    return parse_roster(text.encode(encoding), "class.csv")


@pytest.mark.parametrize(
    "text",
    [
        "student_id,first_name,last_name,email\nada,Ada,Lovelace,ada@example.org\n",
        "Username;E-Mail;Surname;First name\r\nada;ada@example.org;Lovelace;Ada\r\n",
        "Name\tLogin\tEmail address\nAda Lovelace\tada\tada@example.org",
        '\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,email\n"    Points Possible",,,,,\n'
        '"Lovelace, Ada",4711,u17,ada,A,ada@example.org\n',
        "First name,Last name,ID number,Email address,username\nAda,Lovelace,4711,ada@example.org,ada\n",
        '\n  \n Student ID , name , e-mail \n ada , "Lovelace, Ada", ada@example.org \n\n',
    ],
)
def test_headers_are_understood(text: str):
    assert parse(text) == (ADA,)


def test_excel_s_unicode_text_is_read():
    assert parse("student id\tname\nada\tAda Lovelace\n", "utf-16")[0].last_name == "Lovelace"


def test_the_id_is_enough_and_an_address_can_be_one():
    assert parse("id\nada\nben\n") == (RosterEntry("ada"), RosterEntry("ben"))
    assert parse("email\nada@example.org\n") == (RosterEntry("ada@example.org", email="ada@example.org"),)


def test_names_in_one_column_are_split():
    text = 'student id,name\na,"van Rossum, Guido"\nb,Ada Augusta King\nc,Plato\nd,\n'
    names = [(entry.first_name, entry.last_name) for entry in parse(text)]
    assert names == [("Guido", "van Rossum"), ("Ada Augusta", "King"), ("", "Plato"), ("", "")]


def test_a_moodle_list_keeps_names_with_quotes_and_line_breaks():
    (entry,) = parse('username,first name,last name\nada,"Ada ""the first""","Love\nlace"\n')
    assert (entry.first_name, entry.last_name) == ('Ada "the first"', "Love\nlace")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "class.csv is empty; its first line must name the columns."),
        ("\n\n", "class.csv is empty"),
        (
            "\nmark,group\n",
            "class.csv, line 2: no column holds the students' ids; call one 'student id' (found: 'mark', 'group').",
        ),
        ("id\n", "class.csv names no student below its headers."),
        ("id,name\nada,Ada\n,Ben\n", "class.csv, line 3: the student's id is missing."),
        ("id\nada\n\n../etc\n", "class.csv, line 4: '../etc' is no student id;"),
        ("id\nada\nben\nADA\n", "class.csv, line 4: 'ADA' is in line 2 already."),
        (
            "id,name\nada,Lovelace, Ada\n",
            "class.csv, line 2: 3 fields where the headers name 2; quote a field with a comma",
        ),
        ('id,name\n"ada","Love\nlace"\nben,"Ben\n', "class.csv, line 4: unexpected end of data; check the quotes."),
        ('id,name\nada,"A"da\n', "class.csv, line 2:"),
        ("id\rada\r../x\r", "class.csv, line 3: '../x' is no student id;"),
        ("id\nada\0\n", "class.csv, line 2: not a text file."),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str):
    with pytest.raises(InvalidInputError) as caught:
        parse(text)
    assert str(caught.value).startswith(message)


def test_another_encoding_is_named_with_its_line():
    with pytest.raises(InvalidInputError, match=r"class\.csv, line 3: not UTF-8; save the file as 'CSV UTF-8'"):
        parse("id,name\nada,Ada\nbjörn,Björn\n", "latin-1")


def test_all_wrong_lines_are_named_up_to_five():
    with pytest.raises(InvalidInputError) as caught:
        parse("id,name\n" + ",x\n" * 7)
    message = str(caught.value)
    assert "line 2:" in message
    assert "line 6:" in message
    assert "line 7:" not in message
    assert message.endswith("(and 2 more)")


@given(st.binary(max_size=80) | st.text(alphabet='id,;\t"\n\r naméç@.=', max_size=80).map(str.encode))
def test_whatever_the_file_holds_is_a_class_list_or_named(content: bytes):
    try:
        entries, problem = parse_roster(b"id,name\n" + content, "class.csv"), ""
    except InvalidInputError as error:
        entries, problem = (), str(error)
    assert problem.startswith("class.csv") or not problem
    assert bool(entries) != bool(problem)
    assert len({entry.student.casefold() for entry in entries}) == len(entries)


def test_ids_of_any_script_are_kept():
    assert [entry.student for entry in parse("id\nørsted\n李\njosé.m\n")] == ["ørsted", "李", "josé.m"]


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(NotFoundError, match=r"There is no class list .*class\.csv"):
        read_roster(tmp_path / "class.csv")
    (tmp_path / "class.csv").write_text("id\nada\n", encoding="utf-8")
    assert read_roster(tmp_path / "class.csv") == (RosterEntry("ada"),)
