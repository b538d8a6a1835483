"""A test's result is of the code before it: what changes it, and what does not."""

import copy

from tinytorch_lab.curriculum.cells import grade_id, is_measurement, is_test
from tinytorch_lab.learning.checksums import checksum, checksums_of_tests, package_checksums


def test_the_checksum_is_the_crc_that_the_browser_computes():
    assert checksum("123456789") == 0xCBF43926
    assert checksum("é→😀") == checksum("→😀", checksum("é")) == 0x01588957


def test_a_change_concerns_the_tests_behind_it(workspace, module):
    notebook = workspace.notebook(module)
    before = checksums_of_tests(notebook)
    changed = copy.deepcopy(notebook)
    cell = next(cell for cell in changed.cells if grade_id(cell) == "environment")
    cell.source += "\n# a thought"
    assert set(before) == {grade_id(cell) for cell in notebook.cells if is_test(cell)}
    assert all(checksums_of_tests(changed)[name] != before[name] for name in before)


def test_text_measurements_and_other_tests_concern_no_test(workspace, module):
    notebook = workspace.notebook(module)
    before = checksums_of_tests(notebook)
    changed = copy.deepcopy(notebook)
    tests = [cell for cell in changed.cells if is_test(cell)]
    tests[0].source += "\n# changed"
    for cell in changed.cells:
        if cell.cell_type == "markdown" or is_measurement(cell):
            cell.source += "\nchanged"
    after = checksums_of_tests(changed)
    assert [name for name in before if before[name] != after[name]] == [grade_id(tests[0])]


def test_comments_of_an_exported_file_do_not_count(tmp_path):
    file = tmp_path / "tensor.py"
    file.write_text("# cell 3\nx = 1\n")
    first = package_checksums(tmp_path)
    file.write_text("# cell 4\nx = 1\n")
    assert package_checksums(tmp_path) == first
    file.write_text("x = 2\n")
    assert package_checksums(tmp_path) != first
    file.write_text("def (")
    assert list(package_checksums(tmp_path)) == ["tensor"]
