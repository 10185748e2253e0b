"""The page Index: start indexing, imports and the sample archive, and watch them."""
