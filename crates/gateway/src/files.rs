//! Files that come with a request.

use bytes::Bytes;
use flow::{ByteSize, FieldProblem};
use http::{HeaderMap, HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::NewFile;

use crate::{
    Code, Error, Refused,
    body::{
        disposition,
        media::{self, MediaType},
    },
};

/// What is known of a file: what flows get of it, and what is recorded. Its content is kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name, without folders.
    pub name: String,
    /// Its media type, as the sender says; by its first bytes where the sender says nothing of use. Never
    /// to be trusted.
    pub media_type: String,
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of its content in lower-case hex, by which that is found.
    pub sha256: String,
}

/// The files that a source takes: those of a multipart form, and a body that is one as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FileLimits {
    /// The most files of one request, up to 100; more get 413.
    pub count: u32,
    /// The largest file; larger ones get 413. Without it the limit of the body holds alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<ByteSize>,
    /// The media types that a file may have, such as `application/pdf` or `image/*`; others get 415.
    /// Without any, all are taken. It is what the sender says that is looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["image/*", "application/pdf"]]))]
    pub media_types: Vec<String>,
}

/// A file of a request, with its content.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    /// The part that it came in; `None` for a body that is the file.
    pub(crate) part: Option<String>,
    pub(crate) file: File,
    pub(crate) stored: NewFile,
}

/// What a file is called that nobody named.
const UNNAMED: &str = "file";

/// What says nothing of a file.
const ANY_BYTES: &str = "application/octet-stream";

/// The most characters of a name.
const MAX_NAME: usize = 200;

impl File {
    /// The file as a flow's input has it.
    pub(crate) fn value(&self) -> Value {
        json!(self)
    }
}

impl Upload {
    /// A file of a name and a media type, as far as they were told.
    pub(crate) fn new(part: Option<String>, name: &str, told: Option<String>, bytes: Bytes) -> Self {
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        let file = File {
            name: clean(name),
            media_type: told.filter(|told| told != ANY_BYTES).unwrap_or_else(|| sniffed(&bytes).to_owned()),
            size: bytes.len() as u64,
            sha256: hex::encode(sha256),
        };
        Self { part, file, stored: NewFile { sha256, content: bytes } }
    }

    /// A body that is a file. Its name is in `Content-Disposition`, if anywhere.
    pub(crate) fn whole(headers: &HeaderMap, content_type: &str, body: Bytes) -> Self {
        let disposition = headers.get(header::CONTENT_DISPOSITION).map(HeaderValue::as_bytes);
        let name = disposition.and_then(disposition::file_name).unwrap_or_default();
        Self::new(None, &name, MediaType::parse(content_type).into_name(), body)
    }

    /// Where it is, as a field's `from` says it.
    fn place(&self) -> String {
        self.part.as_ref().map_or_else(|| "body".to_owned(), |part| format!("file.{part}"))
    }
}

impl FileLimits {
    /// The most files that a source may be told to take.
    const MOST: u32 = 100;

    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Checks what the types alone do not say.
    pub(crate) fn check_config(&self) -> Result<(), Error> {
        if !(1..=Self::MOST).contains(&self.count) {
            let reason = format!("{} is not a number from 1 to {}", self.count, Self::MOST);
            return Err(Error::config(
                "limits.files.count",
                "out_of_range",
                reason,
                "Choose one, such as 10.",
            ));
        }
        let wrong = |name: &&String| match name.strip_suffix("/*") {
            Some(kind) => !media::is_name(&format!("{kind}/any")),
            None => !media::is_name(name),
        };
        if let Some(wrong) = self.media_types.iter().find(wrong) {
            let reason = format!("`{wrong}` is no media type");
            let suggestion = "Write it like `application/pdf` or `image/*`.";
            return Err(Error::config("limits.files.media_types", "wrong_media_type", reason, suggestion));
        }
        Ok(())
    }

