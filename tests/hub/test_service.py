"""The grading service behind a real hub: who may ask what, and that nothing handed in is lost."""

import pytest

from tests.hub.running import Hub
from tinytorch_lab.grading.folder import load_course_folder

MODULE = "courses/mini/modules/01_sums"


@pytest.fixture(scope="session")
def notebook(hub: Hub) -> bytes:
    return load_course_folder(hub.course).released("01_sums").read_bytes()


def test_everyone_sees_their_own_courses_and_role(hub: Hub, tokens: dict[str, str]):
    found = {name: hub.ask(token, "GET", "courses").json() for name, token in tokens.items()}
    roles = {
        name: [(item["course"], item["role"]) for item in items] for name, items in found.items() if name != "nobody"
    }
    assert roles == {
        "ada": [("mini", "student")],
        "ben": [("mini", "student")],
        "eve": [("mini", "student")],
        "greta": [("mini", "grader")],
        "ines": [("mini", "instructor")],
        "otto": [("other", "instructor")],
        "cora": [("tinytorch", "student")],
        "iris": [("tinytorch", "instructor")],
    }
    assert hub.ask(tokens["nobody"], "GET", "courses").status_code == 403


def test_a_student_hands_in_and_gets_a_receipt(hub: Hub, tokens: dict[str, str], notebook: bytes):
    answer = hub.ask(tokens["ada"], "POST", f"{MODULE}/submissions", content=notebook)
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert (receipt["student"], receipt["module"], receipt["course"]) == ("ada", "01_sums", "mini")
    listed = hub.ask(tokens["ada"], "GET", f"{MODULE}/submissions").json()
    assert listed[0]["id"] == receipt["id"]
    assert hub.ask(tokens["ada"], "GET", f"courses/mini/submissions/{receipt['id']}").content == notebook
    other = hub.ask(tokens["ben"], "GET", f"courses/mini/submissions/{receipt['id']}")
    assert (other.status_code, other.json()) == (404, {"message": "There is no such submission."})
