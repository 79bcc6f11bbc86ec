"""How a script ends: with the status of its work, or with one line that says why it could not be done."""

import sys
from collections.abc import Callable
from typing import NoReturn

from edge_agent.core.failure import Failure


def end(name: str, work: Callable[[list[str]], int]) -> NoReturn:
    """`work` gets the arguments of the command line."""
    try:
        sys.exit(work(sys.argv[1:]))
    except Failure as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
