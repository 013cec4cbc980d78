//! Where the models' files are.

use std::{
    io::{self, Write},
    path::PathBuf,
};

/// The folder of the models: `LINCHPIN_MODELS_DIR`, or `models` in the workspace.
///
/// A test without it has nothing to test and says so; a folder that is named but lacks a file fails its tests.
pub(crate) fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("LINCHPIN_MODELS_DIR").map(PathBuf::from);
    let usual = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let found = named.or_else(|| usual.is_dir().then_some(usual));
    if found.is_none() {
        // Past the capture of the test's output, so that the skipping shows although the test passes.
        let _ =
            io::stderr().write_all(b"SKIPPED: no folder of models; fetch it or set LINCHPIN_MODELS_DIR\n");
    }
    found
}
