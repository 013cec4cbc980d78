//! Chat, embedding and rerank behind one trait
