"""Statements, requests and overviews as documents: PDF, XLSX, CSV and HTML with equal totals."""
