"""All pages: what they share, then the page that the address names."""

from pathlib import Path

import streamlit as st

from ui.client import lake
from ui.jobs import page as jobs_page
from ui.language import speak
from ui.leaving import left
from ui.preferences import preference
from ui.quality import page as quality_page
from ui.saved import page as saved_page
from ui.search import page as search_page
from ui.settings import page as settings_page
from ui.settings.page import LANGUAGE
from ui.words import say

HERE = Path(__file__).parent


def main() -> None:
    """Paint the page that the address names."""
    if not st.session_state.get("told_the_browser"):  # once: told again, it would load the icon anew
        st.set_page_config(
            page_title="Dicomlake",
            page_icon=str(HERE / "assets" / "mark.svg"),
            layout="wide",
            initial_sidebar_state=276,
        )
        st.session_state["told_the_browser"] = True
    speak(preference(lake(), LANGUAGE) or st.context.locale)
    st.html(HERE / "style.css")
    st.logo(str(HERE / "assets" / "logo.svg"), icon_image=str(HERE / "assets" / "mark.svg"), size="large")
    pages = {
        "search": st.Page(search_page.main, title=say("pages.search"), icon=":material/search:", default=True),
        "saved": st.Page(saved_page.main, title=say("pages.saved"), icon=":material/bookmark:", url_path="saved"),
        "quality": st.Page(
            quality_page.main, title=say("pages.quality"), icon=":material/fact_check:", url_path="quality"
        ),
        "index": st.Page(jobs_page.main, title=say("pages.index"), icon=":material/database_upload:", url_path="index"),
        "settings": st.Page(
            settings_page.main, title=say("pages.settings"), icon=":material/settings:", url_path="settings"
        ),
    }
    chosen = st.navigation(list(pages.values()), position="top")
    left(pages)
    chosen.run()
