"""`/api/v1/erasures`: orders to erase, and what became of them."""

from serve_apps.api.erasures.routes import router

__all__ = ["router"]
