//! The chat and embedding models that run inside the process
