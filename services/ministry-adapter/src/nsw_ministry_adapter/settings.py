"""The ministry adapter's settings, and the agencies it hosts."""

from pathlib import Path
from typing import Annotated

from nsw_contracts.adapter import HttpSettings
from nsw_contracts.events import AgencyCode
from nsw_contracts.topics import AGENCY_TOPICS
from nsw_runtime.document_links import KEY_CHARACTERS
from nsw_runtime.errors import BadSettings
from nsw_runtime.settings import ServiceSettings
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, TypeAdapter, ValidationError

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class AgencySettings(BaseModel):
    """One hosted agency.

    `adapter` is an installed adapter's name, `settings` are its own, `http` bounds the exchange with its system.
    `rate`: messages a second at most. `retry_seconds`: how long the agency rests after the first failure, the second,
    …; `circuit_failures` in a row, and only a few messages go as probes. `poll_seconds`: how often an agency that is
    polled is asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: AgencyCode
    adapter: str
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    http: HttpSettings = HttpSettings()
    rate: Annotated[float, Field(gt=0)] | None = None
    retry_seconds: Annotated[tuple[Seconds, ...], Field(min_length=1)] = (0.5, 1, 2, 5, 10, 30, 60)
    circuit_failures: Annotated[int, Field(ge=1)] = 5
    poll_seconds: Seconds = 10.0


class AdapterSettings(ServiceSettings):
    """What the adapter must know beside what every service must."""

    http_port: int = 8082
    agencies_file: Path = Field(description='JSON: [{"code": "BYTE", "adapter": "rest-json", "settings": {…}}, …]')
    secrets_folder: Path = Field(
        default=Path("/run/secrets/nsw"), description="secrets by agency: <folder>/<AGENCY>/<name>, one a file"
    )
    public_url: str = Field(default="", description="this service as agencies reach it, for their callbacks")
    document_link_key: SecretStr | None = Field(
        default=None, min_length=KEY_CHARACTERS, description="signs links to documents; intake's. None: no links"
    )
    intake_url: str = Field(default="", description="intake as agencies reach it, for links to documents")
    largest_message: int = Field(default=1 << 20, ge=1024, description="bytes of one message of an agency")


def read_agencies(file: Path) -> tuple[AgencySettings, ...]:
    """The configured agencies.

    Raises:
        BadSettings: the file cannot be read, or a field of it is wrong; the text names it.
    """
    try:
        agencies = TypeAdapter(tuple[AgencySettings, ...]).validate_json(file.read_bytes())
    except OSError as error:
        raise BadSettings(f"NSW_AGENCIES_FILE: {file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        wrong = "; ".join(f"/{'/'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise BadSettings(f"NSW_AGENCIES_FILE: {file}: {wrong}") from None
    codes = [agency.code for agency in agencies]
    for code in codes:
        if code not in AGENCY_TOPICS:
            raise BadSettings(f"NSW_AGENCIES_FILE: {file}: no agency {code}; there are {', '.join(AGENCY_TOPICS)}")
        if codes.count(code) > 1:
            raise BadSettings(f"NSW_AGENCIES_FILE: {file}: {code} stands in it twice; name each agency once")
    return agencies
