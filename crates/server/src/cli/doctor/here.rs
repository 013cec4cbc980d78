//! What can be checked on this machine: the folder, the database, the key, the clock, the address to listen at.

use std::{
    cmp::Ordering, io, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration,
};

use clock::Clock;
use flow::ByteSize;
use outbound::{Client, Policy, Request, SystemResolver, Timeouts};
use rustix::fs::{Access, access, statvfs};
use store::{Inspection, Presence};
use vault::KeyRing;

use super::finding::Finding;
use crate::config::Config;

/// With less space than this the database will soon take no writes, and with less than that it should be looked at.
const FULL: u64 = 100 << 20;
const NARROW: u64 = 1 << 30;

/// How far clocks may be apart before somebody should look.
const APART: Duration = Duration::from_secs(30);

/// The folder: that it is there, may be used, has room, and is nobody else's to read.
pub(super) fn folder(config: &Config, presence: &io::Result<Presence>) -> Vec<Finding> {
    const CHECK: &str = "data folder";
    let path = &config.data_dir;
    let shown = path.display();
    if !path.exists() {
        let parent = path.ancestors().skip(1).find(|parent| parent.as_os_str().is_empty() || parent.exists());
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return vec![match access(parent, Access::WRITE_OK | Access::EXEC_OK) {
            Ok(()) => Finding::ok(CHECK, format!("{shown} is made by the first start")),
            Err(error) => {
                Finding::failed(CHECK, format!("{shown} is not there, and cannot be made: {error}"))
                    .mend("make it and give it to the user that runs the server, or set `data_dir`")
            }
        }];
    }
    if let Err(error) = access(path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        let finding =
            Finding::failed(CHECK, format!("{shown} cannot be read and written by this user: {error}"));
        return vec![
            finding.mend("run this as the user that runs the server, or give the folder to that user"),
        ];
    }
    let used = match presence {
        Ok(Presence::Served) => "a server has it open",
        Ok(Presence::Free) => "no server has it open",
        Ok(Presence::Fresh) => "there is no database in it",
        Err(error) => {
            let finding = Finding::failed(CHECK, format!("{shown} cannot be looked at: {error}"));
            return vec![finding.mend("run this as the user that runs the server")];
        }
    };
    let mut findings = vec![match statvfs(path) {
        Ok(disk) => room(disk.f_bavail.saturating_mul(disk.f_frsize), &format!("{shown}, {used}")),
        Err(error) => {
            Finding::warning(CHECK, format!("{shown}, {used}; its free space is not known: {error}"))
        }
    }];
    findings.extend(private(&path.join("key")));
    findings
}

fn room(free: u64, used: &str) -> Finding {
    let said = format!("{used}, {} free", ByteSize(free >> 20 << 20));
    let more = "make room, or keep history for a shorter time";
    match free {
        free if free < FULL => Finding::failed("data folder", said).mend(more),
        free if free < NARROW => Finding::warning("data folder", said).mend(more),
        _ => Finding::ok("data folder", said),
    }
}

/// Whether the file of the key is its owner's alone.
fn private(path: &Path) -> Option<Finding> {
    let mode = path.metadata().ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        Finding::warning("key file", format!("others may read {} (mode {mode:o})", path.display()))
            .mend(format!("chmod 600 {}", path.display()))
    })
}

/// The database, as a look at it found it; `None` when that took too long.
pub(super) fn database(looked: Option<Result<Inspection, store::Error>>) -> (Finding, Option<Inspection>) {
    const CHECK: &str = "database";
    let inspection = match looked {
        None => {
            let finding = Finding::failed(CHECK, "it does not answer");
            return (finding.mend("see whether its server runs, and check `database.url`"), None);
        }
        Some(Err(error)) => {
            let finding = Finding::failed(CHECK, format!("{:#}", anyhow::Error::new(error)));
            return (
                finding.mend("see whether its server runs, and check `database.url` or `data_dir`"),
                None,
            );
        }
        Some(Ok(inspection)) => inspection,
    };
    let Inspection { version, newest, .. } = inspection;
    let finding = match version.cmp(&newest) {
        Ordering::Greater => {
            let said = format!("its schema has version {version}, and this build knows {newest}");
            Finding::failed(CHECK, said)
                .mend("run a newer Linchpin, or restore a backup from before the upgrade")
        }
        Ordering::Less => {
            let said = format!("its schema has version {version}, and this build's is {newest}");
            Finding::warning(CHECK, said).mend("make a backup; the next start brings it up to date")
        }
        Ordering::Equal => {
            Finding::ok(CHECK, format!("it can be read, and its schema (version {version}) is this build's"))
        }
    };
    (finding, Some(inspection))
}

