"""Pulling a model from a folder, a file and a real HTTP server; what is wrong is never kept."""

import hashlib
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from edge_agent.detectors.catalogue import ModelEntry, ModelError
from edge_agent.detectors.pull import pull

CONTENT = bytes(range(256)) * 4000  # several chunks
ENTRY = ModelEntry(
    name="tiny",
    family="yolox",
    file="tiny.onnx",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    bytes=len(CONTENT),
    input=(416, 416),
    licence="Apache-2.0",
    origin="this test",
)


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "another-name.onnx").write_bytes(CONTENT)
    (folder / "decoy.onnx").write_bytes(CONTENT[::-1])
    return folder


@pytest.fixture
def served(mirror):
    (mirror / "tiny.onnx").write_bytes(CONTENT)
    (mirror / "wrong.onnx").write_bytes(CONTENT[::-1])
    (mirror / "endless.onnx").write_bytes(CONTENT * 3)

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(mirror))

        def log_message(self, format, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _left(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_from_a_mirror_folder_by_hash_whatever_the_file_is_called(mirror, tmp_path):
    heard = []
    path = pull(ENTRY, str(mirror), tmp_path / "models", lambda done, total: heard.append((done, total)))
    assert path == tmp_path / "models" / "tiny.onnx"
    assert path.read_bytes() == CONTENT
    assert path.stat().st_mode & 0o777 == 0o644
    assert _left(path.parent) == ["tiny.onnx"]
    assert heard == sorted(heard) and len(heard) > 2 and heard[-1] == (len(CONTENT), len(CONTENT))


def test_from_a_server_by_its_folder_or_by_the_files_address(served, tmp_path):
    for source in (served, f"{served}/", f"{served}/tiny.onnx"):
        into = tmp_path / hashlib.sha256(source.encode()).hexdigest()
        assert pull(ENTRY, source, into).read_bytes() == CONTENT


def test_what_is_there_and_right_stays_and_what_is_broken_is_replaced(mirror, tmp_path):
    path = pull(ENTRY, str(mirror), tmp_path)
    before = path.stat().st_ino
    assert pull(ENTRY, "/nowhere", tmp_path).stat().st_ino == before
    path.write_bytes(b"cut short")
    assert pull(ENTRY, str(mirror), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "source, said",
    [
        ("{served}/wrong.onnx", f"wrong.onnx gave SHA-256 [0-9a-f]{{64}}, expected {ENTRY.sha256}; nothing was kept"),
        ("{served}/endless.onnx", f"got more than its {len(CONTENT)} bytes"),
        ("{served}/missing.onnx", r"missing.onnx: File not found; check the address"),
        ("http://127.0.0.1:9/tiny.onnx", r"refused.*; check the address, or use a mirror folder"),
        ("/nowhere/tiny.onnx", r"/nowhere/tiny.onnx: No such file or directory; check the address"),
        ("{mirror}/decoy.onnx", "expected"),
        ("{empty}", f"no .onnx file in .* has SHA-256 {ENTRY.sha256}"),
    ],
)
def test_what_is_wrong_or_missing_is_said_in_one_line_and_leaves_nothing(source, said, served, mirror, tmp_path):
    (tmp_path / "empty").mkdir()
    source = source.format(served=served, mirror=mirror, empty=tmp_path / "empty")
    with pytest.raises(ModelError, match=f"model tiny: .*{said}") as refused:
        pull(ENTRY, source, tmp_path / "models")
    assert "\n" not in str(refused.value)
    assert _left(tmp_path / "models") == []


def test_without_a_source_the_makers_address_is_needed(tmp_path):
    with pytest.raises(ModelError, match="nobody publishes it; name a mirror with --from"):
        pull(ENTRY, None, tmp_path)
