"""Whose a timestamp is: the program `openssl` checks the authority's signature and certificates (RFC 3161, RFC 5280)."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates

from server.errors import StartError
from server.recording.verifier import CANNOT, FAIL, PASS, STAMP

LONGEST_S = 60.0


def checked_certificates(path: Path) -> Path:
    """`path`, if it holds certificates (PEM). Raises StartError with one clear sentence."""
    try:
        load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise StartError(f"the authority's certificates in {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise StartError(f"{path} holds no certificates (PEM)") from error
    return path


def vouched(response: bytes, manifest: bytes, authority: Path) -> tuple[str, str]:
    """PASS if it was made for `manifest` by the owner of a certificate below those in the file `authority` (PEM), at a time
    when that was good; else FAIL or CANNOT, and why.
    """
    match = re.search(STAMP, response)
    if match is None:
        return CANNOT, "it is no timestamp"
    try:
        at = datetime(*(int(part) for part in match.groups()[1:]), tzinfo=UTC)  # type: ignore[misc, arg-type]  # 6 parts
    except ValueError:
        return CANNOT, "its time is none"
    with tempfile.NamedTemporaryFile(suffix=".tsr") as file:
        file.write(response)
        file.flush()
        words = ["-digest", hashlib.sha256(manifest).hexdigest(), "-in", file.name, "-CAfile", str(authority)]
        command = ["openssl", "ts", "-verify", *words, "-attime", str(int(at.timestamp()))]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return CANNOT, f"the program openssl is needed for that: {error}"
    return (PASS, "") if done.returncode == 0 else (FAIL, _reason(done.stderr))


def _reason(printed: str) -> str:
    """Of openssl's lines those that say what is wrong, without the program's own file names."""
    said = [line.split(":")[4:] for line in printed.splitlines() if line.count(":") > 4]
    return "; ".join(dict.fromkeys(" ".join(parts[:2]).strip() for parts in said)) or "openssl does not say why"
