//! House rules that no compiler knows: who may depend on whom, how long a file may be, what may
//! stand where.

mod connections;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use cargo_metadata::{DependencyKind, MetadataCommand};

use crate::shell::{cargo, command, root};

/// Which of our crates each may depend on; `ARCHITECTURE.md` says why.
const MAY_DEPEND: [(&str, &[&str]); 15] = [
    ("clock", &[]),
    ("faults", &[]),
    ("flow", &[]),
    ("outbound", &[]),
    ("vault", &["clock"]),
    ("store", &["clock", "faults", "flow", "vault"]),
    ("inference", &["outbound"]),
    ("local-models", &["inference"]),
    ("knowledge", &["clock", "inference", "outbound", "store"]),
    ("delivery", &["clock", "faults", "flow", "outbound", "store", "vault"]),
    ("engine", &["clock", "faults", "flow", "store"]),
    ("cluster", &["clock", "delivery", "engine", "store", "vault"]),
    ("gateway", &["clock", "flow", "outbound", "store", "vault"]),
    ("nodes", &["delivery", "engine", "flow", "inference", "knowledge", "outbound", "store", "vault"]),
    ("server", &["*"]),
];

/// The most lines of a file; tests and generated files apart.
const MAX_LINES: usize = 800;

/// The most packages that the binary may be made of.
const MAX_PACKAGES: usize = 500;

/// Text that may stand only in some places: the text, the crates where it may, and why.
const ONLY_IN: [(&str, &[&str], &str); 5] = [
    ("rusqlite::", &["store", "bench"], "no SQL outside `store`"),
    ("axum::", &["server", "bench"], "no axum type outside `server`"),
    (
        "std::env::var",
        &["xtask", "local-models"],
        "no environment variable is read outside the server's configuration",
    ),
    ("hyper_util::client", &["outbound"], "no HTTP client outside `outbound`"),
    ("SystemTime::now", &["clock", "bench"], "time comes from `clock`"),
];

/// Words that say that something is not done.
const UNFINISHED: [&str; 3] = ["todo!(", "unimplemented!(", "FIXME"];

/// Checks the rules.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut broken = dependencies()?;
    let crates: Vec<Source> = read(&root().join("crates"))?;
    broken.extend(crates.iter().filter(|source| !source.is_test).flat_map(Source::ways_out));
    broken.extend(connections::stale(crates.iter().map(|source| (source.name.as_str(), source.product()))));
    for source in crates.iter().chain(&read(&root().join("bench"))?) {
        broken.extend(source.check());
    }
    broken.extend(architecture()?);
    broken.extend(weight()?);
    if broken.is_empty() {
        return Ok(());
    }
    bail!("{} house rules are broken:\n  {}", broken.len(), broken.join("\n  "))
}

fn dependencies() -> anyhow::Result<Vec<String>> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec()?;
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let rules: BTreeMap<&str, &[&str]> = MAY_DEPEND.into_iter().collect();
    let mut broken = Vec::new();
    for package in metadata
        .packages
        .iter()
        .filter(|package| !["xtask", "bench", "demo"].contains(&package.name.as_str()))
    {
        let Some(allowed) = rules.get(package.name.as_str()) else {
            broken.push(format!("the crate `{}` is not in the table of xtask/src/tidy.rs", package.name));
            continue;
        };
        let used = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        for used in used.map(|dependency| dependency.name.as_str()) {
            broken.extend(connections::may_use(&package.name, used));
            if !ours.contains(used) {
                continue;
            }
            if !allowed.contains(&used) && !allowed.contains(&"*") {
                broken.push(format!("`{}` may not depend on `{used}`", package.name));
            }
        }
    }
    Ok(broken)
}

/// What the binary is made of by default: few packages, and no C++ that takes minutes to build.
fn weight() -> anyhow::Result<Vec<String>> {
    let tree = ["tree", "--package", "server", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let output = command(&cargo(), &tree, ".").output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let packages: BTreeSet<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let mut broken = Vec::new();
    if packages.len() > MAX_PACKAGES {
        broken.push(format!("the binary is made of {} packages, more than {MAX_PACKAGES}", packages.len()));
    }
    if packages.iter().any(|package| package.starts_with("llama-cpp")) {
        broken.push("the chat model is built by default; it belongs behind `server/local-models`".to_owned());
    }
    Ok(broken)
}

fn sources(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A source file.
struct Source {
    /// Its path from the root.
    name: String,
    text: String,
    is_test: bool,
}

fn read(folder: &Path) -> anyhow::Result<Vec<Source>> {
    sources(folder)?.iter().map(|path| Source::read(path)).collect()
}

impl Source {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)?;
        let name = path.strip_prefix(root()).unwrap_or(path).display().to_string();
        let is_test = name.contains("/tests/") || name.ends_with("/tests.rs") || name.contains("/examples/");
        Ok(Self { name, text, is_test })
    }

    /// What is not its own tests, which stand at its end.
    fn product(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    fn krate(&self) -> &str {
        self.name.trim_start_matches("crates/").split('/').next().unwrap_or_default()
    }

    fn ways_out(&self) -> Vec<String> {
        // What measures the product is none of it.
        let measures = self.name.contains("/benches/");
        if measures { Vec::new() } else { connections::of_file(&self.name, self.product()) }
    }

    fn check(&self) -> Vec<String> {
        let Self { name, text, is_test } = self;
        let mut broken = Vec::new();
        let lines = text.lines().count();
        if lines > MAX_LINES && !is_test {
            broken.push(format!("{name} has {lines} lines; split it by ideas"));
        }
        for (word, places, why) in ONLY_IN {
            if self.product().contains(word) && !places.contains(&self.krate()) && !is_test {
                broken.push(format!("{name} uses `{word}`: {why}"));
            }
        }
        broken.extend(
            UNFINISHED
                .iter()
                .filter(|word| text.contains(**word))
                .map(|word| format!("{name} says `{word}`")),
        );
        broken
    }
}

/// The architecture stays short enough to be read, and names every crate.
fn architecture() -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let mut broken = Vec::new();
    if text.lines().count() > 200 {
        broken.push("ARCHITECTURE.md has more than 200 lines".to_owned());
    }
    let missing = MAY_DEPEND.iter().filter(|(krate, _)| !text.contains(&format!("`{krate}`")));
    broken.extend(missing.map(|(krate, _)| format!("ARCHITECTURE.md does not name the crate `{krate}`")));
    Ok(broken)
}
