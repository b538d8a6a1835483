"""The grading API: what may be asked of a course, by whom. It is the same in a Jupyter server and in the hub service.

``calls`` says what a question is, ``routes`` lists them all with the role each takes, the other modules answer them;
``handler`` brings them to HTTP.
"""
