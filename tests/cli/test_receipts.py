"""Checking a receipt that a student shows."""

import json
from dataclasses import asdict, replace

from tinytorch_lab.coursework import Receipt
from tinytorch_lab.grading.course import init_course
from tinytorch_lab.grading.receipts import course_key, sign

RECEIPT = Receipt("a" * 32, "mini", "01_sums", "ada", "b" * 64, 100, "2026-11-01T10:00:00.000+00:00", "")


def test_a_receipt_is_told_from_one_that_was_changed(tito, library, tmp_path):
    course = init_course(tmp_path / "course", library)
    signed = sign(RECEIPT, course_key(course, "receipts"))
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(asdict(signed)), encoding="utf-8")
    shown = tito("grade", "check-receipt", file, "--course", course.root)
    assert (shown.code, "ada handed in 01_sums" in shown.out) == (0, True)
    file.write_text(json.dumps(asdict(replace(signed, received_at="2026-10-01T10:00:00.000+00:00"))), encoding="utf-8")
    changed = tito("grade", "check-receipt", file, "--course", course.root)
    assert (changed.code, "was changed after it was given out" in changed.err) == (1, True)
    file.write_text("{}", encoding="utf-8")
    assert "is no receipt" in tito("grade", "check-receipt", file, "--course", course.root).err
    assert "There is no file" in tito("grade", "check-receipt", tmp_path / "none", "--course", course.root).err
