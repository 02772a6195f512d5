"""The adapter *vnsw-soap*: the ministries' XML messages in SOAP, both ways (docs/adapters/vnsw-soap.md)."""
