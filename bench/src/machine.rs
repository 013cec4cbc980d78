//! What it was measured on.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::Instant,
};

use serde::{Deserialize, Serialize};

use crate::load::at;

/// How often the disk is asked.
const FSYNCS: usize = 200;

/// The machine, as far as the figures depend on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The processor's name.
    pub(crate) cpu: String,
    /// Its cores that may be used.
    pub(crate) cores: usize,
    /// Memory in megabytes.
    pub(crate) memory_mb: u64,
    /// The kernel.
    pub(crate) kernel: String,
    /// The kind of file system under the databases.
    pub(crate) filesystem: String,
    /// How long it takes there to append 4 KiB and have them on stable storage, in microseconds: the median.
    pub(crate) fsync_p50_us: u64,
    /// The 99th percentile.
    pub(crate) fsync_p99_us: u64,
}

impl Machine {
    /// Describes this machine and the disk under a folder.
    pub(crate) fn describe(folder: &Path) -> anyhow::Result<Self> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpu = value(&read("/proc/cpuinfo"), "model name");
        let memory = value(&read("/proc/meminfo"), "MemTotal");
        let kib: u64 = memory.split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
        let mut fsyncs = fsyncs(folder)?;
        fsyncs.sort_unstable();
        Ok(Self {
            cpu: if cpu.is_empty() { std::env::consts::ARCH.to_owned() } else { cpu },
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_mb: (kib << 10) / 1_000_000,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            filesystem: filesystem(&read("/proc/mounts"), &folder.canonicalize()?),
            fsync_p50_us: at(&fsyncs, 500),
            fsync_p99_us: at(&fsyncs, 990),
        })
    }

    /// In a line.
    pub(crate) fn line(&self) -> String {
        let Self { cpu, cores, memory_mb, kernel, filesystem, fsync_p50_us, fsync_p99_us } = self;
        format!(
            "{cores} cores, {cpu}, {memory_mb} MB, Linux {kernel}, {filesystem}; an fsync takes {fsync_p50_us} µs \
             (p99 {fsync_p99_us} µs)"
        )
    }

    /// The processor's name as a part of a file's name.
    pub(crate) fn slug(&self) -> String {
        let lower = self.cpu.to_lowercase().replace("(r)", "").replace("(tm)", "");
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.take(6).collect::<Vec<_>>().join("-")
    }
}

/// A field of a file with `name : value` lines.
fn value(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

/// The kind of the mount that a path lies in: that of the longest mount point before it.
fn filesystem(mounts: &str, path: &Path) -> String {
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let holding = mounts.filter(|(place, _)| path.starts_with(place));
    holding
        .max_by_key(|(place, _)| place.len())
        .map_or_else(|| "unknown".to_owned(), |(_, kind)| kind.to_owned())
}

/// How long a small append takes to be on stable storage, in microseconds: the median of now.
pub(crate) fn fsync_p50_us(folder: &Path) -> anyhow::Result<u64> {
    let mut fsyncs = fsyncs(folder)?;
    fsyncs.sort_unstable();
    Ok(at(&fsyncs, 500))
}

fn fsyncs(folder: &Path) -> anyhow::Result<Vec<u64>> {
    let path = folder.join("fsync");
    let mut file = File::create(&path)?;
    let mut took = Vec::with_capacity(FSYNCS);
    for _ in 0..FSYNCS {
        let begun = Instant::now();
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        took.push(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    fs::remove_file(path)?;
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_point_says_what_the_disk_is() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n";
        assert_eq!(filesystem(mounts, Path::new("/tmp/x")), "tmpfs");
        assert_eq!(filesystem(mounts, Path::new("/tmpfiles")), "ext4");
    }

    #[test]
    fn a_name_of_a_processor_becomes_a_part_of_a_file_name() {
        let cpu = "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz".to_owned();
        assert_eq!(Machine { cpu, ..Machine::default() }.slug(), "intel-xeon-platinum-8481c-cpu-2");
    }
}
