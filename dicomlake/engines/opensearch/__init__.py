"""The OpenSearch engine: three indices behind aliases on a server of one node or many.

Nothing is imported here, as in the embedded engine: workers that read files need the encoder alone.
"""
