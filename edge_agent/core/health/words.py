"""What verdicts of health are called, and what a technician does about them, in two languages.

An item's `said` is a key of SAID, its `todo` one of TODO, and the first word of its id one of TOPICS.
"""

from event_contract.conditions import SAID as SAID
from event_contract.conditions import TOPICS as TOPICS
from event_contract.kinds import Words

TODO: dict[str, Words] = {
    "air": Words("Che nắng, làm sạch khe thông gió, kiểm tra quạt.", "See to shade and air: clear the vents, check the fan."),
    "supply": Words("Dùng đúng bộ nguồn của bo mạch, cáp ngắn và to.", "Use the board's own supply and a short, thick cable."),
    "room": Words("Giải phóng bộ nhớ trên thiết bị.", "Free some room on the device."),
    "card": Words("Sao lưu cấu hình rồi thay thẻ nhớ hoặc ổ đĩa.", "Copy the configuration, then replace the card or disk."),
    "others": Words("Tắt các chương trình khác trên thiết bị.", "Stop what else runs on the device."),
    "restart": Words("Khởi động lại; nếu lặp lại, báo kỹ thuật.", "Restart the device; tell the engineers if it comes back."),
    "rate": Words("Giảm số hình mỗi giây hoặc dùng mô hình nhỏ hơn.", "Lower fps, or take a smaller model."),
    "time": Words("Kiểm tra máy chủ thời gian (chrony) và mạng.", "See to the time servers (chrony) and the network."),
    "link": Words("Kiểm tra anten, SIM, cáp mạng và máy chủ.", "Check antenna, SIM and cable, and whether the broker is up."),
    "cable": Words("Kiểm tra cáp mạng, anten, SIM và khoảng cách Wi-Fi.", "Check cable, antenna, SIM and Wi-Fi."),
    "centre": Words("Báo trung tâm kiểm tra máy chủ.", "Ask the operations centre to look at the collector."),
    "renew": Words("Đăng ký lại thiết bị để nhận chứng thư mới.", "Enrol the device again for a new certificate."),
    "lens": Words("Kiểm tra cáp, nguồn, ống kính và hướng camera.", "Check the camera's cable, power, lens and direction."),
    "start": Words("Khởi động dịch vụ, xem nhật ký của nó.", "Start its service, and look at its log."),
    "clip": Words("Chỉ đoạn phim mới hết; đặt loop = true.", "Only a clip ends; set loop = true."),
}

_TODO_OF = {
    "temperature": "air", "power": "supply", "throttling": "air", "disk": "room", "disk.read_only": "card", "disk_wear": "card",
    "memory": "others", "memory.short": "restart", "processor": "rate", "clock": "time", "network": "cable", "link": "link",
    "link.no_collector": "centre", "outbox": "link", "outbox.full": "room", "certificate": "renew", "camera": "lens",
    "camera.ended": "clip", "agent.absent": "start", "agent.stuck": "restart",
}  # fmt: skip


def in_figures(value: float | str, unit: str) -> str:
    """A value with its unit; bytes as people read them."""
    if unit == "B" and not isinstance(value, str):
        return f"{value / 1e9:.1f} GB"
    return f"{value} {unit}".strip()


def todo_of(said: str) -> str:
    """The key of what to do about a verdict that is not well."""
    return _TODO_OF.get(said) or _TODO_OF[said.partition(".")[0]]
