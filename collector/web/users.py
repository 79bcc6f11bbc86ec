"""Who may log in, over HTTP, for admins. A password made here is told once, by the answer."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Annotated, TypeVar

from aiohttp import web
from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from collector.core.errors import WrongUse
from collector.core.roles import Role
from collector.store.access.accounts import Accounts
from collector.web.access import allow
from collector.web.alert_actions import body
from collector.web.api import answer
from collector.web.login import remember
from collector.web.services import SERVICES

PASSWORD_BYTES = 12  # 16 letters to be read to somebody

T = TypeVar("T")

routes = web.RouteTableDef()
_NAMED = "/api/v1/users/{name:[^/]{1,80}}"

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}$", description="For the log-in.")]


class User(Struct):
    """`disabled`: he may not log in, until he is enabled."""

    name: str
    role: Role
    disabled: bool


class Users(Struct):
    users: list[User]


class GivenUser(Struct, forbid_unknown_fields=True):
    name: Name
    role: Role = "operator"


class GivenRole(Struct, forbid_unknown_fields=True):
    role: Role


class NewPassword(User):
    """`password` is told this once."""

    password: str


@routes.get("/api/v1/users")
@allow("admin", answer=Users)
async def list_(request: web.Request) -> web.Response:
    return answer({"users": [User(*one) for one in await asyncio.to_thread(request.app[SERVICES].accounts.users)]})


@routes.post("/api/v1/users")
@allow("admin", body=GivenUser, answer=NewPassword)
async def add(request: web.Request) -> web.Response:
    """Somebody new; the answer tells the password, this once."""
    given = await body(request, GivenUser)
    if await _found(request, given.name) is not None:
        raise web.HTTPConflict(text=f"name: {given.name!r} is there already; choose another")
    return await _with_password(request, User(given.name, given.role, disabled=False))


@routes.post(_NAMED + "/password")
@allow("admin", answer=NewPassword)
async def renew_password(request: web.Request) -> web.Response:
    """A new password, told this once; ends the sessions of that user."""
    return await _with_password(request, await _known(request))


@routes.post(_NAMED + "/role")
@allow("admin", body=GivenRole, answer=User)
async def change_role(request: web.Request) -> web.Response:
    """From the next request on; there is always an admin."""
    role, known = (await body(request, GivenRole)).role, await _known(request)
    await _change(request, lambda accounts: accounts.set_role(known.name, role))
    await remember(request, "set role", known.name, detail=role)
    return answer(replace(known, role=role))


@routes.post(_NAMED + "/disable")
@allow("admin", answer=User)
async def disable(request: web.Request) -> web.Response:
    """Ends the sessions of that user and the tokens that he made, at once; nobody can log in by this name."""
    known = await _known(request)
    gone = await _change(request, lambda accounts: accounts.disable(known.name))
    await remember(request, "disable user", known.name, detail=", ".join(gone))
    return answer(replace(known, disabled=True))


@routes.post(_NAMED + "/enable")
@allow("admin", answer=User)
async def enable(request: web.Request) -> web.Response:
    """Lets in again whom `disable` shut out, with the password and role of before."""
    known = await _known(request)
    await _change(request, lambda accounts: accounts.enable(known.name))
    await remember(request, "enable user", known.name)
    return answer(replace(known, disabled=False))


@routes.delete(_NAMED)
@allow("admin", answer=User)
async def remove(request: web.Request) -> web.Response:
    """Ends the sessions of that user and the tokens that he made, too; the answer is the user as he was."""
    known = await _known(request)
    gone = await _change(request, lambda accounts: accounts.remove(known.name))
    await remember(request, "remove user", known.name, detail=", ".join(gone))
    return answer(known)


async def _with_password(request: web.Request, user: User) -> web.Response:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    await _change(request, lambda accounts: accounts.set_password(user.name, password, user.role))
    await remember(request, "set password", user.name, detail=user.role)
    return answer(NewPassword(**asdict(user), password=password))


async def _known(request: web.Request) -> User:
    found = await _found(request, name := request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound(text=f"no user {name!r}")
    return found


async def _found(request: web.Request, name: str) -> User | None:
    users = await asyncio.to_thread(request.app[SERVICES].accounts.users)
    return next((User(*one) for one in users if one.name == name), None)


async def _change(request: web.Request, work: Callable[[Accounts], T]) -> T:
    try:
        return await asyncio.to_thread(work, request.app[SERVICES].accounts)
    except WrongUse as error:
        raise web.HTTPConflict(text=str(error)) from error
