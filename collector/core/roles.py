"""Who may do what, as far as it is a matter of rank: each role may do all that the ones before it may."""

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "operator", "engineer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: a user by name, or a token as `token:<name>`."""

    name: str
    role: Role


def may(role: Role, wanted: Role) -> bool:
    return ROLES.index(role) >= ROLES.index(wanted)
