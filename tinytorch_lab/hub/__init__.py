"""JupyterHub: one grading service for a whole course, under its own account."""
