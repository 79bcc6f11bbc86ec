"""What verdicts of health are called, and what a technician does about them, in two languages.

An item's `said` is a key of SAID, its `todo` one of TODO, and the first word of its id one of TOPICS.
"""

from event_contract.kinds import CAMERA_FAULTS, Words

TOPICS: dict[str, Words] = {
    "temperature": Words("Nhiệt độ", "Temperature"),
    "power": Words("Nguồn điện", "Power supply"),
    "throttling": Words("Tốc độ bộ xử lý", "Processor speed"),
    "disk": Words("Bộ nhớ lưu trữ", "Storage"),
    "disk_wear": Words("Độ mòn bộ nhớ lưu trữ", "Storage wear"),
    "memory": Words("Bộ nhớ RAM", "Memory"),
    "processor": Words("Tải bộ xử lý", "Processor load"),
    "clock": Words("Đồng hồ", "Clock"),
    "network": Words("Mạng", "Network"),
    "link": Words("Kết nối trung tâm", "Link to the collector"),
    "outbox": Words("Hàng đợi gửi", "Outbox"),
    "certificate": Words("Chứng thư số", "Certificate"),
    "camera": Words("Camera", "Camera"),
    "agent": Words("Phần mềm", "Agent"),
}

_OK = Words("tốt", "well")
SAID: dict[str, Words] = {
    "temperature.ok": _OK,
    "temperature.warm": Words("ấm", "warm"),
    "temperature.hot": Words("quá nóng", "too hot"),
    "power.ok": _OK,
    "power.low_now": Words("điện áp quá thấp", "voltage too low"),
    "power.low_before": Words("điện áp đã từng quá thấp từ khi khởi động", "voltage was too low since boot"),
    "throttling.ok": Words("đủ tốc độ", "full speed"),
    "throttling.now": Words("đang bị giảm tốc", "being slowed down"),
    "throttling.before": Words("đã từng bị giảm tốc từ khi khởi động", "was slowed down since boot"),
    "disk.ok": _OK,
    "disk.little": Words("còn ít chỗ", "little room left"),
    "disk.full": Words("gần đầy", "nearly full"),
    "disk.read_only": Words("không ghi được", "cannot be written"),
    "disk_wear.ok": _OK,
    "disk_wear.much": Words("đã mòn nhiều", "much worn"),
    "disk_wear.used_up": Words("đã hết tuổi thọ", "worn out"),
    "memory.ok": _OK,
    "memory.little": Words("còn ít", "little left"),
    "memory.short": Words("sắp hết", "nearly used up"),
    "processor.ok": _OK,
    "processor.busy": Words("quá tải", "overloaded"),
    "clock.ok": Words("đúng giờ", "synchronised"),
    "clock.unsynced": Words("chưa đồng bộ", "not synchronised"),
    "clock.absurd": Words("sai giờ", "wrong"),
    "network.ok": Words("đã nối", "connected"),
    "network.weak": Words("sóng Wi-Fi yếu", "weak Wi-Fi signal"),
    "network.down": Words("không nối mạng nào", "connected to none"),
    "link.ok": Words("đã kết nối", "connected"),
    "link.no_collector": Words("trung tâm chưa sẵn sàng, tin được giữ lại", "no collector is online, events are held"),
    "link.down": Words("mất kết nối, tin được giữ lại", "not connected, events are held"),
    "outbox.ok": _OK,
    "outbox.waiting": Words("có tin đang chờ gửi", "events are waiting"),
    "outbox.stuck": Words("tin đã chờ gửi quá một ngày", "events have waited for more than a day"),
    "outbox.full": Words("đầy bộ nhớ, chỉ giữ tin sự cố", "the disk is full, only incidents are kept"),
    "certificate.ok": Words("còn hạn", "valid"),
    "certificate.ends_soon": Words("sắp hết hạn", "ends soon"),
    "certificate.ends_now": Words("hết hạn trong ngày", "ends within a day"),
    "certificate.over": Words("đã hết hạn", "has ended"),
    "agent.ok": Words("đang chạy", "at work"),
    "agent.stuck": Words("một phần bị treo", "a part of it hangs"),
    "agent.absent": Words("không chạy", "does not run"),
    "camera.ok": Words("đang xem đường", "sees the road"),
    "camera.waiting": Words("đang chờ hình đầu tiên", "waits for its first picture"),
    "camera.ended": Words("đoạn phim đã hết", "the clip has ended"),
    **{f"camera.{reason}": words for reason, words in CAMERA_FAULTS.items()},
}

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
