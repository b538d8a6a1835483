"""``python -m tinytorch_lab.hub``: the grading service."""

from tinytorch_lab.hub.service import main

main()
