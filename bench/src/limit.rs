//! Which resource was the limit of what was measured.

use std::{collections::HashMap, time::Instant};

use bench::process::{Relative, cpu_seconds, threads};
use serde::{Deserialize, Serialize};

use crate::{busy::Watch, load::f64_of, postgres::Postgres};

/// From this part on a resource counts as used up: what is measured is a mean, and no queue is always full.
const USED_UP: f64 = 0.85;

/// CPU time so far, in seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cpu {
    /// By thread or by process.
    each: HashMap<u32, f64>,
    /// Of all of them, those included that have ended.
    pub(crate) all: f64,
}

impl Cpu {
    /// Of a process by its threads.
    pub(crate) fn of_threads(process: u32) -> Self {
        Self { each: threads(process), all: cpu_seconds(process).unwrap_or(0.0) }
    }

    /// Of a process and its children.
    pub(crate) fn of_family(first: u32, relatives: &[Relative]) -> Self {
        let family = || relatives.iter().filter(|one| one.id == first || one.parent == first);
        let ended = family().find(|one| one.id == first).map_or(0.0, |one| one.ended_children_s);
        let each: HashMap<u32, f64> = family().map(|one| (one.id, one.own_s)).collect();
        Self { all: each.values().sum::<f64>() + ended, each }
    }

    /// What the busiest thread or process of them spent since.
    fn busiest_since(&self, before: &Self) -> f64 {
        let spent = self.each.iter().map(|(id, now)| now - before.each.get(id).unwrap_or(&0.0));
        spent.fold(0.0, f64::max)
    }
}

/// What is measured, and what it had spent at the beginning.
pub(crate) struct Meter<'p> {
    began: Instant,
    servers: Vec<(u32, Cpu)>,
    world: (u32, f64),
    postgres: &'p Postgres,
    postgres_before: Cpu,
    watch: Watch,
}

/// What was used of each resource meanwhile, as a part of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Used {
    /// Of all cores, by the servers, PostgreSQL, the load, the outside world, and what is not part of it.
    pub(crate) servers: f64,
    pub(crate) postgres: f64,
    pub(crate) load: f64,
    pub(crate) world: f64,
    pub(crate) others: f64,
    /// Of a core, by the busiest thread of a server.
    pub(crate) thread: f64,
    /// Of a core, by the busiest process of PostgreSQL.
    pub(crate) backend: f64,
    /// Of the time, in fsyncs; more than all of it when processes sync side by side.
    pub(crate) fsync: f64,
    /// Of the places for runs, where those are few on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) places: Option<f64>,
}

impl<'p> Meter<'p> {
    pub(crate) fn begin(servers: &[u32], world: u32, postgres: &'p Postgres) -> Self {
        let servers: Vec<_> = servers.iter().map(|id| (*id, Cpu::of_threads(*id))).collect();
        let (world, postgres_before) = ((world, cpu_of(world)), postgres.cpu());
        let ours = servers.iter().map(|(_, cpu)| cpu.all).sum::<f64>() + world.1 + postgres_before.all;
        let watch = Watch::begin(ours + cpu_of(std::process::id()));
        Self { began: Instant::now(), servers, world, postgres, postgres_before, watch }
    }

    /// What was used until now; with the CPU time of the load, in seconds.
    pub(crate) fn end(&self, load_s: f64) -> Used {
        let core = self.began.elapsed().as_secs_f64().max(f64::MIN_POSITIVE);
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| f64_of(cores.get() as u64));
        let part = |spent: f64| spent / (core * cores);
        let (postgres, world) = (self.postgres.cpu(), cpu_of(self.world.0));
        let servers: Vec<_> =
            self.servers.iter().map(|(id, before)| (Cpu::of_threads(*id), before)).collect();
        let ours = servers.iter().map(|(now, _)| now.all).sum::<f64>() + world + postgres.all + load_s;
        let busiest = servers.iter().map(|(now, before)| now.busiest_since(before)).fold(0.0, f64::max);
        Used {
            servers: part(servers.iter().map(|(now, before)| now.all - before.all).sum()),
            postgres: part(postgres.all - self.postgres_before.all),
            load: part(load_s),
            world: part(world - self.world.1),
            others: self.watch.elsewhere(ours + cpu_of(std::process::id())) / cores,
            thread: busiest / core,
            backend: postgres.busiest_since(&self.postgres_before) / core,
            fsync: 0.0,
            places: None,
        }
    }
}

