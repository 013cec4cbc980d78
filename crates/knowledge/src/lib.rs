//! Extract, chunk, embed, index and retrieve
