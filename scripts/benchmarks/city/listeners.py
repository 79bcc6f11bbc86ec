"""Clients of the alert stream, or receivers of webhooks, in one process: when did each hear of which change?

Says `ready`; when its standard input ends it says what was heard as one JSON document. One client takes nothing.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from array import array
from pathlib import Path

import aiohttp

from event_contract.times import parse_time

IDS = re.compile(rb"id: (\d+)\n")
TELLINGS = re.compile(rb'id: (\d+)\n[^{]*\{[^\n]*?"received_at":"([^"]+)"')
LONGEST_ID_LINE = 24


class Client(asyncio.Protocol):
    """Of server-sent events; `keeps` what it heard, for one that tells when the changes were received."""

    def __init__(self, request: bytes, takes: bool, keeps: bool) -> None:
        self._request, self._takes = request, takes
        self._tail, self._last = b"", 0
        self.seqs, self.heard_s = array("q"), array("d")
        self.kept: list[bytes] | None = [] if keeps else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)
        if not self._takes:
            transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        now = time.time()
        for found in IDS.findall(self._tail + data):
            if (seq := int(found)) > self._last:
                self._last = seq
                self.seqs.append(seq)
                self.heard_s.append(now)
        self._tail = data[-LONGEST_ID_LINE:]
        if self.kept is not None:
            self.kept.append(data)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("token_file", type=Path)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--sockets", type=int, default=10)
    asyncio.run(listen(parser.parse_args()))


async def listen(options: argparse.Namespace) -> None:
    token = options.token_file.read_text().strip()
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    request = f"GET /api/v1/alerts/stream HTTP/1.1\r\n{head}".encode()
    clients = [Client(request, takes=True, keeps=n == 0) for n in range(options.clients)]
    loop = asyncio.get_running_loop()
    for client in (*clients, Client(request, takes=False, keeps=False)):
        await loop.create_connection(lambda client=client: client, "127.0.0.1", options.port)  # type: ignore[misc]
    messages: list[tuple[int, float]] = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        url = f"http://127.0.0.1:{options.port}/api/v1/alerts/ws"
        hearing = [asyncio.create_task(hear(session, url, messages)) for _ in range(options.sockets)]
        await asyncio.sleep(1)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for task in hearing:
            task.cancel()
        await asyncio.gather(*hearing, return_exceptions=True)
    print(json.dumps(told(clients, messages)), flush=True)


async def hear(session: aiohttp.ClientSession, url: str, messages: list[tuple[int, float]]) -> None:
    async with session.ws_connect(url) as socket:
        async for message in socket:
            messages.append((json.loads(message.data)["seq"], time.time()))


def told(clients: list[Client], messages: list[tuple[int, float]]) -> dict[str, object]:
    kept = b"".join(clients[0].kept or ())
    received_s = {int(seq): parse_time(at.decode()) for seq, at in TELLINGS.findall(kept)}
    streamed = [at_s - received_s[seq] for one in clients for seq, at_s in zip(one.seqs, one.heard_s, strict=True)]
    return {
        "changes": len(received_s),
        "incomplete_clients": sum(len(one.seqs) != len(received_s) for one in clients),
        "stream_ms": spread(streamed),
        "socket_ms": spread([at_s - received_s[seq] for seq, at_s in messages]),
    }


def spread(times_s: list[float]) -> dict[str, float] | None:
    if not times_s:
        return None
    times = sorted(1e3 * time_s for time_s in times_s)
    return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "most": times[-1]}


if __name__ == "__main__":
    main()