fn cpu_of(process: u32) -> f64 {
    cpu_seconds(process).unwrap_or(0.0)
}

impl Used {
    /// The resource that was used most, and all of them.
    pub(crate) fn line(&self) -> String {
        let Self { servers, postgres, load, world, others, thread, backend, fsync, places } = self;
        let all = servers + postgres + load + world + others;
        let resources = [
            ("the places for runs", places.unwrap_or(0.0)),
            ("the cores", all),
            ("a thread of linchpin", *thread),
            ("a process of PostgreSQL", *backend),
            ("fsync", *fsync),
            // It does one after the other.
            ("a process of PostgreSQL with its fsyncs", (backend + fsync).min(1.0)),
        ];
        let fullest =
            resources.iter().copied().reduce(|most, next| if next.1 > most.1 { next } else { most });
        let limit = match fullest {
            Some((name, part)) if part >= USED_UP => format!("{name}, {} %", percent(part)),
            _ => "none: most of the time is waiting in turns".to_owned(),
        };
        let places = places.map_or_else(String::new, |places| format!("; places {} %", percent(places)));
        let cores = [
            ("linchpin", servers),
            ("PostgreSQL", postgres),
            ("load", load),
            ("world", world),
            ("others", others),
        ];
        let cores = cores.map(|(name, part)| format!("{name} {}", percent(*part))).join(", ");
        let (all, thread, backend, fsync) =
            (percent(all), percent(*thread), percent(*backend), percent(*fsync));
        format!(
            "{limit} [cores {all} %: {cores}; busiest thread {thread} %, process {backend} %; fsync {fsync} %{places}]"
        )
    }
}

fn percent(part: f64) -> String {
    format!("{:.0}", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used() -> Used {
        Used {
            servers: 0.3,
            postgres: 0.2,
            load: 0.1,
            thread: 0.5,
            backend: 0.3,
            fsync: 0.2,
            ..Used::default()
        }
    }

    fn limit(used: &Used) -> String {
        used.line().split(" [").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn the_fullest_resource_is_the_limit() {
        assert_eq!(limit(&used()), "none: most of the time is waiting in turns");
        assert_eq!(limit(&Used { load: 0.4, ..used() }), "the cores, 90 %");
        assert_eq!(limit(&Used { others: 0.4, ..used() }), "the cores, 100 %");
        assert_eq!(limit(&Used { thread: 0.97, ..used() }), "a thread of linchpin, 97 %");
        assert_eq!(limit(&Used { fsync: 0.6, ..used() }), "a process of PostgreSQL with its fsyncs, 90 %");
        assert_eq!(limit(&Used { places: Some(0.99), load: 0.4, ..used() }), "the places for runs, 99 %");
        assert!(
            used().line().contains("cores 60 %: linchpin 30, PostgreSQL 20, load 10, world 0, others 0;")
        );
    }

    #[test]
    fn a_family_counts_its_children_also_when_they_have_ended() {
        let one = |id, parent, own_s, ended_children_s| Relative { id, parent, own_s, ended_children_s };
        let before =
            Cpu::of_family(10, &[one(10, 1, 1.0, 0.0), one(11, 10, 2.0, 0.0), one(12, 10, 5.0, 0.0)]);
        let relatives = [one(10, 1, 1.5, 6.0), one(11, 10, 4.0, 0.0), one(20, 2, 90.0, 0.0)];
        let after = Cpu::of_family(10, &relatives);
        assert!((before.all - 8.0).abs() < 1e-9 && (after.all - 11.5).abs() < 1e-9, "{before:?} {after:?}");
        assert!((after.busiest_since(&before) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_threads_of_a_process_add_up_to_no_more_than_it_spent() {
        let cpu = Cpu::of_threads(std::process::id());
        assert!(!cpu.each.is_empty());
        assert!(cpu.each.values().sum::<f64>() <= cpu.all + 0.05, "{cpu:?}");
    }
}
