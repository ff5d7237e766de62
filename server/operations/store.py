"""Files of the installation: the certificate, and where the running server can be reached."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Sequence
from pathlib import Path

from server.clock import Clock
from server.config import Config
from server.errors import StartError
from server.private_file import write_private

WHERE = "server.json"


def prepare_folder(data: Path) -> None:
    """Make the data folder and see that it can be written. Raises StartError with one clear sentence."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / ".write-test"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise StartError(f"the data folder {data} cannot be written: {error.strerror}") from error


def tls_context(config: Config, names: Sequence[str], clock: Clock) -> ssl.SSLContext | None:
    """The TLS context that the configuration asks for, or None. Raises StartError for unreadable files."""
    if not config.secure:
        return None
    if config.tls_cert is not None and config.tls_key is not None:
        certificate, key = config.tls_cert, config.tls_key
    else:
        certificate, key = _own_certificate(config.data, names, clock)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise StartError(f"the certificate {certificate} with key {key} cannot be used: {error}") from error
    return context


def _own_certificate(data: Path, names: Sequence[str], clock: Clock) -> tuple[Path, Path]:
    from server.operations.certificate import self_signed, still_good  # 0.1 s that no command waits for

    certificate, key = data / "tls-cert.pem", data / "tls-key.pem"
    if certificate.exists() and key.exists() and still_good(certificate.read_bytes(), names, clock.wall()):
        return certificate, key
    certificate_pem, key_pem = self_signed(names, clock.wall())
    write_private(key, key_pem)
    certificate.write_bytes(certificate_pem)
    return certificate, key


def note_where(data: Path, url: str) -> None:
    """Tell commands that work beside the running server (`device add`) where it can be reached."""
    (data / WHERE).write_text(json.dumps({"url": url, "pid": os.getpid()}))


def forget_where(data: Path, url: str) -> None:
    """The server has ended. What another one on this folder has written since then stays."""
    where = data / WHERE
    try:
        ours = json.loads(where.read_text()) == {"url": url, "pid": os.getpid()}
    except (OSError, ValueError):  # gone, or just being written
        return
    if ours:
        where.unlink(missing_ok=True)
