"""English sentences of the public pages and of the report."""

from __future__ import annotations

from laanet_core.media.other_types import TYPE_ADVICE, TYPE_NAMES
from webapp.texts.schema import ReportTexts, Texts

_REPORT = ReportTexts(
    titles={"image": "Report on a photo", "video": "Report on a video", "rejected": "Report on a file"},
    kinds={"image": "Photo", "video": "Video", "rejected": "Not analysed"},
    facts_title="File and model",
    facts={
        "created": "Report created",
        "media": "File (sha256)",
        "kind": "Type and size",
        "notice": "Terms",
    },
    size="{width} × {height} pixels",
    size_unknown="size unknown",
    model="{name}, version {version}",
    kind_and_size="{kind}, {size}",
    photo="The photo",
    photo_faces="Detected faces, numbered as in the table",
    photo_heatmap="Where the model found traces of blending",
    line_legend=(
        "Thick line: looks manipulated. Thin line: no sign of manipulation. Dashed: inconclusive. "
        "Dotted: too small to judge."
    ),
    face_crops="Faces in close-up",
    person_crops="Persons in close-up, each at their most suspicious moment shown",
    timeline_axis="Seconds",
    crop_caption="{name}: {verdict}, {number}",
    person_at="{person}, {moment}",
    reliability_title="How often such scores were fake",
    face_table="All faces",
    person_table="All persons",
    segment_table="Segments of the video",
    frame_table="All faces in all sampled frames",
    limits_title="What this report can and cannot say",
    limits=(
        "It says whether one model found traces of a face blended into an image, and where. It looks "
        "for nothing else.",
        "It cannot judge fully AI-generated images, because a face that was never pasted may show no seam. "
        "It does not judge bodies, backgrounds, sound or captions.",
        "Small, dark, blurred or heavily compressed faces have lost the fine traces. "
        "Beauty filters, collages and retouching leave the same traces as a face swap.",
        "It proves nothing about anyone. Never base a decision about a person on it alone. "
        "The model card states the measured error rates. They may be higher for other kinds of images.",
        "The fake probability says how many faces with this score were fake among the images used for "
        "calibration. Where fakes are rare, a high probability means less.",
        "The report is not signed. The sha256 identifies one exact file, byte for byte; a re-saved "
        "copy has another. The file name is left out on purpose.",
    ),
    footer="File {sha256}… · {created}",
    page="Page {page} of {total}",
)

