"""A real authority for timestamps: `openssl ts -reply`, and a route that hands its answers out."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.recording.timestamp import ANSWER_TYPE, REQUEST_TYPE

DAY_S = 86_400.0
SETTINGS = """
[tsa]
default_tsa = own
[own]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
certs = {folder}/ca.pem
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """With certificates of its own; `away` while it does not answer."""

    folder: Path
    away: bool = False
    wrong: bytes | None = None  # what it answers instead
    asked: list[bytes] = field(default_factory=list)
    ends: datetime = field(init=False)

    @classmethod
    def made(cls, folder: Path) -> Authority:
        """Skips the test without the program openssl."""
        if shutil.which("openssl") is None:
            pytest.skip("the program `openssl` is not installed")
        folder.mkdir(exist_ok=True)
        (folder / "settings").write_text(SETTINGS.format(folder=folder))
        (folder / "serial").write_text("01")
        found = cls(folder)
        found.renew(DAY_S)
        return found

    def renew(self, lasts_s: float) -> None:
        """New certificates, good for so long."""
        above = _certificate("CA of a test", None, None, lasts_s)
        signer, key = _certificate("Authority of a test", *above, lasts_s)
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        (self.folder / "ca.pem").write_bytes(above[0].public_bytes(pem))
        (self.folder / "signer.pem").write_bytes(signer.public_bytes(pem))
        (self.folder / "signer.key").write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
        self.ends = signer.not_valid_after_utc

    def has_ended(self) -> bool:
        """Its certificate is good no more."""
        return datetime.now(UTC) > self.ends + timedelta(seconds=1)

    @property
    def certificates(self) -> Path:
        """Those that its timestamps are checked by."""
        return self.folder / "ca.pem"

    def answer(self, asked: bytes) -> bytes:
        """As it answers to a request."""
        (self.folder / "asked").write_bytes(asked)
        words = ["openssl", "ts", "-reply", "-config", "settings", "-queryfile", "asked", "-out", "answer"]
        subprocess.run(words, cwd=self.folder, capture_output=True, check=True)
        return (self.folder / "answer").read_bytes()

    async def handle(self, request: web.Request) -> web.Response:
        """POST a request."""
        assert request.content_type == REQUEST_TYPE
        self.asked.append(await request.read())
        if self.away:
            return web.Response(status=503)
        body = self.wrong if self.wrong is not None else await asyncio.to_thread(self.answer, self.asked[-1])
        return web.Response(body=body, content_type=ANSWER_TYPE)

    def application(self) -> web.Application:
        """The route."""
        application = web.Application()
        application.add_routes([web.post("/", self.handle)])
        return application


def _certificate(
    name: str, issuer: x509.Certificate | None, issuer_key: ec.EllipticCurvePrivateKey | None, lasts_s: float
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(seconds=lasts_s))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        stamps = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamps, critical=True)
    return builder.sign(issuer_key or key, hashes.SHA256()), key