/// Whether the master key is that of the data.
pub(super) fn key(keys: &anyhow::Result<Option<KeyRing>>, inspection: Option<&Inspection>) -> Finding {
    const CHECK: &str = "master key";
    let keys = match keys {
        Err(error) => {
            let finding = Finding::failed(CHECK, format!("{error:#}"));
            return finding.mend("give the key of this installation as LINCHPIN_KEY or in the file `key`");
        }
        Ok(None) => return Finding::ok(CHECK, "there is none yet; the first start draws it"),
        Ok(Some(keys)) => keys,
    };
    match inspection.map(|inspection| inspection.keys_check(keys)) {
        None => Finding::warning(CHECK, "it can be read; without a database nothing says whether it fits"),
        Some(Ok(())) => Finding::ok(CHECK, "it opens what is stored"),
        Some(Err(error)) => {
            let said = format!("it is not that of the data: {:#}", anyhow::Error::new(error));
            Finding::failed(CHECK, said).mend(
                "give the key that the data was stored with as LINCHPIN_KEY or in the file `key`, or one of before in \
                 `older_keys`",
            )
        }
    }
}

/// Whether the clock agrees with the database's, or at least with the files that a server has written.
pub(super) fn clock(config: &Config, inspection: Option<&Inspection>) -> Finding {
    const CHECK: &str = "clock";
    let now = Clock::system().now();
    let set = "set the clock by NTP: signatures are refused that seem to be minutes old";
    if let Some(there) = inspection.and_then(|inspection| inspection.time) {
        let apart = there.until(now).max(now.until(there));
        let said = format!("this machine's and the database's are {} ms apart", apart.as_millis());
        return if apart > APART {
            Finding::warning(CHECK, said).mend(set)
        } else {
            Finding::ok(CHECK, said)
        };
    }
    let files = ["linchpin.db", "linchpin.db-wal"].map(|name| config.data_dir.join(name));
    let written = files.iter().filter_map(|file| file.metadata().ok()?.modified().ok()).max();
    let ahead = written.and_then(|written| written.duration_since(std::time::UNIX_EPOCH).ok());
    let now = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or_default());
    match ahead.and_then(|written| written.checked_sub(now)).filter(|ahead| *ahead > APART) {
        Some(ahead) => {
            let said =
                format!("the database was written {} s from now: this clock went back", ahead.as_secs());
            Finding::failed(CHECK, said).mend(set)
        }
        None => Finding::ok(CHECK, "nothing was written later than now"),
    }
}

/// Whether the server can listen where it should, or does so already.
pub(super) async fn listen(config: &Config, limit: Duration) -> Finding {
    const CHECK: &str = "listen";
    let address = config.listen;
    match TcpListener::bind(address) {
        Ok(_) => return Finding::ok(CHECK, format!("{address} is free: no server runs there")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
        Err(error) => {
            let finding = Finding::failed(CHECK, format!("{address} cannot be listened on: {error}"));
            return finding
                .mend("set `listen` to an address of this machine, and a port that this user may use");
        }
    }
    match alive(config, limit).await {
        Ok(true) => Finding::ok(CHECK, format!("a server of Linchpin answers on {address}")),
        Ok(false) => Finding::failed(CHECK, format!("another program listens on {address}"))
            .mend("stop that one, or set `listen` to another port"),
        Err(error) => {
            Finding::failed(CHECK, format!("what listens on {address} does not answer: {}", error.chain()))
                .mend("look at the server's log, or set `listen` to another port")
        }
    }
}

/// Whether it is a server of ours that listens there: it says that it is alive.
async fn alive(config: &Config, limit: Duration) -> Result<bool, outbound::Error> {
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    // The operator's own address, on this machine.
    let policy = Policy::new("linchpin-doctor").allow(vec![address.ip().into()]);
    let client = Client::new(policy, Arc::new(SystemResolver::default()))?;
    let request = Request::new(http::Method::GET, &format!("http://{address}/livez"))?;
    Ok(client.send(request.timeouts(Timeouts::total(limit))).await?.status.is_success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Status;

    #[test]
    fn little_room_is_told_before_there_is_none() {
        let status = |free| room(free, "data").status;
        assert_eq!([FULL - 1, FULL, NARROW].map(status), [Status::Failed, Status::Warning, Status::Ok]);
    }
}
