"""The course description."""

import pytest

from tests.conftest import ROOT
from tests.modules import COURSE
from tinytorch_lab.curriculum.catalogue import load_course
from tinytorch_lab.curriculum.library import find_library
from tinytorch_lab.errors import InvalidInputError, NotFoundError


def test_the_course_has_sixteen_modules_whose_prerequisites_come_before_them(library):
    course = library.course
    assert [module.number for module in course.modules] == list(range(1, 17))
    for module in course.modules:
        assert {course.find(name).number < module.number for name in module.prerequisites} <= {True}
        assert module.phase in {phase.number for phase in course.phases}
    assert sum(course.weights.values()) == pytest.approx(1)
    assert len({name for module in course.modules for name in module.exports}) == 17


@pytest.mark.parametrize("query", ["1", "01", "tensor", "01_tensor", " Tensor "])
def test_a_module_is_found_by_any_of_its_names(library, query):
    assert library.course.find(query).name == "01_tensor"


def test_a_project_stands_on_the_modules_up_to_its_last_prerequisite(library):
    course = library.course
    for project in course.projects:
        assert course.assignment(project.name) is project
        assert course.earlier(project)[-1].name == project.prerequisites[-1]
        assert library.available(project)
        with pytest.raises(NotFoundError):
            course.find(project.name)
    assert course.assignment("1") is course.find("tensor")


@pytest.mark.parametrize(
    ("text", "error", "complaint"),
    [
        ("not = [toml", InvalidInputError, "not valid TOML"),
        (COURSE.replace("title = ", "titel = "), InvalidInputError, "lacks"),
    ],
)
def test_a_bad_description_is_explained(tmp_path, text, error, complaint):
    path = tmp_path / "course.toml"
    path.write_text(text)
    with pytest.raises(error, match=complaint):
        load_course(path)


def test_a_missing_description_is_explained(tmp_path):
    with pytest.raises(NotFoundError, match=r"course\.toml"):
        load_course(tmp_path / "course.toml")
    with pytest.raises(NotFoundError, match="--curriculum"):
        find_library(tmp_path)


def test_two_milestones_after_one_module_are_refused(tmp_path):
    path = tmp_path / "course.toml"
    text = (ROOT / "curriculum" / "course.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('after = "08_training"', 'after = "03_layers"'), encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"course\.toml: two milestones come after one module"):
        load_course(path)
