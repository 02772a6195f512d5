"""Evolution over all events: every property of every schema is changed in every way that someone will try."""

import copy
from dataclasses import dataclass

import pytest
from nsw_contracts.compatibility import incompatibilities
from nsw_contracts.events import FACTS
from nsw_contracts.schemas import schema
from pydantic import create_model

SCHEMAS = {fact_type: schema(fact_type) for fact_type in FACTS}


@dataclass(frozen=True)
class Property:
    """One property of one object schema: `path` leads to the object."""

    fact_type: str
    path: tuple[str, ...]
    name: str

    def __str__(self):
        return "/".join((self.fact_type.split(".")[3], *self.path, self.name))

    @property
    def pointer(self):
        return "".join(f"/{token}" for token in (*self.path, "properties", self.name))

    def changed(self):
        """A copy of the schema, and in it the object that has the property."""
        document = copy.deepcopy(SCHEMAS[self.fact_type])
        node = document
        for token in self.path:
            node = node[token]
        return document, node


def objects(document):
    yield (), document
    for name, node in document.get("$defs", {}).items():
        if "properties" in node:
            yield ("$defs", name), node


PROPERTIES = [
    Property(fact_type, path, name)
    for fact_type, document in SCHEMAS.items()
    for path, node in objects(document)
    for name in node["properties"]
]
OBJECTS = [one for one in PROPERTIES if one.name == next(iter(one.changed()[1]["properties"]))]
EACH_PROPERTY = pytest.mark.parametrize("one", PROPERTIES, ids=str)
EACH_OBJECT = pytest.mark.parametrize("one", OBJECTS, ids=str)


def verdict(one, document):
    return incompatibilities(SCHEMAS[one.fact_type], document)


def pointers(findings):
    return {finding.pointer for finding in findings}


@pytest.mark.parametrize("fact_type", FACTS)
def test_a_schema_is_compatible_with_itself(fact_type):
    assert incompatibilities(SCHEMAS[fact_type], copy.deepcopy(SCHEMAS[fact_type])) == ()


@EACH_PROPERTY
def test_removing_is_refused(one):
    document, node = one.changed()
    del node["properties"][one.name]
    node["required"] = [name for name in node.get("required", ()) if name != one.name]
    findings = verdict(one, document)
    assert one.pointer in pointers(findings)
    assert any("removed or renamed" in finding.reason for finding in findings)


@EACH_PROPERTY
def test_renaming_is_refused(one):
    document, node = one.changed()
    node["properties"]["renamed"] = node["properties"].pop(one.name)
    node["required"] = ["renamed" if name == one.name else name for name in node.get("required", ())]
    assert one.pointer in pointers(verdict(one, document))


@EACH_PROPERTY
def test_turning_required_into_optional_or_back_is_refused(one):
    document, node = one.changed()
    required = set(node.get("required", ()))
    node["required"] = sorted(required ^ {one.name})
    (finding,) = verdict(one, document)
    assert finding.pointer == one.pointer
    assert "required" in finding.reason


@EACH_PROPERTY
def test_another_type_is_refused(one):
    document, node = one.changed()
    node["properties"][one.name] = {"type": "boolean"}
    findings = verdict(one, document)
    assert findings
    assert all(one.pointer in pointer or pointer.startswith("/$defs/") for pointer in pointers(findings))


@EACH_PROPERTY
def test_another_rule_is_refused_and_named(one):
    rules = {"pattern": "^z$", "format": "uuid", "maxLength": 7, "minimum": 7, "enum": ["z"], "default": "z"}
    for keyword, rule in rules.items():
        document, node = one.changed()
        node["properties"][one.name][keyword] = rule
        assert pointers(verdict(one, document)) == {f"{one.pointer}/{keyword}"}


@EACH_PROPERTY
def test_dropping_any_rule_is_refused(one):
    for keyword in set(one.changed()[1]["properties"][one.name]) - {"description", "title", "$ref"}:
        document, node = one.changed()
        del node["properties"][one.name][keyword]
        assert f"{one.pointer}/{keyword}" in pointers(verdict(one, document))


@EACH_PROPERTY
def test_words_may_change(one):
    document, node = one.changed()
    node["properties"][one.name] |= {"description": "Said better.", "title": "Better", "examples": ["x"]}
    assert verdict(one, document) == ()


