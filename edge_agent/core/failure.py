"""What a person is told when something cannot go on: one line that names the thing and the next step, and an exit status."""


class Failure(Exception):
    """The work failed or found something: an unreadable clip, a busy port."""

    exit_code = 1


class WrongInput(Failure):
    """Wrong use, configuration, scene or model."""

    exit_code = 2
