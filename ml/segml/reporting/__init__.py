"""The report: one HTML file that shows what the marts hold, readable without any network."""

from segml.reporting.labelled_page import write_labelled_report
from segml.reporting.page import ReportSummary, write_report

__all__ = ["ReportSummary", "write_labelled_report", "write_report"]
