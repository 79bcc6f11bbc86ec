"""What Linux tells of the ways to the network."""

from pathlib import Path

from edge_agent.health.network import Interface, interfaces


def machine(folder: Path) -> tuple[Path, Path]:
    """A cable that is not plugged in, a radio that hears an access point, the loopback."""
    for name, files in {
        "lo": {"carrier": "1"},
        "eth9": {"statistics/rx_bytes": "0", "statistics/tx_errors": "3", "statistics/rx_errors": "4", "speed": "-1"},
        "wlan9": {"carrier": "1", "statistics/rx_bytes": "7000", "statistics/tx_bytes": "90"},
    }.items():
        for file, text in files.items():
            path = folder / "sys/class/net" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
    (folder / "sys/class/net/bonding_masters").write_text("")
    (folder / "proc/net").mkdir(parents=True)
    (folder / "proc/net/wireless").write_text(
        "Inter-| sta-|   Quality        |   Discarded packets\n face | tus | link level noise |  nwid\n"
        " wlan9: 0000   54.  -56.  -256        0      0\n"
    )
    (folder / "proc/net/if_inet6").write_text(
        "fe800000000000000000000000000001 03 40 20 80    wlan9\nfd000000000000000000000000000005 03 40 00 80    wlan9\n"
        "fd0000000000000000000000"
    )
    return folder / "sys", folder / "proc"


def test_a_radio_and_a_cable(tmp_path: Path) -> None:
    assert interfaces(*machine(tmp_path)) == [
        Interface("wlan9", True, ("fd00::5",), None, -56.0, 7000, 90, 0),
        Interface("eth9", False, (), None, None, 0, 0, 7),
    ]


def test_this_machine_and_one_that_tells_nothing(tmp_path: Path) -> None:
    assert all(one.name != "lo" for one in interfaces())
    assert interfaces(tmp_path, tmp_path) == []
