//! Running commands, with what to do when one fails.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// One step of a chore: says that it begins, runs it, says how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("\n── {what}");
    let began = Instant::now();
    let done = work().with_context(|| format!("failed: {what}"))?;
    println!("── {what}: done in {:.1} s", began.elapsed().as_secs_f64());
    Ok(done)
}

/// A command in a folder of the checkout.
pub(crate) fn command(program: &str, arguments: &[&str], folder: &str) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root().join(folder)).stdin(Stdio::null());
    command
}

/// Runs a command in a folder of the checkout; its output goes where ours goes.
pub(crate) fn run(program: &str, arguments: &[&str], folder: &str) -> anyhow::Result<()> {
    finish(&mut command(program, arguments, folder))
}

/// Runs a prepared command.
pub(crate) fn finish(command: &mut Command) -> anyhow::Result<()> {
    let said = format!("{} {}", command.get_program().display(), arguments(command));
    let status = command.status().with_context(|| format!("`{said}` cannot be started; is it installed?"))?;
    if status.success() {
        return Ok(());
    }
    bail!("`{said}` in {} ended with {status}", command.get_current_dir().unwrap_or(Path::new(".")).display())
}

/// Runs a command and gives what it printed.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let said = format!("{} {}", command.get_program().display(), arguments(command));
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("`{said}` cannot be started"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    bail!("`{said}` ended with {}", output.status)
}

fn arguments(command: &Command) -> String {
    command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Cargo, the one that runs us.
pub(crate) fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Whether a program can be found.
pub(crate) fn is_there(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    // Debian puts servers into the latter, where not everybody looks.
    let mut folders = env::split_paths(&paths).chain([PathBuf::from("/usr/sbin")]);
    folders.any(|folder| folder.join(program).is_file())
}
