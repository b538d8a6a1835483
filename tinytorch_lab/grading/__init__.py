"""The instructor's side: course folder, release, submissions, autograding, marking and feedback, on nbgrader."""
