"""`/api/v1/runs`: re-analyses, followed, compared, promoted and rolled back."""

from serve_apps.api.runs.routes import router

__all__ = ["router"]
