"""The ministries' XML messages: the envelope, each procedure's contents, SOAP around them, and what they mean here."""
