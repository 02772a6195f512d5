"""Intake's settings."""

from pathlib import Path
from typing import Literal

from nsw_runtime.document_links import KEY_CHARACTERS
from nsw_runtime.settings import ServiceSettings
from pydantic import Field, SecretStr


class IntakeSettings(ServiceSettings):
    """What intake must know beside what every service must."""

    http_port: int = 8080
    body_bytes: int = Field(default=2 * 1024 * 1024, description="largest body of a single dossier")
    bulk_bytes: int = Field(default=8 * 1024 * 1024, description="largest body of a bulk request")
    bulk_lines: int = Field(default=500, description="most dossiers in a bulk request")
    bodies_bytes: int = Field(default=256 * 1024 * 1024, description="bodies held at once before 503 is answered")
    waiting_most: int = Field(default=20_000, description="dossiers that may be on their way before 503 is answered")
    business_rate: float = Field(
        default=20, ge=0, description="dossiers and commands a second for one business; 0: any"
    )
    business_burst: int = Field(default=2000, ge=1, description="and at once after a pause")
    caller_rate: float = Field(default=200, ge=0, description="requests, or lines, a second of one caller; 0: any")
    caller_burst: int = Field(default=20_000, ge=1, description="and at once after a pause")
    documents: str = Field(description="where documents are: file:///folder or s3://bucket/prefix?endpoint=…&region=…")
    documents_access_key_id: SecretStr | None = Field(default=None, description="for a bucket")
    documents_secret_access_key: SecretStr | None = Field(default=None, description="for a bucket")
    document_keys: Path = Field(description="file of keys that documents' keys are wrapped with; the last one wraps")
    document_link_key: SecretStr = Field(
        min_length=KEY_CHARACTERS,
        description="signs links to documents; the same in every process of intake and of the ministry-adapter",
    )
    documents_required: bool = Field(default=True, description="what a dossier refers to must have been uploaded")
    document_bytes: int = Field(default=2_000_000_000, ge=1, description="largest document")
    documents_unfiled_bytes: int = Field(
        default=10_000_000_000, ge=1, description="how much a business may upload that no dossier refers to yet"
    )
    documents_at_once: int = Field(
        default=16,
        ge=1,
        description="uploads at the same time, and as many downloads; each takes some 16 MiB",
    )
    documents_keep_days: int = Field(default=30, ge=1, description="how long a document may wait for its dossier")
    signatures: Literal["required", "optional"] = Field(
        default="required", description="whether what is not signed is taken in; a wrong signature never is"
    )
    signing_roots: str = Field(
        default="", description="PEM files of trusted certification authorities, separated by commas"
    )
    signature_window_seconds: int = Field(default=900, description="how far a signature's time may be from now")
    revocation_counts_seconds: int = Field(default=3600, description="how long an authority's answer counts")
    revocation_unreachable: Literal["refuse", "grace"] = Field(
        default="refuse", description="what to do with a signature when its certificate's authority does not answer"
    )
    revocation_grace_seconds: int = Field(
        default=86_400, description="grace: how old the authority's last answer may be"
    )
    receipt_key_file: Path = Field(
        description="PEM: the private key on P-256 that signs receipts, then public keys of earlier ones"
    )
