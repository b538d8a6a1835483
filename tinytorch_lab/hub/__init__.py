"""JupyterHub: one grading service for its courses, under its own account."""
