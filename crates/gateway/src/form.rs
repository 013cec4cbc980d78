//! A form with files that came some other way than to a source.

use bytes::Bytes;
use store::NewFile;

use crate::{
    File, FileLimits, Refused,
    body::{Contents, Multipart},
};

/// A form in parts, which was read whole.
#[derive(Debug)]
pub struct Form(Contents);

impl Form {
    /// Reads a body of a content type that is `multipart/form-data`.
    ///
    /// # Errors
    /// Why it is refused: it is malformed, or has files that the limits do not allow.
    pub fn read(content_type: &str, body: &Bytes, limits: &FileLimits) -> Result<Self, Refused> {
        Multipart::read(content_type, body, limits).map(Self)
    }

    /// The text of the first part of a name that is no file.
    pub fn text<'s>(&'s self, name: &'s str) -> Option<&'s str> {
        self.0.form.all(name).next()
    }

    /// The files in their order, each with the name of its part.
    pub fn into_files(self) -> impl Iterator<Item = (String, File, NewFile)> {
        let named =
            |upload: crate::files::Upload| (upload.part.unwrap_or_default(), upload.file, upload.stored);
        self.0.files.into_iter().map(named)
    }
}
