"""Problem details as RFC 9457 has them."""

import json

from nsw_runtime.problems import FieldError, Problem, unavailable


def test_a_problem_is_an_answer() -> None:
    problem = Problem(
        422, "invalid-dossier", "The dossier is not valid", "Sửa và gửi lại.",
        errors=[FieldError("/consignment/goods/0/hs_code", "six digits at least")],
    )  # fmt: skip
    answer = problem.response()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "retry-after" not in answer.headers
    assert json.loads(answer.body) == {
        "type": "urn:nsw:problem:invalid-dossier",
        "title": "The dossier is not valid",
        "status": 422,
        "detail": "Sửa và gửi lại.",
        "errors": [{"pointer": "/consignment/goods/0/hs_code", "detail": "six digits at least"}],
    }


def test_without_wrong_fields_there_is_no_list_of_them() -> None:
    assert set(Problem(404, "unknown-dossier", "No such dossier", "…").body()) == {"type", "title", "status", "detail"}


def test_not_now_says_when_to_come_back() -> None:
    answer = unavailable("Send it again.", retry_after=60).response()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert json.loads(answer.body)["type"] == "urn:nsw:problem:unavailable"
