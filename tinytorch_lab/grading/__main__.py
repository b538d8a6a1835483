"""``python -m tinytorch_lab.grading COURSE_DIR``: the course's worker process."""

import sys

from tinytorch_lab.startup import skip_iri_grammar


def start() -> int:
    """Run the worker; its imports come after what must come first."""
    skip_iri_grammar()
    from tinytorch_lab.grading.worker import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(start())
