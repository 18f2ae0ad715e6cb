"""What /api/v1/openapi.json says of each endpoint."""

from __future__ import annotations

from typing import Any

from webapp.services.results.documents import StoredResult
from webapp.ui.rest import schemas

ABOUT = (
    'Judges faces in photos and clips. Every error is {"error": {"code", "message"}} with a stable code. There is no log-in and no '
    "cookie: the receipt of an analysis is the only key to it. Pages of other origins cannot read answers (no CORS headers)."
)


def _error(description: str) -> dict[str, Any]:
    return {"model": schemas.ErrorAnswer, "description": description}


_TOO_LARGE = _error("`too_large`")
_UNKNOWN = _error("`unknown_receipt`, whatever the receipt looks like")
_CONSENT = {"type": "boolean", "default": False, "description": "the file may be kept"}
_FILE = {"type": "string", "format": "binary"}

ANALYSE: dict[str, Any] = {
    "summary": "Judge a photo or clip",
    "description": "Send the file in a form's field `file`, or as the body itself. Its kind is told from its content; its name is ignored. "
    "The file is deleted when the answer is given; the answer is stored under the receipt, with a digest and perceptual hashes of the "
    "file. With the form's field `consent` set to true the file is kept without its metadata, to settle disputes and to train the model, "
    "until the receipt is deleted. A client that goes away stops the analysis.",
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"file": _FILE, "consent": _CONSENT},
                        "required": ["file"],
                    }
                },
                "application/octet-stream": {"schema": _FILE},
            },
        }
    },
    "responses": {
        200: {
            "model": schemas.AnalyseAnswer,
            "description": "Judged: a verdict, or `no_face`, or `face_too_small`",
        },
        400: _error("`missing_file`, `invalid_form`"),
        413: _TOO_LARGE,
        422: {
            "model": schemas.AnalyseAnswer,
            "description": "The file was read and rejected: `outcome` is `rejected` and `error` says why (`empty_file`, "
            "`unsupported_type`, `corrupt_image`, `image_too_small`, `too_many_pixels`, `corrupt_video`, `no_frames`, "
            "`video_too_long`, `decoder_died`, `decoding_too_slow`, `decoding_too_large`, `decoders_busy`, "
            '`unforeseen`). Or `{"error"}` alone: `invalid_consent`',
        },
        503: {
            **_error("`busy`: too many wait already"),
            "headers": {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}},
        },
    },
}
RESULT: dict[str, Any] = {
    "summary": "The stored result with what was said of it since",
    "responses": {200: {"model": StoredResult}, 404: _UNKNOWN, 503: _error("`unavailable`")},
}
DELETE: dict[str, Any] = {
    "summary": "Delete the result and everything that belongs to it",
    "responses": {200: {"model": schemas.Deleted}, 404: _UNKNOWN, 503: _error("`not_deleted`, `file_left`")},
}
EXPORT: dict[str, Any] = {
    "summary": "All that is held under the receipt, as a ZIP",
    "description": "`result.json`, `feedback.json`, `media.*` where the file is kept, and `regions/*.png`",
    "responses": {
        200: {"content": {"application/zip": {"schema": _FILE}}, "description": "a ZIP archive"},
        404: _UNKNOWN,
        503: _error("`unavailable`"),
    },
}
FEEDBACK: dict[str, Any] = {
    "summary": "Say whether the verdict is right",
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schemas.NewFeedback.model_json_schema()}},
        }
    },
    "responses": {
        200: {"model": schemas.Stored},
        400: _error("`invalid_json`"),
        404: _UNKNOWN,
        409: _error("`key_reused`: the idempotency key stands for other feedback"),
        413: _TOO_LARGE,
        422: _error(
            "`invalid_vote`, `unknown_face`, `note_too_long`, `invalid_note`, `invalid_key`, `invalid_tag`, `invalid_region`, "
            "`invalid_request`"
        ),
        503: _error("`not_saved`"),
    },
}
for _endpoint in (ANALYSE, RESULT, DELETE, EXPORT, FEEDBACK):
    _endpoint["responses"]["default"] = _error("`not_found`, `method_not_allowed`, or 500 `unforeseen`")
