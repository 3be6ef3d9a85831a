"""Running jobs: in place, awaited, in the background, in batches; stopping them."""
