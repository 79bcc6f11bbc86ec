"""Errors meant for a person: the message is one line that names the thing, the value and the next step."""


class Told(Exception):
    """The work failed: exit code 1."""

    exit_code = 1


class WrongUse(Told):
    """Wrong use or wrong configuration: exit code 2."""

    exit_code = 2
