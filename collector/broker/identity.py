"""As whom a paho client comes to a broker: user, password and certificates."""

import ssl

import paho.mqtt.client as mqtt

from collector.config.broker import Broker
from collector.config.places import secret_in


def identify(client: mqtt.Client, broker: Broker) -> None:
    """As the configuration has it; its files are read anew each time. Raises OSError, ssl.SSLError among them."""
    if broker.username is not None:
        client.username_pw_set(broker.username, secret_in(broker.password_file))
    if broker.tls is not None:
        client.tls_set(broker.tls.ca, broker.tls.cert, broker.tls.key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
