"""Settings of the address that the server listens on, and of the proxies in front of it."""

from __future__ import annotations

import ipaddress
import re

from pydantic import Field, field_validator

from webapp.settings.base import SettingsGroup
from webapp.settings.values import CommaSeparated, Switch, WholeNumber

_PUBLIC_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")


class NetworkSettings(SettingsGroup):
    """Settings of the server's address."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: WholeNumber = Field(default=7860, ge=1, le=65535, description="Port to listen on.")
    public_url: str = Field(
        default="",
        description="Address that people open, such as `https://lens.example`. Default: host and port.",
    )
    trusted_proxies: CommaSeparated = Field(
        default=(),
        description="Addresses or networks of the proxies in front, separated by commas. "
        "Only they may set `X-Forwarded-For`.",
    )
    mcp: Switch = Field(
        default="off",
        description="`on`: AI programs can analyse files by MCP at `/mcp`. Needs the extra `mcp`. "
        "See [MCP](#mcp).",
    )

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str) -> str:
        if value and not _PUBLIC_URL.fullmatch(value):
            raise ValueError("must be an address such as https://lens.example")
        return value.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a network of every address, because then any visitor could claim any address."""
        for part in value:
            try:
                is_limited = ipaddress.ip_network(part).prefixlen > 0
            except ValueError:
                is_limited = False
            if not is_limited:
                raise ValueError("must be addresses or networks such as 127.0.0.1,10.0.0.0/8")
        return value

    @property
    def url(self) -> str:
        """Return the address that people open, without a slash at the end."""
        if self.public_url:
            return self.public_url
        # An IPv6 address stands in brackets.
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"
