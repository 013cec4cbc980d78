//! A folder with a flow and what it needs, as files.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A knowledge base, a destination or a source, as its file has it.
pub(super) type Item = Map<String, Value>;

/// What a folder holds.
#[derive(Default)]
pub(super) struct Folder {
    path: PathBuf,
    /// The flow's text.
    pub(super) flow: String,
    pub(super) knowledge: Vec<Item>,
    pub(super) destinations: Vec<Item>,
    pub(super) sources: Vec<Item>,
}

/// What is put over what a folder says, by name.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Over {
    #[serde(default)]
    destinations: Map<String, Value>,
    #[serde(default)]
    sources: Map<String, Value>,
}

impl Folder {
    /// Reads a folder, or a flow's file alone; `with` is a file with what is put over it.
    pub(super) fn read(path: &Path, with: Option<&Path>) -> anyhow::Result<Self> {
        let over = match with {
            Some(file) => yaml(file)?,
            None => Over::default(),
        };
        let mut folder = Self { path: path.to_owned(), ..Self::default() };
        if path.is_dir() {
            folder.flow = text(&path.join("flow.yaml"))?;
            folder.knowledge = items(&path.join("knowledge.yaml"))?;
            folder.destinations = items(&path.join("destinations.yaml"))?;
            folder.sources = items(&path.join("source.yaml"))?;
        } else {
            folder.flow = text(path)?;
        }
        put_over(&mut folder.destinations, over.destinations, "destination")?;
        put_over(&mut folder.sources, over.sources, "source")?;
        Ok(folder)
    }

    /// The documents of a knowledge base, by the names that they have in the folder.
    pub(super) fn documents(&self, base: &Item) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let names = base.get("documents").and_then(Value::as_array).into_iter().flatten();
        names
            .map(|name| {
                let name = name.as_str().context("`documents` has the names of files")?;
                let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
                ensure!(inside, "the document `{name}` does not lie in the folder");
                let content = fs::read(self.path.join(name));
                Ok((name.to_owned(), content.with_context(|| format!("{name} cannot be read"))?))
            })
            .collect()
    }
}

/// A text of an item.
pub(super) fn field<'i>(item: &'i Item, name: &str) -> anyhow::Result<&'i str> {
    item.get(name).and_then(Value::as_str).with_context(|| format!("an entry has no `{name}`"))
}

fn text(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn yaml<T: for<'de> Deserialize<'de>>(file: &Path) -> anyhow::Result<T> {
    // The lines around a mistake may hold secrets, and what is printed here may end in a log.
    let read = serde_saphyr::from_str(&text(file)?);
    read.map_err(|error| anyhow!("{} is not what it should be: {}", file.display(), error.without_snippet()))
}

/// The items of a file that need not be there: one, or a list.
fn items(file: &Path) -> anyhow::Result<Vec<Item>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let list = match yaml(file)? {
        Value::Array(list) => list,
        one => vec![one],
    };
    let entry = |entry| match entry {
        Value::Object(item) => field(&item, "name").map(|_| ()).and(Ok(item)),
        _ => bail!("an entry is no mapping"),
    };
    let list: anyhow::Result<_> = list.into_iter().map(entry).collect();
    list.with_context(|| format!("{} is not what it should be", file.display()))
}

fn put_over(items: &mut [Item], over: Map<String, Value>, what: &str) -> anyhow::Result<()> {
    for (name, more) in over {
        let item = items.iter_mut().find(|item| item.get("name").is_some_and(|known| *known == *name));
        let item =
            item.with_context(|| format!("--with names the {what} `{name}`, which the folder has not"))?;
        let Value::Object(more) = more else { bail!("--with says of `{name}` what is no mapping") };
        merge(item, more);
    }
    Ok(())
}

/// Puts one mapping over another, deeply; what is no mapping is replaced.
fn merge(under: &mut Item, over: Item) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Object(under)), Value::Object(over)) => merge(under, over),
            (_, value) => drop(under.insert(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn said(files: &[(&str, &str)], with: Option<&str>) -> String {
        let folder = folder(files);
        let with = with.map(|name| folder.path().join(name));
        Folder::read(folder.path(), with.as_deref())
            .err()
            .map_or_else(String::new, |error| format!("{error:#}"))
    }

    #[test]
    fn a_folder_is_read_with_what_is_put_over_it() {
        let files = folder(&[
            ("flow.yaml", "name: shop\n"),
            (
                "destinations.yaml",
                "- name: a\n  config: { kind: webhook, url: old, retry: brief }\n- name: b\n",
            ),
            ("source.yaml", "name: shop\nconfig: {}\n"),
            ("with.yaml", "destinations: { a: { config: { url: new }, secrets: { signing: [x] } } }\n"),
        ]);
        let read = Folder::read(files.path(), Some(&files.path().join("with.yaml"))).unwrap();
        assert_eq!((read.flow.as_str(), read.knowledge.len(), read.sources.len()), ("name: shop\n", 0, 1));
        let a = json!({
            "name": "a", "config": { "kind": "webhook", "url": "new", "retry": "brief" },
            "secrets": { "signing": ["x"] },
        });
        assert_eq!(
            read.destinations.into_iter().map(Value::Object).collect::<Vec<_>>(),
            [a, json!({ "name": "b" })]
        );

        let alone = Folder::read(&files.path().join("flow.yaml"), None).unwrap();
        assert_eq!((alone.flow.as_str(), alone.sources.len()), ("name: shop\n", 0), "a file is a flow alone");
    }

    #[test]
    fn what_is_wrong_in_a_folder_is_named() {
        let flow = ("flow.yaml", "name: shop\n");
        assert!(said(&[], None).contains("flow.yaml cannot be read"));
        assert!(said(&[flow, ("source.yaml", "config: {}\n")], None).contains("source.yaml"));
        assert!(said(&[flow, ("source.yaml", "config: {}\n")], None).contains("no `name`"));
        assert!(
            said(&[flow, ("w", "sources: { shop: {} }\n")], Some("w")).contains("which the folder has not")
        );
        assert!(said(&[flow, ("w", "source: {}\n")], Some("w")).contains("`source`"));
    }

    #[test]
    fn documents_lie_in_the_folder() {
        let files = folder(&[("flow.yaml", "name: shop\n"), ("a.md", "# A\n")]);
        let read = Folder::read(files.path(), None).unwrap();
        let documents = |names: Value| {
            let Value::Object(base) = json!({ "documents": names }) else { panic!() };
            read.documents(&base)
        };
        assert_eq!(documents(json!(["a.md"])).unwrap(), [("a.md".to_owned(), b"# A\n".to_vec())]);
        for outside in ["../secret", "/etc/passwd", "missing.md"] {
            assert!(documents(json!([outside])).unwrap_err().to_string().contains(outside));
        }
    }
}
