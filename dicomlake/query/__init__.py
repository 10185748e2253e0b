"""The query as a value: AST, text syntax, links, and the conditions over tokens that engines compile. Pure."""
