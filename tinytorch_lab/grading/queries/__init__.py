"""What graders and instructors look at: plain data read from the course's database, in one state of it."""
