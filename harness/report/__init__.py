"""Layer 5: pictures, Allure results and the HTML report, all read from the run folder."""

from harness.report.build import Report, build_report, draw_pictures
from harness.report.filmstrip import Still, draw_filmstrip
from harness.report.html import build_html
from harness.report.timeline import TimelinePicture, draw_timeline

__all__ = [
    "Report",
    "Still",
    "TimelinePicture",
    "build_html",
    "build_report",
    "draw_filmstrip",
    "draw_pictures",
    "draw_timeline",
]
