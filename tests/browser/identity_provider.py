"""A small OpenID Connect provider on loopback: true codes, keys and tokens, and a login page with a button a person."""

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "graft-explorer", "what the provider gave us"


@dataclass
class Provider:
    """The provider's memory."""

    people: dict[str, dict[str, Any]]
    """Claims of each person, by the name on the button."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"}))
    """What identities are signed with."""
    codes: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    """Who came with which request, by the code that the application brings back; good once."""
    address: str = ""
    """Where it answers."""

    def document(self) -> dict[str, Any]:
        """What OpenID Connect Discovery 1.0 asks for."""
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "end_session_endpoint": f"{self.address}/end",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }

    def enter(self, person: str, asked: dict[str, str]) -> str:
        """Where a person who pressed a button goes: back to the application, with a code."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = (person, asked)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def tokens(self, told: dict[str, str], authorization: str) -> dict[str, Any]:
        """The identity that belongs to a code, for the application that asked and no other."""
        person, asked = self.codes.pop(told["code"])
        assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT_ID}:{CLIENT_SECRET}"
        assert told["redirect_uri"] == asked["redirect_uri"]
        digest = hashlib.sha256(told["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT_ID, "sub": person, "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"], **self.people[person]}
        return {
            "access_token": secrets.token_urlsafe(16),
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key),
        }


class Answers(BaseHTTPRequestHandler):
    """HTTP in front of a provider."""

    provider: Provider

    def do_GET(self) -> None:
        """The documents, the login page and where its buttons lead."""
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if path == "/.well-known/openid-configuration":
            self._json(self.provider.document())
        elif path == "/keys":
            self._json({"keys": [self.provider.key.as_dict(private=False)]})
        elif path == "/authorize":
            assert asked["client_id"] == CLIENT_ID
            links = [
                f'<p><a href="/enter?{html.escape(urlencode({"person": person, **asked}))}">{person}</a></p>'
                for person in self.provider.people
            ]
            self._send(200, "text/html", "<title>Who are you?</title><link rel=icon href='data:,'>" + "".join(links))
        elif path == "/enter":
            self._redirect(self.provider.enter(asked.pop("person"), asked))
        elif path == "/end":
            self._redirect(asked["post_logout_redirect_uri"])
        else:
            self._send(404, "text/plain", "nothing here")

    def do_POST(self) -> None:
        """The token endpoint."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        told = {name: values[0] for name, values in parse_qs(body).items()}
        self._json(self.provider.tokens(told, self.headers["Authorization"]))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written down."""

    def _json(self, value: object) -> None:
        self._send(200, "application/json", json.dumps(value))

    def _redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def provider_of(people: dict[str, dict[str, Any]]) -> Iterator[Provider]:
    """A provider that knows these people, for as long as the block lasts."""
    provider = Provider(people)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (Answers,), {"provider": provider}))
    provider.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
