"""What boards, disks and /proc tell, played by folders of files as the kernels of real ones lay them out."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.core.health.reading import BoardReading, NetworkReading
from edge_agent.health.board import Jetson, OtherBoard, RaspberryPi, find_board
from edge_agent.health.disk import read_disk
from edge_agent.health.machine import Machine
from edge_agent.health.network import read_network
from tests.certificates import Authority

THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"


def lay(root: Path, files: dict[str, object]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text}\n")
    return root


def zone(number: int, thousandths: object, kind: str = "cpu-thermal", **trips: object) -> dict[str, object]:
    place = f"class/thermal/thermal_zone{number}"
    return {f"{place}/temp": thousandths, f"{place}/type": kind, **{f"{place}/{name}": text for name, text in trips.items()}}


def cooling(number: int, kind: str, state: int) -> dict[str, object]:
    place = f"class/thermal/cooling_device{number}"
    return {f"{place}/type": kind, f"{place}/cur_state": state}


@pytest.mark.parametrize(
    ("model", "board"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0\0", RaspberryPi),
        ("NVIDIA Jetson Orin Nano Developer Kit\0", Jetson),
        ("FriendlyElec NanoPC-T6\0", OtherBoard),
    ],
)
def test_a_board_is_known_by_its_model(tmp_path: Path, model: str, board: type) -> None:
    assert type(find_board(lay(tmp_path, {"firmware/devicetree/base/model": model}))) is board
    assert type(find_board(tmp_path / "nowhere")) is OtherBoard


@pytest.mark.parametrize(
    ("bits", "said"),
    [
        ("0", (False, False, False, False)), ("1", (True, False, False, False)), ("50000", (False, True, False, True)),
        ("50005", (True, True, True, True)), ("2", (False, False, True, False)), ("80008", (False, False, False, False)),
    ],
)  # fmt: skip
def test_a_raspberry_pi_tells_its_complaints(tmp_path: Path, bits: str, said: tuple[bool, ...]) -> None:
    lay(tmp_path, {THROTTLED: bits, **zone(0, 61_800)})
    assert RaspberryPi(tmp_path).read() == BoardReading(61.8, 80.0, *said)


def test_a_raspberry_pi_whose_kernel_tells_nothing_is_asked_by_its_tool(tmp_path: Path) -> None:
    tool = tmp_path / "vcgencmd"
    tool.write_text("#!/bin/sh\necho throttled=0x50005\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    assert RaspberryPi(tmp_path, str(tool)).read() == BoardReading(None, 80.0, True, True, True, True)
    tool.write_text("#!/bin/sh\necho VCHI initialization failed\nexit 255\n")
    assert RaspberryPi(tmp_path, str(tool)).read() == BoardReading(None, 80.0)
    assert RaspberryPi(tmp_path, str(tmp_path / "missing")).read() == BoardReading(None, 80.0)


def test_a_jetson_tells_heat_and_its_own_slowing_down(tmp_path: Path) -> None:
    fan = {"trip_point_0_type": "active", "trip_point_0_temp": 51_000}
    slow = {"trip_point_1_type": "passive", "trip_point_1_temp": 99_000}
    lay(tmp_path, {**zone(0, 64_500, "CPU-therm", **fan, **slow), **zone(1, 100_000, "PMIC-Die"), **zone(2, -256_000, "AUX")})
    lay(tmp_path, {**cooling(0, "pwm-fan", 3), **cooling(1, "thermal-cpufreq-0", 0)})
    jetson = Jetson(tmp_path)
    assert jetson.read() == BoardReading(64.5, 99.0, None, False, False)
    lay(tmp_path, cooling(1, "thermal-cpufreq-0", 2))
    assert jetson.read().throttled


def test_the_zone_with_least_to_go_is_told(tmp_path: Path) -> None:
    passive = {"trip_point_0_type": "passive", "trip_point_0_temp": 75_000}
    lay(tmp_path, {**zone(0, 80_000, "CPU-therm"), **zone(1, 73_000, "nvme", **passive)})
    assert OtherBoard(tmp_path).read() == BoardReading(73.0, 75.0)


def test_a_jetson_whose_supply_gave_too_little(tmp_path: Path) -> None:
    counter = "class/hwmon/hwmon3/oc1_event_cnt"
    jetson = Jetson(lay(tmp_path, {counter: 2, "class/hwmon/hwmon3/oc3_event_cnt": 0}))

    def told() -> tuple[bool | None, bool]:
        read = jetson.read()
        return read.undervoltage, read.undervoltage_ever

    assert told() == (False, False)  # two while it started
    lay(tmp_path, {counter: 3})
    assert told() == (True, True)
    assert told() == (False, True)


def test_a_board_that_tells_nothing(tmp_path: Path) -> None:
    assert OtherBoard(tmp_path).read() == BoardReading()
    lay(tmp_path, {**zone(0, "asleep"), **zone(1, 47_000), **cooling(0, "Processor", 1)})
    assert OtherBoard(tmp_path).read() == BoardReading(47.0, 85.0, throttled=True)


def lay_block(root: Path, there: Path, **device: str) -> Path:
    """The disk below `there`, with a partition, as /sys/dev/block links to it."""
    number = there.stat().st_dev
    lay(root, {f"devices/mmc0/block/mmcblk0/device/{name}": text for name, text in device.items()})
    partition = root / "devices/mmc0/block/mmcblk0/mmcblk0p2"
    partition.mkdir(parents=True)
    (root / "dev/block").mkdir(parents=True)
    (root / f"dev/block/{os.major(number)}:{os.minor(number)}").symlink_to(partition)
    return root


@pytest.mark.parametrize(
    ("life", "spare", "used", "low"),
    [
        ("0x01 0x01", "0x01", 0.0, False), ("0x02 0x09", "0x01", 0.8, False), ("0x0b 0x01", "0x01", 1.0, False),
        ("0x01 0x01", "0x03", 0.0, True), ("0x00 0x00", "0x00", None, False), ("?", "?", None, False),
    ],
)  # fmt: skip
def test_an_emmc_tells_its_wear(tmp_path: Path, life: str, spare: str, used: float | None, low: bool) -> None:
    read = read_disk(tmp_path, lay_block(tmp_path / "sys", tmp_path, life_time=life, pre_eol_info=spare))
    assert read is not None and (read.life_used, read.reserve_low) == (used, low)


def test_a_disk_tells_its_room_before_there_is_a_data_dir(tmp_path: Path) -> None:
    read = read_disk(tmp_path / "not" / "yet", tmp_path)
    assert read is not None and read.writable and 0 < read.free_bytes < read.total_bytes
    assert (read.life_used, read.reserve_low) == (None, False)
    assert read_disk(tmp_path / ("x" * 300), tmp_path) is None  # a file system that answers with an error, as a dying card does


def test_a_machine_in_one_reading(tmp_path: Path) -> None:
    memory = "MemTotal:        3884340 kB\nMemAvailable:    2884340 kB\nHugePages_Total:       0"
    lay(tmp_path, {"meminfo": memory, "self/statm": "9000 5000 1"})
    lay(tmp_path, {"stat": "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3"})
    machine = Machine(OtherBoard(tmp_path), tmp_path, None, tmp_path, tmp_path)
    first = machine.read()
    assert (first.memory_bytes, first.memory_available_bytes) == (3_884_340 * 1024, 2_884_340 * 1024)
    assert first.own_bytes == 5000 * os.sysconf("SC_PAGE_SIZE") and first.cpu_busy is None
    lay(tmp_path, {"stat": "cpu  150 0 125 715 110 0 0 0 0 0"})
    assert machine.read().cpu_busy == pytest.approx(0.75)


def test_a_machine_without_proc_is_read_all_the_same(tmp_path: Path) -> None:
    read = Machine(OtherBoard(tmp_path), tmp_path, None, tmp_path, tmp_path).read()
    assert (read.memory_bytes, read.own_bytes, read.cpu_busy) == (None, None, None)


WIRELESS = """Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0"""


def test_the_ways_out_of_a_device(tmp_path: Path) -> None:
    net = "class/net"
    lay(tmp_path, {f"{net}/lo/carrier": 1, f"{net}/docker0/carrier": 1})
    lay(tmp_path, {f"{net}/eth0/carrier": 0, f"{net}/eth0/device/vendor": 1})
    lay(tmp_path, {f"{net}/wlan0/carrier": 1, f"{net}/wlan0/device/vendor": 1, "net/wireless": WIRELESS})
    assert read_network(tmp_path, tmp_path) == NetworkReading(("wlan0",), -56.0)
    lay(tmp_path, {f"{net}/ppp0/carrier": 1, f"{net}/eth0/carrier": 1})
    assert read_network(tmp_path, tmp_path / "no") == NetworkReading(("eth0", "ppp0", "wlan0"))
    assert read_network(tmp_path / "container", tmp_path) is None


def test_a_certificate_is_read_anew_when_it_was_renewed(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    file, _ = authority.issue("device", "kerb-1", datetime.now(UTC) + timedelta(days=10))
    machine = Machine(OtherBoard(tmp_path), tmp_path, file, tmp_path, tmp_path)

    def days() -> float:
        left_s = machine.read().certificate_s
        assert left_s is not None
        return left_s / 86_400

    assert 9.9 < days() < 10 and 9.9 < days() < 10
    authority.issue("device", "kerb-1", datetime.now(UTC) + timedelta(days=60))
    os.utime(file, ns=(0, 0))
    assert 59.9 < days() < 60
    file.write_text("no certificate")
    assert machine.read().certificate_s is None
    file.unlink()
    assert machine.read().certificate_s is None
