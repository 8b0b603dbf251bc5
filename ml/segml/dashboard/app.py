"""What Streamlit runs: the menu, and the page that was asked for."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import streamlit as st

from segml.dashboard import FOLDER_VARIABLE, look
from segml.dashboard.marts import newest
from segml.dashboard.views import PAGES


def main() -> None:
    """Show one page of the newest publication."""
    st.set_page_config(page_title="Customer segments", layout="wide")
    look.style()
    marts = newest(Path(os.environ[FOLDER_VARIABLE]))
    # no icons: Streamlit would fetch them from the network to show them beside the page's title
    pages = [
        st.Page(
            partial(page.show, marts),
            title=title,
            url_path=title.lower().replace(" ", "-"),
            default=position == 0,
        )
        for position, (title, page) in enumerate(PAGES)
    ]
    page = st.navigation(pages)
    with st.sidebar:
        st.caption(marts.origin())
    page.run()


main()
