"""What this machine is called, in which order, and host names looked up once."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from server.addresses import own_addresses, resolved
from server.errors import StartError


def test_own_addresses_are_of_use_to_others_and_loopback_comes_last() -> None:
    found = [ip_address(one) for one in own_addresses()]
    assert str(found[0]) not in ("::1",) and any(one.is_loopback for one in found)
    assert found == sorted(found, key=lambda one: (one.is_loopback, one.version))
    assert not any(one.is_link_local for one in found)
    assert len(set(found)) == len(found)


async def test_a_host_name_stands_for_all_its_addresses() -> None:
    found = await resolved(["192.0.2.7", "2001:DB8::0:7", "localhost", "192.0.2.7"])
    assert found[:2] == ("192.0.2.7", "2001:db8::7")
    assert {"127.0.0.1", "::1"} >= set(found[2:]) > set()


@pytest.mark.parametrize("name", ["no-such-host.invalid", "a..b", "x" * 70 + ".example"])
async def test_a_name_without_address_stops_the_start(name: str) -> None:
    with pytest.raises(StartError, match="public_address: "):
        await resolved([name])
