"""Long work on a course: kept in rows, done subject by subject, gone on with after a crash."""
