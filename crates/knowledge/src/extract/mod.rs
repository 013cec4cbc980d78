//! Bytes of a file → a structured text: headings, paragraphs, lists, tables and code, in order.
//!
//! Every format is read as a flat stream of events, never as a tree, so that no nesting in hostile
//! input can exhaust the stack, and work stays linear in the input.

mod decode;
mod html;
mod inline;
mod lists;
mod markdown;
mod plain;
mod text;

#[cfg(test)]
mod tests;

pub use text::{Block, BlockKind, Text};

use crate::Error;

/// What is known about a file besides its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Source<'a> {
    /// Media type as sent, with or without parameters: `text/html; charset=gb2312`.
    pub media_type: Option<&'a str>,
    /// File name or the last part of a URL's path; its extension matters.
    pub name: Option<&'a str>,
}

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Paragraphs between blank lines.
    Plain,
    /// `CommonMark` with tables, strikethrough, task lists and footnotes.
    Markdown,
    /// A web page; scripts, styles and navigation are left out.
    Html,
}

/// The largest file that is read by default: 32 MiB.
pub const BYTES_MAX: usize = 32 * 1024 * 1024;

/// Reads a file of at most `bytes_max` bytes. An empty file gives an empty text.
pub fn extract(bytes: &[u8], source: Source<'_>, bytes_max: usize) -> Result<Text, Error> {
    let fits = |bytes: usize| {
        let refusal = Error::TooLarge { bytes, limit: bytes_max };
        if bytes > bytes_max { Err(refusal) } else { Ok(()) }
    };
    fits(bytes.len())?;
    let format = Format::of(source)?;
    let text = decode::decode(bytes, format, source.media_type)?;
    // A two-byte encoding grows by half when it becomes UTF-8; the limit holds for both.
    fits(text.len() / 2)?;
    Ok(match format {
        Format::Plain => plain::read(&text),
        Format::Markdown => markdown::read(&text),
        Format::Html => html::read(&text),
    })
}

impl Format {
    /// Judges by media type first, where it says something, then by extension. A file of which
    /// nothing is known counts as plain text; whether it is text at all is seen when decoding.
    pub fn of(source: Source<'_>) -> Result<Self, Error> {
        let media_type = source.media_type.map(essence).filter(|t| !says_nothing(t));
        let extension = source.name.and_then(extension);
        let by_extension = extension.as_deref().and_then(Self::by_extension);
        match (media_type.as_deref(), by_extension) {
            // Browsers and tools call a Markdown file `text/plain`: the extension knows better.
            (None | Some("text/plain"), Some(format)) => Ok(format),
            (Some(media_type), _) => Self::by_media_type(media_type)
                .ok_or_else(|| Error::Unsupported { kind: media_type.chars().take(100).collect() }),
            (None, None) => match extension {
                Some(extension) if is_binary_extension(&extension) => {
                    Err(Error::Unsupported { kind: format!(".{extension}") })
                }
                _ => Ok(Self::Plain),
            },
        }
    }

    fn by_media_type(essence: &str) -> Option<Self> {
        match essence {
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            "text/markdown" | "text/x-markdown" => Some(Self::Markdown),
            "application/json" | "application/xml" | "application/yaml" => Some(Self::Plain),
            other => other.starts_with("text/").then_some(Self::Plain),
        }
    }

    fn by_extension(extension: &str) -> Option<Self> {
        match extension {
            "html" | "htm" | "xhtml" => Some(Self::Html),
            "md" | "markdown" | "mdown" | "mkd" => Some(Self::Markdown),
            "txt" | "text" | "log" | "json" | "yaml" | "yml" | "xml" | "csv" | "tsv" => Some(Self::Plain),
            _ => None,
        }
    }
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn says_nothing(essence: &str) -> bool {
    essence.is_empty() || essence == "application/octet-stream" || essence == "binary/octet-stream"
}

fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let plausible = !stem.is_empty() && extension.len() <= 10 && extension.chars().all(char::is_alphanumeric);
    plausible.then(|| extension.to_ascii_lowercase())
}

fn is_binary_extension(extension: &str) -> bool {
    const BINARY: [&str; 20] = [
        "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "epub", "zip", "gz", "rar",
        "7z", "png", "jpg", "jpeg", "gif", "webp",
    ];
    BINARY.contains(&extension)
}
