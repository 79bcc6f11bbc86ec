"""Drives one connected paho client in the calling thread until its connection ends.

Unlike paho's own loops it waits with epoll (select fails above 1,023 open files, which a few hundred stream subscribers
reach), wakes at once when another thread publishes, and lets exceptions out.
"""

import selectors
import socket
import ssl
from contextlib import closing

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

HOUSEKEEPING_S = 1.0  # keep-alive is looked after at least this often


def run(client: mqtt.Client) -> MQTTErrorCode:
    """Read, write and keep alive; the answer says why the connection ended."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    # With this hook set, other threads only queue their packets; without it they would write to the socket themselves.
    client.on_socket_register_write = lambda *_: _wake(theirs)
    code = MQTTErrorCode.MQTT_ERR_SUCCESS
    with closing(ours), closing(theirs), selectors.DefaultSelector() as selector:
        selector.register(ours, selectors.EVENT_READ)
        sock = client.socket()
        if sock is not None:
            selector.register(sock, selectors.EVENT_READ)
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and sock is not None and client.socket() is sock:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.want_write() else 0)
            selector.modify(sock, wanted)
            decrypted = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
            ready = {key.fileobj: events for key, events in selector.select(0 if decrypted else HOUSEKEEPING_S)}
            if ours in ready:
                ours.recv(4096)
            events = ready.get(sock, 0)
            if events & selectors.EVENT_READ or decrypted:
                code = client.loop_read()
            if code == MQTTErrorCode.MQTT_ERR_SUCCESS and client.want_write():
                code = client.loop_write()
            if code == MQTTErrorCode.MQTT_ERR_SUCCESS:
                code = client.loop_misc()
    client.on_socket_register_write = lambda *_: None  # other threads may not have noticed yet that it has ended
    return code


def _wake(theirs: socket.socket) -> None:
    try:
        theirs.send(b"0")
    except OSError:
        pass  # it is being woken already, or it has ended
