"""The language of pipelines and scripts: grammar, syntax trees, typed options, execution (docs/pipelines.md)."""
