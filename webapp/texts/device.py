"""Schema of the sentences about the connection, and about what the visitor's browser keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceTexts:
    """Sentences about the connection, the results on this device, sharing and the camera."""

    # Connection to the server.
    lost: str
    back: str
    changed: str
    failed: str
    reload: str

    # Results on this device.
    title: str
    help: str
    remember: str
    remember_help: str
    empty: str
    off: str
    pending: str
    open: str
    remove: str
    delete: str
    delete_question: str
    delete_sure: str
    delete_failed: str
    save_list: str
    clear: str
    clear_question: str
    clear_sure: str
    cancel: str
    removed: str
    deleted: str
    paste_title: str

    # Sharing.
    share: str
    share_help: str
    qr_code: str
    print: str

    # By the name of the browser's error; `other` for all other errors.
    camera_refused: str
    camera_missing: str
    camera_busy: str
    camera_insecure: str
    camera_failed: str

    # Page of an unknown address.
    not_found: str
    not_found_help: str

    # Receipt page.
    no_link: str
    evidence_loading: str
    evidence_not_kept: str
    evidence_unavailable: str
    evidence_other_model: str
    clip_unplayable: str
