"""Check of a response against the server's own OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

API = "/api/v1"


class OpenAPICheck:
    """Response hook of an HTTP client. `checked` counts the responses by operation and documented status."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self.checked: dict[tuple[str, str], int] = {}

    def __call__(self, response: httpx.Response) -> None:
        """Raise jsonschema.ValidationError if a JSON response is not what the document says."""
        path = response.request.url.path.removeprefix(API)
        operation = self._operation(response.request.method.lower(), path)
        if operation is None:
            return
        name, responses = operation
        status = str(response.status_code) if str(response.status_code) in responses else "default"
        content = responses[status]["content"]
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in content, f"{name} {status}: {media_type} is not documented"
        if media_type == "application/json":
            response.read()
            schema = {**content[media_type]["schema"], "components": self._document["components"]}
            Draft202012Validator(schema).validate(response.json())
        self.checked[name, status] = self.checked.get((name, status), 0) + 1

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """Return the name and the documented responses of an operation; longer templates match first."""
        for template in sorted(self._document["paths"], key=len, reverse=True):
            pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(template))
            operations = self._document["paths"][template]
            if re.fullmatch(pattern, path, re.DOTALL) and method in operations:
                return f"{method} {template}", operations[method]["responses"]
        return None
