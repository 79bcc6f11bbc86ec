"""Files that are there whole or not at all."""

from pathlib import Path

import pytest

from edge_agent.files import whole_file


def test_it_appears_when_the_work_is_done_and_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("stopped", [RuntimeError, KeyboardInterrupt])
def test_work_that_fails_leaves_nothing(tmp_path: Path, stopped: type[BaseException]) -> None:
    with pytest.raises(stopped), whole_file(tmp_path / "kept") as file:
        file.write(b"half")
        raise stopped
    assert list(tmp_path.iterdir()) == []


def test_without_replace_the_same_is_left_as_it_is_and_another_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    with whole_file(path, replace=False) as file:
        file.write(b"mine")
    written = path.stat().st_ino
    with whole_file(path, replace=False) as file:
        file.write(b"mine")
    assert path.stat().st_ino == written
    with pytest.raises(FileExistsError) as refused, whole_file(path, replace=False) as file:
        file.write(b"else")
    assert refused.value.filename == str(path)
    assert path.read_bytes() == b"mine" and list(tmp_path.iterdir()) == [path]
