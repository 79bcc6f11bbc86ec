"""A disk in memory whose power can be cut: what was not synchronised is then there in part, in any order, or not at all.

Models ext4 in its default mode on a card that keeps to its flush commands: a file's size and bytes are safe after its
sync, names after any sync, in the order in which they were given and taken away. It can be full, too.
"""

import random
from dataclasses import dataclass, field

SECTORS = (512, 4096)  # what a card writes whole


class PowerCut(Exception):
    """The power is gone; nothing of this process runs any more."""


class NoSpace(Exception):
    """The disk is full."""


@dataclass(slots=True)
class File:
    """`bytes` is what a reader sees, `safe` what the card holds for sure, `unsafe` the steps between the two."""

    bytes: bytearray = field(default_factory=bytearray)
    safe: bytes = b""
    unsafe: list[tuple[int, bytes] | int] = field(default_factory=list)  # (offset, bytes) written, or the size cut to


@dataclass(slots=True)
class Disk:
    """`calls_left` until the power goes, None: it stays. `room_bytes` for all files together, None: without end."""

    files: dict[str, File] = field(default_factory=dict)
    calls_left: int | None = None
    room_bytes: int | None = None
    calls: int = 0
    unsafe_names: list[tuple[str, File | None]] = field(default_factory=list)
    safe_names: dict[str, File] = field(default_factory=dict)

    @property
    def used_bytes(self) -> int:
        return sum(len(file.bytes) for file in self.files.values())

    def open(self, name: str) -> File:
        self._spend()
        if name not in self.files:
            self._name(name, File())
        return self.files[name]

    def delete(self, name: str) -> None:
        self._spend()
        self._name(name, None)

    def write(self, file: File, offset: int, data: bytes) -> None:
        self._spend()
        grows = max(0, offset + len(data) - len(file.bytes))
        if self.room_bytes is not None and grows and self.used_bytes + grows > self.room_bytes:
            raise NoSpace
        _put(file.bytes, offset, data)
        file.unsafe.append((offset, data))

    def truncate(self, file: File, size: int) -> None:
        self._spend()
        _cut(file.bytes, size)
        file.unsafe.append(size)

    def sync(self, file: File) -> None:
        self._spend()
        file.safe = bytes(file.bytes)
        file.unsafe.clear()
        self._settle_names(len(self.unsafe_names))

    def copy(self) -> "Disk":
        """What a reader sees now, on another disk."""
        files = {name: File(bytearray(file.bytes), bytes(file.bytes)) for name, file in self.files.items()}
        return Disk(files, safe_names=dict(files))

    def cut(self, chance: random.Random) -> None:
        """The power is back: what was safe is there, and what chance has saved of the rest."""
        self._settle_names(chance.randint(0, len(self.unsafe_names)))
        self.unsafe_names.clear()
        self.files = dict(self.safe_names)
        for file in self.files.values():
            file.safe = _torn(file, chance)
            file.bytes = bytearray(file.safe)
            file.unsafe.clear()
        self.calls_left = None

    def _spend(self) -> None:
        """One call of the operating system; the power goes at a chosen one and stays away for all that follow."""
        self.calls += 1
        if self.calls_left is not None:
            if self.calls_left == 0:
                raise PowerCut
            self.calls_left -= 1

    def _name(self, name: str, file: File | None) -> None:
        self.unsafe_names.append((name, file))
        _apply(self.files, name, file)

    def _settle_names(self, count: int) -> None:
        for name, file in self.unsafe_names[:count]:
            _apply(self.safe_names, name, file)
        del self.unsafe_names[:count]


def _apply(names: dict[str, File], name: str, file: File | None) -> None:
    if file is None:
        names.pop(name, None)
    else:
        names[name] = file


def _torn(file: File, chance: random.Random) -> bytes:
    """Sector by sector a part of what was under way; where a file grew without its bytes, something else stands there."""
    kept, sector = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0)), chance.choice(SECTORS)
    found = bytearray(file.safe)
    filler = chance.choice((b"\0", b"\xa5"))
    for step in file.unsafe:
        if isinstance(step, int):
            if chance.random() < kept:
                _cut(found, step)
            continue
        offset, data = step
        for start in range(offset - offset % sector, offset + len(data), sector):
            if chance.random() < kept:
                first, last = max(start, offset), min(start + sector, offset + len(data))
                _put(found, first, data[first - offset : last - offset], filler)
    return bytes(found)


def _put(target: bytearray, offset: int, data: bytes, filler: bytes = b"\0") -> None:
    if len(target) < offset:
        target.extend(filler * (offset - len(target)))
    target[offset : offset + len(data)] = data


def _cut(target: bytearray, size: int) -> None:
    if size < len(target):
        del target[size:]
    else:
        target.extend(bytes(size - len(target)))
