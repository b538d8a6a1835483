"""A JupyterHub on one machine with the grading service of one course; see docs/administrator.md.

Adapt what is in capitals, and your authenticator and spawner. Works with JupyterHub 5 and 6.
"""

from pathlib import Path

from tinytorch_lab.hub.config import configure

COURSES = {"tinytorch": Path("/srv/tinytorch/courses/tinytorch")}
ACCOUNT = "tinytorch"

c = get_config()  # noqa: F821

c.JupyterHub.authenticator_class = "pam"
# Whoever is in a group below is let in, and whoever an administrator adds on the hub's admin page.
c.Authenticator.allow_existing_users = True
c.JupyterHub.spawner_class = "localprocess"
c.Spawner.default_url = "/lab"
# A student of two courses gets a server for each, named after the course.
c.JupyterHub.allow_named_servers = True

# The hub's administrators may also keep these groups on the hub's admin page.
c.JupyterHub.load_groups = {
    "instructor-tinytorch": {"users": ["INSTRUCTOR"]},
    "formgrade-tinytorch": {"users": ["GRADER"]},
    "nbgrader-tinytorch": {"users": ["STUDENT"]},
}

# The service runs as ACCOUNT, which alone can read the course; the hub has to run as root for that.
configure(c, COURSES, user=ACCOUNT)