ENGLISH = Texts(
    code="en",
    language="English",
    labelled="{label}: {value}",
    with_note="{text} ({note})",
    seconds="{seconds} s",
    pixels="{count} pixels",
    face_number="Face {number}",
    person_number="Person {number}",
    verdicts={
        "fake": "looks manipulated",
        "real": "no sign of manipulation",
        "inconclusive": "inconclusive",
        "unjudged": "not judged",
    },
    not_judged={
        "too_small": "too small to judge",
        "blurred": "not judged: blurred",
        "cut_off": "not judged: cut off",
        "hidden": "not judged: hidden",
        "tilted": "not judged: tilted",
        "not_a_face": "not judged: probably not a face",
    },
    labels={
        "real": "Real",
        "fake": "Fake",
        "cannot_tell": "Inconclusive",
        "unusable": "Unusable",
    },
    title="LAA-Net Lens",
    tagline=(
        "Has this face been manipulated? Upload a photo or a short video to see the model's verdict "
        "and the traces it found."
    ),
    fallback_weights=(
        "This site could not load its usual model. It uses the built-in model instead: {name} {version}."
    ),
    upload="Photos or a video",
    camera="Camera",
    camera_help="Take a photo with this device's camera. It is treated like an uploaded file.",
    upload_limits=(
        "Photos: JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC, up to 52 million pixels each "
        "(JPEG: 208 million), up to {files} at once. "
        "Videos: MP4, MOV, WebM, MKV or AVI, up to 10 minutes. At most {megabytes} MB per file."
    ),
    privacy=(
        "We delete your files from this server within an hour and send nothing elsewhere. "
        "We keep the scores, your votes and hashes of the file. "
        "A hash is a number that identifies the file or a near copy. No image can be rebuilt from it."
    ),
    consent=(
        "I agree that this file is kept to settle disputes and to train the model. "
        "I can delete it at any time with the link that I receive"
    ),
    consent_help=(
        "Only if you tick this box. Metadata (place, time, camera) and the sound of videos are removed first."
    ),
    paste_hint="You can also paste an image with Ctrl+V.",
    examples="Or try an example",
    example_captions={
        "astronaut.jpg": "A real face",
        "astronaut-self-blended.jpg": "Same face, blended (fake)",
        "crowd.jpg": "A crowd",
        "clip.mp4": "A video",
        "cannot-judge.jpg": "Too small to judge",
    },
    analyse="Analyse",
    stop="Stop",
    no_result_yet=(
        "The result appears here: a verdict for every face, and where the model found traces of blending."
    ),
    no_file="Choose a photo or a video first.",
    too_many_files="You chose {count} files. The limit is {most} at once. Please choose fewer.",
    failed="Something went wrong on our side. There is no result. Please try again, or try another file.",
    stopped="Stopped. Nothing was kept.",
    restarting="The server is restarting. Please try again in a minute. Nothing was kept.",
    not_stored="The server could not save this result, so it has no link and you cannot vote on it.",
    file_storage={
        "kept": "Your file is kept, without its metadata. You can delete it here, or later with the link.",
        "store_full": (
            "Your file was not kept: the server has no space left (store_full). The result is saved."
        ),
        "not_kept": "Your file was not kept: it could not be stored. The result is saved.",
    },
    stages={
        "waiting": "Waiting in the queue",
        "reading": "Reading the file",
        "judging": "Judging faces",
        "without_gpu": "No GPU time left. Running on the CPU, which takes longer",
        "storing": "Saving the result",
    },
    file_position="File {number} of {count}: ",
    queue_position=", {count} ahead of you",
    left_seconds=", about {count} s left",
    left_minutes=", about {count} min left",
    interim_verdict=". So far: {verdict} ({number})",
    file_gone="The server has already deleted this file. Please upload it again.",
    outcomes={
        "no_face": (
            "No face found",
            "The model judges faces only. A face can be missed if it is hidden, turned away or too dark.",
        ),
        "face_too_small": (
            "Too small to judge",
            "Every face is smaller than the model can judge. A larger version of the file may help.",
        ),
        "none_judged": (
            "No face can be judged",
            "Faces were found, but none is clear enough for the model. The table gives the reasons.",
        ),
        "rejected": ("This file cannot be analysed", ""),
        "fake": (
            "Looks manipulated",
            "The model found traces like those of a face blended into another image. It can be wrong.",
        ),
        "real": (
            "No sign of manipulation",
            "The model found no traces of blending. This does not prove that nothing was changed.",
        ),
        "inconclusive": (
            "Inconclusive",
            "The score lies between the usual scores of real and fake faces. "
            "Treat the image as neither real nor fake.",
        ),
        "unstable": (
            "Inconclusive",
            "The verdict changes when the image is compressed, halved in size or mirrored. "
            "Do not rely on it (unstable_verdict).",
        ),
    },
    cautions={
        "cut_short": ("The file is incomplete. Only the existing part was judged. Try the original file."),
        "damaged_parts": "Parts of the video are damaged and were skipped.",
        "first_picture_only": (
            "The file contains several images, like pages. Only the first one was judged. "
            "To have all of them judged, upload each one."
        ),
        "not_all_faces": (
            "There are more faces than can be judged at once. The sharpest and largest were judged. "
            "To have others judged, crop the file to them."
        ),
        "not_all_frames": "The video took too long. Only a part of its chosen frames was judged.",
    },
    some_faces="{some} of {count} faces",
    some_persons="{some} of {count} persons",
    other_verdicts="The others: {verdicts}.",
    single_verdicts="Judged one by one: {verdicts}.",
    fake_interval=(
        "From {start} s to {end} s, the face looks manipulated in every judged frame. "
        "No other interval is longer."
    ),
    fake_moment="In one frame, at {start} s, the face looks manipulated.",
    unjudged_faces="Faces without a verdict: {some} of {count}. The table gives the reasons.",
    fake_segments="Looks manipulated: {segments}.",
    segment="{start} to {end}",
    coverage="{frames} frames were judged. They stand for {covered} of {length}.",
    fake_probability="Fake probability",
    all_faces="all faces together",
    all_persons="all persons together, over the whole video",
    error_code="Code",
    errors={
        "file_not_found": "The file did not arrive. Please upload it again.",
        "empty_file": "The file is empty. Please check it on your device and upload it again.",
        "unsupported_type": "This type of file is not supported. Save it as JPEG or MP4.",
        "corrupt_image": "The image is damaged or incomplete. Try the original file, or download it again.",
        "image_too_small": "The image has fewer than 16 pixels on one side. Upload a larger version.",
        "too_many_pixels": "The image has too many pixels to open safely. Upload a smaller version.",
        "corrupt_video": "The video cannot be opened. Try the original file, or save it as MP4.",
        "no_frames": "The video contains no readable frame.",
        "video_too_long": "The video is longer than 10 minutes. Cut out the part that matters.",
        "decoder_died": "The program that opens files crashed on this one. Save it again as JPEG or MP4.",
        "decoding_too_slow": "Opening this file takes too long. Upload a smaller or shorter version.",
        "decoding_too_large": "Opening this file takes too much memory. Upload a smaller version.",
        "decoders_busy": "Too many files are being opened right now. Please try again in a minute.",
        "unforeseen": "An unexpected error occurred with this file. It was logged on the server.",
    },
    unsupported_file="This is {type}, which cannot be analysed. {advice}",
    file_types={name: name for name in TYPE_NAMES},
    file_advice={advice: advice for advice in TYPE_ADVICE},
    choose_file="Show the result of",
    heat_strength="Heatmap strength",
    heat_legend=(
        "Cyan to magenta: where the model found traces of blending, on one scale for all faces. "
        "Clear: none found."
    ),
    compare="Original and heatmap",
    compare_help="Move the slider (arrow keys work too) to uncover the original from the left.",
    vulnerable_points="Vulnerable points",
    boxes="Boxes",
    consistency="Consistency maps",
    consistency_help=(
        "Bright areas match the most suspicious point of the face. According to the model, dark areas "
        "come from another image."
    ),
    picture_with_faces="Image with {count} faces: {faces}.",
    picture_without_faces="Image without a detected face.",
    columns={
        "face": "Face",
        "person": "Person",
        "segment": "Segment",
        "time": "Time in s",
        "verdict": "Verdict",
        "fake_prob": "Fake probability",
        "fake_logit": "Raw score",
        "detection_prob": "Detection probability",
        "size": "Size in pixels",
        "frames": "Frames judged",
    },
    timeline="Fake probability over time",
    timeline_help="Click or drag on the chart, or use the slider below it, to jump to a moment of the video.",
    seek="Position in the video",
    suspicious_moments="Most suspicious moments",
    go_to="Go to {seconds} s",
    overlay_clip="Video with boxes and heatmap",
    make_overlay_clip="Make a video with boxes and heatmap",
    stability="Is the verdict stable?",
    stability_help=(
        "The same faces are judged again after the image was saved as JPEG, halved in size and mirrored."
    ),
    stability_help_clip=(
        "Only the most suspicious frame of the video is checked: its faces are judged again after it was "
        "saved as JPEG, halved in size and mirrored. "
        "The numbers describe this one frame, not the whole video."
    ),
    stability_names={
        "original": "Original",
        "jpeg_90": "JPEG 90",
        "jpeg_70": "JPEG 70",
        "jpeg_50": "JPEG 50",
        "half_size": "Half size",
        "mirrored": "Mirrored",
    },
    stability_findings={
        "holds": "The verdict stays the same.",
        "partly": "The verdict stays the same in every version that could be judged.",
        "wavers": "It becomes unclear here: {names}. It never flips.",
        "flips": "The verdict flips, so the result is “inconclusive”.",
        "lost": "No compressed or smaller version gets the same verdict, so the result is “inconclusive”.",
        "always_unclear": "Unclear in every version.",
        "unclear_original": (
            "The original is unclear. Do not rely on a verdict that only a changed version gets."
        ),
    },
    stability_too_small="Too small to judge: {names}.",
    stability_one_frame="This is one frame. The verdict for the whole video is “{verdict}”.",
    stability_running="Judging the faces again at lower quality …",
    reliability=(
        "Moderators decided {count} faces with similar scores: "
        "{share} were fake (95 % interval {low} to {high})."
    ),
    limits_title="What this cannot judge",
    limits="""
- **Fully AI-generated images.** The model looks for a face blended into another image.
  A face that was never pasted may show no seam.
- **Anything but faces**: bodies, backgrounds, text, sound, captions.
- **Small, dark, blurred or heavily compressed faces.** Such files lose the fine traces.
  Expect "inconclusive" and mistakes.
- **Honest editing.** Beauty filters, collages and retouching leave the same traces as a face swap.

A verdict is one model's opinion, not evidence. The probability says how many faces with this score were fake
among the images used for calibration. Your image may be of another kind.
""",
    model_title="Model details",
    model_facts={
        "model": "Model",
        "weights": "Weights (sha256)",
        "real_below": "“No sign of manipulation” below",
        "fake_above": "“Looks manipulated” above",
        "temperature": "Temperature (calibrates scores)",
        "min_face_size": "Smallest face judged",
    },
    not_calibrated="not calibrated",
    api_title="API",
    api=(
        "With gradio_client, call `/analyse_image`, `/analyse_video`, `/submit_feedback`, `/result` "
        "and `/delete` by name. Without it, send the file to `POST {address}api/v1/analyse`. "
        "See the [API description]({address}api/v1/openapi.json). The same limits apply."
    ),
    raw_data="Raw data (JSON)",
    next_title="What next?",
    report_pdf="Report (PDF)",
    report_json="Report (JSON)",
    link="Link to this result",
    link_help=(
        "Save this link now. We cannot show it again. Anyone who has it can see and delete the scores "
        "and votes, and download the file if you let us keep it."
    ),
    delete="Delete this result",
    delete_sure="Yes, delete it permanently",
    deleted="Deleted. Nothing of this result is left on the server.",
    deleted_next=(
        "Deleted. Nothing of that result is left on the server. The result of the next file is shown above."
    ),
    cannot_delete="The result could not be deleted: {reason}",
    feedback_title="Do you agree?",
    feedback_help="Your vote helps moderators find mistakes. It is saved with the scores.",
    votes={"agree": "Agree", "disagree": "Disagree", "not_sure": "Not sure"},
    tags="Why do you think so? (optional)",
    tag_names={
        "boundary": "Edges of the face",
        "texture": "Skin texture",
        "lighting": "Lighting",
        "teeth": "Teeth",
        "eyes": "Eyes",
        "temporal": "Movement",
        "other": "Something else",
    },
    about="Your vote is about",
    whole_file="The whole file",
    note="Note (optional)",
    note_hint="What do you know about this image?",
    region="Mark the region (optional)",
    region_help=(
        "Paint over the part of the image that you mean. Or press “Box a face” and move the box with "
        "the arrow keys; hold Shift to resize it. Only the painted shape is sent, not the image."
    ),
    region_box="Box a face",
    region_clear="Clear",
    region_none="Nothing is marked yet.",
    region_some="A region is marked. It is sent with your vote.",
    send="Send",
    thanks="Saved. Thank you.",
    thanks_again="This vote was already saved.",
    choose_vote="Choose agree, disagree or not sure first.",
    refusals={
        "unknown_receipt": "There is no result under this link. It may have been deleted.",
        "unknown_face": "This result has no such face.",
        "note_too_long": "The note is too long. The limit is 2,000 characters.",
        "invalid_note": "The note contains characters that cannot be saved.",
        "invalid_vote": "Choose agree, disagree or not sure first.",
        "invalid_tag": "One of the reasons is unknown. Please choose again.",
        "invalid_region": "The marked region could not be read. Please mark it again.",
        "invalid_key": "This page is out of date. Please reload it.",
        "key_reused": "This page is out of date. Please reload it.",
        "not_saved": "It could not be saved. Please try again in a moment.",
        "not_deleted": "It could not be deleted. Please try again in a moment.",
        "file_left": (
            "The result is deleted, but its file could not be removed yet. The server will try again."
        ),
        "unavailable": "The result cannot be read right now. Please try again in a moment.",
    },
    receipt_title="Your result",
    receipt_help="Open the link that you received, or paste it here.",
    receipt_field="Link or receipt",
    receipt_show="Show",
    receipt_made="Analysed {time} (UTC) by {model}, version {version}.",
    receipt_backed_up="This result is backed up.",
    receipt_not_backed_up="The next backup will include this result.",
    receipt_file="Your file",
    file_kept=(
        "Kept since {time} (UTC) with your consent, without its metadata. Deleting the result deletes it too."
    ),
    file_not_kept="Not kept. We keep only its hashes.",
    export="Download everything we store (ZIP)",
    receipt_votes="Your votes",
    no_votes="No votes yet.",
    region_marked="a region is marked",
    vote_replaced="replaced by a later vote",
    decision="Moderators’ decision",
    decision_pending="No decision yet.",
    decision_waiting="Waiting for the moderators: {faces}.",
    decision_columns=("Face", "Decision", "When (UTC)"),
    decision_of_copy="decided on a near copy of your file",
    decision_arrived="The moderators have decided.",
    decision_impossible=(
        "Moderators see only files that visitors agreed to keep. They will not decide on this one."
    ),
    later_models="Scores of later models",
    no_later_models="No later model has judged this file.",
    notify_me="Ask the moderators, and show me their decision here",
    to_analyse="Analyse a file",
    to_receipt="Find a result",
    report=_REPORT,
)
