"""The student's side: workspace, tests, package and written answers."""
