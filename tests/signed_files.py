"""Files with Content Credentials, signed by certificates that are made here. No key leaves the tests."""

from __future__ import annotations

import datetime
import functools
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import av
import c2pa
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GENERATOR = "Test Generator"
ORGANISATION = "Test Newspaper"
_DAY = datetime.timedelta(days=1)
# Media types by Pillow's format or PyAV's container.
PICTURES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
}
CLIPS = {"mp4": "video/mp4", "mov": "video/quicktime"}


@dataclass(frozen=True)
class Chain:
    """Certificates (signer's first) and key of a signer, and the certificate of its authority, as PEM."""

    certificates: bytes
    key: bytes
    authority: bytes


@functools.cache
def new_chain(*, valid_seconds: float = 100 * 86400.0) -> Chain:
    """Make an authority and a signer whose certificate expires after `valid_seconds`."""
    now = datetime.datetime.now(datetime.UTC)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = _name("Test Authority", "Test Root")
    authority = (
        _certificate(authority_name, authority_name, authority_key.public_key())
        .not_valid_before(now - 1000 * _DAY)
        .not_valid_after(now + 1000 * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(is_authority=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    signer = (
        _certificate(_name(ORGANISATION, "Test Signer"), authority_name, key.public_key())
        .not_valid_before(now - 10 * _DAY)
        .not_valid_after(now + datetime.timedelta(seconds=valid_seconds))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    authority_pem, signer_pem = (
        certificate.public_bytes(serialization.Encoding.PEM) for certificate in (authority, signer)
    )
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Chain(signer_pem + authority_pem, encoded, authority_pem)


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).add_extension(identifier, critical=False)


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def manifest(kind: str | None = "trainedAlgorithmicMedia", **more: Any) -> dict[str, Any]:
    """Return a manifest of a picture that was created with a digital source type."""
    created = {"action": "c2pa.created", "digitalSourceType": IPTC + (kind or "digitalCapture")}
    actions = [created, *more.pop("actions", [])]
    return {
        "claim_generator_info": [{"name": GENERATOR, "version": "1.0"}],
        "title": "private title",
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": actions}},
            *more.pop("assertions", []),
        ],
        **more,
    }


def signed(
    content: bytes,
    media_type: str,
    definition: dict[str, Any] | None = None,
    *,
    chain: Chain | None = None,
    remote: str | None = None,
    ingredients: Sequence[tuple[str, bytes]] = (),
    has_thumbnail: bool = False,
) -> bytes:
    """Return a file with Content Credentials.

    `remote` is an address to which the file refers instead of embedding them. `ingredients` are JPEGs with
    their relationship, such as parentOf; actions refer to them as part_0, part_1 and so on.
    """
    chain = chain or new_chain()
    # Thumbnails take most of the time and bytes, and nothing here reads them.
    settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": has_thumbnail}}})
    builder = c2pa.Builder(json.dumps(definition or manifest()), context=c2pa.Context(settings))
    if remote is not None:
        builder.set_no_embed()
        builder.set_remote_url(remote)
    for number, (relationship, ingredient) in enumerate(ingredients):
        description = {
            "title": f"private part {number}",
            "relationship": relationship,
            "label": f"part_{number}",
        }
        builder.add_ingredient(json.dumps(description), "image/jpeg", io.BytesIO(ingredient))
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain.certificates, chain.key, None))
    written = io.BytesIO()
    builder.sign(signer, media_type, io.BytesIO(content), written)
    return written.getvalue()


def picture(image_format: str = "JPEG", *, side: int = 64, **parameters: Any) -> bytes:
    """Return a picture of noise without metadata, in one of Pillow's formats."""
    if image_format == "HEIF":
        from laanet_core.media.images import register_heif

        register_heif()
    pixels = np.random.default_rng(7).integers(0, 255, (side, side, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, image_format, **parameters)
    return written.getvalue()


def clip(container: str = "mp4", tags: Mapping[str, str] | None = None, **options: str) -> bytes:
    """Return a clip of ten grey frames. `tags` are the container's, `options` those of its writer."""
    written = io.BytesIO()
    with av.open(written, "w", format=container, options=options) as output:
        output.metadata.update(tags or {})
        stream = output.add_stream("libx264", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 20 * number, np.uint8), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return written.getvalue()


def source_file(name: str) -> tuple[bytes, str]:
    """Return a file without metadata and its media type, by a name of PICTURES or CLIPS."""
    return (picture(name), PICTURES[name]) if name in PICTURES else (clip(name), CLIPS[name])


def altered(content: bytes, place: int) -> bytes:
    """Return the content with one byte changed."""
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)
