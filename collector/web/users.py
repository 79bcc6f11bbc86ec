"""Who may log in, over HTTP, for admins. A password made here is told once, by the answer."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from collector.core.errors import WrongUse
from collector.core.roles import Role
from collector.store.access.accounts import Accounts
from collector.web.access import allow
from collector.web.alert_actions import body
from collector.web.api import answer
from collector.web.login import remember
from collector.web.services import SERVICES

PASSWORD_BYTES = 12  # 16 letters to be read to somebody

routes = web.RouteTableDef()
_NAMED = "/api/v1/users/{name:[^/]{1,80}}"

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}$", description="For the log-in.")]


class User(Struct):
    name: str
    role: Role


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
    found = await asyncio.to_thread(request.app[SERVICES].accounts.roles)
    return answer({"users": [User(name, role) for name, role in found]})


@routes.post("/api/v1/users")
@allow("admin", body=GivenUser, answer=NewPassword)
async def add(request: web.Request) -> web.Response:
    """Somebody new; the answer tells the password, this once."""
    given = await body(request, GivenUser)
    if given.name in dict(await asyncio.to_thread(request.app[SERVICES].accounts.roles)):
        raise web.HTTPConflict(text=f"name: {given.name!r} is there already; choose another")
    return await _with_password(request, given.name, given.role)


@routes.post(_NAMED + "/password")
@allow("admin", answer=NewPassword)
async def renew_password(request: web.Request) -> web.Response:
    """A new password, told this once; ends the sessions of that user."""
    name, role = await _known(request)
    return await _with_password(request, name, role)


@routes.post(_NAMED + "/role")
@allow("admin", body=GivenRole, answer=User)
async def change_role(request: web.Request) -> web.Response:
    """From the next request on; there is always an admin."""
    role, (name, _) = (await body(request, GivenRole)).role, await _known(request)
    await _change(request, lambda accounts: accounts.set_role(name, role))
    await remember(request, "set role", name, detail=role)
    return answer(User(name, role))


@routes.delete(_NAMED)
@allow("admin", answer=User)
async def remove(request: web.Request) -> web.Response:
    """Ends the sessions of that user, too; the answer is the user as he was."""
    name, role = await _known(request)
    await _change(request, lambda accounts: accounts.remove(name))
    await remember(request, "remove user", name)
    return answer(User(name, role))


async def _with_password(request: web.Request, name: str, role: Role) -> web.Response:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    await _change(request, lambda accounts: accounts.set_password(name, password, role))
    await remember(request, "set password", name, detail=role)
    return answer(NewPassword(name, role, password))


async def _known(request: web.Request) -> tuple[str, Role]:
    name = request.match_info["name"]
    found = dict(await asyncio.to_thread(request.app[SERVICES].accounts.roles)).get(name)
    if found is None:
        raise web.HTTPNotFound(text=f"no user {name!r}")
    return name, found


async def _change(request: web.Request, work: Callable[[Accounts], None]) -> None:
    try:
        await asyncio.to_thread(work, request.app[SERVICES].accounts)
    except WrongUse as error:
        raise web.HTTPConflict(text=str(error)) from error
