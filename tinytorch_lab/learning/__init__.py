"""The student's side: workspace, tests, package, written answers, handing in and milestones."""
