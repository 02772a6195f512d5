"""The settings of *rest-json* for one agency."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SIGNING_KEY = "signing-key"
"""The secret with which the window signs for this agency: a private key as PEM or JWK (P-256 or Ed25519)."""


class RestJsonSettings(BaseModel):
    """Where the agency's system is and how it wants its messages.

    `url`: the base of its doors. `batch`: the most dossiers of one request; 1: one by one, and only then can it be
    asked by message id. `answers`: how its decisions come. `agency_keys`: its public keys (JWK, each with a `kid`).
    `signatures`: `none` works on this machine only, for development.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    batch: Annotated[int, Field(ge=1, le=500)] = 1
    answers: Annotated[frozenset[Literal["inline", "callback"]], Field(min_length=1)] = frozenset(
        {"inline", "callback"}
    )
    signatures: Literal["required", "none"] = "required"
    agency_keys: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _keys(self) -> "RestJsonSettings":
        if self.signatures == "required" and not self.agency_keys:
            raise ValueError("`agency_keys` is empty: name the agency's public keys, or no answer could be believed")
        return self
