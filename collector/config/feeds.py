"""The part of the configuration about the standard feeds: who speaks in them, and to whom."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Words(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same in both languages."""

    vi: str
    en: str


class Feeds(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`scope` public takes a person's name, and then tells the public of those alerts only that a person confirmed."""

    sender: Annotated[str, Meta(pattern=r"^[^\s,<>&]{3,200}$")] = "kerbwatch@localhost.invalid"
    office: Words = Words(vi="Trung tâm điều hành giao thông", en="Traffic operations centre")
    restriction: Words = Words(vi="Chỉ dành cho trung tâm điều hành", en="Operations centre only")
    languages: Annotated[tuple[Literal["vi", "en"], ...], Meta(min_length=1, max_length=2)] = ("vi", "en")
    status: Literal["actual", "exercise", "test"] = "actual"
    scope: Literal["restricted", "private", "public"] = "restricted"
    public_approved_by: str | None = None
    country: Annotated[str, Meta(pattern=r"^[a-z]{2}$")] = "vn"
    national_identifier: Annotated[str, Meta(min_length=1, max_length=200)] = "kerbwatch"
    expires_h: Annotated[float, Meta(gt=0, le=720)] = 24.0
    ended_h: Annotated[float, Meta(ge=0, le=720)] = 24.0
    radius_m: Annotated[float, Meta(gt=0, le=10_000)] = 30.0
    site_radius_m: Annotated[float, Meta(gt=0, le=10_000)] = 150.0


def check_feeds(feeds: Feeds) -> None:
    """Raises ValueError with the key."""
    if feeds.scope == "public" and not (feeds.public_approved_by or "").strip():
        raise ValueError('feeds.scope: "public" needs the approval of a person; name who gave it in feeds.public_approved_by')
