"""The page Settings: what the user chose, and how to take it back."""
