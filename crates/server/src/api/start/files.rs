//! The files of a run that is started by the API: those that come with the call, and those that its input names.

use std::collections::{BTreeMap, HashMap};

use flow::{FieldProblem, FieldType, Fields};
use gateway::File;
use serde_json::{Map, Value, json};
use store::{NewFile, Store, WorkspaceId};

use crate::api::{BODY_LIMIT, problem::Error};

/// A file that came with the call, with the name of its part.
pub(super) type Brought = (String, File, NewFile);

/// The most files of one run.
pub(super) const MOST: u32 = 100;

/// Puts the files that came with a call under the fields that their parts are named after.
pub(super) fn put(fields: &Fields, input: &mut Map<String, Value>, brought: &[Brought]) -> Vec<FieldProblem> {
    let mut parts: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (part, file, _) in brought {
        parts.entry(part).or_default().push(json!(file));
    }
    let mut problems = Vec::new();
    for (part, mut files) in parts {
        if input.contains_key(part) {
            problems.push(problem(part, "given_twice", "a file or a value in `input`", "both".to_owned()));
            continue;
        }
        let is_list = fields.get(part).is_some_and(|field| matches!(field.kind, FieldType::Array(_)));
        let only = if is_list || files.len() > 1 { None } else { files.pop() };
        input.insert(part.to_owned(), only.unwrap_or(Value::Array(files)));
    }
    problems
}

/// All files of an input that fits its fields: what is known of each, and their contents. Those that did not come with
/// the call must be in the workspace: an event brought them.
///
/// # Errors
/// What does not fit of them, field by field; or that the database cannot be read.
pub(super) async fn all(
    (store, workspace): (&Store, WorkspaceId),
    fields: &Fields,
    input: &Map<String, Value>,
    brought: Vec<Brought>,
) -> Result<Result<(Vec<File>, Vec<NewFile>), Vec<FieldProblem>>, Error> {
    let named = named(fields, input);
    let mut contents: HashMap<[u8; 32], NewFile> =
        brought.into_iter().map(|(_, _, stored)| (stored.sha256, stored)).collect();
    let wanted: Vec<[u8; 32]> =
        named.iter().map(|named| named.sha256).filter(|sha256| !contents.contains_key(sha256)).collect();
    let mut sizes = store.blob_sizes(workspace, wanted.clone()).await?;
    sizes.extend(contents.values().map(|file| (file.sha256, file.content.len() as u64)));
    let problems = check(&named, &sizes);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    for sha256 in wanted {
        if contents.contains_key(&sha256) {
            continue;
        }
        match store.blob_get(workspace, sha256).await? {
            Some(content) => drop(contents.insert(sha256, NewFile { sha256, content })),
            // It went just now.
            None => return Ok(Err(check(&named, &HashMap::new()))),
        }
    }
    let files = named.into_iter().map(|named| named.file).collect();
    Ok(Ok((files, contents.into_values().collect())))
}

/// A file that an input has.
struct Named<'f> {
    field: &'f str,
    file: File,
    sha256: [u8; 32],
}

/// The files that stand where fields are of that type.
fn named<'f>(fields: &'f Fields, input: &Map<String, Value>) -> Vec<Named<'f>> {
    let mut found = Vec::new();
    for (name, field) in fields {
        let of_file = match &field.kind {
            FieldType::File => true,
            FieldType::Array(Some(item)) => **item == FieldType::File,
            _ => false,
        };
        let Some(value) = input.get(name).filter(|_| of_file) else { continue };
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        found.extend(values.iter().filter_map(|value| {
            let file: File = serde_json::from_value(value.clone()).ok()?;
            let sha256 = hex::decode(&file.sha256).ok()?.try_into().ok()?;
            Some(Named { field: name, file, sha256 })
        }));
    }
    found
}

/// What is wrong with the files, by how many bytes each content has.
fn check(named: &[Named<'_>], sizes: &HashMap<[u8; 32], u64>) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut total = 0;
    for (nth, Named { field, file, sha256 }) in named.iter().enumerate() {
        let size = sizes.get(sha256).copied();
        total += size.unwrap_or_default();
        let wrong = match size {
            None => Some(("file_unknown", STORED.to_owned(), "a file that is not there".to_owned())),
            Some(size) if size != file.size => {
                Some(("wrong_size", format!("{size} bytes"), format!("{} bytes", file.size)))
            }
            Some(_) if nth >= MOST as usize => {
                Some(("too_many", format!("at most {MOST} files"), format!("{} files", named.len())))
            }
            Some(_) if total > BODY_LIMIT as u64 => {
                let most = format!("at most {} MiB of files in all", BODY_LIMIT >> 20);
                Some(("too_large", most, format!("{total} bytes")))
            }
            Some(_) => None,
        };
        problems.extend(wrong.map(|(code, expected, got)| problem(field, code, &expected, got)));
    }
    problems
}

const STORED: &str = "the `sha256` of a file of this workspace, or the file itself in a multipart body";

fn problem(field: &str, code: &str, expected: &str, got: String) -> FieldProblem {
    FieldProblem { field: field.to_owned(), code: code.to_owned(), expected: expected.to_owned(), got }
}
