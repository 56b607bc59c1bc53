"""Tokens as Google signs them, by a key of the test's own, and the certificates to check them with."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

from tests.emulator.wire_http import serving

AUDIENCE = "https://jobs.example"
CALLER = "scheduler@example.iam.gserviceaccount.com"
_KEY_ID = "key-1"


class Signer:
    """Somebody who signs tokens; only the one whose certificate is served is believed."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._signer = crypt.RSASigner.from_string(private, _KEY_ID)
        self.certificates = {_KEY_ID: _certificate(key).public_bytes(serialization.Encoding.PEM).decode()}

    def token(self, **changes: Any) -> str:
        """A good token but for the changed claims."""
        now = datetime.now(UTC)
        claims = {
            "iss": "https://accounts.google.com",
            "aud": AUDIENCE,
            "email": CALLER,
            "email_verified": True,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=1)).timestamp()),
        }
        return str(jwt.encode(self._signer, {**claims, **changes}).decode())


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return dated.serial_number(1).sign(key, hashes.SHA256())


@contextmanager
def served(certificates: dict[str, str]) -> Iterator[str]:
    """Serve certificates; yields their address."""
    with serving(partial(_Certificates, json.dumps(certificates).encode())) as address:
        yield f"http://{address}/certs"


class _Certificates(BaseHTTPRequestHandler):
    def __init__(self, body: bytes, *connection: Any) -> None:
        self._body = body
        super().__init__(*connection)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self._body)))
        self.end_headers()
        self.wfile.write(self._body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""
