"""Grafana's dashboards, and where it finds them."""
