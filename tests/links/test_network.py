"""The emulator's process on real devices: what is sent through it, and what is left of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.installation import ROOT
from tests.links import namespaces
from tests.links.link_model import Conditions
from tests.links.network import Network

# Sends numbered datagrams evenly, and then prints the address and number of each answer that comes within 2 s.
SENDER = """
import socket, sys, time
address, count, every = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), float(sys.argv[4])
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(count):
    sender.sendto(b"%06d" % number + bytes(494), address)
    time.sleep(every)
sender.settimeout(2)
try:
    while True:
        print(sender.recvfrom(2000)[0].decode(), flush=True)
except TimeoutError:
    pass
"""


@contextmanager
def sending(network: Network, port: int, count: int, every_s: float) -> Iterator[subprocess.Popen[str]]:
    """A process on the camera's side that sends datagrams."""
    words = [*network.camera_side, sys.executable, "-c", SENDER, network.server_address, str(port)]
    with subprocess.Popen([*words, str(count), str(every_s)], stdout=subprocess.PIPE, text=True) as process:
        yield process


def listening() -> socket.socket:
    """On the server's side."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("0.0.0.0", 0))
    receiver.settimeout(10)
    return receiver


def test_datagrams_pass_with_loss_and_delay_and_are_counted(network: Network) -> None:
    network.change(up=Conditions(loss=0.3, delay_s=0.1))
    with closing(listening()) as receiver, sending(network, receiver.getsockname()[1], 300, 0.002) as sender:
        sender.wait(20)
        receiver.setblocking(False)
        got = 0
        with pytest.raises(BlockingIOError):
            while receiver.recv(2000):
                got += 1
    counts = network.counts()["up"]
    assert counts["arrived"] >= got > 150
    assert counts["lost"] > 40
    assert counts["offered"] == counts["arrived"] + counts["lost"]


def test_a_rebinding_shows_a_new_address_and_answers_find_it(network: Network) -> None:
    with closing(listening()) as receiver, sending(network, receiver.getsockname()[1], 200, 0.01) as sender:
        before = receiver.recvfrom(2000)[1]
        mapped = network.rebind()
        seen = before
        while seen[0] != mapped:
            seen = receiver.recvfrom(2000)[1]
        assert before[0] != seen[0] and before[1] == seen[1]
        receiver.sendto(b"lost", before)
        receiver.sendto(b"found", seen)
        assert sender.stdout is not None and sender.stdout.readline() == "found\n"
        sender.terminate()


def test_tcp_passes_and_a_cut_holds_it_up_until_the_link_is_mended(network: Network) -> None:
    script = "import socket; s = socket.create_connection(('10.88.0.1', PORT)); print(s.recv(9).decode(), flush=True)"
    script += "; print(s.recv(9).decode())"
    with closing(socket.create_server(("0.0.0.0", 0))) as server:
        words = [*network.camera_side, sys.executable, "-c", script.replace("PORT", str(server.getsockname()[1]))]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as client, closing(server.accept()[0]) as peer:
            assert client.stdout is not None
            peer.sendall(b"hello")
            assert client.stdout.readline() == "hello\n"
            network.cut()
            lost = network.counts()["down"]["lost"]
            peer.sendall(b"again")
            limit = time.monotonic() + 10
            while network.counts()["down"]["lost"] == lost:
                assert time.monotonic() < limit
            network.mend()
            assert client.stdout.readline() == "again\n"


def test_nothing_is_left_behind_even_by_a_run_that_was_killed(network: Network) -> None:
    script = "import sys, time; from tests.links.network import Network\n"
    script += "with Network() as n: print(n.camera_side[3], flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        assert (namespaces.NAMED / name).exists()
        assert name not in namespaces.sweep(), "it lives"
        other.send_signal(signal.SIGKILL)
        other.wait(10)
    assert name in namespaces.sweep()
    assert not (namespaces.NAMED / name).exists()


def test_a_test_is_on_the_servers_side_and_back_afterwards() -> None:
    if namespaces.why_not() is not None:
        pytest.skip(str(namespaces.why_not()))
    outside = os.stat("/proc/thread-self/ns/net").st_ino
    with Network() as network:
        assert os.stat("/proc/thread-self/ns/net").st_ino != outside
        assert {name for _, name in socket.if_nameindex()} == {"lo", "link0"}
        camera_side = network.camera_side[3]
    assert os.stat("/proc/thread-self/ns/net").st_ino == outside
    assert not (namespaces.NAMED / camera_side).exists()
