//! Full text, dates, entities and facets in tantivy.
