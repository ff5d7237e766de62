"""The key that signs evidence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from server.errors import StartError
from server.private_file import write_private
from server.recording.signing import EvidenceKey
from server.recording.verifier import ed25519_holds


def test_the_key_is_made_once_for_its_owner_alone_and_signs(tmp_path: Path) -> None:
    key = EvidenceKey.of(tmp_path)
    path = tmp_path / "evidence.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["evidence.key"]
    again = EvidenceKey.of(tmp_path)
    assert again.public_key == key.public_key
    assert ed25519_holds(bytes.fromhex(key.public_key), b"a manifest", again.sign(b"a manifest"))


def test_of_several_processes_that_start_at_once_all_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = {key.public_key for key in pool.map(EvidenceKey.of, [tmp_path] * 8)}
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["evidence.key"]


def test_a_key_that_others_can_read_or_that_is_none_stops_the_start(tmp_path: Path) -> None:
    EvidenceKey.of(tmp_path)
    path = tmp_path / "evidence.key"
    path.chmod(0o640)
    with pytest.raises(StartError, match="read by others"):
        EvidenceKey.of(tmp_path)
    other = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for content, about in ((b"", "no key"), (b"rubbish", "no key"), (other, "another kind")):
        write_private(path, content)
        with pytest.raises(StartError, match=about):
            EvidenceKey.of(tmp_path)
    with pytest.raises(StartError, match="cannot be used"):
        EvidenceKey.of(tmp_path / "nowhere")
