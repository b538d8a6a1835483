"""What we keep about a course beside nbgrader's gradebook, in the same database: tables, engine, migrations."""
