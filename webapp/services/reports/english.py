"""Every word of a report in English; another language is another mapping with the same keys.

Where a name repeats one of the page (outcomes, verdicts, facts of the model) so do its words; a test holds them together. A mapping may
lack `error.CODE` of a rejection that is new: then the detector's own English sentence stands.
"""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "language": "en",  # BCP 47
    "brand": "LAA-Net Lens",
    "title.image": "Report on a photo",
    "title.video": "Report on a clip",
    "title.rejected": "Report on a file",
    # the outcome first, then why
    "outcome.no_face": "No face found",
    "outcome.face_too_small": "Too small to judge",
    "outcome.rejected": "This file cannot be analysed",
    "outcome.fake": "{subject} looks manipulated",
    "outcome.real": "No sign of manipulation found",
    "outcome.inconclusive": "Cannot tell",
    "outcome.unstable": "Cannot tell",
    "outcome.untold_of": "Cannot tell for {subject}",
    "why.no_face": "The network judges faces only. A face may also be hidden, turned away or too dark to be found.",
    "why.face_too_small": "Every face here is smaller than the network can judge. A larger version of the file may help.",
    "why.fake": "The network sees traces like those of one face blended into another picture. It can be wrong.",
    "why.real": "The network sees no traces of blending. That is no proof that nothing was changed.",
    "why.inconclusive": "The score lies between what real faces and what fakes usually get. Please do not take it as either.",
    "why.unstable": (
        "The verdict changes when the picture is compressed, halved in size or mirrored, so it should not be relied on (unstable_verdict)."
    ),
    "caution.cut_short": (
        "The file ends before the clip does: only what is left of it was judged. Try the original file, or a fresh download of it."
    ),
    "caution.damaged_parts": "Parts of the clip are damaged and were passed over: nothing is known of what they showed.",
    "caution.first_picture_only": (
        "The file holds several pictures, as animations do: only the first one was judged. Saved as MP4, the whole animation can be."
    ),
    "others": "The others: {verdicts}.",
    "stretch": (
        "From {start} s to {end} s the face looks manipulated on every frame on which it was judged; that is the longest such stretch."
    ),
    "stretch.frame": "On a frame at {start} s the face looks manipulated.",
    "subject.one": "This face",
    "subject.image": "{some} of {count} faces",
    "subject.video": "{some} of {count} persons",
    "probability": "Fake probability {number}",
    "probability.image": "Fake probability {number} (highest of all faces)",
    "probability.video": "Fake probability {number} (highest of all persons, over the clip)",
    "code": "Code: {code}",
    "verdict.fake": "looks manipulated",
    "verdict.real": "no sign found",
    "verdict.inconclusive": "cannot tell",
    "verdict.none": "too small to judge",
    # facts
    "facts": "What was judged, and by what",
    "fact.created": "Report made",
    "fact.media": "File (sha256)",
    "fact.kind": "Kind and size",
    "fact.model": "Model",
    "fact.weights": "Weights (sha256)",
    "fact.real_below": "No sign below",
    "fact.fake_above": "Looks manipulated above",
    "fact.temperature": "Temperature (calibrates scores)",
    "fact.min_face_size": "Smallest face judged",
    "fact.notice": "Terms",
    "kind.image": "Photo",
    "kind.video": "Clip",
    "kind.rejected": "Not analysed",
    "size": "{width} × {height} pixels",
    "size.unknown": "size not known",
    "model": "{name}, version {version}",
    "pixels": "{number} pixels",
    "kind_and_size": "{kind}, {size}",
    "not_calibrated": "{number} (not calibrated)",
    # pictures
    "picture": "The photo",
    "picture.found": "The faces found, numbered as in the table",
    "picture.heat": "Where the network saw traces of blending",
    "heat.legend": "From cyan to magenta: where the network saw traces of blending, on one scale for all faces. Clear means it saw none.",
    "lines.legend": "Thick line: looks manipulated. Thin line: no sign found. Dashed: cannot tell. Dotted: too small to judge.",
    "faces": "The faces up close",
    "persons": "The persons up close, each at the most suspicious moment shown",
    "moments": "Most suspicious moments",
    "moment": "{time} s",
    "timeline": "Fake probability over time",
    "timeline.seconds": "Seconds",
    "card": "{name}: {verdict}, {number}",
    "person_at": "{person}, {moment}",
    "measured": "{name}: {sentence}",
    "face": "Face {number}",
    "person": "Person {number}",
    "reliability": (
        "of {count} faces that moderators decided and that had been scored like this, {share} were fake (95 % interval {low} to {high})."
    ),
    "reliability.title": "How often such scores were fake",
    # whether the verdicts hold
    "stability": "Does the verdict hold?",
    "stability.help": "The same faces, judged again after the picture was saved as JPEG, halved in size and mirrored.",
    "stability.help_clip": (
        "Checked on the most suspicious moment of the clip only: its faces, judged again after that frame was saved as JPEG, halved in "
        "size and mirrored. The numbers are those of this one frame, not of the whole clip."
    ),
    "stability.too_small": "Too small to judge: {names}.",
    "stability.one_frame": "This is about one frame; over the whole clip the verdict is “{verdict}”.",
    "finding.holds": "The verdict stays the same.",
    "finding.partly": "Wherever it could be judged, the verdict stays the same.",
    "finding.wavers": "It never turns into its opposite, but it cannot be told any more here: {names}.",
    "finding.flips": "The verdict turns into its opposite, so it counts as “cannot tell”.",
    "finding.lost": "No compressed or smaller copy gets the same verdict, so it counts as “cannot tell”.",
    "finding.untold": "It cannot be told in any of them.",
    "finding.told_after": "As given it cannot be told. That a changed copy gets a verdict is no reason to believe that one.",
    "change.original": "As given",
    "change.jpeg_90": "JPEG 90",
    "change.jpeg_70": "JPEG 70",
    "change.jpeg_50": "JPEG 50",
    "change.half_size": "Half size",
    "change.mirrored": "Mirrored",
    # tables
    "table.faces": "Every face",
    "table.persons": "Every person",
    "table.frames": "Every face on every frame looked at",
    "column.face": "Face",
    "column.person": "Person",
    "column.time": "Time in s",
    "column.verdict": "Verdict",
    "column.fake_prob": "Fake probability",
    "column.fake_logit": "Raw score",
    "column.detection_prob": "Sure it is a face",
    "column.size": "Size in pixels",
    "column.frames": "Frames judged",
    # limits
    "limits": "What this report can and cannot say",
    "limit.1": "It says whether one network saw traces of a face having been blended into a picture, and where. It looks for nothing else.",
    "limit.2": (
        "Pictures drawn whole by a generator are outside of what it can judge: a face that was never pasted may show no seam. So are "
        "bodies, backgrounds, sound, and what a picture is said to show."
    ),
    "limit.3": (
        "Small, dark, blurred or heavily compressed faces have lost the finer traces. Beauty filters, collages and retouching leave the "
        "same traces as a swap."
    ),
    "limit.4": (
        "It is no proof, for or against anybody, and must not decide anything about a person by itself. How often the model errs was "
        "measured; the rates are in its model card, and a picture unlike those it was measured on may fare worse."
    ),
    "limit.5": (
        "The fake probability says how often, among the pictures the model was calibrated on, faces with such a score were fake. Where few "
        "pictures are fake, a high one means less."
    ),
    "limit.6": (
        "The report is not signed. The sha256 ties it to one exact file, byte for byte; a copy that was saved anew has another. The file's "
        "name is left out on purpose."
    ),
    "footer": "File {sha256}… · {created}",
    "page": "Page {page} of {total}",
    # rejections, by code: what is wrong and what to do
    "error.file_not_found": "The file did not arrive. Please upload it again.",
    "error.empty_file": "The file is empty. Please check it on your device and upload it again.",
    "error.unsupported_type": "This is neither a picture nor a video of a kind read here. Saving it as JPEG or MP4 helps.",
    "error.corrupt_image": "The picture is damaged or cut short. Try the original file, or a fresh download of it.",
    "error.image_too_small": "The picture has fewer than 16 pixels on one side. A larger version is needed.",
    "error.too_many_pixels": "The picture has too many pixels to be opened safely. Please upload a smaller version.",
    "error.corrupt_video": "The video cannot be opened. Try the original file, or save it as MP4.",
    "error.no_frames": "There is no picture in this video that could be read.",
    "error.video_too_long": "The video is longer than 10 minutes. Please cut out the part that matters.",
    "error.decoder_died": "Opening this file made the program that does so fail. Try the original file, or save it anew as JPEG or MP4.",
    "error.decoding_too_slow": "Opening this file takes longer than one file may. A smaller or shorter version helps.",
    "error.decoding_too_large": "Opening this file takes more memory than one file may. Please upload a smaller version.",
    "error.decoders_busy": "Too many files are being opened right now. Please try again in a minute.",
    "error.unforeseen": "Something went wrong with this file that nobody had thought of. It has been noted on the server.",
}
