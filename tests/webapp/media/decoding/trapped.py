"""Script that makes every request of a visitor while decoding in the server itself raises.

`python -m tests.webapp.media.decoding.trapped FOLDER`. `cv2.imdecode` stays, because the stability check
decodes pictures that it compressed itself.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import av
import cv2
from PIL import Image

import laanet_core.media.images
import laanet_core.media.reader
import webapp.media.stripping
from tests.conftest import ROOT
from webapp.bootstrap import Application, build
from webapp.settings import Settings, prepare_libraries


class Decoded(AssertionError):
    """Something was decoded in the server."""


def set_traps() -> None:
    really = av.open

    def trap(*arguments: Any, **options: Any) -> Any:
        if "w" in arguments[1:2]:
            return really(*arguments, **options)
        raise Decoded

    for holder, name in (
        *((Image, "open"), (av, "open"), (cv2, "imread"), (cv2, "VideoCapture")),
        *(
            (module, "read_image")
            for module in (laanet_core.media.images, laanet_core.media.reader, webapp.media.stripping)
        ),
    ):
        setattr(holder, name, trap)


def visit(application: Application, photo: Path, clip: Path) -> None:
    evidence = application.services.evidence
    for path in (photo, clip):
        media = evidence.open_media(path)
        analysed = application.services.analysis.analyse(path, consent=True, media=media)
        assert analysed.result.outcome == "verdict", analysed.result.error
        assert analysed.is_kept
        assert evidence.stabilities(media, analysed.result)
        if path == clip:
            assert media.moments(analysed.result)
            assert evidence.overlay_clip(path, analysed.result).stat().st_size > 1000
        media.release()
    media = evidence.open_media(photo)
    analysed = application.services.analysis.analyse(photo)
    assert len(evidence.consistency(media, analysed.result)) == 2
    assert media.picture().shape == (661, 1126, 3)


def main(folder: Path) -> None:
    photo, clip = folder / "photo", folder / "clip"
    photo.write_bytes((ROOT / "tests" / "samples" / "two_people.jpg").read_bytes())
    clip.write_bytes((ROOT / "webapp" / "examples" / "clip.mp4").read_bytes())
    settings = Settings(data=folder / "data", cache=folder / "cache", device="cpu", frames=4)
    prepare_libraries(settings)
    application = build(settings)
    set_traps()
    visit(application, photo, clip)
    try:
        laanet_core.media.images.read_image(photo)
    except Decoded:
        print("all done")
    application.stopping.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
