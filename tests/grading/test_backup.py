"""Backups: what is restored is what was saved, in either database, and nothing is overwritten unasked."""

import json
import shutil
import tarfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import select

from tests.grading.conftest import MODULE, TESS, copied, finish, report_of
from tinytorch_lab.errors import ConflictError, InvalidInputError, NotFoundError
from tinytorch_lab.grading.backup import back_up, restore
from tinytorch_lab.grading.folder import SETTINGS, CourseFolder, load_course_folder
from tinytorch_lab.grading.service import GradingService
from tinytorch_lab.grading.store.database import reading
from tinytorch_lab.grading.store.tables import jobs


def students(course: CourseFolder) -> list[str]:
    with Gradebook(course.db_url, course.course_id) as gradebook:
        return [student.id for student in gradebook.students]


def test_a_course_comes_back_as_it_was_and_the_present_one_is_kept(graded: CourseFolder, tmp_path: Path):
    before = report_of(graded)
    (graded.root / "leads-out").symlink_to("/etc/passwd")
    saved = back_up(graded, tmp_path / "saved.tar.gz")
    assert saved.stat().st_mode & 0o077 == 0
    with GradingService(graded) as service:
        service.mark(MODULE, "ada", "response_1", 3, actor=TESS)
        service.enrol(["later"], actor=TESS)
    course = restore(saved, graded.root)
    assert report_of(course) == before
    assert students(course) == ["ada", "ben", "cleo"]
    assert not (course.root / "leads-out").exists()
    (aside,) = tmp_path.glob("course.before-restore-*")
    assert (aside / SETTINGS).is_file()
    with GradingService(course) as service:
        assert service.mark(MODULE, "ada", "response_1", 9, actor=TESS).mark.standing
        assert finish(service.autograde(MODULE, ["ben"], actor=TESS)).ok


def test_a_backup_goes_to_another_machine(graded: CourseFolder, tmp_path: Path):
    saved = back_up(graded, tmp_path / "saved.tar.gz")
    assert report_of(restore(saved, tmp_path / "elsewhere")) == report_of(graded)


def test_what_is_in_the_way_stays(graded: CourseFolder, tmp_path: Path):
    saved = back_up(graded, tmp_path / "saved.tar.gz")
    with pytest.raises(ConflictError, match="exists already"):
        back_up(graded, saved)
    with pytest.raises(InvalidInputError, match="the next backup would hold this one"):
        back_up(graded, graded.root / "backups" / "saved.tar.gz")
    assert not (graded.root / "backups").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConflictError, match="is no course"):
        restore(saved, tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").read_text(encoding="utf-8") == "mine"
    with GradingService(graded) as service:
        service.start()
        with pytest.raises(ConflictError, match="graded by another process"):
            restore(saved, graded.root)


def test_what_is_no_backup_is_said_and_changes_nothing(graded: CourseFolder, tmp_path: Path):
    saved = back_up(graded, tmp_path / "saved.tar.gz")
    content = saved.read_bytes()
    before = report_of(graded)
    with pytest.raises(NotFoundError, match=r"no backup .*missing"):
        restore(tmp_path / "missing", graded.root)
    (tmp_path / "cut.tar.gz").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.tar.gz").write_text("no archive", encoding="utf-8")
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    for name in ("cut", "text", "empty"):
        with pytest.raises(InvalidInputError, match="is no backup of a course"):
            restore(tmp_path / f"{name}.tar.gz", graded.root)
    assert report_of(graded) == before
    assert list(tmp_path.glob(".restore-*")) == []


def test_restoring_over_another_course_spares_the_database_that_the_backup_names(
    graded: CourseFolder, template: CourseFolder, tmp_path: Path
):
    course, other = kept_elsewhere(graded, tmp_path / "alpha.db"), copied(template, tmp_path / "beta")
    saved = back_up(course, tmp_path / "saved.tar.gz")
    with GradingService(course) as service:
        service.enrol(["later"], actor=TESS)
    with pytest.raises(ConflictError, match="restore over that course's folder"):
        restore(saved, other.root)
    assert students(course) == ["ada", "ben", "cleo", "later"]
    assert (other.root / SETTINGS).is_file()
    assert students(restore(saved, course.root)) == ["ada", "ben", "cleo"]


def kept_elsewhere(course: CourseFolder, database: Path) -> CourseFolder:
    """Return ``course`` with its database at another place."""
    (course.root / "gradebook.db").rename(database)
    with (course.root / SETTINGS).open("a", encoding="utf-8") as settings:
        settings.write(f"db_url = {json.dumps(f'sqlite:///{database}')}\n")
    return load_course_folder(course.root)


def test_postgresql_is_saved_and_restored_over_itself_only(on_postgres: CourseFolder, tmp_path: Path):
    saved = back_up(on_postgres, tmp_path / "saved.tar.gz")
    with GradingService(on_postgres) as service:
        service.enrol(["later"], actor=TESS)
    with pytest.raises(ConflictError, match="restore over that course's folder"):
        restore(saved, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
    assert students(on_postgres) == ["ada", "later"]
    course = restore(saved, on_postgres.root)
    assert students(course) == ["ada"]
    with GradingService(course) as service:
        assert finish(service.release(MODULE, actor=TESS)).ok
    with reading(course.db_url) as connection:
        assert list(connection.execute(select(jobs.c.id).order_by(jobs.c.id)).scalars()) == [1, 2, 3]
    shutil.rmtree(course.root)
