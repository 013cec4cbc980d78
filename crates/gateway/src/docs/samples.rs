//! Programs that send the example, ready to be copied and run. What is secret they read from the environment.

mod curl;
mod go;
mod javascript;
mod python;

use serde::Serialize;

use super::{
    example::Call,
    proof::{Place, Proof},
};

/// A program that sends the example.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// `curl`, `Python`, `JavaScript` or `Go`.
    pub language: &'static str,
    /// What to call the file, where it matters.
    pub file: Option<&'static str>,
    /// The program.
    pub code: String,
}

pub(super) fn samples(call: &Call, proof: &Proof) -> Vec<Sample> {
    let sample = |language, file, code| Sample { language, file, code };
    vec![
        sample("curl", None, curl::code(call, proof)),
        sample("Python", Some("send.py"), python::code(call, proof)),
        sample("JavaScript", Some("send.mjs"), javascript::code(call, proof)),
        sample("Go", Some("send.go"), go::code(call, proof)),
    ]
}

/// The place that a program puts a token into: URLs end up in logs.
fn best(places: &[Place]) -> Option<&Place> {
    places.iter().find(|place| !matches!(place, Place::Query(_))).or_else(|| places.first())
}

/// A text as JSON writes it, which is how Python, JavaScript and Go read it as well.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What is signed, as the parts between which a time and the body stand.
fn parts(signed: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = signed;
    while let Some(at) = rest.find('{') {
        if at > 0 {
            parts.push(Part::Text(&rest[..at]));
        }
        let (name, behind) = rest[at + 1..].split_once('}').unwrap_or((&rest[at + 1..], ""));
        parts.push(if name == "timestamp" { Part::Timestamp } else { Part::Body });
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// A part of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'s> {
    Text(&'s str),
    Timestamp,
    Body,
}