    /// Refuses one more file than may come.
    pub(crate) fn check_count(&self, count: usize, part: &str) -> Result<(), Refused> {
        if count <= self.count as usize {
            return Ok(());
        }
        let detail = format!("The body has more than {} files, the most that this source takes.", self.count);
        let expected = format!("at most {} files", self.count);
        Err(refused(Code::TooManyFiles, detail, (format!("file.{part}"), expected, format!("{count} files"))))
    }

    /// Refuses a file that is too large or of another type.
    pub(crate) fn check(&self, upload: &Upload) -> Result<(), Refused> {
        let File { media_type, size, .. } = &upload.file;
        if let Some(most) = self.size.filter(|most| *size > most.0) {
            let detail = format!("A file is larger than {most}, the most that this source takes.");
            let sizes = (upload.place(), format!("at most {most}"), format!("{size} bytes"));
            return Err(refused(Code::FileTooLarge, detail, sizes));
        }
        let takes = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => media_type.starts_with(&beginning.to_ascii_lowercase()),
            None => media_type.eq_ignore_ascii_case(pattern),
        };
        if self.media_types.is_empty() || self.media_types.iter().any(takes) {
            return Ok(());
        }
        let detail = "A file is of a media type that this source does not take.".to_owned();
        let types = (upload.place(), self.media_types.join(", "), media_type.clone());
        Err(refused(Code::FileTypeUnsupported, detail, types))
    }
}

impl Default for FileLimits {
    fn default() -> Self {
        Self { count: 10, size: None, media_types: Vec::new() }
    }
}

/// A refusal that names the field, what was expected there and what came.
fn refused(code: Code, detail: String, (field, expected, got): (String, String, String)) -> Refused {
    let problem = FieldProblem { field, code: code.as_str().to_owned(), expected, got };
    Refused { errors: vec![problem], ..Refused::new(code, detail) }
}

/// The last part of a path, without what no name should have: whoever saves a file under it must not be led astray.
fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let misleads = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let cleaned: String = last.chars().filter(|c| !misleads(*c)).take(MAX_NAME).collect();
    let cleaned = cleaned.trim();
    if cleaned.trim_matches('.').is_empty() { UNNAMED.to_owned() } else { cleaned.to_owned() }
}

/// The media type by the first bytes.
fn sniffed(bytes: &[u8]) -> &'static str {
    infer::get(bytes).map_or(ANY_BYTES, |kind| kind.mime_type())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere() {
        for (told, name) in [
            ("简历.pdf", "简历.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\b.txt", "b.txt"),
            ("a\r\nX: y", "aX: y"),
            ("evil\u{202E}fdp.exe", "evilfdp.exe"),
            ("..", "file"),
            ("a/", "file"),
            ("", "file"),
        ] {
            assert_eq!(clean(told), name, "{told:?}");
        }
        assert_eq!(clean(&"长".repeat(1_000)).chars().count(), MAX_NAME);
    }

    #[test]
    fn what_says_nothing_is_looked_at() {
        let kind = |told: Option<&str>, bytes: &'static [u8]| {
            Upload::new(None, "f", told.map(str::to_owned), Bytes::from_static(bytes)).file.media_type
        };
        assert_eq!(kind(Some("application/octet-stream"), b"%PDF-1.7 x"), "application/pdf");
        assert_eq!(kind(None, b"\x89PNG\r\n\x1a\n"), "image/png");
        assert_eq!(kind(Some("text/csv"), b"%PDF-1.7 x"), "text/csv");
        assert_eq!(kind(None, b"a,b"), "application/octet-stream");
    }

    #[test]
    fn a_file_is_known_by_its_content() {
        let upload = Upload::new(None, "a", None, Bytes::from_static(b"abc"));
        assert_eq!(
            upload.file.value(),
            json!({
                "name": "a",
                "media_type": "application/octet-stream",
                "size": 3,
                "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            })
        );
    }
}
