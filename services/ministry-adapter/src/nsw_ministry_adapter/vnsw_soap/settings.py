"""The settings of *vnsw-soap* for one agency."""

from typing import Annotated, Final, Literal

from nsw_procedures.vnsw.envelope import Party
from pydantic import BaseModel, ConfigDict, Field

PAYLOAD_KEY: Final = "payload-key"
"""The secret shared with the agency: 32 bytes, in hexadecimal or base64."""


class Ministry(BaseModel):
    """The agency's system as envelopes name it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=255)]
    identity: str = ""
    ministry_code: Annotated[str, Field(min_length=1, max_length=20)]
    organization_code: Annotated[str, Field(max_length=20)] = ""
    unit_code: Annotated[str, Field(max_length=20)] = ""

    @property
    def party(self) -> Party:
        """As the recipient of a message."""
        return Party(self.name, self.identity, "VN", self.ministry_code, self.organization_code, self.unit_code or None)


class VnswSoapSettings(BaseModel):
    """Where the agency's gateway is, who it is, and how messages are carried.

    `url`: the gateway's SOAP address. `payload`: `plain` sends a message as it is, `aes` sealed with the secret
    `payload-key`. `links`: how `LinkFile` names a document: `paths`, as the pack says, or `urls`, a link that works for
    a time without a login.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    ministry: Ministry
    payload: Literal["plain", "aes"] = "plain"
    links: Literal["paths", "urls"] = "paths"
