//! Sources as the server meets them: compiled from JSON, judging whole requests.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` reads best as an argument")]

#[path = "../support/signing.rs"]
mod signing;

mod accepting;
mod compiling;
mod encrypted;
mod filtering;
mod hostile;
mod limiting;
mod order;
mod pinning;
mod presets;
mod refusing;
mod request;
mod rotating;
mod tokens;
mod verifying;
