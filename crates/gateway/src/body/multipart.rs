//! Multipart forms (RFC 7578): parts of text, and files.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use multer::Field;

use super::{
    charset::Charset,
    disposition, malformed,
    media::{Kind, MediaType},
};
use crate::{
    Refused,
    files::{FileLimits, Upload},
    pairs::Pairs,
};

/// The most parts; each takes many times the memory of its bytes.
const MAX_PARTS: usize = 1_000;

/// The most bytes of a part's headers; it has 32 of them at most.
const MAX_HEADERS: usize = 8 << 10;

/// What the parts hold.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Those that are text, in their order.
    pub(crate) form: Pairs<'static>,
    /// Those that are files, in their order.
    pub(crate) files: Vec<Upload>,
}

/// A body in parts.
pub(crate) struct Multipart;

impl Multipart {
    /// Reads all parts. The whole body is there, so nothing is ever waited for.
    pub(crate) fn read(content_type: &str, body: &Bytes, limits: &FileLimits) -> Result<Contents, Refused> {
        let boundary = multer::parse_boundary(content_type)
            .map_err(|_| malformed("`Content-Type` names no boundary between the parts of the body."))?;
        let whole = stream::iter([Ok::<_, Infallible>(body.clone())]);
        let mut parts = multer::Multipart::new(whole, boundary);
        let (mut contents, mut texts) = (Contents::default(), Vec::new());
        for count in 0.. {
            let part = parts.next_field().now_or_never().unwrap_or(Err(multer::Error::IncompleteStream));
            let Some(part) = part.map_err(|error| broken(&error))? else { break };
            if count == MAX_PARTS {
                return Err(malformed(format!("The body has more than {MAX_PARTS} parts.")));
            }
            check_headers(&part)?;
            let name = part.name().map(str::to_owned);
            let name = name.ok_or_else(|| malformed("A part of the body has no name."))?;
            match take(part)? {
                Part::Text(text) => texts.push((name, text)),
                Part::File(file, media_type, bytes) => {
                    limits.check_count(contents.files.len() + 1, &name)?;
                    let upload = Upload::new(Some(name), &file, media_type, bytes);
                    limits.check(&upload)?;
                    contents.files.push(upload);
                }
                Part::Nothing => {}
            }
        }
        contents.form = texts.into_iter().collect();
        Ok(contents)
    }
}

enum Part {
    Text(String),
    /// Its name, its media type as told, and its content.
    File(String, Option<String>, Bytes),
    /// What a browser sends for a file that nobody chose.
    Nothing,
}

/// What a part is: a file if it has a file's name, or is of a type that is no text.
fn take(mut part: Field<'_>) -> Result<Part, Refused> {
    let file =
        part.headers().get(CONTENT_DISPOSITION).and_then(|value| disposition::file_name(value.as_bytes()));
    let told = part.headers().get(CONTENT_TYPE).and_then(|told| told.to_str().ok()).unwrap_or("text/plain");
    let told = told.to_owned();
    let bytes = content(&mut part)?;
    let media_type = MediaType::parse(&told);
    if let Some(file) = file.or_else(|| (media_type.kind() == Kind::Bytes).then(String::new)) {
        let has_type = part.headers().contains_key(CONTENT_TYPE);
        return Ok(if file.is_empty() && bytes.is_empty() {
            Part::Nothing
        } else {
            Part::File(file, media_type.into_name().filter(|_| has_type), bytes)
        });
    }
    let text = Charset::of(media_type.charset())?.decode(&bytes)?;
    Ok(Part::Text(text.into_owned()))
}

/// The content of a part. It is one piece, since the whole body is; more of them would be put together.
fn content(part: &mut Field<'_>) -> Result<Bytes, Refused> {
    let mut all = Bytes::new();
    loop {
        let piece = part.chunk().now_or_never().unwrap_or(Err(multer::Error::IncompleteStream));
        match piece.map_err(|error| broken(&error))? {
            None => return Ok(all),
            Some(piece) if all.is_empty() => all = piece,
            Some(piece) => all = [all, piece].concat().into(),
        }
    }
}

fn check_headers(part: &Field<'_>) -> Result<(), Refused> {
    let bytes: usize = part.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MAX_HEADERS {
        return Err(malformed(format!("A part of the body has more than {MAX_HEADERS} bytes of headers.")));
    }
    Ok(())
}

/// The parser's words may repeat a part's name, so they are not passed on.
fn broken(error: &multer::Error) -> Refused {
    malformed(match error {
        multer::Error::IncompleteFieldData { .. } | multer::Error::IncompleteStream => {
            "The body ends before its last part does, or its boundary is not the one that `Content-Type` names."
        }
        _ => "The headers of a part of the body are malformed.",
    })
}
