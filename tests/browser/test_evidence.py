"""An alert's evidence in the console: the link into the city's video, and a still from the wish to the look."""

import queue
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import cv2
import msgspec
import numpy as np
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Page, expect

from event_contract import topics
from event_contract.commands import CommandResponse, StillRequest
from event_contract.messages import encode
from tests.browser.running_collector import Device, RunningCollector

SETTINGS = "[evidence]\nstills = true\nlink = 'https://vms.example/{device}/{camera}'\n"


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    running = RunningCollector(tmp_path, SETTINGS)
    running.start()
    yield running
    running.stop()


def test_an_operator_sees_why_there_is_none_and_then_the_still(
    console: Page, collector: RunningCollector, device: Device
) -> None:
    wishes: queue.Queue[StillRequest] = queue.Queue()
    kerb = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    kerb.on_message = lambda *args: wishes.put(msgspec.json.decode(args[2].payload, type=StillRequest))
    kerb.connect("127.0.0.1", collector.mqtt_port)
    kerb.subscribe(topics.command_request(device.name), 1)
    kerb.loop_start()
    device.introduce("bac")
    device.tell_incident("suspected_accident", 1)
    console.get_by_role("link", name="Nghi có tai nạn giao thông").click()
    page = console.locator("#page")
    expect(page.get_by_role("link", name="Mở trong hệ thống camera")).to_have_attribute("href", f"https://vms.example/{device.name}/bac")

    page.get_by_role("button", name="Yêu cầu một ảnh").click()
    refusal = CommandResponse(id=wishes.get(timeout=20).id, outcome="refused", code="no_picture", reason="too long ago")
    again = page.get_by_role("button", name="Đã yêu cầu")
    expect(again).to_be_visible()
    kerb.publish(topics.command_response(device.name), encode(refusal)).wait_for_publish(10)
    again.click()
    expect(page).to_contain_text("Không còn ảnh của lúc đó. too long ago")

    page.get_by_role("button", name="Yêu cầu một ảnh").click()
    wish = wishes.get(timeout=20)
    expect(again).to_be_visible()
    done, picture = cv2.imencode(".jpg", np.full((90, 160, 3), 128, np.uint8))
    assert done and wish.incident == "run1/1"
    url = f"{collector.url}/api/v1/stills/{wish.id}?taken_at=2026-03-02T00:15:31Z"
    headers = {"Authorization": f"Bearer {wish.token}", "Content-Type": "image/jpeg"}
    with urlopen(Request(url, picture.tobytes(), headers), timeout=20) as answer:
        assert answer.status == 200
    again.click()
    expect(page).to_contain_text(re.compile("Chụp lúc 02.03 07:15:31"))
    page.get_by_role("button", name="Xem ảnh").click()
    shown = page.locator(".still img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 160
    kerb.disconnect()
    kerb.loop_stop()
