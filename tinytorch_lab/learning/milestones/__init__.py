"""What a student's own package can do: the milestones of the course, run and recorded."""
