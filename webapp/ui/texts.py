"""Every word the visitor reads."""

from __future__ import annotations

from collections.abc import Mapping

TITLE = "LAA-Net Lens"
TAGLINE = "Has this face been manipulated? Upload a photo or a short clip and see what the network says, and where it looked."
UPLOAD = "Photo or video"
UPLOAD_HELP = (
    "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC up to 50 million pixels; MP4, MOV, WebM, MKV or AVI up to 10 minutes; "
    "at most {megabytes} MB. The file is deleted from this server within the hour, and nothing is sent elsewhere."
)
EXAMPLES = "Or try one of these (public-domain photographs; the self-blend is the astronaut's face blended over itself)"
EXAMPLE_CAPTIONS: Mapping[str, str] = {
    "astronaut.jpg": "A real photo",
    "astronaut-self-blended.jpg": "Its self-blend",
    "two_people.jpg": "Two people",
}
ANALYSE, STOP = "Analyse", "Stop"
WAITING = "The answer appears here: a verdict for every face, and where the network saw traces of blending."
NO_FILE = "Choose a photo or a video first."
FAILED = "Something went wrong on our side, and there is no answer to show. Please try again, or another file."
STOPPED = "Stopped. Nothing was kept."
NOT_STORED = "This result could not be stored on the server, so it cannot be voted on."

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "no_face": ("No face found", "The network judges faces only. A face may also be hidden, turned away or too dark to be found."),
    "face_too_small": (
        "Too small to judge",
        "Every face here is smaller than the network can judge. A larger version of the file may help.",
    ),
    "rejected": ("This file cannot be analysed", ""),
    "fake": (
        "{subject} looks manipulated",
        "The network sees traces like those of one face blended into another picture. It can be wrong.",
    ),
    "real": ("No sign of manipulation found", "The network sees no traces of blending. That is no proof that nothing was changed."),
    "inconclusive": ("Cannot tell", "The score lies between what real faces and what fakes usually get. Please do not take it as either."),
}
VERDICTS: Mapping[str | None, str] = {
    "fake": "looks manipulated",
    "real": "no sign found",
    "inconclusive": "cannot tell",
    None: "too small to judge",
}
HEAT_STRENGTH = "Heatmap strength"
HEAT_LEGEND = "From cyan to magenta: where the network saw traces of blending, on one scale for all faces. Clear means it saw none."
TIMELINE = "Fake probability over time"
WORST = "Most suspicious moments"
JSON_TITLE = "The same as data (JSON)"

LIMITS_TITLE = "What this cannot judge"
LIMITS = """
- **Pictures drawn whole by a generator.** The network looks for one face blended into another picture; a face that was never pasted
  may show no seam.
- **Anything but faces**: bodies, backgrounds, text, sound, what a picture is said to show.
- **Small, dark, blurred or heavily compressed faces.** The traces are finer than what such files keep; expect "cannot tell" and mistakes.
- **Honest editing.** Beauty filters, collages and retouching leave the same traces as a swap.

A verdict is one network's opinion, not evidence. The probability says how often, among the pictures it was calibrated on, faces
with such a score were fake; your picture may be of another kind.
"""
MODEL_TITLE = "The model that answered"

FEEDBACK_TITLE = "Do you agree?"
FEEDBACK_HELP = "Your vote helps moderators find mistakes. It is stored with the scores, never with the picture."
VOTES = (("Agree", "agree"), ("Disagree", "disagree"), ("Not sure", "not_sure"))
ABOUT, WHOLE_FILE, NOTE, NOTE_HINT, SEND = "About", "The whole file", "Note (optional)", "What do you know about this picture?", "Send"
THANKS = "Saved. Thank you."
THANKS_AGAIN = "This vote had been saved already."
CHOOSE_VOTE = "Choose agree, disagree or not sure first."
