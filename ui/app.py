"""The script that Streamlit runs for every browser and every click."""

from ui.pages import main

main()
