"""`/api/v1/reports`: figures of a day and of any period."""

from serve_apps.api.reports.routes import router

__all__ = ["router"]
