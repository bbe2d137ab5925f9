"""The servers that tests run on: their ports stay theirs."""

import socket

from innbox.testing.services import free_port


def test_a_free_port_is_none_that_an_outgoing_connection_could_take() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        given_by_the_system = min(listener.getsockname()[1], client.getsockname()[1])

    assert all(free_port() < given_by_the_system for _ in range(20))


def test_a_free_port_can_be_listened_at() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        assert listener.getsockname()[1]
