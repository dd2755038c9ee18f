"""One module to a page; see dashboard/kit/page.py for what a page is."""
