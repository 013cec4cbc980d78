//! The flow language: definition, graph, fields, expressions, validation and the run reducer
