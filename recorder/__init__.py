"""The agent on the Raspberry Pi at the counter: records, keeps, uploads, and accounts for every scheduled second."""

__version__ = "0.1.0"
