"""nbgrader's settings in every user's server: the class's exchange and the course's name."""

import os

c = get_config()  # type: ignore[name-defined]  # noqa: F821
c.CourseDirectory.course_id = "coursekit"
c.Exchange.root = os.environ.get("COURSEKIT_EXCHANGE", "/srv/coursekit/exchange")
if os.environ.get("COURSEKIT_TRIAL"):  # one account for all: the name comes from the hub
    c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
