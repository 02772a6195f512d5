"""Intake's HTTP as an OpenAPI 3.1 document, made from the models, the routes' operations and the packs' examples."""
