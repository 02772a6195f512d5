"""The settings of *file-drop* for one agency."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class FolderPlace(BaseModel):
    """A folder of this machine, or one that is mounted here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["folder"]
    path: Path


class SftpPlace(BaseModel):
    """A folder of an SFTP server. `host_key` is the server's public key (`ssh-ed25519 AAAA…`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sftp"]
    host: str
    port: int = Field(default=22, ge=1, le=65535)
    user: str
    path: str
    host_key: str


class FileDropSettings(BaseModel):
    """Where the drop is, and whose keys sign. `agency_keys`: the agency's public keys by id, in PEM.

    Secrets: `signing-key` (ours, PEM, P-256 or Ed25519) and, for SFTP, `sftp-key` (ours, OpenSSH or PEM).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: Annotated[FolderPlace | SftpPlace, Field(discriminator="kind")]
    signing_key_id: str = Field(min_length=1, max_length=100)
    agency_keys: dict[str, str] = Field(min_length=1)
    largest_file: int = Field(default=16 * 1024 * 1024, ge=1024, le=1 << 28)