@EACH_OBJECT
def test_a_new_optional_property_is_welcome(one):
    document, node = one.changed()
    node["properties"]["since_v2"] = {"type": "string", "default": ""}
    assert verdict(one, document) == ()


@EACH_OBJECT
def test_a_new_required_property_is_refused(one):
    document, node = one.changed()
    node["properties"]["since_v2"] = {"type": "string"}
    node.setdefault("required", []).append("since_v2")
    (finding,) = verdict(one, document)
    assert finding.pointer == "".join(f"/{token}" for token in (*one.path, "properties", "since_v2"))
    assert "became required" in finding.reason


@EACH_OBJECT
def test_a_new_property_is_refused_where_the_old_schema_allowed_no_others(one):
    old, node = one.changed()
    node["additionalProperties"] = False
    new = copy.deepcopy(old)
    node = new
    for token in one.path:
        node = node[token]
    node["properties"]["since_v2"] = {"type": "string", "default": ""}
    assert len(incompatibilities(old, new)) == 1


@pytest.mark.parametrize("fact_type", FACTS)
def test_renaming_a_submodel_says_nothing_to_readers(fact_type):
    document = SCHEMAS[fact_type]
    for name in document.get("$defs", {}):
        renamed = replaced(document, f"#/$defs/{name}", "#/$defs/Renamed")
        renamed["$defs"] = {("Renamed" if key == name else key): node for key, node in renamed["$defs"].items()}
        assert incompatibilities(document, renamed) == ()


def replaced(value, before, after):
    if isinstance(value, dict):
        return {key: replaced(inner, before, after) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, before, after) for inner in value]
    return after if value == before else value


def test_a_choice_gained_or_lost_is_refused_either_way():
    few, many = ({"enum": values} for values in (["a", "b"], ["b", "c", "a"]))
    assert [str(finding) for finding in incompatibilities(few, many)] == [
        "/enum: enum gained 'c'; readers of the old schema refuse new facts with it"
    ]
    assert [str(finding) for finding in incompatibilities(many, few)] == [
        "/enum: enum lost 'c'; readers of the new schema refuse old facts with it"
    ]


def test_one_more_alternative_is_refused():
    text, both = {"anyOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert pointers(incompatibilities(text, both)) == pointers(incompatibilities(both, text)) == {"/anyOf"}


def test_an_unknown_keyword_is_refused():
    assert pointers(incompatibilities({"type": "string"}, {"type": "string", "invented": 1})) == {"/invented"}


def test_true_is_not_one():
    assert incompatibilities({"default": 1}, {"default": True})


def test_recursive_schemas_end():
    tree = {
        "$ref": "#/$defs/T",
        "$defs": {"T": {"type": "object", "properties": {"next": {"$ref": "#/$defs/T"}}}},
    }
    assert incompatibilities(tree, copy.deepcopy(tree)) == ()
    longer = copy.deepcopy(tree)
    longer["$defs"]["T"]["properties"]["next"] = {"type": "string"}
    assert "/$defs/T/properties/next/type" in pointers(incompatibilities(tree, longer))


@pytest.mark.parametrize("reference", ["other.json", "#/$defs/Gone", "#/$defs/Self"])
def test_a_reference_that_leads_nowhere_is_an_error(reference):
    document = {"$ref": reference, "$defs": {"Self": {"$ref": "#/$defs/Self"}}}
    with pytest.raises(ValueError, match=r"\$ref|points to nothing"):
        incompatibilities(document, document)


@pytest.mark.parametrize("fact_type", FACTS)
def test_the_verdicts_hold_for_models_not_only_for_json(fact_type):
    """A field as a developer adds it, through pydantic to the verdict."""
    base = FACTS[fact_type]
    optional = create_model("Next", __base__=base, since_v2=(str, ""), also=(tuple[int, ...], ()))
    required = create_model("Next", __base__=base, since_v2=(str, ...))
    old = base.model_json_schema()
    assert incompatibilities(old, optional.model_json_schema()) == ()
    assert pointers(incompatibilities(old, required.model_json_schema())) == {"/properties/since_v2"}
