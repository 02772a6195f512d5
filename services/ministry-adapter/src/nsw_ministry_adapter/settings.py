"""The ministry adapter's settings, and the agencies it serves."""

from pathlib import Path

from nsw_contracts.events import AgencyCode
from nsw_contracts.topics import AGENCY_TOPICS
from nsw_runtime.errors import BadSettings
from nsw_runtime.settings import ServiceSettings
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, ValidationError


class Agency(BaseModel):
    """One agency's system: where it is, and whether it takes many dossiers in one request.

    `batch` is the most dossiers of one request (1 to 500); 1 means one by one. `timeout_seconds` bounds one request.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: AgencyCode
    url: HttpUrl
    batch: int = Field(default=1, ge=1, le=500)
    timeout_seconds: float = Field(default=30.0, gt=0)


class AdapterSettings(ServiceSettings):
    """What the adapter must know beside what every service must."""

    http_port: int = 8082
    agencies_file: Path = Field(description='JSON: [{"code": "BYTE", "url": "https://…", "batch": 500}, …]')


def read_agencies(file: Path) -> tuple[Agency, ...]:
    """The configured agencies.

    Raises:
        BadSettings: the file cannot be read, or a field of it is wrong; the text names it.
    """
    try:
        agencies = TypeAdapter(tuple[Agency, ...]).validate_json(file.read_bytes())
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
