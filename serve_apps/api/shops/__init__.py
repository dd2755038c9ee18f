"""Points, their registers and devices: enrolment, heartbeats, coverage."""

from fastapi import APIRouter

from serve_apps.api.shops import coverage, devices, enrol, enrolment_codes, heartbeat, places, points

router = APIRouter()
for _part in (heartbeat, enrol, devices, enrolment_codes, points, places, coverage):
    router.include_router(_part.router)
