"""Links into the city's video system: what a template may be, and that no alert can lead elsewhere than it says."""

from pathlib import Path

import pytest

from collector.config import ConfigError, load
from collector.config.evidence import CameraLink, Evidence
from collector.core.deep_link import fill
from collector.outputs.deep_links import DeepLinks
from tests.unit.test_feeds import an_alert

AT_S = 1_772_410_531.24


def test_every_value_is_encoded_and_every_time_has_its_form() -> None:
    names = {"device": "qn-1", "camera": "a b/ế?&#", "alert": "qn-1/9f/north/17"}
    template = "rtsps://vms.example:322/{camera}?a={alert}&t={time}&l={local_time}&c={compact_time}&u={unix}&m={unix_ms}"
    assert fill(template, names, AT_S, 7.0) == (
        "rtsps://vms.example:322/a%20b%2F%E1%BA%BF%3F%26%23?a=qn-1%2F9f%2Fnorth%2F17&t=2026-03-02T00%3A15%3A31Z"
        "&l=2026-03-02T07%3A15%3A31%2B07%3A00&c=20260302T001531Z&u=1772410531&m=1772410531240"
    )


@pytest.mark.parametrize("camera", [None, "", ".", ".."])
def test_a_name_that_is_none_or_leads_elsewhere_gives_no_link(camera: str | None) -> None:
    assert fill("https://vms.example/play/{camera}/live", {"camera": camera}, AT_S, 0.0) is None


def test_the_nearest_template_counts() -> None:
    own = [CameraLink(device="d", link="https://d.example"), CameraLink(device="d", camera="north", link="https://c.example")]
    links = DeepLinks(Evidence(link="https://all.example", links=tuple(own)))
    places = (("d", "north"), ("d", "south"), ("e", "north"))
    found = [links.of(an_alert(device=device, camera=camera), AT_S) for device, camera in places]
    assert found == ["https://c.example", "https://d.example", "https://all.example"]


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("http://vms.example/", "begins with https://, rtsp://, rtsps://"),
        ("javascript:alert(1)", "begins with https://"),
        ("https:///play", "begins with https://"),
        ("https://vms.example/{cam}", "{device} {camera}"),
        ("https://vms.example/{camera", "expected a URL with some of"),
        ("https://vms.example/a b", "expected a URL with some of"),
        ("https://{camera}.example/", "the host must stand there in full"),
        ("rtsp://lan:secret@vms.example/", "holds a user or password"),
    ],
)
def test_a_template_that_cannot_be_is_refused_with_its_key(tmp_path: Path, template: str, told: str) -> None:
    file = tmp_path / "collector.toml"
    for text, key in (
        (f"[evidence]\nlink = '{template}'\n", "evidence.link"),
        (f"[[evidence.links]]\ndevice = 'd'\nlink = '{template}'\n", "evidence.links[0].link"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError) as raised:
            load(file)
        assert str(raised.value).startswith(f"{file}: {key}: ") and told in str(raised.value)
        assert "secret" not in str(raised.value)


def test_a_certificate_opens_the_console_to_other_machines(tmp_path: Path) -> None:
    file = tmp_path / "collector.toml"
    file.write_text("[http]\nhost = '0.0.0.0'\n[http.tls]\ncert = 'web.pem'\nkey = 'web.key'\n")
    with pytest.raises(ConfigError, match=r"http\.tls\.cert: .*web\.pem: No such file"):
        load(file)
    for name in ("web.pem", "web.key"):
        (tmp_path / name).touch()
    tls = load(file).http.tls
    assert tls is not None and tls.key == str(tmp_path / "web.key")
