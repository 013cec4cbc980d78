//! Sources as the server meets them: compiled from JSON, judging whole requests.

mod accepting;
mod compiling;
mod hostile;
mod limiting;
mod order;
mod refusing;
mod request;
mod verifying;
